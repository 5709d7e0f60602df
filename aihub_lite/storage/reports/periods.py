"""Sums by one dimension over long steps: of the whole eight hours of UTC within a step from the sums of these, of its
two ends from those by quarters of an hour, which are 32 times as many.

Sums by eight hours are made a little later than the others (`cells.py`), so the records that they lack are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import attrs

from aihub_lite.storage.quarters import PERIOD, QUARTER
from aihub_lite.storage.reports.dimensions import COLUMNS, NAMED_IN, SumTable
from aihub_lite.storage.reports.question import TOTALS, ReportQuestion
from aihub_lite.storage.reports.sql import (
    FROM,
    MOST_ROWS,
    UNTIL,
    chosen,
    filter_values,
    members_sql,
    name_now,
)
from aihub_lite.storage.reports.summed import FIGURES, LAST_SUMMED
from aihub_lite.storage.sqlite.columns import to_json

QUARTERS = PERIOD // QUARTER
"""Of one period."""
Range = tuple[int, int, int]
"""From when until when, and of which step."""


@attrs.frozen
class Ranges:
    """The parts of the steps between edges."""

    whole: Sequence[Range]
    """Counted in periods."""
    ends: Sequence[Range]
    """Counted in quarters of an hour."""

    @classmethod
    def of(cls, edges: Sequence[int]) -> Ranges:
        """Of edges in Unix seconds, each at a quarter of an hour."""
        whole = []
        ends = []
        for step, (since, until) in enumerate(pairwise(edge // QUARTER for edge in edges)):
            first = -(-since // QUARTERS)
            last = until // QUARTERS
            if first >= last:
                ends.append((since, until, step))
                continue
            whole.append((first, last, step))
            ends += [(since, first * QUARTERS, step), (last * QUARTERS, until, step)]
        return cls(whole, [each for each in ends if each[0] < each[1]])


def periods_sql(question: ReportQuestion, source: SumTable, periods: SumTable) -> str:
    """Sums by step and member, from both tables and from the records that only the one by quarters has."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in TOTALS)
    members = "".join(f", member_{number}" for number in range(len(question.by)))
    return f"""
        SELECT step{members}, {_names(question)}{sums} FROM (
            {_part(question, source, "ends", "quarter", "token")}
            UNION ALL
            {_part(question, periods, "whole", "period", "second")}
            UNION ALL
            {_missing(question)}
        )
        GROUP BY step{members} LIMIT {MOST_ROWS + 1}
    """  # noqa: S608


def _part(question: ReportQuestion, table: SumTable, ranges: str, time: str, token: str) -> str:
    """From one table; `token` is its column of a token's name."""
    columns = [table.columns[name] for name in question.by]
    conditions = [
        table.condition,
        f"{time} >= {FROM} AND {time} < {UNTIL}",
        *chosen(question, table.columns),
    ]
    return f"""
        SELECT json_extract(step.value, '$[2]') AS step, {members_sql(columns)}{_called(question, token)},
            {", ".join(TOTALS)}
        FROM json_each(:{ranges}) AS step CROSS JOIN {table.table} WHERE {" AND ".join(conditions)}
    """  # noqa: S608


def _missing(question: ReportQuestion) -> str:
    """From the records that are not summed up yet."""
    columns = [COLUMNS[name] for name in question.by]
    conditions = [
        f"usage_records.id > {LAST_SUMMED}",
        f"started_ms >= {FROM} * {1000 * PERIOD} AND started_ms < {UNTIL} * {1000 * PERIOD}",
        *chosen(question, COLUMNS),
    ]
    sums = ", ".join(f"{FIGURES[name]} AS {name}" for name in TOTALS)
    return f"""
        SELECT json_extract(step.value, '$[2]') AS step, {members_sql(columns)}{_called(question, "max(token)")}, {sums}
        FROM usage_records CROSS JOIN json_each(:whole) AS step WHERE {" AND ".join(conditions)}
        GROUP BY {", ".join(["step.key", *columns])}
    """  # noqa: S608


def _called(question: ReportQuestion, token: str) -> str:
    """The column of what a token was called; of all else the member is the name."""
    if "token" in question.by:
        return f"{token} AS called"
    return "'' AS called"


def _names(question: ReportQuestion) -> str:
    """What members are called now, a comma behind each; a deleted token as it was called."""
    names = []
    for number, dimension in enumerate(question.by):
        name = f"member_{number}"
        if dimension == "token":
            name = name_now(NAMED_IN[dimension], name, "max(called)")
        names.append(f"{name} AS name_{number}, ")
    return "".join(names)


def period_values(question: ReportQuestion) -> dict[str, Any]:
    """For `periods_sql`."""
    ranges = Ranges.of(question.edges)
    return {"whole": to_json(ranges.whole), "ends": to_json(ranges.ends), **filter_values(question)}
