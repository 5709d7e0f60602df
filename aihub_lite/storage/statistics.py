"""Sums of usage records over time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Literal

import attrs

from aihub_lite.storage.columns import picked
from aihub_lite.storage.database import Database

SUMS = """
SELECT {place} AS place, {member} AS member, {name} AS name,
    count(*) AS requests, sum(outcome IN ('error', 'cut_off')) AS errors,
    sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens, sum(cost_nano) AS cost_nano,
    sum(first_byte_ms) AS first_byte_ms, sum(first_byte_ms > 0) AS first_bytes
FROM usage_records WHERE started_ms >= :since_ms AND started_ms < :until_ms GROUP BY place, member
"""
STEP = "(started_ms - :since_ms) / :step_ms"
Part = Literal["token", "model", "channel"]
MEMBERS: Mapping[Part, tuple[str, str]] = {
    "token": ("token_id", "coalesce((SELECT name FROM tokens WHERE tokens.id = token_id), max(token))"),
    "model": ("model", "model"),
    "channel": ("channel", "channel"),
}
"""What tells the members apart, and what they are called: a token may be renamed, a name used again."""


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
    """Reads records, not the daily sums: those are of UTC days, which are few readers' days."""

    _database: Database

    async def buckets(self, since_ms: int, until_ms: int, step_ms: int) -> list[Sums]:
        """Sums of each step from `since_ms` on, also of those in which nothing happened."""
        rows = await self._sums(STEP, "''", "''", since_ms, until_ms, step_ms)
        found = {row["place"]: Sums(**picked(row, NAMES)) for row in rows}
        return [found.get(number, Sums()) for number in range(-(-(until_ms - since_ms) // step_ms))]

    async def parts(self, by: Part, since_ms: int, until_ms: int, step_ms: int) -> list[PartSums]:
        """Sums of each token, model or channel in each step in which it was used."""
        rows = await self._sums(STEP, *MEMBERS[by], since_ms, until_ms, step_ms)
        return [PartSums(row["place"], row["member"], row["name"], Sums(**picked(row, NAMES))) for row in rows]

    async def _sums(
        self, place: str, member: str, name: str, since_ms: int, until_ms: int, step_ms: int
    ) -> list[sqlite3.Row]:
        sql = SUMS.format(place=place, member=member, name=name)
        return await self._database.read(sql, {"since_ms": since_ms, "until_ms": until_ms, "step_ms": step_ms})
