"""Sums over days come from those of eight hours, and are the same to the request."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.storage.reports.dimensions import Dimension, source_of
from aihub_lite.storage.reports.periods import Ranges, period_values, periods_sql
from aihub_lite.storage.reports.question import TOTALS, ReportQuestion
from aihub_lite.storage.reports.sql import step_values, sums_sql
from aihub_lite.storage.retention import OldRecords
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.migrations import MIGRATIONS, migrate
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import record, with_database
from tests.storage.reports.traffic import START, parted, partly_summed, settled, shown, traffic
from tests.support.million import build

HOUR = 3600
FIRST = START // 1000
UTC = [FIRST, FIRST + 24 * HOUR, FIRST + 48 * HOUR, FIRST + 72 * HOUR]
KATHMANDU = [edge - 5 * HOUR - 2700 for edge in UTC]
SHORT = [FIRST + 9 * HOUR, FIRST + 15 * HOUR, FIRST + 41 * HOUR]
"""A step without whole eight hours, and one with."""
EDGES = {"UTC": UTC, "Kathmandu": KATHMANDU, "short": SHORT}
Keys = Callable[[UsageRecord], Iterable[tuple[str, ...]]]
CASES: list[tuple[tuple[Dimension, ...], Keys]] = [
    ((), lambda each: [()]),
    (("model",), lambda each: [(each.model,)]),
    (("model", "channel"), lambda each: [(each.model, each.channel)]),
    (("channel",), lambda each: [(each.channel,)]),
    (("token",), lambda each: [(each.token_id,)]),
]
PERIODS = next(number for number, one in enumerate(MIGRATIONS) if "'token', period" in str(one))


@pytest.mark.parametrize("summed_up", [0, 200, 400])
@pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES)
def test_records_count_once_whether_they_are_summed_up_or_not(tmp_path: Path, edges: list[int], summed_up: int) -> None:
    records = traffic(400)

    async def work(database: Database) -> None:
        reports = await partly_summed(database, records, summed_up)
        for by, keys in CASES:
            parts = await reports.parts(ReportQuestion(edges=edges, by=by))
            assert parted(records, edges, keys) == shown(parts), by

    with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize("summed_up", [100, 300])
def test_a_filter_leaves_what_it_names(tmp_path: Path, summed_up: int) -> None:
    records = traffic(300)

    async def work(database: Database) -> None:
        reports = await partly_summed(database, records, summed_up)
        wanted = [each for each in records if each.channel == "channel-1"]
        question = ReportQuestion(edges=KATHMANDU, by=("model",), filters={"channel": "channel-1"})
        assert parted(wanted, KATHMANDU, lambda each: [(each.model,)]) == shown(await reports.parts(question))

    with_database(tmp_path / "a.db", work)


def test_days_whose_records_are_gone_are_summed_as_before(tmp_path: Path) -> None:
    records = traffic(300)

    async def work(database: Database) -> None:
        reports = await settled(database, records)
        await reports.cells.sum_up_all()
        await OldRecords(database).delete(1000 * (FIRST + 90 * HOUR), 1000)
        assert 0 == (await database.read("SELECT count(*) AS records FROM usage_records"))[0]["records"]
        for by, keys in CASES:
            parts = await reports.parts(ReportQuestion(edges=KATHMANDU, by=by))
            assert parted(records, KATHMANDU, keys) == shown(parts), by

    with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize("summed_up", [False, True])
def test_a_token_goes_by_the_name_that_it_has_now_or_had_last(tmp_path: Path, *, summed_up: bool) -> None:
    async def work(database: Database) -> Any:
        token = Token(id="tok_0", name="new name", digest="d", hint="h", created_at=0)
        await Tokens(database).insert(token)
        reports = await settled(database, [record("r0", token_id="tok_0", token="old"), record("r1", token_id="tok_9")])
        if summed_up:
            await reports.cells.sum_up_all()
        return {part.names for part in await reports.parts(ReportQuestion(edges=UTC, by=("token",)))}

    assert {("new name",), ("laptop",)} == with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize("summed_up", [0, 1500, 4000])
def test_a_gateway_that_is_upgraded_has_the_same_sums(tmp_path: Path, summed_up: int) -> None:
    """Also of days whose records are gone, and where some records were not summed up yet."""
    path = tmp_path / "a.db"
    build(path, FIRST + 20 * 24 * HOUR, 4000, PERIODS)
    with closing(sqlite3.connect(path)) as connection:
        mark = "INSERT INTO meta (key, value) VALUES ('summed_to', ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        connection.execute(mark, (str(summed_up),))
        connection.execute("DELETE FROM usage_records WHERE id <= ?", (summed_up // 2,))
        connection.commit()
        wanted = sums_by_quarters(connection)
        migrate(connection, path, MIGRATIONS[: PERIODS + 1])

    async def work(database: Database) -> None:
        reports = await settled(database, [])
        question = ReportQuestion(edges=[FIRST - 20 * 24 * HOUR, FIRST + 30 * 24 * HOUR], by=("token",))
        for _ in range(2):
            parts = await reports.parts(question)
            assert wanted == {part.members[0]: (part.totals.requests, part.totals.cost_nano) for part in parts}
            await reports.cells.sum_up_all()
        (least,) = await database.read("SELECT min(requests) AS requests, min(errors) AS errors FROM usage_pairs")
        assert least["requests"] > 0
        assert least["errors"] >= 0

    with_database(path, work)


def sums_by_quarters(connection: sqlite3.Connection) -> dict[str, tuple[int, int]]:
    """Requests and cost of each token."""
    rows = connection.execute("SELECT token_id, sum(requests), sum(cost_nano) FROM usage_by_token GROUP BY 1")
    return {token: (requests, cost) for token, requests, cost in rows}


@pytest.mark.parametrize("by", [("token",), ("model",), ("channel",), ()])
def test_days_cost_a_fraction_of_their_quarters_of_an_hour(tmp_path: Path, by: tuple[Dimension, ...]) -> None:
    """Over a million records a month by token took a third of a second. Counted in steps of SQLite's machine."""

    async def summed(database: Database) -> None:
        await (await settled(database, traffic(4000))).cells.sum_up_all()

    path = tmp_path / "a.db"
    with_database(path, summed)
    question = ReportQuestion(edges=UTC, by=by)
    source = source_of(question.dimensions)
    assert source is not None
    assert source.periods is not None
    by_periods = work_of(path, periods_sql(question, source, source.periods), period_values(question))
    by_quarters = work_of(path, sums_sql(question, source, TOTALS), step_values(question))
    assert by_periods < by_quarters / 4


def work_of(path: Path, sql: str, values: dict[str, Any]) -> int:
    """Steps of SQLite's machine."""
    with closing(sqlite3.connect(path)) as connection:
        steps = itertools.count()
        connection.set_progress_handler(lambda: next(steps) < 0, 1)
        assert connection.execute(sql, values).fetchall()
    return next(steps)


@pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES)
def test_the_parts_of_steps_cover_each_quarter_once(edges: list[int]) -> None:
    ranges = Ranges.of(edges)
    quarters = [quarter for since, until, _ in ranges.ends for quarter in range(since, until)]
    quarters += [quarter for since, until, _ in ranges.whole for quarter in range(since * 32, until * 32)]
    assert [*range(edges[0] // 900, edges[-1] // 900)] == sorted(quarters)
