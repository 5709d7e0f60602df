"""An upgrade begins only where there is room for it."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.faults import NoRoom
from aihub_lite.storage.sqlite.migrations import MIGRATIONS
from tests.storage.facts import record, with_database, written_at

Disk = namedtuple("Disk", "total used free")


async def nothing(_: Database) -> None:
    """Opened and closed."""


def test_an_upgrade_that_may_not_fit_says_so_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    written_at(len(MIGRATIONS) - 1, path, [record("r1")])
    before = path.read_bytes()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(0, 0, 2**19))
    with pytest.raises(NoRoom, match="may take 1 MiB of disk, of which 0 MiB are free"):
        with_database(path, nothing)
    assert before == path.read_bytes()
    monkeypatch.undo()
    with_database(path, nothing)


def test_a_database_that_is_up_to_date_or_new_needs_no_room_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(0, 0, 0))
    with_database(tmp_path / "a.db", nothing)
    with_database(tmp_path / "a.db", nothing)
