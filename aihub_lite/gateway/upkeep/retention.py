"""Forgets usage records that are older than their operator wants to keep them, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.core import Gateway, cancelled
from aihub_lite.gateway.tuning import Tuning
from aihub_lite.storage.retention import OldRecords

log = logging.getLogger(__name__)

DAY = 86_400
HOUR = 3600.0
BATCH = 500
"""Measured on 300,000 records: 1.7 ms of the writer's time."""
SHARE = 10
"""Of the time, one part in so many is spent deleting, the rest is the others': a million records take a minute."""


@attrs.define(eq=False)
class Retention:
    """Whole UTC days are deleted, so that no sum of a day is left with half of its records.

    A budget's running period needs none of them: it counts whole days, whose sums stay.
    """

    tuning: Tuning
    clock: Clock
    records: OldRecords
    _changed: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def run(self) -> None:
        """Every hour, and whenever the setting may have changed."""
        self.tuning.heard.append(lambda _: self._changed.set())
        while True:
            self._changed.clear()
            try:
                await self.forget()
            except StorageUnavailable as error:
                log.warning("old usage records are not deleted: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(HOUR):
                    await self._changed.wait()

    async def forget(self) -> int:
        """Delete what is too old now, batch by batch with rests in between; how many."""
        deleted, last = 0, BATCH
        while last == BATCH and (before := self.oldest_kept()):
            began = self.clock.monotonic()
            last = await self.records.delete(before * 1000, BATCH)
            deleted += last
            await asyncio.sleep((self.clock.monotonic() - began) * (SHARE - 1))
        if deleted:
            log.info("%d usage records of more than %d days ago deleted", deleted, self.tuning.now.retention_days)
        return deleted

    def oldest_kept(self) -> int:
        """Unix seconds; 0: all are kept."""
        days = self.tuning.now.retention_days
        return max(0, int(self.clock.wall()) // DAY - days) * DAY if days else 0


@asynccontextmanager
async def forgetting(gateway: Gateway) -> AsyncIterator[None]:
    """Forget what is old for as long as the block runs."""
    retention = Retention(gateway.tuning, gateway.clock, OldRecords(gateway.database))
    task = asyncio.create_task(retention.run(), name="retention")
    try:
        yield
    finally:
        await cancelled(task)
