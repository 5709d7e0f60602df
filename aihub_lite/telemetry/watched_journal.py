"""The ledger's journal, with somebody who hears what it has booked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import attrs

from aihub_lite.domain.usage import UsageRecord
from aihub_lite.gateway.state.ledger_store import LedgerStore
from aihub_lite.storage.journal import HoldRow


@attrs.frozen(eq=False)
class WatchedJournal:
    """A LedgerStore in front of another. `booked` hears of a record once its settlement is on the disk, before whoever
    waits for that goes on; a settlement that the disk refused is heard of when it is booked at last."""

    journal: LedgerStore
    booked: Callable[[UsageRecord], None]

    @property
    def waiting(self) -> int:
        """As LedgerStore says; so are all others."""
        return self.journal.waiting

    def hold(self, row: HoldRow) -> asyncio.Future[int]:
        return self.journal.hold(row)

    def change(self, row: HoldRow) -> asyncio.Future[int]:
        return self.journal.change(row)

    def settle(self, record: UsageRecord) -> asyncio.Future[int]:
        done = self.journal.settle(record)
        done.add_done_callback(partial(self._done, record))
        return done

    async def spent_between(self, token_id: str, since_ms: int, until_ms: int) -> int:
        return await self.journal.spent_between(token_id, since_ms, until_ms)

    def _done(self, record: UsageRecord, done: asyncio.Future[int]) -> None:
        if not done.cancelled() and done.exception() is None:
            self.booked(record)
