"""Deletes what is kept of requests and is older than its operator wants to keep it, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.core import Gateway, running
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.reports.cells import Cells
from aihub_lite.storage.requests.refusals import Refusals
from aihub_lite.storage.retention import OldRecords

log = logging.getLogger(__name__)

DAY = 86_400
HOUR = 3600.0
BATCH = 500
"""Measured on 300,000 records: 1.7 ms of the writer's time."""
SHARE = 10
"""One part in so many of the time is spent deleting, the rest is the others': a million records take a minute."""


@attrs.define(eq=False)
class Retention:
    """Whole UTC days are deleted, so that no sum of a day is left with half of its records.

    A budget's running period needs none of them: it counts whole days, whose sums stay.
    """

    live_settings: LiveSettings
    clock: Clock
    records: OldRecords
    cells: Cells
    refusals: Refusals
    _changed: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def run(self) -> None:
        """Every hour, and whenever the setting may have changed."""
        self.live_settings.on_change.append(self._changed.set)
        while True:
            # Before the work: a change that comes during it starts another round.
            self._changed.clear()
            try:
                if self.oldest_kept():
                    await self.cells.sum_up_all()  # what reports need of a record has to be there before it goes
                await self.delete_old()
                await self.delete_refusals()
            except StorageUnavailable as error:
                log.warning("old usage records are not deleted: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(HOUR):
                    await self._changed.wait()

    async def delete_old(self) -> int:
        """Delete what is too old now, batch by batch with rests in between; returns how many."""
        deleted = 0
        while before := self.oldest_kept():
            began = self.clock.monotonic()
            batch = await self.records.delete(before * 1000, BATCH)
            deleted += batch
            await asyncio.sleep((self.clock.monotonic() - began) * (SHARE - 1))
            if batch < BATCH:
                break
        if deleted:
            days = self.live_settings.now.retention_days
            log.info("%d usage records of more than %d days ago deleted", deleted, days)
        return deleted

    async def delete_refusals(self) -> None:
        """The same of calls that were refused; of these some go also where records are kept for ever."""
        deleted = BATCH
        while deleted == BATCH:  # each batch is a job of its own: others come between
            deleted = await self.refusals.delete(self.oldest_kept() * 1000, BATCH)

    def oldest_kept(self) -> int:
        """The start of the oldest day whose records are kept, in Unix seconds; 0 keeps all."""
        days = self.live_settings.now.retention_days
        if not days:
            return 0
        return max(0, int(self.clock.wall()) // DAY - days) * DAY


@asynccontextmanager
async def deleting_old_records(gateway: Gateway) -> AsyncIterator[None]:
    """Delete what is old for as long as the block runs."""
    records = OldRecords(gateway.database)
    refusals = Refusals(gateway.database)
    retention = Retention(gateway.live_settings, gateway.clock, records, gateway.cells, refusals)
    async with running(retention.run(), "retention"):
        yield
