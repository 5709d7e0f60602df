"""Cells: what each model, token, person and tag came to in a quarter of an hour, and in a day.

They are summed up from the records in the order of their ids, beside the requests: in the transaction that adds a
batch of records to them, `meta` says up to which id that was, so each record counts once whenever the process dies.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import attrs

from aihub_lite.domain.reports.sketch import Sketch, Times, packed, unpacked
from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.reports.summed import FIGURES, LAST_SUMMED, SUMMED_TO, period_statements
from aihub_lite.storage.sqlite.columns import to_json
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Statement

BATCH = 2000
"""Records: some milliseconds of the writer's time."""
DAY = 96
"""Quarters of an hour in a UTC day."""
TIMES = """
    group_concat(iif(outcome = 'ok', duration_ms, NULL)) AS totals,
    group_concat(iif(first_byte_ms > 0, first_byte_ms, NULL)) AS first_bytes_of
"""
"""Of answers the whole duration: a refusal is quick, and says nothing of how long an answer takes."""
MEMBERS = (
    ("model", "usage_records", "model", "channel", "true"),
    ("token", "usage_records", "token_id", "''", "true"),
    ("person", "usage_records", "person_id", "team_id", "person_id <> '' OR team_id <> ''"),
    ("tag", "usage_records, json_each(usage_records.tags) AS tag", "tag.value", "''", "tags IS NOT NULL"),
)
"""For each kind of cell: what it is read from, its two members, and of which records."""
KEYS = ("kind", "quarters", "quarter", "first", "second")
READ = "\nUNION ALL\n".join(
    f"""SELECT '{kind}' AS kind, started_ms / 900000 AS quarter, {first} AS first, {second} AS second,
    {", ".join(f"{how} AS {name}" for name, how in FIGURES.items())}, {TIMES}
    FROM {table} WHERE usage_records.id > :after AND usage_records.id <= :until AND ({condition}) GROUP BY 2, 3, 4"""  # noqa: S608
    for kind, table, first, second, condition in MEMBERS
)
ADD = f"""
INSERT INTO usage_cells ({", ".join((*KEYS, *FIGURES, "latencies"))})
VALUES ({", ".join("?" * (len(KEYS) + len(FIGURES) + 1))})
ON CONFLICT DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in FIGURES)},
    latencies = excluded.latencies
"""  # noqa: S608
THERE = """
SELECT kind, quarters, quarter, first, second, latencies FROM json_each(:keys) AS key CROSS JOIN usage_cells
WHERE kind = json_extract(key.value, '$[0]') AND quarters = json_extract(key.value, '$[1]')
    AND quarter = json_extract(key.value, '$[2]') AND first = json_extract(key.value, '$[3]')
    AND second = json_extract(key.value, '$[4]')
"""
MARK = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
PLACE = f"SELECT (SELECT max(id) FROM usage_records) AS last, {LAST_SUMMED} AS summed_to"  # noqa: S608
FIRST_AFTER = "SELECT min(id) AS first FROM usage_records WHERE id > ?"
Key = tuple[str, int, int, str, str]


@attrs.define
class Cell:
    """What one batch of records adds to one cell."""

    figures: list[int]
    times: Times

    def add(self, figures: Sequence[int], times: Times) -> None:
        """The same, and so much more."""
        self.figures = [mine + other for mine, other in zip(self.figures, figures, strict=True)]
        self.times = self.times + times


@attrs.define(eq=False)
class Cells:
    """Sums records up, one batch after the other."""

    database: Database
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    """Two that add the same records would count them twice."""

    async def behind(self) -> int:
        """How many records at most are not summed up yet."""
        last, summed_to = await self._place()
        return max(last - summed_to, 0)

    async def sum_up(self) -> int:
        """Add one batch of records, and say how many may be left. Raises StorageUnavailable."""
        async with self._turn:
            last, summed_to = await self._place()
            if last <= summed_to:
                return 0
            # Where old records were deleted there may be a gap, which is not walked through.
            rows = await self.database.read(FIRST_AFTER, (summed_to,))
            after = int(rows[0]["first"]) - 1
            until = min(after + BATCH, last)
            read = await self.database.read(READ, {"after": after, "until": until})
            cells = await asyncio.to_thread(cells_of, read)
            there = await self.database.read(THERE, {"keys": to_json([*cells])})
            statements = await asyncio.to_thread(added, cells, there)
            await self.database.write(*statements, *period_statements(after, until), (MARK, (SUMMED_TO, str(until))))
            return last - until

    async def sum_up_all(self) -> None:
        """Add all records. Raises StorageUnavailable."""
        left = 1
        while left:
            left = await self.sum_up()

    async def catch_up(self, most: int) -> int:
        """Add all records if they are no more than `most`; says how many are left. A full disk leaves them all."""
        left = await self.behind()
        with suppress(StorageUnavailable):
            while 0 < left <= most:
                left = await self.sum_up()
        return left

    async def _place(self) -> tuple[int, int]:
        """The ids of the last record there is, and of the last that was summed up."""
        (row,) = await self.database.read(PLACE)
        return int(row["last"] or row["summed_to"]), int(row["summed_to"])


def cells_of(rows: Iterable[sqlite3.Row]) -> dict[Key, Cell]:
    """What the sums of a batch add to which cells: each to that of its quarter of an hour, and to that of its day."""
    cells: dict[Key, Cell] = {}
    for row in rows:
        figures = [row[name] for name in FIGURES]
        times = Times(Sketch.of(listed(row["totals"])), Sketch.of(listed(row["first_bytes_of"])))
        quarter = row["quarter"]
        for quarters, start in ((1, quarter), (DAY, quarter // DAY * DAY)):
            key = (row["kind"], quarters, start, row["first"], row["second"])
            if key in cells:
                cells[key].add(figures, times)
            else:
                cells[key] = Cell(figures, times)
    return cells


def added(cells: dict[Key, Cell], there: Iterable[sqlite3.Row]) -> list[Statement]:
    """The statements that add a batch to the cells that are there already, and make the others."""
    known: dict[Key, bytes] = {
        (row["kind"], row["quarters"], row["quarter"], row["first"], row["second"]): row["latencies"] for row in there
    }
    statements: list[Statement] = []
    for key, cell in cells.items():
        times = cell.times
        if key in known:
            times = times + unpacked(known[key])
        statements.append((ADD, (*key, *cell.figures, packed(times))))
    return statements


def listed(text: str | int | None) -> Iterator[int]:
    """The numbers that SQLite's `group_concat` put between commas; none of NULL."""
    if text is None:
        return iter(())
    return map(int, str(text).split(","))
