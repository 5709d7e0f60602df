"""A backup is put in place only where it is ours and whole, and nothing is lost by it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from aihub_lite.storage.backups.faults import BackupFailed
from aihub_lite.storage.backups.making import make_backup
from aihub_lite.storage.backups.restoring import restore
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.faults import ForeignDatabase, NewerSchema
from aihub_lite.storage.sqlite.migrations import MIGRATIONS
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import NOON, TOKEN, record, with_database, written_at

ROOT = Path(__file__).parents[3]
LATER = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("INSERT INTO meta VALUES ('later', 'yes')")
os._exit(9)
"""
"""What it wrote lies in the WAL alone."""


def filled(path: Path, *requests: str, started_ms: int = NOON) -> Path:
    async def work(database: Database) -> None:
        if not await Tokens(database).load():
            await Tokens(database).insert(TOKEN)
        for request in requests:
            await Journal(database).settle(record(request, started_ms=started_ms))

    with_database(path, work)
    return path


def backup(path: Path, target: Path) -> Path:
    make_backup(path, target, "", threading.Event())
    return target


def requests(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT request_id FROM usage_records ORDER BY request_id")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return filled(tmp_path / "data" / "aihub.db", "r1")


def test_a_backup_takes_the_place_of_what_there_is_and_that_is_kept_with_its_wal(path: Path, tmp_path: Path) -> None:
    copy = backup(path, tmp_path / "copy.db")
    subprocess.run([sys.executable, "-c", LATER, str(path)], check=False, cwd=ROOT)
    assert path.with_name("aihub.db-wal").stat().st_size
    done = restore(path, copy, "", force=False)
    assert ["r1"] == requests(path)
    assert done.kept is not None
    with closing(sqlite3.connect(done.kept)) as connection:
        assert [("yes",)] == connection.execute("SELECT value FROM meta WHERE key = 'later'").fetchall()
    with closing(sqlite3.connect(path)) as connection:
        assert [] == connection.execute("SELECT value FROM meta WHERE key = 'later'").fetchall()
    assert 0o600 == path.stat().st_mode & 0o777


def test_a_backup_is_restored_where_nothing_was(path: Path, tmp_path: Path) -> None:
    new = tmp_path / "new" / "aihub.db"
    done = restore(new, backup(path, tmp_path / "copy.db"), "", force=False)
    assert (None, 1, 1) == (done.kept, done.contents.rows["tokens"], done.contents.rows["usage_records"])
    assert ["aihub.db"] == [file.name for file in new.parent.iterdir()]


def test_what_was_used_later_is_replaced_only_where_that_is_forced(path: Path, tmp_path: Path) -> None:
    copy = backup(path, tmp_path / "copy.db")
    filled(path, "r2", started_ms=NOON + 60_000)
    with pytest.raises(BackupFailed, match=r"was used until 2025-10-09 .*, the backup ends .*--force"):
        restore(path, copy, "", force=False)
    assert ["r1", "r2"] == requests(path)
    done = restore(path, copy, "", force=True)
    assert ["r1"] == requests(path)
    assert done.kept is not None
    assert ["r1", "r2"] == requests(done.kept)


def test_a_database_of_a_newer_schema_is_replaced_only_where_that_is_forced(path: Path, tmp_path: Path) -> None:
    copy = backup(path, tmp_path / "copy.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(BackupFailed, match=r"schema 99, the backup .*--force"):
        restore(path, copy, "", force=False)
    restore(path, copy, "", force=True)
    assert ["r1"] == requests(path)


def test_a_damaged_database_gives_way_without_force(path: Path, tmp_path: Path) -> None:
    copy = backup(path, tmp_path / "copy.db")
    path.write_bytes(path.read_bytes()[:5000])
    restore(path, copy, "", force=False)
    assert ["r1"] == requests(path)


def test_a_backup_of_a_newer_schema_is_refused_even_by_force(path: Path, tmp_path: Path) -> None:
    copy = backup(path, tmp_path / "copy.db")
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(NewerSchema, match=f"schema 99, this one knows {len(MIGRATIONS)}"):
        restore(path, copy, "", force=True)


def test_another_programs_database_is_refused(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE cookies (name)")
    with pytest.raises(ForeignDatabase):
        restore(path, other, "", force=True)


@pytest.mark.parametrize("damage", ["cut", "page", "text", "empty"])
def test_a_file_that_is_not_whole_is_refused_and_nothing_changes(path: Path, tmp_path: Path, damage: str) -> None:
    copy = backup(path, tmp_path / "copy.db")
    data = copy.read_bytes()
    damaged = {
        "cut": data[: len(data) // 2],
        "page": data[:8192] + b"\xa5" * 4096 + data[12288:],
        "text": b"shopping list",
        "empty": b"",
    }
    copy.write_bytes(damaged[damage])
    before = path.read_bytes()
    with pytest.raises(BackupFailed) as raised:
        restore(path, copy, "", force=True)
    assert "\n" not in raised.value.message
    assert before == path.read_bytes()
    assert ["aihub.db"] == [file.name for file in path.parent.iterdir() if "replaced" in file.name or file == path]


def test_a_restored_backup_of_an_older_release_is_upgraded_by_the_next_start(tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    written_at(20, older, [record("r1")])
    path = tmp_path / "data" / "aihub.db"
    restore(path, older, "", force=False)
    filled(path)
    assert ["r1"] == requests(path)
