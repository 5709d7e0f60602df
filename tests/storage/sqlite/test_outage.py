"""A full disk, and a process that is killed while it writes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.meta import Meta
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import TOKEN, hold, record

STATE = '''SELECT (SELECT spent_nano FROM tokens), (SELECT count(*) FROM holds),
(SELECT count(*) FROM usage_records)'''

async def main(path):
    async with await Database.open(path) as database:
        await Tokens(database).insert(TOKEN)
        ledger = Journal(database)
        await ledger.hold(hold("before"))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{path}-wal").stat().st_size, hard))
        for job in (ledger.hold(hold("refused")), ledger.settle(record("before")), Meta(database).put("a", "b")):
            try:
                await job
                print("written")
            except StorageUnavailable as refusal:
                print(refusal.status, refusal.code)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await ledger.settle(record("before"))
        print(*(await database.read(STATE))[0])

asyncio.run(main(Path(sys.argv[1])))
"""


def run_python(program: str, path: Path) -> list[str]:
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, cwd=ROOT)
    assert 0 == done.returncode, done.stderr
    return done.stdout.splitlines()


@pytest.mark.attack("T-55")
def test_a_full_disk_refuses_until_there_is_room_again(tmp_path: Path) -> None:
    lines = run_python(FULL_DISK, tmp_path / "a.db")
    assert ["503 storage_unavailable"] * 3 + ["1000 0 1"] == lines


SETTLES_FOR_EVER = """
import asyncio, itertools, sys
from pathlib import Path
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import TOKEN, hold, record

async def main(path):
    async with await Database.open(path) as database:
        await Tokens(database).insert(TOKEN)
        ledger, numbers = Journal(database), itertools.count()

        async def requests():
            for number in numbers:
                ledger.hold(hold(f"r{number}"))
                await ledger.settle(record(f"r{number}"))
                sys.stdout.write(f"r{number}\\n")
                sys.stdout.flush()

        await asyncio.gather(*(requests() for _ in range(16)))

asyncio.run(main(Path(sys.argv[1])))
"""


def acknowledged_before_a_kill(path: Path, count: int) -> set[str]:
    """Request ids whose settle was acknowledged by a process that was then killed in the middle of others."""
    command = [sys.executable, "-c", SETTLES_FOR_EVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(count)]
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
    return {line.strip() for line in lines if line.endswith("\n")}


@pytest.mark.attack("T-54")
def test_kill_9_loses_no_acknowledged_settle(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    acknowledged = acknowledged_before_a_kill(path, count=500)
    with closing(sqlite3.connect(path)) as connection:
        assert "ok" == connection.execute("PRAGMA integrity_check").fetchone()[0]
        booked = {row[0] for row in connection.execute("SELECT request_id FROM usage_records")}
        spent = connection.execute("SELECT spent_nano FROM tokens").fetchone()[0]
    assert set() == acknowledged - booked
    assert 1000 * len(booked) == spent
