"""Sums of usage by one dimension, by two, or of all, over steps of time, of the requests that a filter leaves."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence

import attrs

from aihub_lite.domain.reports.sketch import Sketch, Times, unpacked
from aihub_lite.errors import InvalidRequest
from aihub_lite.storage.quarters import PERIOD, QUARTER
from aihub_lite.storage.reports.cells import Cells, listed
from aihub_lite.storage.reports.dimensions import SumTable, kind_of, source_of
from aihub_lite.storage.reports.pairs import SINCE, pair_of, pair_values, pairs_sql
from aihub_lite.storage.reports.periods import Ranges, period_values, periods_sql
from aihub_lite.storage.reports.question import QUALITY, TOTALS, Members, MemberSums, Quality, ReportQuestion, Totals
from aihub_lite.storage.reports.sql import (
    MOST_ROWS,
    cell_values,
    cells_sql,
    records_sql,
    step_values,
    sums_sql,
    time_values,
)
from aihub_lite.storage.sqlite.columns import row_values
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Parameters

MOST_READ = 2_000_000
"""Records that are read for one answer: two or three seconds."""
MOST_MEASURED = 100_000
"""Records that are read for times and savings alone, where sums have the rest: 0.2 seconds."""
MOST_LEFT = 20_000
"""Records that a report itself sums up before it is made: a third of a second."""
COUNT = """
SELECT (SELECT id FROM usage_records WHERE started_ms >= :since_ms AND started_ms < :until_ms
        ORDER BY started_ms LIMIT 1) AS first,
    (SELECT id FROM usage_records WHERE started_ms >= :since_ms AND started_ms < :until_ms
        ORDER BY started_ms DESC LIMIT 1) AS last
"""


@attrs.frozen
class Reports:
    """Answers questions: from sums where a table has them, else from the records, which takes longer."""

    database: Database
    cells: Cells
    most_read: int = MOST_READ
    most_measured: int = MOST_MEASURED

    async def parts(self, question: ReportQuestion) -> list[MemberSums]:
        """The sums of each member in each step that had any. Raises InvalidRequest where that would be too much."""
        source = await self._source(question)
        in_periods = await self._in_periods(question, source)
        if in_periods is not None:
            rows = await self.database.read_apart(*in_periods)
        elif source is not None and _in_quarters(question):
            rows = await self.database.read(sums_sql(question, source, TOTALS), step_values(question))
        else:
            await self._check_records(question)
            rows = await self.database.read_apart(records_sql(question, TOTALS), time_values(question))
        if len(rows) > MOST_ROWS:
            raise InvalidRequest(f"by: more than {MOST_ROWS} rows; choose a shorter span, a filter, or one dimension")
        # Thousands of members over a month of days are a second's work, for which nobody else has to wait.
        return await asyncio.to_thread(parts_of, rows, len(question.by))

    async def by_pairs(self, question: ReportQuestion) -> bool:
        """Whether sums by two dimensions have the answer: they are many, and sooner told over the whole span than in
        each of its steps."""
        if question.reads_records or await self._source(question) is not None:
            return False
        return await self._pair(question) is not None

    async def _in_periods(self, question: ReportQuestion, source: SumTable | None) -> tuple[str, Parameters] | None:
        """What asks sums by eight hours; None where they have no answer."""
        if source is not None and source.periods is not None and await self._has_periods(question):
            return periods_sql(question, source, source.periods), period_values(question)
        if source is not None or question.reads_records:
            return None
        pair = await self._pair(question)
        if pair is None:
            return None
        return pairs_sql(question, pair), pair_values(question)

    async def _source(self, question: ReportQuestion) -> SumTable | None:
        """The table of sums that has the answer; None where there is none, or it lacks many records."""
        if question.reads_records:
            return None
        source = source_of(question.dimensions)
        if source is not None and source.table == "usage_cells" and await self.cells.catch_up(MOST_LEFT):
            return None  # until all records are summed up, which after an upgrade takes a while
        return source

    async def _pair(self, question: ReportQuestion) -> SumTable | None:
        """The sums of two dimensions that have an answer; None where only the records do, or not all records are
        summed up, or some are gone that would have to be read."""
        pair = pair_of(question.dimensions)
        if pair is None or not all(question.filters.values()) or await self.cells.catch_up(MOST_LEFT):
            return None
        rows = await self.database.read(SINCE)
        if rows and rows[0]["since_ms"] > 1000 * (question.edges[0] - PERIOD):
            return None
        return pair

    async def _has_periods(self, question: ReportQuestion) -> bool:
        """Whether sums by eight hours have some of an answer, and few records are missing in them."""
        if not _in_quarters(question) or not Ranges.of(question.edges).whole:
            return False
        return await self.cells.behind() <= MOST_LEFT

    async def quality(self, question: ReportQuestion) -> dict[Members, Quality] | None:
        """Times, speed, savings and waste of each member over the whole span; None where that would take too long."""
        kind = None
        if not question.reads_records:
            kind = kind_of(question.dimensions)
        await self.cells.catch_up(MOST_LEFT)
        dimensions = len(question.by)
        if kind is not None and _in_quarters(question):
            rows = await self.database.read_apart(cells_sql(question, kind, QUALITY), cell_values(question))
            return await asyncio.to_thread(qualities_of, rows, dimensions)
        if await self._records(question) > self.most_measured:
            return None
        whole = attrs.evolve(question, edges=question.span)
        rows = await self.database.read_apart(records_sql(whole, QUALITY, times=True), time_values(whole))
        return await asyncio.to_thread(measured_of, rows, dimensions)

    async def _check_records(self, question: ReportQuestion) -> None:
        count = await self._records(question)
        if count > self.most_read:
            raise InvalidRequest(
                f"by: no sums are kept of this, and of the {count} records of the span {self.most_read} are read at"
                " most; choose a shorter one"
            )

    async def _records(self, question: ReportQuestion) -> int:
        """How many records a span may have: ids ascend with the time, but for requests that were under way together."""
        since, until = question.span
        (row,) = await self.database.read(COUNT, {"since_ms": since * 1000, "until_ms": until * 1000})
        if row["first"] is None:
            return 0
        return max(int(row["last"]) - int(row["first"]) + 1, 1)


def _in_quarters(question: ReportQuestion) -> bool:
    return not any(edge % QUARTER for edge in question.edges)


def parts_of(rows: Sequence[sqlite3.Row], dimensions: int) -> list[MemberSums]:
    """One for each row: of its columns the step comes first, then members, then their names, then the totals. A name
    is looked for among all columns each time, and there are thousands of rows."""
    names = 1 + dimensions
    totals = names + dimensions
    return [MemberSums(row[0], row[1:names], row[names:totals], Totals._make(row[totals:])) for row in rows]


def members_of(row: sqlite3.Row, dimensions: int) -> Members:
    """Whose sums a row has."""
    return tuple(row[f"member_{number}"] for number in range(dimensions))


def qualities_of(rows: Sequence[sqlite3.Row], dimensions: int) -> dict[Members, Quality]:
    """Of rows of cells."""
    return {
        members_of(row, dimensions): Quality(**row_values(row, QUALITY), times=unpacked(row["latencies"]))
        for row in rows
    }


def measured_of(rows: Sequence[sqlite3.Row], dimensions: int) -> dict[Members, Quality]:
    """Of rows of records."""
    qualities: dict[Members, Quality] = {}
    for row in rows:
        times = Times(Sketch.of(listed(row["totals"])), Sketch.of(listed(row["first_bytes_of"])))
        qualities[members_of(row, dimensions)] = Quality(**row_values(row, QUALITY), times=times)
    return qualities
