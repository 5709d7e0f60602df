"""What a page draws is what its figures are, however few of the steps it asks for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import pytest

from aihub_lite.domain.usage import UsageRecord
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.reports.dimensions import Dimension
from aihub_lite.storage.reports.question import Totals
from aihub_lite.web.console.statistics import SHOWN
from aihub_lite.web.reports.figures import figures, over_steps
from aihub_lite.web.spans import Span, midnight
from tests.storage.reports.test_reports import CASES
from tests.storage.reports.traffic import DAY_MS, START, parted, totals_of, traffic
from tests.web.console.visitor import Visitor, at_console

DAYS = 3
ZONES = {"UTC": UTC, "Kathmandu": ZoneInfo("Asia/Kathmandu"), "New York": ZoneInfo("America/New_York")}
GROUPED = [(by, keys) for by, keys in CASES if by]
FILTERS: list[tuple[dict[Dimension, str], dict[str, str]]] = [
    ({}, {}),
    ({"model": "model-1"}, {"model": "model-1"}),
    ({"outcome": "ok"}, {"outcome": "ok"}),
]


async def used(visitor: Visitor, count: int = 400) -> list[UsageRecord]:
    """Requests of the last three days, all but the last fifty of them summed up."""
    now_ms = int(visitor.clock.wall() * 1000)
    later = now_ms - now_ms % DAY_MS - DAYS * DAY_MS - START
    records = [attrs.evolve(each, started_ms=each.started_ms + later) for each in traffic(count, days=DAYS)]
    journal = Journal(visitor.gateway.database)
    for number, each in enumerate(records):
        await journal.settle(each)
        if number == count - 50:
            await visitor.gateway.cells.sum_up_all()
    return records


def span_in(zone: tzinfo, visitor: Visitor) -> Span:
    """The days of a reader on which these were made."""
    today = datetime.fromtimestamp(visitor.clock.wall(), zone).date()
    return Span([midnight(today + timedelta(days=number), zone) for number in range(-DAYS - 1, 2)], "day")


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
def test_figures_of_the_whole_span_and_steps_of_a_few_are_those_of_every_step(tmp_path: Path, zone: tzinfo) -> None:
    async def story(visitor: Visitor) -> None:
        records = await used(visitor)
        span = span_in(zone, visitor)
        for by, keys in GROUPED:
            whole = await figures(visitor.gateway, span, by, {}, whole=True)
            drawn = await over_steps(visitor.gateway, whole, whole.members[:SHOWN])
            totals = parted(records, [span.edges[0], span.edges[-1]], keys)
            steps = parted(records, span.edges, keys)
            assert {each.members: each.total for each in whole.members} == {
                who: one for (_, who), one in totals.items()
            }
            assert whole.steps == of_all(records, span), by
            for each in drawn:
                wanted = [steps.get((number, each.members), Totals()) for number in range(len(span.edges) - 1)]
                assert wanted == [*each.steps], (by, each.members)

    at_console(tmp_path, story)


def of_all(records: list[UsageRecord], span: Span) -> tuple[Totals, ...]:
    """Each step, counted one by one."""
    steps = parted(records, span.edges, lambda _: [()])
    return tuple(steps.get((number, ()), Totals()) for number in range(len(span.edges) - 1))


@pytest.mark.parametrize(("filters", "fields"), FILTERS, ids=["all", "by model", "by outcome"])
def test_filters_and_the_time_before_count_the_same_either_way(
    tmp_path: Path, filters: dict[Dimension, str], fields: dict[str, str]
) -> None:
    async def story(visitor: Visitor) -> None:
        records = await used(visitor)
        left = [each for each in records if all(getattr(each, name) == value for name, value in fields.items())]
        span = span_in(UTC, visitor)
        half = Span(span.edges[2:], "day")
        for by, _ in GROUPED:
            whole, every = [
                await figures(visitor.gateway, half, by, filters, compared=True, whole=whole) for whole in (True, False)
            ]
            assert [(each.members, each.total, each.before) for each in every.members] == [
                (each.members, each.total, each.before) for each in whole.members
            ]
            drawn = await over_steps(visitor.gateway, whole, whole.members)
            assert [each.steps for each in every.members] == [each.steps for each in drawn]
            assert (every.steps, every.before) == (whole.steps, whole.before)
            assert of_all(left, half) == whole.steps, by

    at_console(tmp_path, story)


def test_the_page_draws_the_first_five_and_the_rest_together(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        records = await used(visitor)
        await visitor.sign_in()
        span = span_in(UTC, visitor)
        first, last = (datetime.fromtimestamp(edge, UTC).strftime("%Y-%m-%d") for edge in span.edges[:-1:4])
        page = await visitor.page(f"/console/statistics?from={first}&to={last}&by=token,model&metric=requests")
        (table,) = re.findall(r'<table class="table" id="steps">.*?</table>', page, re.DOTALL)
        rows = [re.findall(r'data-value="(\d+)"', row) for row in table.split("<tr>")[2:]]
        groups = [
            [each for each in records if (each.token_id, each.model) == (f"tok_{token}", f"model-{model}")]
            for token in range(3)
            for model in range(3)
        ]
        groups.sort(key=lambda group: (-len(group), -totals_of(group).cost_nano))
        drawn = [*groups[:SHOWN], [each for group in groups[SHOWN:] for each in group]]
        wanted = [[str(totals.requests) for totals in of_all(group, span)] for group in drawn]
        assert wanted == [list(column) for column in zip(*rows, strict=True)]

    at_console(tmp_path, story)
