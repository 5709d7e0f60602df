"""The one writer: groups, cancelled callers, guilty jobs, the end."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.meta import Meta
from aihub_lite.storage.sqlite.database import Database, connect_writer
from aihub_lite.storage.sqlite.faults import Duplicate
from aihub_lite.storage.sqlite.writer import Job, commit
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import TOKEN, hold, record, with_database

ROOT = Path(__file__).parents[3]
PUT = "INSERT INTO meta (key, value) VALUES (?, ?)"


async def keys(database: Database) -> list[str]:
    return [row["key"] for row in await database.read("SELECT key FROM meta ORDER BY key")]


def test_the_job_of_a_caller_that_is_cancelled_is_committed(tmp_path: Path) -> None:
    async def work(database: Database) -> list[str]:
        tasks = [asyncio.create_task(database.write((PUT, (f"k{number}", "")))) for number in range(5)]
        await asyncio.sleep(0)  # every task has queued its job by now, none is committed
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.write((PUT, ("last", "")))
        return await keys(database)

    assert ["k0", "k1", "k2", "k3", "k4", "last"] == with_database(tmp_path / "a.db", work)


def test_a_cancelled_settle_is_booked(tmp_path: Path) -> None:
    async def work(database: Database) -> int:
        await Tokens(database).insert(TOKEN)
        Journal(database).settle(record()).cancel()
        await database.write((PUT, ("after", "")))
        return (await Tokens(database).load())[0][1]

    assert 1000 == with_database(tmp_path / "a.db", work)


def test_only_the_job_at_fault_fails_in_its_group(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[list[int | BaseException], list[str]]:
        outcomes = await asyncio.gather(
            database.write((PUT, ("a", ""))),
            database.write((PUT, ("b", "")), (PUT, ("a", ""))),
            Journal(database).hold(hold()),
            database.write((PUT, ("c", ""))),
            return_exceptions=True,
        )
        return list(outcomes), await keys(database)

    outcomes, stored = with_database(tmp_path / "a.db", work)
    assert [1, Duplicate, 1, 1] == [type(item) if isinstance(item, Exception) else item for item in outcomes]
    assert ["a", "c"] == stored


def test_a_fault_of_the_program_itself_reaches_its_caller_alone(tmp_path: Path) -> None:
    async def work(database: Database) -> list[str]:
        good = database.write((PUT, ("good", "")))
        bad = database.write(("INSERT INTO nowhere VALUES (1)", ()))
        _, failure = await asyncio.gather(good, bad, return_exceptions=True)
        assert isinstance(failure, sqlite3.OperationalError)
        return await keys(database)

    assert ["good"] == with_database(tmp_path / "a.db", work)


def test_a_refused_hold_that_nobody_awaits_makes_no_noise(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(database: Database) -> None:
        for _ in range(2):
            Journal(database).hold(hold())
        await database.write((PUT, ("after", "")))

    with_database(tmp_path / "a.db", work)
    assert [] == caplog.messages


def test_closing_commits_what_was_queued(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        for number in range(100):
            Journal(database).hold(hold(f"r{number}"))

    async def count(database: Database) -> int:
        return int((await database.read("SELECT count(*) FROM holds"))[0][0])

    with_database(tmp_path / "a.db", work)
    assert 100 == with_database(tmp_path / "a.db", count)


def test_closing_leaves_no_wal_behind(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        await database.write((PUT, ("a", "")))

    with_database(tmp_path / "a.db", work)
    assert ["a.db"] == sorted(file.name for file in tmp_path.iterdir())


def test_a_closed_database_refuses_every_call(tmp_path: Path) -> None:
    async def run() -> None:
        database = await Database.open(tmp_path / "a.db")
        await database.close()
        await database.close()
        with pytest.raises(StorageUnavailable):
            await database.write((PUT, ("a", "")))
        with pytest.raises(StorageUnavailable):
            Journal(database).hold(hold())
        with pytest.raises(StorageUnavailable):
            await database.read("SELECT 1")

    asyncio.run(run())


FORGETS_TO_CLOSE = """
import asyncio, sys
from pathlib import Path
from aihub_lite.storage.sqlite.database import Database

async def main():
    database = await Database.open(Path(sys.argv[1]))
    waiting = asyncio.create_task(database.write(("INSERT INTO meta VALUES ('a', 'b')", ())))
    await asyncio.sleep(0)
    raise SystemExit(3)

asyncio.run(main())
"""


def test_a_process_that_forgets_to_close_still_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FORGETS_TO_CLOSE, str(tmp_path / "a.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, cwd=ROOT)
    assert (3, "") == (done.returncode, done.stderr)


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        await database.read("DELETE FROM meta")

    with pytest.raises(StorageUnavailable):
        with_database(tmp_path / "a.db", work)


def test_the_write_connection_has_the_pragmas_of_the_design(tmp_path: Path) -> None:
    names = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "busy_timeout", "journal_size_limit")
    with closing(connect_writer(tmp_path / "a.db", "FULL")) as connection:
        pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert ["wal", 2, 1, 0, 5000, 64 * 2**20] == pragmas


@pytest.mark.attack("T-56")
def test_another_process_holding_the_lock_fails_the_group_at_once(tmp_path: Path) -> None:
    async def run() -> list[type]:
        with (
            closing(connect_writer(tmp_path / "a.db", "FULL")) as ours,
            closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other,
        ):
            ours.execute("PRAGMA busy_timeout=1")
            other.execute("BEGIN EXCLUSIVE")
            done = asyncio.get_running_loop().create_future
            return [type(outcome) for outcome in commit(ours, [Job(done(), ((PUT, (key, "")),)) for key in "abc"])]

    assert [StorageUnavailable] * 3 == asyncio.run(run())


def test_a_value_put_once_is_that_of_the_first_caller(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[str | None, bool, bool, str | None]:
        meta = Meta(database)
        before = await meta.get("first_start")
        done = await meta.put_once("first_start", "1"), await meta.put_once("first_start", "2")
        return before, *done, await meta.get("first_start")

    assert (None, True, False, "1") == with_database(tmp_path / "a.db", work)


def test_a_value_that_is_put_replaces_the_one_before(tmp_path: Path) -> None:
    async def work(database: Database) -> str | None:
        await Meta(database).put("boot_id", "one")
        await Meta(database).put("boot_id", "two")
        return await Meta(database).get("boot_id")

    assert "two" == with_database(tmp_path / "a.db", work)
