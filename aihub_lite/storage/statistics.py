"""Sums of usage records over time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

import attrs

from aihub_lite.storage.columns import picked, to_json
from aihub_lite.storage.database import Database
from aihub_lite.storage.quarters import QUARTER

SUMS = """
SELECT step.key AS place, {member} AS member, {name} AS name,
    sum(requests) AS requests, sum(errors) AS errors,
    sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens, sum(cost_nano) AS cost_nano,
    sum(first_byte_ms) AS first_byte_ms, sum(first_bytes) AS first_bytes
FROM json_each(:steps) AS step CROSS JOIN {table}
WHERE quarter >= json_extract(step.value, '$[0]') AND quarter < json_extract(step.value, '$[1]') AND {condition}
GROUP BY place, member
"""
"""CROSS: SQLite keeps this order, and reads one range of quarters for each step."""
Part = Literal["token", "model", "channel"]
MEMBERS: Mapping[Part, tuple[str, str, str]] = {
    "token": ("usage_by_token", "token_id", "coalesce((SELECT name FROM tokens WHERE id = token_id), max(token))"),
    "model": ("usage_by_model", "model", "model"),
    "channel": ("usage_by_model", "channel", "channel"),
}
"""Where they are, what tells them apart, and what they are called: a token may be renamed, a name used again."""


@attrs.frozen(kw_only=True)
class Sums:
    """What requests came to. Money in nano-USD."""

    requests: int = 0
    errors: int = 0
    """Of these, those that the gateway or an upstream failed, before or after content."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano: int = 0
    first_byte_ms: int = 0
    """Of all requests that had a first byte, together."""
    first_bytes: int = 0
    """How many had one."""

    @property
    def first_byte_mean(self) -> int | None:
        """Milliseconds; None where no request had a first byte."""
        return round(self.first_byte_ms / self.first_bytes) if self.first_bytes else None

    def __add__(self, other: Sums) -> Sums:
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in NAMES})


NAMES = tuple(field.name for field in attrs.fields(Sums))


@attrs.frozen
class PartSums:
    """What one member came to in one step."""

    step: int
    """Number of the step, from 0."""
    id: str
    name: str
    sums: Sums


@attrs.frozen
class Statistics:
    """Steps lie between `edges`: Unix seconds, ascending, each at a quarter of an hour."""

    _database: Database

    async def steps(self, edges: Sequence[int], token_id: str | None = None) -> list[Sums]:
        """Sums of each step, also of those in which nothing happened; of everything, or of one token."""
        if token_id is None:
            rows = await self._sums("usage_by_model", "''", "''", edges)
        else:
            rows = await self._sums("usage_by_token", "''", "''", edges, token_id)
        found = {row["place"]: Sums(**picked(row, NAMES)) for row in rows}
        return [found.get(number, Sums()) for number in range(len(edges) - 1)]

    async def parts(self, by: Part, edges: Sequence[int]) -> list[PartSums]:
        """Sums of each token, model or channel in each step in which it was used."""
        rows = await self._sums(*MEMBERS[by], edges)
        return [PartSums(row["place"], row["member"], row["name"], Sums(**picked(row, NAMES))) for row in rows]

    async def _sums(
        self, table: str, member: str, name: str, edges: Sequence[int], token_id: str | None = None
    ) -> list[sqlite3.Row]:
        condition = "true" if token_id is None else "token_id = :token_id"
        sql = SUMS.format(table=table, member=member, name=name, condition=condition)
        steps = [(first // QUARTER, end // QUARTER) for first, end in pairwise(edges)]
        return await self._database.read(sql, {"steps": to_json(steps), "token_id": token_id})
