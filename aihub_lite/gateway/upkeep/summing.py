"""Sums records up for reports, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.core import Gateway, running
from aihub_lite.storage.reports.cells import Cells

log = logging.getLogger(__name__)

PAUSE = 60.0
"""Seconds from one round to the next; a report sums up by itself what is new by then."""
SHARE = 4
"""One part in so many of the time is spent summing up, the rest is the others'."""


@attrs.define(eq=False)
class Summing:
    """After an upgrade all records are new; after that, those of the last minute."""

    cells: Cells
    clock: Clock

    async def run(self) -> None:
        """Every minute, for good."""
        while True:
            try:
                await self.catch_up()
            except StorageUnavailable as error:
                log.warning("usage records are not summed up: %s", error)
            await asyncio.sleep(PAUSE)

    async def catch_up(self) -> None:
        """Batch by batch, with rests in between."""
        left = 1
        while left:
            began = self.clock.monotonic()
            left = await self.cells.sum_up()
            await asyncio.sleep((self.clock.monotonic() - began) * (SHARE - 1))


@asynccontextmanager
async def summing_up(gateway: Gateway) -> AsyncIterator[None]:
    """Sum up what is new for as long as the block runs."""
    async with running(Summing(gateway.cells, gateway.clock).run(), "summing"):
        yield
