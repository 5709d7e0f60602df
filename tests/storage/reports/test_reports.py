"""Sums by one dimension, by two, and with filters are those of the records, whichever table they come from."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.errors import InvalidRequest
from aihub_lite.storage.reports.dimensions import Dimension
from aihub_lite.storage.reports.pairs import pair_of, pair_values, pairs_sql
from aihub_lite.storage.reports.question import ReportQuestion
from aihub_lite.storage.retention import OldRecords
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import record, with_database
from tests.storage.reports.traffic import START, parted, settled, shown, traffic

HOUR = 3600
FIRST = START // 1000
DAYS = [FIRST, FIRST + 24 * HOUR, FIRST + 48 * HOUR]
ODD = [FIRST + 5 * HOUR + 900, FIRST + 30 * HOUR + 2700, FIRST + 55 * HOUR]
"""Edges of a zone that is beside UTC by quarters of an hour."""
Keys = Callable[[UsageRecord], Iterable[tuple[str, ...]]]
CASES: list[tuple[tuple[Dimension, ...], Keys]] = [
    ((), lambda each: [()]),
    (("model",), lambda each: [(each.model,)]),
    (("channel", "model"), lambda each: [(each.channel, each.model)]),
    (("token",), lambda each: [(each.token_id,)]),
    (("token", "model"), lambda each: [(each.token_id, each.model)]),
    (("person",), lambda each: [(each.person_id,)] if each.person_id else []),
    (("person", "team"), lambda each: [(each.person_id, each.team_id)] if each.person_id and each.team_id else []),
    (("person", "model"), lambda each: [(each.person_id, each.model)] if each.person_id else []),
    (("tag",), lambda each: [(tag,) for tag in each.tags]),
    (("tag", "token"), lambda each: [(tag, each.token_id) for tag in each.tags]),
    (("user",), lambda each: [(each.end_user,)] if each.end_user else []),
    (("outcome", "surface"), lambda each: [(each.outcome, each.surface)]),
    (("error", "client"), lambda each: [(each.error_code, each.client)] if each.error_code else []),
]


@pytest.mark.parametrize("edges", [DAYS, ODD], ids=["days", "odd"])
def test_sums_are_those_of_the_records_one_by_one(tmp_path: Path, edges: list[int]) -> None:
    records = traffic(600)

    async def work(database: Database) -> None:
        reports = await settled(database, records)
        for by, keys in CASES:
            parts = await reports.parts(ReportQuestion(edges=edges, by=by))
            assert parted(records, edges, keys) == shown(parts), by

    with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({"tag": "a"}, lambda each: "a" in each.tags),
        ({"person": "per_1"}, lambda each: each.person_id == "per_1"),
        ({"user": "u-1", "model": "model-1"}, lambda each: each.end_user == "u-1" and each.model == "model-1"),
        ({"outcome": "ok", "token": "tok_1"}, lambda each: each.outcome == "ok" and each.token_id == "tok_1"),
        ({"channel": "nobody"}, lambda each: False),
    ],
    ids=["tag", "person", "user and model", "outcome and token", "nobody"],
)
def test_a_filter_leaves_what_it_names(
    tmp_path: Path, filters: dict[Dimension, str], matches: Callable[[UsageRecord], bool]
) -> None:
    records = traffic(400)

    async def work(database: Database) -> None:
        reports = await settled(database, records)
        left = [each for each in records if matches(each)]
        for by, keys in CASES:
            parts = await reports.parts(ReportQuestion(edges=DAYS, by=by, filters=filters))
            assert parted(left, DAYS, keys) == shown(parts), by

    with_database(tmp_path / "a.db", work)


def test_edges_between_quarters_of_an_hour_are_kept_to(tmp_path: Path) -> None:
    records = traffic(400)
    edges = [FIRST + 77, FIRST + 20 * HOUR + 1]

    async def work(database: Database) -> None:
        reports = await settled(database, records)
        parts = await reports.parts(ReportQuestion(edges=edges, by=("model",)))
        assert parted(records, edges, lambda each: [(each.model,)]) == shown(parts)

    with_database(tmp_path / "a.db", work)


def test_a_token_goes_by_the_name_that_it_has_now(tmp_path: Path) -> None:
    async def work(database: Database) -> list[Any]:
        token = Token(id="tok_0", name="new name", digest="d", hint="h", created_at=0)
        await Tokens(database).insert(token)
        reports = await settled(database, [record("r0", token_id="tok_0", token="old"), record("r1", token_id="tok_9")])
        day = [FIRST, FIRST + 24 * HOUR]
        questions = [ReportQuestion(edges=day, by=("token",)), ReportQuestion(edges=day, by=("token", "model"))]
        return [{part.names[0] for part in await reports.parts(question)} for question in questions]

    assert [{"new name", "laptop"}] * 2 == with_database(tmp_path / "a.db", work)


def test_more_records_than_are_read_at_once_are_refused_with_what_to_do(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        records = sorted(traffic(20), key=lambda each: each.started_ms)
        reports = attrs.evolve(await settled(database, records), most_read=9)
        assert await reports.parts(ReportQuestion(edges=DAYS, by=("model",)))
        with pytest.raises(InvalidRequest, match="choose a shorter one"):
            await reports.parts(ReportQuestion(edges=DAYS, by=("token", "channel")))

    with_database(tmp_path / "a.db", work)


def test_a_long_report_lets_others_read(tmp_path: Path) -> None:
    """Reports from records take seconds; whoever looked at a page meanwhile waited for them."""

    async def work(database: Database) -> None:
        async with database._apart:  # as if one were under way
            assert [1] == [row["one"] for row in await database.read("SELECT 1 AS one")]
        assert [1] == [row["one"] for row in await database.read_apart("SELECT 1 AS one")]

    with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize("by", [("person", "model"), ("token", "model")])
@pytest.mark.parametrize("hours", [0, -8], ids=["UTC", "Shanghai"])
def test_two_dimensions_by_days_cost_by_their_members_and_not_by_the_records(
    tmp_path: Path, by: tuple[Dimension, ...], hours: int
) -> None:
    """It took a third of a second over 100,000 records. Counted in steps of SQLite's machine."""

    def work_of(count: int) -> int:
        async def summed(database: Database) -> None:
            await (await settled(database, traffic(count))).cells.sum_up_all()

        path = tmp_path / f"{count}.db"
        with_database(path, summed)
        question = ReportQuestion(edges=[edge + hours * HOUR for edge in DAYS], by=by)
        pair = pair_of(question.dimensions)
        assert pair is not None
        with closing(sqlite3.connect(path)) as connection:
            steps = itertools.count()
            connection.set_progress_handler(lambda: next(steps) < 0, 1)
            assert connection.execute(pairs_sql(question, pair), pair_values(question)).fetchall()
        return next(steps)

    assert work_of(2000) <= work_of(500) * 1.1


def test_days_whose_records_are_gone_are_not_summed_from_what_is_left(tmp_path: Path) -> None:
    """A day's sum has them still: what lies between an edge and midnight could not be taken from it."""

    async def work(database: Database) -> None:
        records = traffic(300)
        reports = await settled(database, records)
        await reports.cells.sum_up_all()
        question = ReportQuestion(edges=ODD, by=("person", "model"))
        before_ms = 1000 * (FIRST + 30 * HOUR)
        await OldRecords(database).delete(before_ms, 1000)
        left = [each for each in records if each.started_ms >= before_ms]
        keys = dict(CASES)[("person", "model")]
        assert parted(left, ODD, keys) == shown(await reports.parts(question))

    with_database(tmp_path / "a.db", work)


def test_a_token_that_is_gone_goes_by_its_last_name_beside_its_models(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        reports = await settled(database, traffic(50))
        (part, *_) = await reports.parts(ReportQuestion(edges=DAYS, by=("token", "model")))
        assert part.names[0].startswith("token ")

    with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize("by", [(), ("model",), ("person",), ("person", "model")])
def test_two_filters_or_one_beside_a_dimension_leave_what_they_name(tmp_path: Path, by: tuple[Dimension, ...]) -> None:
    async def work(database: Database) -> None:
        records = traffic(200)
        reports = await settled(database, records)
        filters: dict[Dimension, str] = {"person": "per_1", "model": "model-1"}
        wanted = [each for each in records if (each.person_id, each.model) == ("per_1", "model-1")]
        parts = await reports.parts(ReportQuestion(edges=ODD, by=by, filters=filters))
        assert parted(wanted, ODD, dict(CASES)[by]) == shown(parts)

    with_database(tmp_path / "a.db", work)


def test_requests_of_nobody_are_found_by_a_filter_for_nobody(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        records = traffic(100)
        reports = await settled(database, records)
        parts = await reports.parts(ReportQuestion(edges=DAYS, by=("model",), filters={"person": ""}))
        of_nobody = [each for each in records if not each.person_id]
        assert parted(of_nobody, DAYS, dict(CASES)[("model",)]) == shown(parts)

    with_database(tmp_path / "a.db", work)
