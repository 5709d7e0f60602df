"""Looks at what holds, every few seconds and when a channel changes, and has alerts sent, beside the requests."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.conditions.conditions import conditions_of
from aihub_lite.gateway.conditions.endings import ending_of
from aihub_lite.gateway.conditions.pace import pace
from aihub_lite.gateway.core import Gateway, running
from aihub_lite.storage.statistics import Statistics

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two looks."""
SELDOM = 300.0
"""Seconds between two looks at the disk and at what was spent."""
LAST_TRY = 3.0
"""Seconds that a gateway which ends gives to what is due; the rest is sent by the next one."""
GIB = 2**30
LEAST_ROOM = GIB // 2
"""Bytes that are always too few."""
LOW_SHARE = 0.05
LOW_ROOM = 10 * GIB
"""A disk with less than that share free, and less than that, is nearly full."""


@attrs.define(eq=False)
class AlertWatch:
    """One round after the other; a fault of storage ends none."""

    gateway: Gateway
    clock: Clock
    _changed: asyncio.Event = attrs.field(factory=asyncio.Event)
    _looked: float = -SELDOM

    async def run(self) -> None:
        """Until it is cancelled."""
        alerts = self.gateway.alerts
        self.gateway.registry.channels.on_change.append(lambda _: self._changed.set())
        alerts.destinations.on_change.append(lambda _: self._changed.set())
        alerts.notices.on_change.append(self._changed.set)
        self.gateway.pauses.on_change.append(self._changed.set)
        loaded = False
        while True:
            self._changed.clear()
            try:
                if not loaded:
                    await alerts.book.load()
                    await alerts.outbox.load()
                    loaded = True
                await self.look()
            except StorageUnavailable as error:
                log.warning("alerts wait for the database: %s", error)
            try:
                async with asyncio.timeout(EVERY):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """One round: what is new is queued. Raises StorageUnavailable."""
        now = self.clock.monotonic()
        if now - self._looked >= SELDOM:
            self._looked = now
            await self._look_seldom()
        alerts = self.gateway.alerts
        # Where nobody is told, nothing counts as told: the first destination hears of all that holds.
        if any(destination.enabled for destination in alerts.destinations.by_id.values()):
            await alerts.book.observe(await conditions_of(self.gateway), partial(ending_of, self.gateway))

    async def _look_seldom(self) -> None:
        await self._look_at_disk()
        notices = self.gateway.alerts.notices
        faster = await pace(Statistics(self.gateway.database), self.clock.wall())
        if faster:
            notices.post("spend_fast", subject=faster, figure=faster)
        else:
            notices.remove("spend_fast")

    async def _look_at_disk(self) -> None:
        notices = self.gateway.alerts.notices
        try:
            left = await asyncio.to_thread(room_left, self.gateway.database.path.parent)
        except OSError as error:
            # Nobody knows: what was true of it when it answered is neither over nor new.
            log.warning("the disk does not say how much room it has: %s", error)
            return
        if left:
            notices.post("disk", subject=left, figure=left)
        else:
            notices.remove("disk")


def room_left(path: Path) -> str:
    """What is free where too little is, like `512 MiB`; empty where there is enough. Raises OSError."""
    usage = shutil.disk_usage(path)
    if is_low(usage.free, usage.total):
        return f"{usage.free // 2**20} MiB"
    return ""


def is_low(free: int, total: int) -> bool:
    """Whether a disk of so many bytes is nearly full."""
    return free < LEAST_ROOM or (free < LOW_ROOM and free < LOW_SHARE * total)


@asynccontextmanager
async def watching(gateway: Gateway) -> AsyncIterator[AlertWatch]:
    """Tell people for as long as the block runs; what is due at its end is tried once more, for a moment."""
    watch = AlertWatch(gateway, gateway.clock)
    try:
        async with running(gateway.alerts.outbox.run(), "alerts"), running(watch.run(), "watch"):
            yield watch
    finally:
        await gateway.alerts.outbox.finish(LAST_TRY)
