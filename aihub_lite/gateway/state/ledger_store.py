"""What the ledger asks of storage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from aihub_lite.domain.money import Price, cost_of, with_fee
from aihub_lite.domain.pots.windows import window
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import Usage, UsageRecord
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.storage.journal import HoldRow


class LedgerStore(Protocol):
    """Where holds and settlements are made durable; each future is done once its group is committed."""

    @property
    def waiting(self) -> int:
        """Writes that are not committed yet."""
        ...

    def hold(self, row: HoldRow) -> asyncio.Future[int]:
        """Make a hold durable."""
        ...

    def change(self, row: HoldRow) -> asyncio.Future[int]:
        """Make what became of a hold durable."""
        ...

    def settle(self, record: UsageRecord) -> asyncio.Future[int]:
        """Book a record, charge its token and drop its hold, once per request id."""
        ...

    async def spent_between(self, token_id: str, since_ms: int, until_ms: int) -> int:
        """Nano-USD charged to a token for requests that began at Unix ms `since_ms` or later, before `until_ms`."""
        ...


async def spent_in_window(store: LedgerStore, token: Token, wall: float) -> int:
    """Nano-USD that the window of a token's budget that Unix time `wall` lies in has seen."""
    if token.budget is None:
        return 0
    start, end = window(token.budget.period, wall)
    return await store.spent_between(token.id, int(start * 1000), int(end * 1000))


async def until_booked(booked: asyncio.Future[int], ended: Callable[[BaseException | None], None]) -> None:
    """Returns when a record is durable; raises StorageUnavailable. `ended` is told why it is not, or None, from the
    future's own end: whoever waits here may be cancelled before the disk refuses."""
    waiting: asyncio.Future[None] = booked.get_loop().create_future()

    def tell(done: asyncio.Future[int]) -> None:
        ended(done.exception())
        if not waiting.done():
            waiting.set_result(None)

    booked.add_done_callback(tell)
    await waiting
    booked.result()


def row_of(flight: Flight, boot_id: str, price: Price, price_text: str, amount: int, prompt: Usage) -> HoldRow:
    """What is written of a hold of `amount` nano-USD: the cost of `prompt`, with the fee that `price` has,
    is what a crash would charge. `price_text` is the price as JSON."""
    crashed = with_fee(prompt, price)
    return HoldRow(
        request_id=flight.request_id,
        boot_id=boot_id,
        started_ms=flight.started_ms,
        token_id=flight.token.id,
        token=flight.token.name,
        model=flight.model,
        surface=flight.surface,
        streamed=flight.streamed,
        price=price_text,
        amount_nano=amount,
        estimate_nano=min(cost_of(crashed, price), amount),
        prompt_tokens=prompt.prompt_tokens,
        client=flight.client,
        units=prompt.units,
        unit=prompt.unit,
        modal=prompt.modal,
        hosted=crashed.hosted,
        asked=flight.asked,
        person_id=flight.token.person_id,
        team_id=flight.token.team_id,
        tags=flight.tags,
        end_user=flight.end_user,
    )
