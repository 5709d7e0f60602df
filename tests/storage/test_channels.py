"""Channels survive the database unchanged."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.channel import Channel
from aihub_lite.storage.channels import Channels
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.faults import Duplicate
from tests.storage.facts import CHANNEL, with_database


def test_every_field_comes_back(tmp_path: Path) -> None:
    async def work(database: Database) -> list[Channel]:
        await Channels(database).insert(CHANNEL)
        return await Channels(database).load()

    assert [CHANNEL] == with_database(tmp_path / "a.db", work)


def test_an_update_replaces_everything_but_the_id(tmp_path: Path) -> None:
    edited = Channel(id="c1", name="other", provider="demo", base_url="demo://", created_at=5)

    async def work(database: Database) -> list[Channel]:
        await Channels(database).insert(CHANNEL)
        assert await Channels(database).update(edited)
        return await Channels(database).load()

    assert [edited] == with_database(tmp_path / "a.db", work)


def test_a_second_channel_of_a_name_is_refused(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        await Channels(database).insert(CHANNEL)
        await Channels(database).insert(attrs.evolve(CHANNEL, id="c2"))

    with pytest.raises(Duplicate):
        with_database(tmp_path / "a.db", work)


def test_a_deleted_channel_is_gone(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[bool, bool, list[Channel]]:
        channels = Channels(database)
        await channels.insert(CHANNEL)
        return await channels.delete("c1"), await channels.delete("c1"), await channels.load()

    assert (True, False, []) == with_database(tmp_path / "a.db", work)
