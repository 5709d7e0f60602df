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
from aihub_lite.storage import backup
from aihub_lite.storage.backup import back_up, sweep, unfinished
from aihub_lite.storage.database import Database, connect_reader
from aihub_lite.storage.ledger import Ledger
from aihub_lite.storage.meta import Meta
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import TOKEN, record, with_database

IMBALANCES = """
SELECT 'spent' AS what FROM tokens
WHERE spent_nano <> (SELECT sum(charge_nano) FROM usage_records WHERE token_id = tokens.id)
UNION ALL
SELECT 'days' WHERE (SELECT sum(requests) FROM usage_days) <> (SELECT count(*) FROM usage_records)
UNION ALL
SELECT 'quarters' WHERE (SELECT sum(cost_nano) FROM usage_by_model) <> (SELECT sum(cost_nano) FROM usage_records)
"""


def kept(copy: BinaryIO, path: Path) -> sqlite3.Connection:
    """The copy opened as a database of its own."""
    with copy:
        path.write_bytes(copy.read())
    return sqlite3.connect(path)


@asynccontextmanager
async def settling(database: Database) -> AsyncIterator[list[int]]:
    """Requests are booked as fast as the writer takes them; their number so far."""
    journal, count = Ledger(database), [0]

    async def settle() -> None:
        while True:
            await asyncio.gather(*[journal.settle(record(f"r{count[0] + each}")) for each in range(20)])
            count[0] += 20

    task = asyncio.create_task(settle())
    yield count
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_copy_made_under_load_disagrees_with_itself(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int]:
        await Tokens(database).insert(TOKEN)
        async with settling(database) as count:
            while count[0] < 2000:
                await asyncio.sleep(0)
            copy = await back_up(database.path)
        with closing(kept(copy, tmp_path / "copy.db")) as connection:
            assert "ok" == connection.execute("PRAGMA integrity_check").fetchone()[0]
            assert [] == connection.execute(IMBALANCES).fetchall()
            return count[0], int(connection.execute("SELECT count(*) FROM usage_records").fetchone()[0])

    booked, copied = with_database(tmp_path / "a.db", work)
    assert 2000 <= copied <= booked


def test_a_copy_is_no_database_of_ours(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        await Meta(database).put("a", "b")
        kept(await back_up(database.path), tmp_path / "copy.db").close()

    async def look(database: Database) -> str | None:
        return await Meta(database).get("a")

    with_database(tmp_path / "a.db", work)
    assert "b" == with_database(tmp_path / "copy.db", look)


def test_what_was_deleted_travels_with_the_copy(tmp_path: Path) -> None:
    async def work(database: Database) -> bytes:
        await Meta(database).put("key", "sk-canary-deleted")
        await database.write(("DELETE FROM meta", ()))
        with await back_up(database.path) as copy:
            return copy.read()

    assert b"sk-canary-deleted" not in with_database(tmp_path / "a.db", work)


def test_a_copy_leaves_files_behind(tmp_path: Path) -> None:
    async def work(database: Database) -> list[str]:
        (await back_up(database.path)).close()
        return sorted(file.name for file in tmp_path.iterdir())

    assert ["a.db", "a.db-shm", "a.db-wal"] == with_database(tmp_path / "a.db", work)


def test_a_copy_that_nobody_wants_any_more_leaves_files_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "OPERATIONS", 1)
    asked = asyncio.Event()

    async def work(database: Database) -> list[str]:
        await Ledger(database).settle(record())
        loop = asyncio.get_running_loop()
        reader = connect_reader

        def seen(path: Path) -> sqlite3.Connection:
            loop.call_soon_threadsafe(asked.set)
            return reader(path)

        monkeypatch.setattr(backup, "connect_reader", seen)
        task = asyncio.create_task(back_up(database.path))
        await asked.wait()
        task.cancel()
        assert [asyncio.CancelledError] == [type(end) for end in await asyncio.gather(task, return_exceptions=True)]
        await loop.shutdown_default_executor()
        return sorted(file.name for file in tmp_path.iterdir())

    assert ["a.db", "a.db-shm", "a.db-wal"] == with_database(tmp_path / "a.db", work)


def test_a_copy_is_readable_by_others_while_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    reader = connect_reader

    def seen(path: Path) -> sqlite3.Connection:
        modes.append(unfinished(path).stat().st_mode & 0o777)
        return reader(path)

    async def work(database: Database) -> None:
        monkeypatch.setattr(backup, "connect_reader", seen)
        (await back_up(database.path)).close()

    with_database(tmp_path / "a.db", work)
    assert [0o600] == modes


def test_a_copy_that_fails_says_nothing_or_leaves_files_behind(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        unfinished(database.path).mkdir()
        try:
            await back_up(database.path)
        finally:
            unfinished(database.path).rmdir()

    with pytest.raises(StorageUnavailable):
        with_database(tmp_path / "a.db", work)


def test_what_a_killed_copy_left_behind_stays(tmp_path: Path) -> None:
    for name in ("a.db.backup", "a.db.backup-journal", "a.db"):
        (tmp_path / name).touch()
    sweep(tmp_path / "a.db")
    assert ["a.db"] == [file.name for file in tmp_path.iterdir()]


def test_a_copy_takes_the_last_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "ROOM", 2**62)

    async def work(database: Database) -> None:
        with pytest.raises(StorageUnavailable, match="no room"):
            await back_up(database.path)
        assert not unfinished(database.path).exists()

    with_database(tmp_path / "a.db", work)
