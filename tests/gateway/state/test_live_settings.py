"""Live settings: what is set while the gateway runs is checked, stored and in force, or none of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from aihub_lite.config import Settings
from aihub_lite.errors import Conflict, InvalidRequest, StorageUnavailable
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.sqlite.database import Database
from tests.support.storage import refusing


@asynccontextmanager
async def opened(directory: Path, started: Settings | None = None) -> AsyncIterator[LiveSettings]:
    """Live settings as after a start on this directory."""
    async with await Database.open(directory / "test.db") as database:
        yield await LiveSettings.open(started or Settings(), database)


def test_a_change_is_in_force_for_listeners_and_after_a_restart(tmp_path: Path) -> None:
    async def story() -> list[int]:
        rpms: list[int] = []
        async with opened(tmp_path) as live_settings:
            live_settings.on_change.append(lambda: rpms.append(live_settings.now.rpm))
            await live_settings.change({"rpm": 7})
        async with opened(tmp_path) as live_settings:
            return [*rpms, live_settings.now.rpm]

    assert [7, 7] == asyncio.run(story())


def test_a_change_that_the_disk_refuses_is_not_in_force_and_nobody_hears_of_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with await Database.open(tmp_path / "test.db") as database:
            live_settings = await LiveSettings.open(Settings(), database)
            heard: list[None] = []
            live_settings.on_change.append(lambda: heard.append(None))
            async with refusing(database):
                with pytest.raises(StorageUnavailable):
                    await live_settings.change({"rpm": 7})
            assert (180, "default", []) == (live_settings.now.rpm, live_settings.source("rpm"), heard)

    asyncio.run(story())


@pytest.mark.parametrize("waits", [1, 2, 3])
def test_a_change_whose_caller_is_cancelled_is_in_force_and_stored(tmp_path: Path, waits: int) -> None:
    async def story() -> tuple[int, int]:
        async with opened(tmp_path) as live_settings:
            caller = asyncio.create_task(live_settings.change({"rpm": 7}))
            for _ in range(waits):
                await asyncio.sleep(0)
            caller.cancel()
            await asyncio.wait({caller})
            await live_settings.change({"max_attempts": 2})  # takes its turn after the change
            running = live_settings.now.rpm
        async with opened(tmp_path) as live_settings:
            return running, live_settings.now.rpm

    running, restarted = asyncio.run(story())
    assert running == restarted


def test_of_a_change_with_one_bad_value_nothing_is_in_force(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path, Settings(sources={"console_rpm": "AIHUB_CONSOLE_RPM"})) as live_settings:
            for bad in ({"rpm": -1}, {"port": 80}, {"nonsense": 1}):
                with pytest.raises(InvalidRequest):
                    await live_settings.change({"max_attempts": 9, **bad})
            with pytest.raises(Conflict):
                await live_settings.change({"max_attempts": 9, "console_rpm": 1})
            assert 3 == live_settings.now.max_attempts

    asyncio.run(story())


def test_what_was_stored_is_what_the_setting_made_of_it(tmp_path: Path) -> None:
    async def story() -> tuple[object, str]:
        async with opened(tmp_path) as live_settings:
            await live_settings.change({"public_url": "https://ai.example.com/v1/"})
            return live_settings.stored["public_url"], live_settings.now.public_url

    assert ("https://ai.example.com", "https://ai.example.com") == asyncio.run(story())
