"""Sums over time."""

from __future__ import annotations

from pathlib import Path

from aihub_lite.domain.usage import Usage
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.statistics import Statistics, Sums
from tests.storage.facts import NOON, record, with_database

HOUR = 3_600_000
START = NOON - NOON % HOUR


def test_a_request_is_counted_in_the_step_that_it_started_in(tmp_path: Path) -> None:
    async def work(database: Database) -> list[Sums]:
        journal = Journal(database)
        starts = [START - 1, START, START + HOUR - 1, START + HOUR, START + 3 * HOUR - 1, START + 3 * HOUR]
        for number, started_ms in enumerate(starts):
            await journal.settle(record(f"r{number}", started_ms=started_ms))
        return await Statistics(database).steps([(START + n * HOUR) // 1000 for n in range(4)])

    assert [2, 1, 1] == [sums.requests for sums in with_database(tmp_path / "a.db", work)]


def test_a_step_sums_failures_and_first_bytes_of_its_requests(tmp_path: Path) -> None:
    async def work(database: Database) -> list[Sums]:
        journal = Journal(database)
        await journal.settle(record("r1", first_byte_ms=100, usage=Usage(1, 2), cost_nano=5))
        await journal.settle(record("r2", first_byte_ms=300, outcome="cut_off", usage=Usage(10, 20), cost_nano=50))
        await journal.settle(record("r3", first_byte_ms=0, outcome="error", usage=Usage(), cost_nano=0))
        await journal.settle(record("r4", first_byte_ms=0, outcome="client_gone", usage=Usage(), cost_nano=0))
        return await Statistics(database).steps([START // 1000, (START + HOUR) // 1000])

    expected = Sums(
        requests=4,
        errors=2,
        prompt_tokens=11,
        completion_tokens=22,
        cost_nano=55,
        first_byte_ms=400,
        first_bytes=2,
    )
    assert [expected] == with_database(tmp_path / "a.db", work)
