"""A backup each day, at the hour that the settings say, and soon after a start where that hour was missed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.errors import Conflict, StorageUnavailable
from aihub_lite.gateway.backups.desk import BackupDesk
from aihub_lite.gateway.core import Gateway, running
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.backups.faults import BackupFailed

log = logging.getLogger(__name__)
DAY = 86_400
HOUR = 3600
"""Seconds, at the longest, until the clock is looked at again: it may leap; and from a failure to the next try."""


@attrs.define(eq=False)
class DailyBackups:
    """Looks at what is due, rather than sleeping until an hour: a machine may sleep, and settings change."""

    live_settings: LiveSettings
    clock: Clock
    desk: BackupDesk
    _changed: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def run(self) -> None:
        """Until it is cancelled."""
        self.live_settings.on_change.append(self._changed.set)
        while True:
            self._changed.clear()
            pause = float(HOUR)
            try:
                pause = await self.look()
            except (StorageUnavailable, Conflict) as error:
                log.warning("no backup was made: %s", error.message)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def look(self) -> float:
        """Make the backup that is due, if one is; seconds until the next look."""
        due_in = await self.due_in()
        if due_in is None:
            return HOUR
        if due_in > 0:
            return min(due_in, HOUR)
        with suppress(BackupFailed):  # it is remembered, logged and shown
            await self.desk.make()
        return min(HOUR, max(1.0, await self.due_in() or HOUR))

    async def due_in(self) -> float | None:
        """Seconds until a backup is due, 0 for now, None for never."""
        settings = self.live_settings.now
        if not settings.backup_keep:
            return None
        now = self.clock.wall()
        news = await self.desk.news()
        since = (now - settings.backup_hour * HOUR) % DAY
        if news.at >= now - since - 1:  # it may have begun at the very second
            return DAY - since
        if now - HOUR < news.failed_at <= now:
            return news.failed_at + HOUR - now
        return 0


@asynccontextmanager
async def backing_up(gateway: Gateway) -> AsyncIterator[None]:
    """Make backups when they are due, for as long as the block runs."""
    daily = DailyBackups(gateway.live_settings, gateway.clock, gateway.backups)
    async with running(daily.run(), "backups"):
        yield
