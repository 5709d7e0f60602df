"""Reading usage records: sums, and page after page of the records themselves."""

from __future__ import annotations

import sqlite3
from typing import Literal

import attrs

from aihub_lite.domain.modal import Modal
from aihub_lite.domain.usage import Attempt, Usage, UsageRecord
from aihub_lite.storage.columns import from_json, picked
from aihub_lite.storage.database import Database
from aihub_lite.storage.quarters import QUARTER_MS

Dimension = Literal["token", "model", "channel", "day"]
DAY_MS = 86_400_000
MAX_PAGE = 1000
DEAREST = "cost_nano DESC, requests DESC, key"

PARTS = f"""
SELECT quarter, {{columns}}, requests, errors, interrupted, prompt_tokens, completion_tokens, cost_nano
FROM {{table}} WHERE quarter >= :first_whole
UNION ALL
SELECT started_ms / {QUARTER_MS}, {{columns}}, 1,
    outcome IN ('error', 'cut_off'), outcome = 'interrupted', prompt_tokens, completion_tokens, cost_nano
FROM usage_records WHERE started_ms >= :since_ms AND started_ms < :first_whole * {QUARTER_MS}
"""  # noqa: S608
"""Whole quarters of an hour from their sums, the rest of the one that `since_ms` falls into from its records."""

MODELS_OF_ONE = """
SELECT model, requests, errors, interrupted, prompt_tokens, completion_tokens, cost_nano
FROM usage_days WHERE day >= :first_whole AND token_id = :token_id
UNION ALL
SELECT model, 1, outcome IN ('error', 'cut_off'), outcome = 'interrupted', prompt_tokens, completion_tokens, cost_nano
FROM usage_records
WHERE started_ms >= :since_ms AND started_ms < :first_whole * 86400000 AND token_id = :token_id
"""
"""The same by whole days: what each token asked of each model is not kept for every quarter of an hour."""

KEYS: dict[Dimension, tuple[str, str, str, str]] = {
    "token": (
        "usage_by_token",
        "token_id, token",
        "token_id",
        "coalesce((SELECT name FROM tokens WHERE tokens.id = token_id), max(token))",
    ),
    "model": ("usage_by_model", "model, channel", "model", "model"),
    "channel": ("usage_by_model", "model, channel", "channel", "channel"),
    "day": ("usage_by_model", "model, channel", "quarter / 96", "date(quarter / 96 * 86400, 'unixepoch')"),
}
"""For each dimension its table and columns, what tells its members apart, and what is shown: a token may be renamed,
a name used again."""

LAST_DAYS = """
SELECT token_id, max(day) * 86400000 AS used FROM usage_days
WHERE day < coalesce((SELECT min(started_ms) / 86400000 FROM usage_records), 1000000) GROUP BY token_id
"""
"""Of the days before the oldest record: none, unless records were deleted."""

USAGE = tuple(field.name for field in attrs.fields(Usage) if field.name != "modal")
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

    async def sums(self, by: Dimension, since_ms: int) -> list[UsageSum]:
        """Requests that started at `since_ms` or later: days ascending, others dearest first."""
        table, columns, member, shown = KEYS[by]
        sql = _summing(PARTS.format(table=table, columns=columns), member, shown, "key" if by == "day" else DEAREST)
        named = {"since_ms": since_ms, "first_whole": -(-since_ms // QUARTER_MS)}
        return [_sum(row, by) for row in await self._database.read(sql, named)]

    async def models_of(self, token_id: str, since_ms: int) -> list[UsageSum]:
        """What one token asked of each model at `since_ms` or later, dearest first."""
        named = {"since_ms": since_ms, "first_whole": -(-since_ms // DAY_MS), "token_id": token_id}
        rows = await self._database.read(_summing(MODELS_OF_ONE, "model", "model", DEAREST), named)
        return [_sum(row, "model") for row in rows]

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
        """When the last request of each token started (Unix ms), by token id; one look-up per token.

        Where its record is deleted, the start of the day (UTC) of that request.
        """
        days = {row["token_id"]: row["used"] for row in await self._database.read(LAST_DAYS)}
        sql = "SELECT id, (SELECT max(started_ms) FROM usage_records WHERE token_id = tokens.id) AS used FROM tokens"
        recorded = {row["id"]: row["used"] for row in await self._database.read(sql) if row["used"] is not None}
        return {**days, **recorded}

    async def find(self, request_id: str) -> UsageRecord | None:
        """The record of one request."""
        rows = await self._database.read("SELECT * FROM usage_records WHERE request_id = ?", (request_id,))
        return _record(rows[0]) if rows else None


def _summing(parts: str, member: str, shown: str, order: str) -> str:
    return f"""
        SELECT {shown} AS key, {member} AS member, sum(requests) AS requests, sum(errors) AS errors,
            sum(interrupted) AS interrupted, sum(prompt_tokens) AS prompt_tokens,
            sum(completion_tokens) AS completion_tokens, sum(cost_nano) AS cost_nano
        FROM ({parts}) GROUP BY member ORDER BY {order}
    """  # noqa: S608


def _sum(row: sqlite3.Row, by: Dimension) -> UsageSum:
    sums = picked(row, ("key", "requests", "errors", "interrupted", "prompt_tokens", "completion_tokens", "cost_nano"))
    return UsageSum(**sums, id=row["key"] if by == "day" else row["member"])


def _record(row: sqlite3.Row) -> UsageRecord:
    return UsageRecord(
        **picked(row, PLAIN),
        streamed=bool(row["streamed"]),
        attempts=from_json(row["attempts"], tuple[Attempt, ...]),
        usage=Usage(**picked(row, USAGE), modal=from_json(row["modal"], Modal) if row["modal"] else None),
    )
