"""Sums by two dimensions at once, which are kept by eight hours of UTC: at 00:00, 08:00 or 16:00 begin the days of
many, in winter those of London and Los Angeles, all year those of Shanghai.

A step of a report begins and ends where its reader's days do. What lies between such an edge and the nearest of these
times is summed from the records, once for each edge: the step before it has that too much or too little, and the step
after it the reverse.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from aihub_lite.storage.quarters import PERIOD
from aihub_lite.storage.reports.dimensions import COLUMNS, SumTable
from aihub_lite.storage.reports.question import TOTALS, ReportQuestion
from aihub_lite.storage.reports.sql import (
    MOST_ROWS,
    chosen,
    filter_values,
    member_names,
    members_sql,
    only_places,
)
from aihub_lite.storage.reports.summed import FIGURES, LAST_SUMMED
from aihub_lite.storage.sqlite.columns import to_json

RECORDS_SINCE = "records_since_ms"
"""In `meta`: what began before may have been deleted for its age."""
PAIRS: Mapping[str, SumTable] = {
    f"{first}_model": SumTable("usage_pairs", {first: "first", "model": "second"}, f"kind = '{first}_model'")
    for first in ("token", "person")
}
"""By their kind."""
SINCE = f"SELECT CAST(value AS INTEGER) AS since_ms FROM meta WHERE key = '{RECORDS_SINCE}'"  # noqa: S608


def pair_of(dimensions: Collection[str]) -> SumTable | None:
    """The sums that know them all, where they are two."""
    if len(dimensions) != 2:
        return None
    return next((pair for pair in PAIRS.values() if pair.knows(dimensions)), None)


def cuts_of(edges: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """For each edge, by its number: from when until when records are summed, in Unix ms, and whether what comes before
    the edge has them too few (1) or too many (-1). None for an edge at which a period begins."""
    cuts = []
    for number, edge in enumerate(edges):
        time = nearest_period(edge) * PERIOD
        if edge > time:
            cuts.append((number, 1000 * time, 1000 * edge, 1))
        elif edge < time:
            cuts.append((number, 1000 * edge, 1000 * time, -1))
    return cuts


def nearest_period(edge: int) -> int:
    """The one that begins nearest to an edge, counted since 1970."""
    return (edge + PERIOD // 2) // PERIOD


def pairs_sql(question: ReportQuestion, pair: SumTable) -> str:
    """Sums by step and member: of whole periods, and with the cut of each edge in the step on either side of it."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in TOTALS)
    members = "".join(f", member_{number}" for number in range(len(question.by)))
    return f"""
        SELECT step{members}, {member_names(question)}{sums} FROM (
            {_whole(question, pair)}
            UNION ALL
            SELECT edge - (side > 0) AS step{members},
                {", ".join(f"side * sign * {name}" for name in TOTALS)}
            FROM ({_cuts(question, pair)}) CROSS JOIN (SELECT 1 AS side UNION ALL SELECT -1)
        )
        WHERE step >= 0 AND step < :steps_in_all GROUP BY step{members}
        HAVING sum(requests) > 0 LIMIT {MOST_ROWS + 1}
    """  # noqa: S608


def _whole(question: ReportQuestion, pair: SumTable) -> str:
    columns = [pair.columns[name] for name in question.by]
    time = "period >= json_extract(each.value, '$[0]') AND period < json_extract(each.value, '$[1]')"
    step = "each.key"
    found = []
    if question.only:
        # One period after the other: then rows are found where they stand, and few others are read.
        time = "period = json_extract(each.value, '$[0]')"
        step = "json_extract(each.value, '$[1]')"
        found = [f"{column} IN (VALUES {names})" for column, names in zip(columns, only_places(question), strict=True)]
    conditions = [
        pair.condition,
        time,
        *found,
        *chosen(question, pair.columns),
    ]
    figures = ", ".join(TOTALS)
    grouped = ""
    if len(question.edges) == 2 and columns:
        # Of one step: tens of thousands of rows are handed on as the hundreds that they come to.
        figures = ", ".join(f"sum({name}) AS {name}" for name in TOTALS)
        grouped = f"GROUP BY {', '.join(columns)}"
    return f"""
        SELECT {step} AS step, {members_sql(columns)}{figures}
        FROM json_each(:periods) AS each CROSS JOIN usage_pairs WHERE {" AND ".join(conditions)} {grouped}
    """  # noqa: S608


def _cuts(question: ReportQuestion, pair: SumTable) -> str:
    """Of the records that are summed up already, no more: what is taken away from a period has to be in it."""
    columns = [COLUMNS[name] for name in question.by]
    known = [COLUMNS[name] for name in pair.columns]
    conditions = [
        "started_ms >= json_extract(cut.value, '$[1]') AND started_ms < json_extract(cut.value, '$[2]')",
        f"usage_records.id <= {LAST_SUMMED}",
        *chosen(question, COLUMNS),
    ]
    if "person_id" in known:
        conditions.append("person_id <> ''")
    sums = ", ".join(f"{FIGURES[name]} AS {name}" for name in TOTALS)
    return f"""
        SELECT json_extract(cut.value, '$[0]') AS edge, json_extract(cut.value, '$[3]') AS sign,
            {members_sql(columns)}{sums}
        FROM json_each(:cuts) AS cut CROSS JOIN usage_records WHERE {" AND ".join(conditions)}
        GROUP BY {", ".join(["cut.key", *columns])}
    """  # noqa: S608


def pair_values(question: ReportQuestion) -> dict[str, Any]:
    """For `pairs_sql`."""
    periods = [(nearest_period(first), nearest_period(end)) for first, end in pairwise(question.edges)]
    steps = len(periods)
    if question.only:
        periods = [(period, step) for step, (first, end) in enumerate(periods) for period in range(first, end)]
    return {
        "periods": to_json(periods),
        "cuts": to_json(cuts_of(question.edges)),
        "steps_in_all": steps,
        **filter_values(question),
    }
