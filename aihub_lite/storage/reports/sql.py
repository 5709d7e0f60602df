"""The SQL of reports. Names of columns are ours, never anybody's input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from aihub_lite.storage.quarters import QUARTER
from aihub_lite.storage.reports.cells import DAY, TIMES
from aihub_lite.storage.reports.dimensions import CELLS, COLUMNS, NAMED_IN, PARTIAL, SumTable
from aihub_lite.storage.reports.question import ReportQuestion
from aihub_lite.storage.reports.summed import FIGURES
from aihub_lite.storage.sqlite.columns import to_json

MOST_ROWS = 200_000
"""Rows of an answer: members times steps."""
STEPS = "json_each(:steps) AS step"
FROM = "json_extract(step.value, '$[0]')"
UNTIL = "json_extract(step.value, '$[1]')"
LAST_NAME = "SELECT token FROM usage_records WHERE token_id"
LAST = "ORDER BY started_ms DESC LIMIT 1"
TAGS = "json_each(usage_records.tags) AS tag"
TAGGED = "EXISTS (SELECT 1 FROM json_each(usage_records.tags) AS one WHERE one.value = :filter_tag)"


def sums_sql(question: ReportQuestion, source: SumTable, figures: Iterable[str]) -> str:
    """Figures by step and member from a table of sums. CROSS keeps SQLite to this order of the tables: it reads one
    range of quarters for each step."""
    columns = [source.columns[name] for name in question.by]
    conditions = [
        source.condition,
        f"quarter >= {FROM} AND quarter < {UNTIL}",
        *chosen(question, source.columns),
    ]
    sums = ", ".join(f"sum({name}) AS {name}" for name in figures)
    return _grouped(question, columns, sums, f"{STEPS} CROSS JOIN {source.table}", conditions)


def records_sql(question: ReportQuestion, figures: Iterable[str], *, times: bool = False) -> str:
    """The same from the records."""
    columns = [COLUMNS[name] for name in question.by]
    conditions = [f"started_ms >= {FROM} AND started_ms < {UNTIL}", *member_conditions(question, columns)]
    for name, value in question.filters.items():
        if name == "tag":
            conditions.append(TAGGED)
            continue
        conditions.append(f"{COLUMNS[name]} = :filter_{name}")
        if value and name in PARTIAL:
            conditions.append(f"{COLUMNS[name]} <> ''")  # else SQLite cannot use an index of those that have one
    tables = f"{STEPS} CROSS JOIN usage_records"
    if "tag" in question.by:
        tables += f" CROSS JOIN {TAGS}"
    sums = ", ".join(f"{FIGURES[name]} AS {name}" for name in figures)
    if times:
        sums += f", {TIMES}"
    return _grouped(question, columns, sums, tables, conditions)


def cells_sql(question: ReportQuestion, kind: str, figures: Iterable[str]) -> str:
    """Figures and times by member from cells: whole days from those of days, the ends from those of quarters."""
    columns = [CELLS[kind].columns[name] for name in question.by]
    conditions = [
        *chosen(question, CELLS[kind].columns),
    ]
    where = " AND ".join(["true", *conditions])
    sums = ", ".join(f"sum({name}) AS {name}" for name in figures)
    ranges = "\nUNION ALL\n".join(
        f"SELECT * FROM usage_cells WHERE kind = '{kind}' AND quarters = {quarters}"  # noqa: S608
        f" AND quarter >= :{first} AND quarter < :{last} AND {where}"
        for quarters, first, last in (
            (1, "since", "first_day"),
            (DAY, "first_day", "last_day"),
            (1, "last_day", "until"),
        )
    )
    members = members_sql(columns)
    # The bytes of blobs, one after the other: SQLite joins them as text, and nobody reads them as such.
    return f"""
        SELECT {members}{sums}, CAST(group_concat(latencies, '') AS BLOB) AS latencies
        FROM ({ranges}) GROUP BY {_grouping(columns)}
    """  # noqa: S608


def chosen(question: ReportQuestion, columns: Mapping[str, str]) -> list[str]:
    """Its filters, and which members are meant, by the columns of a table."""
    filters = [f"{columns[name]} = :filter_{name}" for name in question.filters]
    return [*filters, *member_conditions(question, [columns[name] for name in question.by])]


def member_conditions(question: ReportQuestion, columns: Sequence[str]) -> list[str]:
    """Which members are meant: those that alone are, and of what many a request has nothing of, those that it has."""
    conditions = [f"{column} <> ''" for name, column in zip(question.by, columns, strict=True) if name in PARTIAL]
    if question.only:
        members = ", ".join(f"({', '.join(f':{name}' for name in names)})" for names in _only_names(question))
        conditions.append(f"({', '.join(columns)}) IN (VALUES {members})")
    return conditions


def only_places(question: ReportQuestion) -> list[str]:
    """Of each dimension, the places for the members that alone are meant."""
    return [", ".join(f"(:{name})" for name in names) for names in zip(*_only_names(question), strict=True)]


def _only_names(question: ReportQuestion) -> list[list[str]]:
    """Of the values that say which members alone are meant."""
    return [[f"only_{number}_{place}" for place in range(len(each))] for number, each in enumerate(question.only)]


def members_sql(columns: list[str]) -> str:
    """The columns of the members, each with a comma behind it."""
    return "".join(f"{column} AS member_{number}, " for number, column in enumerate(columns))


def _grouping(columns: list[str]) -> str:
    return ", ".join(["0 + 0", *columns])


def _grouped(question: ReportQuestion, columns: list[str], sums: str, tables: str, conditions: list[str]) -> str:
    names = "".join(
        f"{_name(dimension, column, tables)} AS name_{number}, "
        for number, (dimension, column) in enumerate(zip(question.by, columns, strict=True))
    )
    return f"""
        SELECT step.key AS step, {members_sql(columns)}{names}{sums}
        FROM {tables} WHERE {" AND ".join(conditions)}
        GROUP BY {", ".join(["step.key", *columns])} LIMIT {MOST_ROWS + 1}
    """  # noqa: S608


def _name(dimension: str, column: str, tables: str) -> str:
    """What a member is called: a token, person or team may be renamed, or deleted, and its name used again."""
    table = NAMED_IN.get(dimension)
    if table is None:
        return column
    last = column
    if dimension == "token" and "usage_cells" not in tables:
        last = "max(token)"
    return name_now(table, column, last)


def name_now(table: str, column: str, last: str) -> str:
    """What whoever has an id is called, or `last` where it is gone."""
    return f"coalesce((SELECT name FROM {table} WHERE id = {column}), {last})"  # noqa: S608


def member_names(question: ReportQuestion) -> str:
    """What the columns of members are called now, a comma behind each; a deleted token as it was called last."""
    names = []
    for number, dimension in enumerate(question.by):
        member = f"member_{number}"
        name = member
        if (table := NAMED_IN.get(dimension)) is not None:
            name = f"(SELECT name FROM {table} WHERE id = {member}), {member}"  # noqa: S608
        if dimension == "token":
            name = f"(SELECT name FROM tokens WHERE id = {member}), ({LAST_NAME} = {member} {LAST}), {member}"  # noqa: S608
        names.append(f"coalesce({name}, '') AS name_{number}, ")
    return "".join(names)


def filter_values(question: ReportQuestion) -> dict[str, Any]:
    """What the conditions of its filters, and of its members, compare with."""
    values = {f"filter_{name}": value for name, value in question.filters.items()}
    for names, members in zip(_only_names(question), question.only, strict=True):
        values |= dict(zip(names, members, strict=True))
    return values


def step_values(question: ReportQuestion) -> dict[str, Any]:
    """For `sums_sql`, whose steps are counted in quarters of an hour."""
    steps = [(first // QUARTER, end // QUARTER) for first, end in pairwise(question.edges)]
    return {"steps": to_json(steps), **filter_values(question)}


def time_values(question: ReportQuestion) -> dict[str, Any]:
    """For `records_sql`, whose steps are counted in ms."""
    steps = [(1000 * first, 1000 * end) for first, end in pairwise(question.edges)]
    return {"steps": to_json(steps), **filter_values(question)}


def cell_values(question: ReportQuestion) -> dict[str, Any]:
    """For `cells_sql`: the ends of the span, and of the whole days within it, in quarters of an hour."""
    since = question.edges[0] // QUARTER
    until = question.edges[-1] // QUARTER
    first_day = min(-(-since // DAY) * DAY, until)
    last_day = max(until // DAY * DAY, first_day)
    return {"since": since, "until": until, "first_day": first_day, "last_day": last_day, **filter_values(question)}
