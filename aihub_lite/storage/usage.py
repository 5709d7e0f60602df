"""Reading usage records: sums, and page after page of the records themselves."""

from __future__ import annotations

import sqlite3
from typing import Literal

import attrs

from aihub_lite.domain.usage import Attempt, Usage, UsageRecord
from aihub_lite.storage.columns import from_json, picked
from aihub_lite.storage.database import Database

Dimension = Literal["token", "model", "channel", "day"]
DAY_MS = 86_400_000
MAX_PAGE = 1000

PARTS = """
SELECT day, token_id, token, model, channel, requests, errors, interrupted, prompt_tokens, completion_tokens, cost_nano
FROM usage_days WHERE day >= :first_whole_day AND (:token_id IS NULL OR token_id = :token_id)
UNION ALL
SELECT started_ms / 86400000, token_id, token, model, channel, 1,
    outcome IN ('error', 'cut_off'), outcome = 'interrupted', prompt_tokens, completion_tokens, cost_nano
FROM usage_records
WHERE started_ms >= :since_ms AND started_ms < :first_whole_day * 86400000
    AND (:token_id IS NULL OR token_id = :token_id)
"""
"""Whole days from their sums, the rest of the day that `since_ms` falls into from its records."""

KEYS: dict[Dimension, tuple[str, str]] = {
    "token": ("coalesce((SELECT name FROM tokens WHERE tokens.id = token_id), max(token))", "token_id"),
    "model": ("model", "model"),
    "channel": ("channel", "channel"),
    "day": ("date(day * 86400, 'unixepoch')", "day"),
}
"""For each dimension what is shown, and what tells its members apart: a token may be renamed, a name used again."""

USAGE = tuple(field.name for field in attrs.fields(Usage))
PLAIN = tuple(field.name for field in attrs.fields(UsageRecord) if field.name not in ("usage", "attempts", "streamed"))


@attrs.frozen(kw_only=True)
class UsageSum:
    """The sums of one token, model, channel or UTC day. Money in nano-USD."""

    key: str
    """Name of the token, model or channel, or the day as `2026-01-31`."""
    id: str
    """The token's id; for other dimensions the key once more."""
    requests: int
    """All of them, whatever came of them."""
    errors: int
    """Of these, those that the gateway or an upstream failed, before (`error`) or after content (`cut_off`)."""
    interrupted: int
    prompt_tokens: int
    completion_tokens: int
    cost_nano: int


@attrs.frozen(kw_only=True)
class RecordFilter:
    """Which records: all that are set must match. Times in Unix ms, `until_ms` not included."""

    token_id: str | None = None
    model: str | None = None
    channel: str | None = None
    outcome: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None


CONDITIONS = {
    "token_id": "token_id = :token_id",
    "model": "model = :model",
    "channel": "channel = :channel",
    "outcome": "outcome = :outcome",
    "since_ms": "started_ms >= :since_ms",
    "until_ms": "started_ms < :until_ms",
    "before": "(started_ms, id) < (SELECT started_ms, id FROM usage_records WHERE id = :before)",
}


@attrs.frozen
class Usages:
    """Everything an operator's usage page needs."""

    _database: Database

    async def sums(self, by: Dimension, since_ms: int, token_id: str | None = None) -> list[UsageSum]:
        """Requests that started at `since_ms` or later, for one token or all: days ascending, others dearest first."""
        shown, member = KEYS[by]
        order = "day" if by == "day" else "cost_nano DESC, requests DESC, key"
        sql = f"""
            SELECT {shown} AS key, {member} AS member, sum(requests) AS requests, sum(errors) AS errors,
                sum(interrupted) AS interrupted, sum(prompt_tokens) AS prompt_tokens,
                sum(completion_tokens) AS completion_tokens, sum(cost_nano) AS cost_nano
            FROM ({PARTS}) GROUP BY {member} ORDER BY {order}
        """  # noqa: S608
        first_whole_day = -(-since_ms // DAY_MS)
        named = {"since_ms": since_ms, "first_whole_day": first_whole_day, "token_id": token_id}
        return [_sum(row, by) for row in await self._database.read(sql, named)]

    async def records(
        self, wanted: RecordFilter, *, before: int | None = None, limit: int = 100
    ) -> list[tuple[int, UsageRecord]]:
        """Newest first, at most 1000, each with its id: the last one's id is `before` for the next page."""
        values = {**attrs.asdict(wanted), "before": before, "limit": max(1, min(limit, MAX_PAGE))}
        conditions = " AND ".join(text for name, text in CONDITIONS.items() if values[name] is not None) or "true"
        sql = f"SELECT * FROM usage_records WHERE {conditions} ORDER BY started_ms DESC, id DESC LIMIT :limit"  # noqa: S608
        return [(row["id"], _record(row)) for row in await self._database.read(sql, values)]

    async def number(self, request_id: str) -> int:
        """The id of a request's record; 0, before which there is none, when it has none."""
        rows = await self._database.read("SELECT id FROM usage_records WHERE request_id = ?", (request_id,))
        return int(rows[0]["id"]) if rows else 0

    async def last_used(self) -> dict[str, int]:
        """When the last recorded request of each token started (Unix ms), by token id; one look-up per token."""
        sql = "SELECT id, (SELECT max(started_ms) FROM usage_records WHERE token_id = tokens.id) AS used FROM tokens"
        return {row["id"]: row["used"] for row in await self._database.read(sql) if row["used"] is not None}

    async def find(self, request_id: str) -> UsageRecord | None:
        """The record of one request."""
        rows = await self._database.read("SELECT * FROM usage_records WHERE request_id = ?", (request_id,))
        return _record(rows[0]) if rows else None


def _sum(row: sqlite3.Row, by: Dimension) -> UsageSum:
    sums = picked(row, ("key", "requests", "errors", "interrupted", "prompt_tokens", "completion_tokens", "cost_nano"))
    return UsageSum(**sums, id=row["key"] if by == "day" else row["member"])


def _record(row: sqlite3.Row) -> UsageRecord:
    return UsageRecord(
        **picked(row, PLAIN),
        streamed=bool(row["streamed"]),
        attempts=from_json(row["attempts"], tuple[Attempt, ...]),
        usage=Usage(**picked(row, USAGE)),
    )
