"""What is summed up beside the requests: every record once, whatever happens in between."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.reports.sketch import Sketch, Times
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.reports import cells as cells_module
from aihub_lite.storage.reports.cells import Cells
from aihub_lite.storage.reports.dimensions import Dimension
from aihub_lite.storage.reports.question import Quality, ReportQuestion
from aihub_lite.storage.reports.reports import Reports
from aihub_lite.storage.retention import OldRecords
from aihub_lite.storage.sqlite.database import Database
from tests.storage.facts import record, with_database
from tests.storage.reports.traffic import DAY_MS, START, settled, traffic

HOUR = 3600
FIRST = START // 1000
WEEK = [FIRST, FIRST + 7 * 24 * HOUR]
SPANS = [WEEK, [FIRST + 900, FIRST + 50 * HOUR + 900], [FIRST + 3 * HOUR, FIRST + 4 * HOUR]]


def quality_of(records: list[UsageRecord]) -> Quality:
    """Counted one by one."""
    whole = [
        each for each in records if each.streamed and each.outcome == "ok" and 0 < each.first_byte_ms < each.duration_ms
    ]
    return Quality(
        prompt_tokens=sum(each.usage.prompt_tokens for each in records),
        cache_read_tokens=sum(each.usage.cache_read_tokens for each in records),
        saved_nano=sum(each.saved_nano or 0 for each in records),
        failed_nano=sum(each.cost_nano for each in records if each.outcome in ("error", "cut_off", "interrupted")),
        cancelled_nano=sum(each.cost_nano for each in records if each.outcome in ("client_gone", "stopped")),
        written_tokens=sum(each.usage.completion_tokens for each in whole),
        written_ms=sum(each.duration_ms - each.first_byte_ms for each in whole),
        times=Times(
            Sketch.of(each.duration_ms for each in records if each.outcome == "ok"),
            Sketch.of(each.first_byte_ms for each in records if each.first_byte_ms),
        ),
    )


@pytest.mark.parametrize("span", SPANS, ids=["days", "ends and a day", "an hour"])
@pytest.mark.parametrize("by", ["model", "channel", "token", "person", "team", "tag", "user"])
def test_times_and_savings_are_those_of_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: Dimension, span: list[int]
) -> None:
    """By what there are cells of, summed up in several batches, and, by the user, from the records."""
    monkeypatch.setattr(cells_module, "BATCH", 150)
    records = traffic(500)
    fields = {"token": "token_id", "person": "person_id", "team": "team_id", "user": "end_user"}

    async def work(database: Database) -> dict[Any, Quality] | None:
        return await (await settled(database, records)).quality(ReportQuestion(edges=span, by=(by,)))

    within = [each for each in records if span[0] * 1000 <= each.started_ms < span[1] * 1000]
    groups: dict[tuple[str, ...], list[UsageRecord]] = {}
    for each in within:
        members = each.tags if by == "tag" else [getattr(each, fields.get(by, by))]
        for member in members:
            if member:
                groups.setdefault((member,), []).append(each)
    expected = {key: quality_of(members) for key, members in groups.items()}
    assert expected == with_database(tmp_path / "a.db", work)


def test_all_requests_together_have_one_figure(tmp_path: Path) -> None:
    records = traffic(200)

    async def work(database: Database) -> dict[Any, Quality] | None:
        return await (await settled(database, records)).quality(ReportQuestion(edges=WEEK))

    assert {(): quality_of(records)} == with_database(tmp_path / "a.db", work)


def test_a_record_counts_once_however_often_and_by_how_many_is_summed_up(tmp_path: Path) -> None:
    records = traffic(300)

    async def work(database: Database) -> dict[Any, Quality] | None:
        reports = await settled(database, records[:100])
        await asyncio.gather(*(reports.cells.sum_up() for _ in range(5)))
        await settled(database, records[100:])
        await asyncio.gather(*(reports.cells.sum_up_all() for _ in range(3)))
        assert (0, 0) == (await reports.cells.sum_up(), await reports.cells.behind())
        return await reports.quality(ReportQuestion(edges=WEEK))

    assert {(): quality_of(records)} == with_database(tmp_path / "a.db", work)


def test_another_run_goes_on_where_the_last_one_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells_module, "BATCH", 70)
    records = traffic(200)

    async def first(database: Database) -> int:
        return await (await settled(database, records)).cells.sum_up()

    async def second(database: Database) -> dict[Any, Quality] | None:
        return await Reports(database, Cells(database)).quality(ReportQuestion(edges=WEEK))

    assert 130 == with_database(tmp_path / "a.db", first)
    assert {(): quality_of(records)} == with_database(tmp_path / "a.db", second)


def test_what_was_summed_up_stays_when_records_are_deleted_and_ids_begin_anew(tmp_path: Path) -> None:
    """Without records SQLite gives their ids again: what came after that would have been taken for summed up."""
    old = traffic(50)
    new = [attrs.evolve(each, request_id=f"n{each.request_id}") for each in traffic(60, seed=2)]

    async def work(database: Database) -> dict[Any, Quality] | None:
        reports = await settled(database, old)
        await reports.cells.sum_up_all()
        deleting = OldRecords(database)
        while await deleting.delete(START + 30 * DAY_MS, 7):
            pass
        await settled(database, new)
        return await reports.quality(ReportQuestion(edges=WEEK))

    assert {(): quality_of([*old, *new])} == with_database(tmp_path / "a.db", work)


def test_a_gap_of_deleted_records_is_not_walked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells_module, "BATCH", 10)
    records = [record(f"r{number:03}", started_ms=START + number) for number in range(100)]

    async def work(database: Database) -> int:
        cells = (await settled(database, records)).cells
        await OldRecords(database).delete(START + 95, 95)
        await cells.sum_up()
        return await cells.behind()

    assert 0 == with_database(tmp_path / "a.db", work)


def test_while_most_records_are_not_summed_up_tags_are_read_from_them(tmp_path: Path) -> None:
    """After an upgrade that takes a minute, and a report must not show a part as if it were the whole."""

    async def work(database: Database) -> list[int]:
        reports = await settled(database, traffic(300))
        behind = attrs.evolve(reports, cells=StillBehind(database))
        parts = [await each.parts(ReportQuestion(edges=WEEK, by=("tag",))) for each in (reports, behind)]
        return [sum(part.totals.requests for part in each) for each in parts]

    caught_up, behind = with_database(tmp_path / "a.db", work)
    assert 0 < caught_up == behind


class StillBehind(Cells):
    """Has more to do than a report waits for."""

    async def catch_up(self, most: int) -> int:
        """Nothing is summed up."""
        return most + 1


def test_a_settled_record_pays_nothing_for_it(tmp_path: Path) -> None:
    async def work(database: Database) -> list[int]:
        await Journal(database).settle(record("r1", tags=("a",)))
        before = await database.read("SELECT count(*) AS cells FROM usage_cells")
        await Cells(database).sum_up_all()
        after = await database.read("SELECT count(*) AS cells FROM usage_cells")
        return [before[0]["cells"], after[0]["cells"]]

    assert [0, 6] == with_database(tmp_path / "a.db", work)
