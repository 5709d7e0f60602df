"""Backups by themselves: each day, checked, the old ones removed after the new one, and failures told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.config import Settings
from aihub_lite.errors import Conflict
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.upkeep.backing_up import DailyBackups, backing_up
from aihub_lite.storage.backups.faults import BackupFailed
from aihub_lite.storage.sqlite.soundness import examine
from aihub_lite.web.admin.overview import attention
from tests.support.clock import MONDAY, ManualClock

HOUR = 3600


def run(directory: Path, story: Callable[[Gateway, ManualClock], Awaitable[None]], **settings: Any) -> None:
    """The clock begins at midnight, UTC."""

    async def play() -> None:
        clock = ManualClock(wall_now=MONDAY)
        started = Settings(data_dir=directory / "data", discover_local=False, **settings)
        async with open_gateway(started, {}, clock) as gateway:
            await story(gateway, clock)

    asyncio.run(play())


def daily(gateway: Gateway) -> DailyBackups:
    return DailyBackups(gateway.live_settings, gateway.clock, gateway.backups)


async def files(gateway: Gateway) -> list[str]:
    return [file.path.name for file in await gateway.backups.kept()]


def test_none_is_made_unless_somebody_wants_some(tmp_path: Path) -> None:
    async def story(gateway: Gateway, _: ManualClock) -> None:
        await daily(gateway).look()
        assert [] == await files(gateway)

    run(tmp_path, story)


def test_one_is_made_a_day_at_its_hour(tmp_path: Path) -> None:
    async def story(gateway: Gateway, clock: ManualClock) -> None:
        work = daily(gateway)
        assert 0 < await work.look() <= HOUR
        assert 1 == len(await files(gateway))  # none was ever made: the first is at once
        clock.advance(2.9 * HOUR)
        assert pytest.approx(0.1 * HOUR, abs=2) == await work.look()
        assert 1 == len(await files(gateway))
        clock.advance(0.1 * HOUR)
        await work.look()
        assert ["aihub-2026-01-05-030000.db", "aihub-2026-01-05-000000.db"] == await files(gateway)
        clock.advance(23.9 * HOUR)
        await work.look()
        assert 2 == len(await files(gateway))
        clock.advance(48 * HOUR)  # the machine slept
        await work.look()
        await work.look()
        assert 3 == len(await files(gateway))

    run(tmp_path, story, backup_keep=5)


def test_the_oldest_go_after_the_new_one_is_checked(tmp_path: Path) -> None:
    async def story(gateway: Gateway, clock: ManualClock) -> None:
        for _ in range(4):
            await daily(gateway).look()
            clock.advance(24 * HOUR)
        names = await files(gateway)
        assert 2 == len(names)
        contents, flaw = await asyncio.to_thread(examine, gateway.backups.directory / names[0])
        assert ("", True) == (flaw, "tokens" in contents.rows)

    run(tmp_path, story, backup_keep=2)


def test_one_that_fails_takes_none_away_is_shown_and_is_tried_again_in_an_hour(tmp_path: Path) -> None:
    async def story(gateway: Gateway, clock: ManualClock) -> None:
        work = daily(gateway)
        await work.look()
        first = await files(gateway)
        away = gateway.backups.directory.with_name("away")
        gateway.backups.directory.rename(away)
        gateway.backups.directory.write_text("a file is in the way")
        clock.advance(24 * HOUR)
        assert pytest.approx(HOUR, abs=2) == await work.look()
        (item,) = [item for item in await attention(gateway) if item["kind"] == "backup_failed"]
        assert "cannot be written" in item["detail"]
        gateway.backups.directory.unlink()
        away.rename(gateway.backups.directory)
        await work.look()
        assert first == await files(gateway)
        clock.advance(HOUR)
        await work.look()
        assert 1 == len(await files(gateway))
        assert first != await files(gateway)
        assert [] == [item for item in await attention(gateway) if item["kind"] == "backup_failed"]

    run(tmp_path, story, backup_keep=1)


def test_how_the_last_ended_is_known_after_a_restart(tmp_path: Path) -> None:
    async def fail(gateway: Gateway, _: ManualClock) -> None:
        gateway.backups.directory.write_text("a file is in the way")
        with pytest.raises(BackupFailed):
            await gateway.backups.make()

    async def look(gateway: Gateway, _: ManualClock) -> None:
        assert "cannot be written" in (await gateway.backups.news()).error
        assert ["backup_failed"] == [item["kind"] for item in await attention(gateway)]

    run(tmp_path, fail, backup_keep=1)
    run(tmp_path, look, backup_keep=1)


def test_a_backup_that_cannot_be_sealed_is_not_written_open(tmp_path: Path) -> None:
    async def story(gateway: Gateway, _: ManualClock) -> None:
        with pytest.raises(BackupFailed, match="there is no passphrase in env:WORDS"):
            await gateway.backups.make()
        assert [] == await files(gateway)

    run(tmp_path, story, backup_passphrase="env:WORDS")


def test_a_passphrase_beside_the_backups_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "away"
    directory.mkdir()
    (directory / "words").write_text("words")

    async def story(gateway: Gateway, _: ManualClock) -> None:
        with pytest.raises(BackupFailed, match="who takes one takes the other"):
            await gateway.backups.make()

    run(tmp_path, story, backup_dir=directory, backup_passphrase=f"file:{directory / 'words'}")


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    async def story(gateway: Gateway, _: ManualClock) -> None:
        async with gateway.backing_up:
            with pytest.raises(Conflict):
                await gateway.backups.make()

    run(tmp_path, story)


def test_switching_them_on_makes_one_at_once(tmp_path: Path) -> None:
    async def story(gateway: Gateway, _: ManualClock) -> None:
        async with backing_up(gateway):
            await asyncio.sleep(0)
            assert [] == await files(gateway)
            await gateway.live_settings.change({"backup_keep": 3})
            async with asyncio.timeout(60):
                while not await files(gateway):
                    await asyncio.sleep(0)

    run(tmp_path, story)


def test_a_gateway_that_stops_ends_its_backup_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    async def story(gateway: Gateway, _: ManualClock) -> None:
        task = asyncio.create_task(gateway.backups.make())
        while not gateway.backing_up.locked():
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert [] == list(gateway.backups.directory.glob("*.part"))
        assert not gateway.backing_up.locked()

    run(tmp_path, story)
