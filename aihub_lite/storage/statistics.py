"""Sums of usage records over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from aihub_lite.storage.columns import picked
from aihub_lite.storage.database import Database

SUMS = """
SELECT {member} AS member, count(*) AS requests, sum(outcome IN ('error', 'cut_off')) AS errors,
    sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens, sum(cost_nano) AS cost_nano,
    sum(first_byte_ms) AS first_byte_ms, sum(first_byte_ms > 0) AS first_bytes
FROM usage_records WHERE started_ms >= :since_ms AND started_ms < :until_ms GROUP BY {member}
"""
Part = Literal["token", "model", "channel"]
MEMBERS: Mapping[Part, str] = {"token": "token_id", "model": "model", "channel": "channel"}


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
class Statistics:
    """Reads records, not the daily sums: what is asked for here is recent and finer than a day."""

    _database: Database

    async def buckets(self, since_ms: int, until_ms: int, step_ms: int) -> list[Sums]:
        """Sums of each step from `since_ms` on, also of those in which nothing happened."""
        found = await self._sums("(started_ms - :since_ms) / :step_ms", since_ms, until_ms, step_ms)
        return [found.get(number, Sums()) for number in range(-(-(until_ms - since_ms) // step_ms))]

    async def parts(self, by: Part, since_ms: int, until_ms: int) -> dict[str, Sums]:
        """Sums of each token (by its id), model or channel that was used."""
        return await self._sums(MEMBERS[by], since_ms, until_ms)

    async def _sums(self, member: str, since_ms: int, until_ms: int, step_ms: int = 0) -> dict[Any, Sums]:
        named = {"since_ms": since_ms, "until_ms": until_ms, "step_ms": step_ms}
        rows = await self._database.read(SUMS.format(member=member), named)
        return {row["member"]: Sums(**picked(row, NAMES)) for row in rows}
