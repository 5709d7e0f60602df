"""Copies of a database that is in use (T-59)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import BinaryIO

import pytest

from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.meta import Meta
from aihub_lite.storage.sqlite import backup
from aihub_lite.storage.sqlite.backup import back_up, partial_copy, remove_partial_copy
from aihub_lite.storage.sqlite.database import Database, connect_reader
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import TOKEN, record, with_database

pytestmark = pytest.mark.attack("T-59")

IMBALANCES = """
SELECT 'spent' AS what FROM tokens
WHERE spent_nano <> (SELECT sum(charge_nano) FROM usage_records WHERE token_id = tokens.id)
UNION ALL
SELECT 'days' WHERE (SELECT sum(requests) FROM usage_days) <> (SELECT count(*) FROM usage_records)
UNION ALL
SELECT 'quarters' WHERE (SELECT sum(cost_nano) FROM usage_by_model) <> (SELECT sum(cost_nano) FROM usage_records)
"""


def opened(copy: BinaryIO, path: Path) -> sqlite3.Connection:
    """The copy opened as a database of its own."""
    with copy:
        path.write_bytes(copy.read())
    return sqlite3.connect(path)


@asynccontextmanager
async def settling(database: Database) -> AsyncIterator[list[int]]:
    """Requests are booked as fast as the writer takes them; their number so far."""
    journal, count = Journal(database), [0]

    async def settle() -> None:
        while True:
            await asyncio.gather(*[journal.settle(record(f"r{count[0] + number}")) for number in range(20)])
            count[0] += 20

    task = asyncio.create_task(settle())
    yield count
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_copy_made_under_load_agrees_with_itself(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int]:
        await Tokens(database).insert(TOKEN)
        async with settling(database) as count:
            while count[0] < 2000:
                await asyncio.sleep(0)
            copy = await back_up(database.path)
        with closing(opened(copy, tmp_path / "copy.db")) as connection:
            assert "ok" == connection.execute("PRAGMA integrity_check").fetchone()[0]
            assert [] == connection.execute(IMBALANCES).fetchall()
            return count[0], int(connection.execute("SELECT count(*) FROM usage_records").fetchone()[0])

    booked, copied = with_database(tmp_path / "a.db", work)
    assert 2000 <= copied <= booked


def test_a_copy_opens_as_a_database_of_ours(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        await Meta(database).put("a", "b")
        opened(await back_up(database.path), tmp_path / "copy.db").close()

    async def look(database: Database) -> str | None:
        return await Meta(database).get("a")

    with_database(tmp_path / "a.db", work)
    assert "b" == with_database(tmp_path / "copy.db", look)


def test_what_was_deleted_is_not_in_the_copy(tmp_path: Path) -> None:
    async def work(database: Database) -> bytes:
        await Meta(database).put("key", "sk-canary-deleted")
        await database.write(("DELETE FROM meta", ()))
        with await back_up(database.path) as copy:
            return copy.read()

    assert b"sk-canary-deleted" not in with_database(tmp_path / "a.db", work)


def test_a_copy_leaves_no_file_behind(tmp_path: Path) -> None:
    async def work(database: Database) -> list[str]:
        (await back_up(database.path)).close()
        return sorted(file.name for file in tmp_path.iterdir())

    assert ["a.db", "a.db-shm", "a.db-wal"] == with_database(tmp_path / "a.db", work)


def test_a_cancelled_copy_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "OPERATIONS", 1)
    copying = asyncio.Event()

    async def work(database: Database) -> list[str]:
        await Journal(database).settle(record())
        loop = asyncio.get_running_loop()
        reader = connect_reader

        def connect(path: Path) -> sqlite3.Connection:
            loop.call_soon_threadsafe(copying.set)
            return reader(path)

        monkeypatch.setattr(backup, "connect_reader", connect)
        task = asyncio.create_task(back_up(database.path))
        await copying.wait()
        task.cancel()
        assert [asyncio.CancelledError] == [type(end) for end in await asyncio.gather(task, return_exceptions=True)]
        await loop.shutdown_default_executor()
        return sorted(file.name for file in tmp_path.iterdir())

    assert ["a.db", "a.db-shm", "a.db-wal"] == with_database(tmp_path / "a.db", work)


def test_a_copy_is_private_while_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    reader = connect_reader

    def connect(path: Path) -> sqlite3.Connection:
        modes.append(partial_copy(path).stat().st_mode & 0o777)
        return reader(path)

    async def work(database: Database) -> None:
        monkeypatch.setattr(backup, "connect_reader", connect)
        (await back_up(database.path)).close()

    with_database(tmp_path / "a.db", work)
    assert [0o600] == modes


def test_a_copy_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        partial_copy(database.path).mkdir()
        try:
            await back_up(database.path)
        finally:
            partial_copy(database.path).rmdir()

    with pytest.raises(StorageUnavailable):
        with_database(tmp_path / "a.db", work)


def test_what_a_killed_copy_left_behind_is_removed(tmp_path: Path) -> None:
    for name in ("a.db.backup", "a.db.backup-journal", "a.db"):
        (tmp_path / name).touch()
    remove_partial_copy(tmp_path / "a.db")
    assert ["a.db"] == [file.name for file in tmp_path.iterdir()]


def test_a_copy_is_refused_where_it_would_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "ROOM", 2**62)

    async def work(database: Database) -> None:
        with pytest.raises(StorageUnavailable, match="no room"):
            await back_up(database.path)
        assert not partial_copy(database.path).exists()

    with_database(tmp_path / "a.db", work)
