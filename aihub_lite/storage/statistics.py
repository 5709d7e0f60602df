"""Sums of usage records over time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

import attrs

from aihub_lite.storage.quarters import QUARTER
from aihub_lite.storage.sqlite.columns import row_values, to_json
from aihub_lite.storage.sqlite.database import Database

SUMS = """
SELECT step.key AS step, {member} AS member, {name} AS name,
    sum(requests) AS requests, sum(errors) AS errors,
    sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens, sum(cost_nano) AS cost_nano,
    sum(first_byte_ms) AS first_byte_ms, sum(first_bytes) AS first_bytes
FROM json_each(:steps) AS step CROSS JOIN {table}
WHERE quarter >= json_extract(step.value, '$[0]') AND quarter < json_extract(step.value, '$[1]') AND {condition}
GROUP BY step.key, member
"""
"""CROSS keeps SQLite to this order of the tables: it reads one range of quarters for each step."""
EXTENT = """
SELECT (SELECT min(quarter) FROM usage_by_model) AS first, (SELECT max(quarter) FROM usage_by_model) AS last
"""
"""Each is one look-up; both in one SELECT would read the whole table."""
Part = Literal["token", "model", "channel", "asked"]
MEMBERS: Mapping[Part, tuple[str, str, str]] = {
    "token": ("usage_by_token", "token_id", "coalesce((SELECT name FROM tokens WHERE id = token_id), max(token))"),
    "model": ("usage_by_model", "model", "model"),
    "channel": ("usage_by_model", "channel", "channel"),
    "asked": ("usage_by_asked", "asked", "asked"),
}
"""Table, column that tells members apart, and their name: a token may be renamed, and a name used again. By `asked`
there are routes and aliases alone."""


@attrs.frozen(kw_only=True)
class Sums:
    """Sums over requests. Money in nano-USD."""

    requests: int = 0
    errors: int = 0
    """Those of them that the gateway or an upstream failed, before or after content."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano: int = 0
    first_byte_ms: int = 0
    """Milliseconds to the first byte, summed over the requests that had one."""
    first_bytes: int = 0
    """Requests that had a first byte."""

    @property
    def first_byte_mean(self) -> int | None:
        """Milliseconds; None where no request had a first byte."""
        if not self.first_bytes:
            return None
        return round(self.first_byte_ms / self.first_bytes)

    def __add__(self, other: Sums) -> Sums:
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in NAMES})


NAMES = tuple(field.name for field in attrs.fields(Sums))


@attrs.frozen
class PartSums:
    """The sums of one token, model or channel in one step."""

    step: int
    """Number of the step, from 0."""
    id: str
    name: str
    sums: Sums


def parts_of(rows: Sequence[sqlite3.Row]) -> list[PartSums]:
    """One for each row."""
    return [PartSums(row["step"], row["member"], row["name"], Sums(**row_values(row, NAMES))) for row in rows]


@attrs.frozen
class Statistics:
    """Sums over steps of time. They lie between `edges`: Unix seconds, ascending, each at a quarter of an hour."""

    _database: Database

    async def steps(self, edges: Sequence[int], token_id: str | None = None) -> list[Sums]:
        """The sums of each step, of one token or of all; a step without requests has zeros."""
        if token_id is None:
            rows = await self._sums("usage_by_model", "''", "''", edges)
        else:
            rows = await self._sums("usage_by_token", "''", "''", edges, token_id)
        sums = {row["step"]: Sums(**row_values(row, NAMES)) for row in rows}
        return [sums.get(number, Sums()) for number in range(len(edges) - 1)]

    async def parts(self, by: Part, edges: Sequence[int]) -> list[PartSums]:
        """The sums of each token, model or channel in each step in which it was used."""
        rows = await self._sums(*MEMBERS[by], edges)
        # Thousands of tokens over a month of days are a second's work, for which nobody else has to wait.
        return await asyncio.to_thread(parts_of, rows)

    async def extent(self) -> tuple[int, int] | None:
        """Where the first quarter of an hour that had a request begins and where the last one ends, in Unix seconds;
        None without any."""
        (row,) = await self._database.read(EXTENT)
        if row["first"] is None:
            return None
        return row["first"] * QUARTER, (row["last"] + 1) * QUARTER

    async def _sums(
        self, table: str, member: str, name: str, edges: Sequence[int], token_id: str | None = None
    ) -> list[sqlite3.Row]:
        condition = "true"
        if token_id is not None:
            condition = "token_id = :token_id"
        sql = SUMS.format(table=table, member=member, name=name, condition=condition)
        steps = [(first // QUARTER, end // QUARTER) for first, end in pairwise(edges)]
        return await self._database.read(sql, {"steps": to_json(steps), "token_id": token_id})
