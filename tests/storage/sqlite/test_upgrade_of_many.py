"""A gateway of the last release that has many records: how long its upgrade takes, and what it adds to the disk.

A million by hand: `UPGRADED_RECORDS=1000000 … -m slow tests/storage/sqlite/test_upgrade_of_many.py -s`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from aihub_lite.storage.reports.cells import Cells
from aihub_lite.storage.reports.question import ReportQuestion
from aihub_lite.storage.reports.reports import Reports
from aihub_lite.storage.sqlite.database import Database
from tests.storage.facts import with_database
from tests.support.million import build

pytestmark = pytest.mark.slow

RECORDS = int(os.environ.get("UPGRADED_RECORDS", "200000"))
LAST_RELEASE = 19
"""Its schema's version."""


def size_of(path: Path) -> int:
    """Bytes of the database with what lies beside it."""
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


def test_an_upgrade_takes_a_minute_and_a_fifth_of_the_size_at_most(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    build(path, time.time(), RECORDS, LAST_RELEASE)
    before = size_of(path)
    began = time.monotonic()

    async def start(_: Database) -> float:
        return time.monotonic() - began

    seconds = with_database(path, start)
    upgraded = size_of(path)

    async def sum_up(database: Database) -> int:
        cells = Cells(database)
        await cells.sum_up_all()
        now = int(time.time()) // 900 * 900 + 900
        question = ReportQuestion(edges=[now - 60 * 86_400, now])
        qualities = await Reports(database, cells).quality(question)
        return sum(quality.times.first_byte.counts.total() for quality in (qualities or {}).values())

    began = time.monotonic()
    assert RECORDS == with_database(path, sum_up)
    summed_up = time.monotonic() - began
    print(
        f"{RECORDS} records: started in {seconds:.2f} s, {before / 2**20:.0f} MiB to {upgraded / 2**20:.0f} MiB;"
        f" summed up in {summed_up:.0f} s, then {size_of(path) / 2**20:.0f} MiB"
    )
    assert seconds <= 60
    assert size_of(path) <= 1.2 * before
