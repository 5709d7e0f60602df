"""Sums by one dimension, by two, and with filters are those of the records, whichever table they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.errors import InvalidRequest
from aihub_lite.storage.reports.dimensions import Dimension
from aihub_lite.storage.reports.question import ReportQuestion
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
            await reports.parts(ReportQuestion(edges=DAYS, by=("token", "model")))

    with_database(tmp_path / "a.db", work)


def test_a_long_report_lets_others_read(tmp_path: Path) -> None:
    """Reports from records take seconds; whoever looked at a page meanwhile waited for them."""

    async def work(database: Database) -> None:
        async with database._apart:  # as if one were under way
            assert [1] == [row["one"] for row in await database.read("SELECT 1 AS one")]
        assert [1] == [row["one"] for row in await database.read_apart("SELECT 1 AS one")]

    with_database(tmp_path / "a.db", work)
