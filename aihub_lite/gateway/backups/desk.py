"""Makes backups as the settings say, and remembers how the last one ended."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from pathlib import Path

import attrs
import msgspec

from aihub_lite.config import Settings
from aihub_lite.domain.clock import Clock
from aihub_lite.errors import Conflict, StorageUnavailable
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.backups.faults import BackupFailed
from aihub_lite.storage.backups.files import BackupFile, backups_in, name_at, remove_old
from aihub_lite.storage.backups.making import make_backup
from aihub_lite.storage.backups.passphrase import lies_beside, passphrase_from
from aihub_lite.storage.meta import Meta
from aihub_lite.storage.sqlite.database import Database

log = logging.getLogger(__name__)
KEY = "backups"


@attrs.frozen
class BackupNews:
    """How the last backups ended; times in Unix seconds, 0 for never."""

    at: float = 0
    """When the last good one was begun."""
    file: str = ""
    failed_at: float = 0
    """When the last one failed, where none was good after it."""
    error: str = ""


def backup_directory(settings: Settings) -> Path:
    """Where backups are kept."""
    return settings.backup_dir or settings.data_dir / "backups"


@attrs.define(eq=False)
class BackupDesk:
    """One backup at a time, the downloads included: `turn` is held by each."""

    database: Database
    clock: Clock
    live_settings: LiveSettings
    environ: Mapping[str, str] = attrs.field(repr=False)
    turn: asyncio.Lock

    @property
    def directory(self) -> Path:
        """Where they are kept."""
        return backup_directory(self.live_settings.now)

    async def news(self) -> BackupNews:
        """How the last ones ended; raises StorageUnavailable."""
        text = await Meta(self.database).get(KEY)
        if text is None:
            return BackupNews()
        return msgspec.json.decode(text, type=BackupNews)

    async def kept(self) -> list[BackupFile]:
        """Those that are there, newest first; none of a directory that cannot be read."""
        try:
            return await asyncio.to_thread(backups_in, self.directory)
        except OSError:
            return []

    async def make(self) -> BackupFile:
        """A checked backup in the directory; older ones beyond `backup_keep` are removed after it.

        Raises BackupFailed, which is remembered until one is made, or Conflict where one is being made.
        """
        if self.turn.locked():
            raise Conflict("Another backup is being made.")
        async with self.turn:
            now = self.clock.wall()
            try:
                made = await self._make(now)
            except BackupFailed as failed:
                log.warning("there is no backup: %s", failed.message)
                await self._remember(attrs.evolve(await self.news(), failed_at=now, error=failed.message))
                raise
            await self._remember(BackupNews(at=made.at, file=str(made.path)))
            return made

    async def _make(self, now: float) -> BackupFile:
        settings = self.live_settings.now
        directory = self.directory
        if lies_beside(settings.backup_passphrase, directory):
            raise BackupFailed("the passphrase lies in the directory of the backups: who takes one takes the other")
        cancelled = threading.Event()
        work = asyncio.ensure_future(asyncio.to_thread(self._work, directory, now, cancelled))
        try:
            made = await asyncio.shield(work)
        except asyncio.CancelledError:
            cancelled.set()
            # The thread ends soon, and its copy with it; nothing else may begin to write one before.
            await asyncio.gather(work, return_exceptions=True)
            raise
        log.info("backup %s: %d bytes, checked", made.path, made.size)
        return made

    def _work(self, directory: Path, now: float, cancelled: threading.Event) -> BackupFile:
        settings = self.live_settings.now
        passphrase = passphrase_from(settings.backup_passphrase, self.environ)
        target = directory / name_at(now, sealed=bool(passphrase))
        make_backup(self.database.path, target, passphrase, cancelled)
        try:
            if settings.backup_keep:
                remove_old(directory, settings.backup_keep)
            return BackupFile(target, int(now), target.stat().st_size)
        except OSError as error:
            raise BackupFailed(f"older ones in {directory} cannot be removed: {error.strerror or error}") from None

    async def _remember(self, news: BackupNews) -> None:
        try:
            await Meta(self.database).put(KEY, msgspec.json.encode(news).decode())
        except StorageUnavailable as error:
            log.warning("how the last backup ended is not kept: %s", error.message)
