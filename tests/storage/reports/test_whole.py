"""A span as one step is the sum of its steps, and members can be asked for by themselves: together they are the same as
all members in each step, at a part of its cost."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from aihub_lite.storage.reports.dimensions import Dimension
from aihub_lite.storage.reports.pairs import pair_of, pair_values, pairs_sql
from aihub_lite.storage.reports.question import TOTALS, ReportQuestion
from aihub_lite.storage.reports.sql import records_sql, time_values
from aihub_lite.storage.sqlite.database import Database
from tests.storage.facts import record, with_database
from tests.storage.reports.test_periods import EDGES, work_of
from tests.storage.reports.test_reports import CASES
from tests.storage.reports.traffic import DAY_MS, START, parted, partly_summed, settled, shown, traffic


@pytest.mark.parametrize("summed_up", [0, 250, 500])
@pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES)
def test_a_span_as_one_step_has_all_requests_of_its_steps(tmp_path: Path, edges: list[int], summed_up: int) -> None:
    records = traffic(500)

    async def work(database: Database) -> None:
        reports = await partly_summed(database, records, summed_up)
        for by, keys in CASES:
            parts = await reports.parts(ReportQuestion(edges=[edges[0], edges[-1]], by=by))
            assert parted(records, [edges[0], edges[-1]], keys) == shown(parts), by

    with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize("summed_up", [0, 250, 500])
@pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES)
def test_members_that_are_named_alone_have_the_steps_that_they_have_among_all(
    tmp_path: Path, edges: list[int], summed_up: int
) -> None:
    records = traffic(500)

    async def work(database: Database) -> None:
        reports = await partly_summed(database, records, summed_up)
        for by, keys in CASES[1:]:
            of_all = parted(records, edges, keys)
            some = sorted({members for _, members in of_all})[:2]
            only = [*some, ("nobody's \x00 'name'",) * len(by)]
            parts = await reports.parts(ReportQuestion(edges=edges, by=by, only=only))
            wanted = {place: totals for place, totals in of_all.items() if place[1] in some}
            assert wanted == shown(parts), by
            assert {*some} == {members for _, members in wanted}, by

    with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize(("dimension", "column"), [("person", "person_id"), ("team", "team_id"), ("asked", "asked")])
def test_the_few_requests_of_one_of_many_are_found_without_reading_all(
    tmp_path: Path, dimension: Dimension, column: str
) -> None:
    """The page of a team of 100,000 records took 60 ms, whoever had made them. Counted in steps of SQLite's machine."""
    path = tmp_path / "a.db"

    async def booked(database: Database) -> None:
        rows = [
            record(f"r{number}", started_ms=START + number * 1000, **{column: ["", "busy"][number % 2]})
            for number in range(2000)
        ]
        rows += [record("one", started_ms=START + 500, **{column: "one"})]
        await settled(database, rows)

    with_database(path, booked)
    edges = [START // 1000, START // 1000 + 86_400]
    costs = {}
    for name in ("", "one"):
        question = ReportQuestion(edges=edges, by=("surface",), filters={dimension: name})
        costs[name] = work_of(path, records_sql(question, TOTALS), time_values(question))
    assert costs["one"] < costs[""] / 20


def test_a_month_by_two_dimensions_costs_much_less_where_few_are_drawn(tmp_path: Path) -> None:
    """A page by token and model of 100,000 records took a quarter of a second, most of it for steps that nobody saw.
    Counted in steps of SQLite's machine."""
    path = tmp_path / "a.db"

    async def summed(database: Database) -> None:
        rows = [
            record(f"r{day}-{token}-{model}", started_ms=START + day * DAY_MS, token_id=f"tok_{token}", model=model)
            for day in range(30)
            for token in range(20)
            for model in "abcde"
        ]
        await (await settled(database, rows)).cells.sum_up_all()

    with_database(path, summed)
    edges = [START // 1000 + day * 86_400 for day in range(31)]
    steps = ReportQuestion(edges=edges, by=("token", "model"))
    whole = attrs.evolve(steps, edges=steps.span)
    drawn = attrs.evolve(steps, only=[(f"tok_{token}", "a") for token in range(5)])
    pair = pair_of(steps.dimensions)
    assert pair is not None
    of_steps, of_whole, of_drawn = (
        work_of(path, pairs_sql(question, pair), pair_values(question)) for question in (steps, whole, drawn)
    )
    assert of_whole + of_drawn < 0.7 * of_steps
