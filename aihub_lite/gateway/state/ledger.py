"""Who may still spend what: holds before a request, settlements after it, exactly one of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Self

import attrs
import msgspec

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import MAX_COST, UNPRICED, Price, cost_of, dearest_cost, with_fee
from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.reports.savings import saved_by_cache
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import OtherBill, OtherUsage, Outcome, Usage, UsageRecord, UsageSource
from aihub_lite.errors import GatewayError, StorageUnavailable, Unauthenticated
from aihub_lite.gateway.pots.leaps import LeapWatch
from aihub_lite.gateway.pots.pot import Draw, Pot, all_windows, draw_from
from aihub_lite.gateway.pots.windows import Windows
from aihub_lite.gateway.state.balance import Balance
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.gateway.state.ledger_store import LedgerStore, row_of, spent_in_window, until_booked
from aihub_lite.gateway.state.limits import TokensUsed
from aihub_lite.gateway.state.tokens import TokenRegistry
from aihub_lite.storage.journal import HoldRow
from aihub_lite.wire.overrides import added_tokens

log = logging.getLogger(__name__)

MAX_UNBOOKED = 10_000
"""Settlements kept in memory while the disk is full; the holds of any more are booked at the next start."""
MAX_UNWRITTEN = 100
"""Holds of requests that are upstream already, but not on the disk: as many may leave no record where the process is
killed. Two commits' worth on a busy gateway with a quick disk. To wait for each hold would add a commit to the latency
of every request."""
RETRY_BOOKING = 1.0
"""Seconds."""
SAY_AGAIN = 60.0
"""Seconds between two lines of the log about settlements that are lost."""


@attrs.define(eq=False)
class Hold:
    """Money set aside for one request, until `settle` books what it came to.

    Leaving the block without that books a fault of ours, at no cost.
    """

    ledger: Ledger
    flight: Flight
    balance: Balance
    amount: int
    """Nano-USD."""
    prompt: Usage
    """Its prompt by our own count, without a fee."""
    row: HoldRow
    tokens_used: TokensUsed
    """Where the limiter reads how many tokens the request used."""
    draw: Draw | None = None
    """What it takes from the pots above its token; None where there are none."""
    settled: bool = False
    _durable: asyncio.Future[int] | None = None

    @property
    def durable(self) -> asyncio.Future[int]:
        """Done once the hold is committed: from then on a crash charges for it. First asked for as its request goes
        upstream, which has it written: one that only waited leaves nothing."""
        if self._durable is None:
            self._durable = self.ledger.journal.hold(self.row)
        return self._durable

    def become(self, row: HoldRow) -> None:
        """Another model's, and durable as that if it was."""
        self.row = row
        if self._durable is not None:
            self._durable = self.ledger.journal.change(row)

    def redraw(self, draw: Draw | None) -> None:
        """Take from other pots, or another amount, in place of what is taken now."""
        if self.draw is not None:
            self.draw.give_back()
        if draw is not None:
            draw.take()
        self.draw = draw

    @property
    def sent_prompt(self) -> Usage:
        """The prompt as it went to the channel that has it: with what the operator puts before every one."""
        candidate = self.flight.candidate
        if candidate is None or candidate.channel.overrides is None:
            return self.prompt
        more = added_tokens(candidate.channel.overrides, self.flight.surface)
        return attrs.evolve(self.prompt, prompt_tokens=self.prompt.prompt_tokens + more)

    async def settle(
        self,
        outcome: Outcome,
        *,
        usage: Usage = Usage(),  # noqa: B008  frozen
        source: UsageSource = "none",
        status: int = 200,
        error_code: str = "",
    ) -> None:
        """Book the request; returns when it is durable. The second call does nothing.

        A cost that rests on an estimate never exceeds the hold; a true one is charged in full.
        """
        if self.settled:
            return
        self.settled = True
        self.tokens_used.used = usage.tokens
        await self.ledger.settle(self, outcome, usage, source, status, error_code)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.settled:
            self.flight.error_text = GatewayError().message
            await self.settle("error", status=500, error_code="internal_error")


@attrs.define(eq=False)
class Ledger:
    """All balances of this process; balances in memory are the truth, the journal makes them durable."""

    clock: Clock
    journal: LedgerStore
    boot_id: str
    balances: dict[str, Balance] = attrs.field(factory=dict)
    """By token id."""
    pots: dict[PotKey, Pot] = attrs.field(factory=dict)
    """All that a chain may lead to; `gateway.people.pots` keeps them, and says which a balance draws from."""
    open_holds: dict[str, Hold] = attrs.field(factory=dict)
    """By request id."""
    _unbooked: dict[str, UsageRecord] = attrs.field(factory=dict)
    """Settlements that the disk refused, by request id; while there are any, no request starts."""
    leaps: LeapWatch = attrs.field(
        default=attrs.Factory(lambda self: LeapWatch(self.clock, self.all_windows), takes_self=True)
    )
    on_settle: list[Callable[[Flight, UsageRecord], None]] = attrs.field(factory=list)
    """Called with each request as it is charged, before it is on the disk."""
    lost: int = 0
    """Settlements that nothing will book but the next start, and that at the cost of their prompts."""
    most_unbooked: int = MAX_UNBOOKED
    _say_from: float = float("-inf")
    """Monotonic: when lost settlements are logged again."""
    _retry: asyncio.Task[None] | None = None
    _prices: dict[Price, str] = attrs.field(factory=dict)
    """Prices as JSON: two are written per request, and there are few of them."""
    _last_price: tuple[Price | None, str] = (None, "")
    """The one that was asked for last, and mostly is again: to hash one takes longer."""

    async def follow(self, registry: TokenRegistry, loaded: Iterable[tuple[Token, int]]) -> None:
        """Open an account for each token loaded, with its nano-USD spent, and keep up with every change of one."""
        for token, spent in loaded:
            self.open_account(token, spent, await spent_in_window(self.journal, token, self.clock.wall()))
        registry.on_change.append(self.token_changed)

    async def token_changed(self, before: Token | None, after: Token | None) -> None:
        """A token is new (`before` is None), was edited, or was deleted (`after` is None)."""
        if before is not None and after is not None:
            self.update_account(after, await self._spent_in_new_window(before, after))
        elif after is not None:
            self.open_account(after, 0)
        elif before is not None:
            self.close_account(before.id)

    def open_account(self, token: Token, spent: int, window_spent: int = 0) -> None:
        """A token was loaded or created; `window_spent` is what its budget's running window has seen."""
        balance = Balance(token, spent)
        self._open_window(balance, window_spent)
        self.balances[token.id] = balance

    def update_account(self, token: Token, window_spent: int | None = None) -> None:
        """A token was edited: limits change, what it spent does not. A new budget period brings its own sum."""
        balance = self.balances[token.id]
        balance.token = token
        if window_spent is not None or token.budget is None:
            self._open_window(balance, window_spent or 0)

    def _open_window(self, balance: Balance, spent: int) -> None:
        balance.windows = None
        if balance.token.budget is not None:
            windows = balance.open_window(balance.token.budget, self.clock.wall(), spent)
            windows.booked = partial(self.journal.spent_between, balance.token.id)
            windows.turned = self.leaps.turned

    def all_windows(self) -> list[Windows]:
        """Those of all budgets, of tokens and of other pots."""
        own = [balance.windows for balance in self.balances.values() if balance.windows is not None]
        return own + all_windows(self.pots.values())

    def close_account(self, token_id: str) -> None:
        """A token was deleted; requests under way still settle against what they hold."""
        self.balances.pop(token_id, None)

    async def _spent_in_new_window(self, before: Token, after: Token) -> int | None:
        """None where the window is the old one, whose sum stays."""
        if after.budget is None:
            return None
        if before.budget is not None and before.budget.period == after.budget.period:
            return None
        return await spent_in_window(self.journal, after, self.clock.wall())

    def is_limited(self, token: Token) -> bool:
        """Whether what a token may spend has an end, by its own limits or those of what it draws from."""
        balance = self.balances.get(token.id)
        if balance is None:
            return token.limited
        return balance.limited

    @property
    def behind(self) -> bool:
        """Whether there are settlements that the disk refused: until they are booked, no request starts."""
        return bool(self._unbooked)

    @property
    def unbooked(self) -> int:
        """How many settlements wait until the disk takes them."""
        return len(self._unbooked)

    @property
    def crowded(self) -> bool:
        """Whether so many writes wait for the disk that a request has to wait for its hold before it goes upstream."""
        return self.journal.waiting > MAX_UNWRITTEN

    @property
    def held(self) -> int:
        """All money on hold."""
        return sum(hold.amount for hold in self.open_holds.values())

    def hold(
        self, flight: Flight, price: Price, most: Usage, prompt: Usage, tokens_used: TokensUsed | None = None
    ) -> Hold:
        """Set aside the most that `most` may cost; the cost of `prompt`, and the fee that `price` has for a request,
        is what a crash would charge. Raises QuotaExhausted.

        Nothing awaits between the look at what is left and the taking: that is what makes it atomic.
        """
        if self.behind:
            raise StorageUnavailable("The gateway cannot book requests at the moment.")
        balance = self.balances.get(flight.token.id)
        if balance is None:
            raise Unauthenticated
        amount = min(dearest_cost(most, price), MAX_COST)
        price = price.at(flight.started_ms / 1000)
        wall = self.clock.wall()
        left = balance.left(wall)
        # Who has nothing left starts nothing more, not even what costs nothing to hold.
        if left is not None and (left < amount or left <= 0):
            raise balance.exhausted(amount, wall)
        draw = None
        if balance.pots:
            draw = draw_from(balance.pots, amount, flight.model, flight.tags, wall)
        row = self._row(flight, price, amount, prompt)
        hold = Hold(self, flight, balance, amount, prompt, row, tokens_used or TokensUsed())
        balance.held += amount
        if draw is not None:
            hold.redraw(draw)
        self.open_holds[flight.request_id] = hold
        return hold

    def reprice(self, hold: Hold, price: Price, most: Usage, prompt: Usage) -> None:
        """Set aside what another model may cost, in place of what was held; raises QuotaExhausted, and leaves it then.

        Atomic as `hold` is; a crash charges by the change once it is committed, as `hold.durable` says.
        """
        amount = min(dearest_cost(most, price), MAX_COST)
        price = price.at(hold.flight.started_ms / 1000)
        wall = self.clock.wall()
        left = hold.balance.left(wall)
        if left is not None and (left + hold.amount < amount or left + hold.amount <= 0):
            raise hold.balance.exhausted(amount, wall, hold.amount)
        draw = hold.draw
        if draw is not None:
            draw = draw.repriced(amount, hold.flight.model, hold.flight.tags, wall)
        hold.become(self._row(hold.flight, price, amount, prompt))
        hold.balance.held += amount - hold.amount
        hold.redraw(draw)
        hold.amount = amount
        hold.prompt = prompt

    def _row(self, flight: Flight, price: Price, amount: int, prompt: Usage) -> HoldRow:
        return row_of(flight, self.boot_id, price, self._price_text(price), amount, prompt)

    async def settle(
        self, hold: Hold, outcome: Outcome, usage: Usage, source: UsageSource, status: int, error_code: str
    ) -> None:
        """Turn a hold into its record; called once per hold, by the hold."""
        candidate = hold.flight.candidate
        # Rates that change with the hour are those of when the request began, whatever changed since.
        began = hold.flight.started_ms / 1000
        price = UNPRICED if candidate is None else candidate.price.at(began)
        if source != "none":
            usage = with_fee(usage, price)
        others = self._others(usage, candidate, began)
        stated = None if candidate is None else candidate.stated_cost(usage)
        if stated is not None:
            cost = stated
        else:
            cost = cost_of(usage, price) + sum(cost_of(other.usage, other_price) for other, other_price in others)
            if source == "estimated":
                cost = min(cost, hold.amount)
        if cost > MAX_COST:
            log.warning("%s: comes to %d nano-USD, of which %d are booked.", hold.flight.request_id, cost, MAX_COST)
            cost = MAX_COST
        hold.flight.give_back(usage.tokens, cost, began)
        # In memory before it is on disk: the next request must find it charged.
        hold.balance.held -= hold.amount
        hold.balance.charge(cost, began)
        if hold.draw is not None:
            hold.draw.settle(cost, began, hold.flight.model, hold.flight.tags)
        del self.open_holds[hold.flight.request_id]
        record = hold.flight.record(
            now=self.clock.monotonic(),
            outcome=outcome,
            status=status,
            error_code=error_code,
            usage=usage,
            source=source,
            price=self._price_text(price),
            cost=cost,
            overrun=max(0, cost - hold.amount),
            saved=saved_by_cache(usage, price),
            others=tuple(OtherBill(other.model, other.usage, self._price_text(price)) for other, price in others),
        )
        try:
            booked = self.journal.settle(record)
        except StorageUnavailable:
            self._book_later(record)
            raise
        finally:  # last, so that nothing that a listener does is in the way of the record
            for listener in self.on_settle:
                listener(hold.flight, record)
        await until_booked(booked, lambda failure: self._booking_ended(record, failure))

    def _others(self, usage: Usage, candidate: Candidate | None, began: float) -> list[tuple[OtherUsage, Price]]:
        """What other models counted for an answer, each with its price at Unix time `began`."""
        if not usage.others or candidate is None:
            return []
        return [(other, candidate.price_of(other.model).at(began)) for other in usage.others]

    def _price_text(self, price: Price) -> str:
        if price is not self._last_price[0]:
            text = self._prices.get(price) or msgspec.json.encode(price).decode()
            self._prices[price] = text
            self._last_price = (price, text)
        return self._last_price[1]

    def _booking_ended(self, record: UsageRecord, failure: BaseException | None) -> None:
        if isinstance(failure, StorageUnavailable):
            self._book_later(record)
        elif failure is not None:
            self._lose(record, type(failure).__name__)

    def _lose(self, record: UsageRecord, why: str) -> None:
        self.lost += 1
        now = self.clock.monotonic()
        if now >= self._say_from:
            self._say_from = now + SAY_AGAIN
            log.error(
                "%s: cannot be booked: %s. %d settlements are lost since the start; where their holds are on the disk,"
                " the next start books their prompts.",
                *(record.request_id, why, self.lost),
            )

    def _book_later(self, record: UsageRecord) -> None:
        if len(self._unbooked) < self.most_unbooked or record.request_id in self._unbooked:
            self._unbooked[record.request_id] = record
        else:
            self._lose(record, f"the disk takes nothing, and {self.most_unbooked} others wait for it")
        if self._retry is None or self._retry.done():
            self._retry = asyncio.create_task(self._book_kept(), name="book what the disk refused")

    async def _book_kept(self) -> None:
        """Book what the disk refused, oldest first, until nothing is left."""
        while self._unbooked:
            request_id, record = next(iter(self._unbooked.items()))
            try:
                await asyncio.shield(self.journal.settle(record))
            except StorageUnavailable:
                await asyncio.sleep(RETRY_BOOKING)
            except Exception as error:
                self._booking_ended(record, error)
                self._unbooked.pop(request_id, None)
            else:
                self._unbooked.pop(request_id, None)

    async def close(self) -> None:
        """Stop trying to book what the disk refused: its holds are booked at the next start."""
        if self._retry is not None:
            self._retry.cancel()
            await asyncio.gather(self._retry, return_exceptions=True)
        await self.leaps.close()
