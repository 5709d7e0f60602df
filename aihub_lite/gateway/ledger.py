"""Who may still spend what: holds before a request, settlements after it, exactly one of each."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self

import attrs
import msgspec

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import UNPRICED, Price, cost_of
from aihub_lite.domain.token import Budget, Period, Token
from aihub_lite.domain.usage import Outcome, Usage, UsageRecord, UsageSource
from aihub_lite.errors import QuotaExhausted, StorageUnavailable, Unauthenticated
from aihub_lite.gateway.flight import Flight
from aihub_lite.gateway.limits import Counted
from aihub_lite.storage.ledger import HoldRow

log = logging.getLogger(__name__)

MAX_UNBOOKED = 10_000
"""Settlements kept in memory while the disk is full; beyond that the oldest would have to be lost."""
RETRY_BOOKING = 1.0


class Journal(Protocol):
    """Where holds and settlements are made durable; each future is done once its group is committed."""

    def hold(self, row: HoldRow) -> asyncio.Future[int]:
        """Make a hold durable."""
        ...

    def settle(self, record: UsageRecord) -> asyncio.Future[int]:
        """Book a record, charge its token and drop its hold, once per request id."""
        ...


def window(period: Period, wall: float) -> tuple[float, float]:
    """Start and end of the UTC day, week (from Monday) or month that Unix time `wall` lies in."""
    today = datetime.fromtimestamp(wall, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        start, end = today, today + timedelta(days=1)
    elif period == "week":
        start = today - timedelta(days=today.weekday())
        end = start + timedelta(days=7)
    else:
        start = today.replace(day=1)
        end = (start + timedelta(days=32)).replace(day=1)
    return start.timestamp(), end.timestamp()


@attrs.define
class Account:
    """What one token has spent and has on hold, in nano-USD."""

    token: Token
    spent: int
    held: int = 0
    window_spent: int = 0
    window_end: float = 0.0

    def left(self, wall: float) -> int | None:
        """What it may still spend at Unix time `wall`; None is unlimited."""
        lefts = []
        if self.token.quota_nano is not None:
            lefts.append(self.token.quota_nano - self.spent - self.held)
        if self.token.budget is not None:
            self._turn_window(self.token.budget, wall)
            lefts.append(self.token.budget.nano - self.window_spent - self.held)
        return min(lefts, default=None)

    def spent_now(self, wall: float) -> int:
        """Spent in the budget's running period where there is a budget, else of all time."""
        if self.token.budget is None:
            return self.spent
        self._turn_window(self.token.budget, wall)
        return self.window_spent

    def charge(self, cost: int, wall: float) -> None:
        """Book a cost."""
        self.spent += cost
        if self.token.budget is not None:
            self._turn_window(self.token.budget, wall)
            self.window_spent += cost

    def _turn_window(self, budget: Budget, wall: float) -> None:
        if wall >= self.window_end:
            self.window_end = window(budget.period, wall)[1]
            self.window_spent = 0


@attrs.define(eq=False)
class Hold:
    """Money set aside for one request, until `settle` books what it came to. Leaving without releases it."""

    ledger: Ledger
    flight: Flight
    account: Account
    amount: int
    durable: asyncio.Future[int]
    counted: Counted
    """Told how many tokens it was settled for."""
    usage: Usage = Usage()
    """What it was settled for."""
    settled: bool = False

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
        self.usage = usage
        self.counted.used = usage.prompt_tokens + usage.completion_tokens
        await self.ledger.settle(self, outcome, usage, source, status, error_code)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.settled:
            await self.settle("error", status=500, error_code="internal_error")


@attrs.define(eq=False)
class Ledger:
    """All accounts of this process; balances in memory are the truth, the journal makes them durable."""

    clock: Clock
    journal: Journal
    boot_id: str
    accounts: dict[str, Account] = attrs.field(factory=dict)
    open_holds: dict[str, Hold] = attrs.field(factory=dict)
    _unbooked: dict[str, UsageRecord] = attrs.field(factory=dict)
    _retry: asyncio.Task[None] | None = None
    _prices: dict[Price, str] = attrs.field(factory=dict)

    def open_account(self, token: Token, spent: int, window_spent: int = 0) -> None:
        """A token was loaded or created; `window_spent` is what its budget's running window has seen."""
        wall = self.clock.wall()
        end = window(token.budget.period, wall)[1] if token.budget else 0.0
        self.accounts[token.id] = Account(token, spent, 0, window_spent, end)

    def update_account(self, token: Token, window_spent: int | None = None) -> None:
        """A token was edited: limits change, what it spent does not. A new budget period brings its own sum."""
        account = self.accounts[token.id]
        account.token = token
        if window_spent is not None and token.budget is not None:
            account.window_spent = window_spent
            account.window_end = window(token.budget.period, self.clock.wall())[1]

    def close_account(self, token_id: str) -> None:
        """A token was deleted; requests under way still settle against what they hold."""
        self.accounts.pop(token_id, None)

    @property
    def held(self) -> int:
        """All money on hold."""
        return sum(hold.amount for hold in self.open_holds.values())

    def hold(self, flight: Flight, price: Price, most: Usage, prompt: Usage, counted: Counted | None = None) -> Hold:
        """Set aside what `most` costs; the cost of `prompt` is what a crash would charge. Raises QuotaExhausted.

        Nothing awaits between the look at what is left and the taking: that is what makes it atomic.
        """
        if self._unbooked:
            raise StorageUnavailable("The gateway cannot book requests at the moment.")
        account = self.accounts.get(flight.token.id)
        if account is None:
            raise Unauthenticated
        amount, left = cost_of(most, price), account.left(self.clock.wall())
        if left is not None and (left < amount or left <= 0):
            raise QuotaExhausted(amount, left)
        row = HoldRow(
            request_id=flight.request_id,
            boot_id=self.boot_id,
            started_ms=flight.started_ms,
            token_id=flight.token.id,
            token=flight.token.name,
            model=flight.model,
            surface=flight.surface,
            streamed=flight.streamed,
            price=self._price_text(price),
            amount_nano=amount,
            estimate_nano=min(cost_of(prompt, price), amount),
            prompt_tokens=prompt.prompt_tokens,
            client=flight.client,
            units=prompt.units,
            unit=prompt.unit,
            modal=prompt.modal,
        )
        hold = Hold(self, flight, account, amount, self.journal.hold(row), counted or Counted())
        account.held += amount
        self.open_holds[flight.request_id] = hold
        return hold

    async def settle(
        self, hold: Hold, outcome: Outcome, usage: Usage, source: UsageSource, status: int, error_code: str
    ) -> None:
        """Turn a hold into its record; called once per hold, by the hold."""
        price = hold.flight.candidate.price if hold.flight.candidate else UNPRICED
        cost = cost_of(usage, price)
        if source == "estimated":
            cost = min(cost, hold.amount)
        hold.account.held -= hold.amount
        hold.account.charge(cost, self.clock.wall())
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
        )
        try:
            booked = self.journal.settle(record)
        except StorageUnavailable:
            self._keep(record)
            raise
        # From the future's own end: whoever waits here may be cancelled before the disk refuses.
        booked.add_done_callback(lambda done: self._seen(record, done.exception()))
        await asyncio.shield(booked)

    def _price_text(self, price: Price) -> str:
        text = self._prices.get(price)
        if text is None:
            text = self._prices[price] = msgspec.json.encode(price).decode()
        return text

    def _seen(self, record: UsageRecord, failure: BaseException | None) -> None:
        if isinstance(failure, StorageUnavailable):
            self._keep(record)
        elif failure is not None:
            log.error("%s: cannot be booked: %s", record.request_id, type(failure).__name__)

    def _keep(self, record: UsageRecord) -> None:
        if len(self._unbooked) < MAX_UNBOOKED:
            self._unbooked[record.request_id] = record
        if self._retry is None or self._retry.done():
            self._retry = asyncio.create_task(self._book_kept(), name="book what the disk refused")

    async def _book_kept(self) -> None:
        while self._unbooked:
            request_id, record = next(iter(self._unbooked.items()))
            try:
                await asyncio.shield(self.journal.settle(record))
            except StorageUnavailable:
                await asyncio.sleep(RETRY_BOOKING)
            except Exception as error:
                self._seen(record, error)
                self._unbooked.pop(request_id, None)
            else:
                self._unbooked.pop(request_id, None)

    async def close(self) -> None:
        """Stop trying to book what the disk refused: its holds are booked at the next start."""
        if self._retry is not None:
            self._retry.cancel()
            await asyncio.gather(self._retry, return_exceptions=True)
