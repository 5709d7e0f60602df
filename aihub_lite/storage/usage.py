"""Reading usage records: sums, and page after page of the records themselves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

from aihub_lite.domain.usage import UsageRecord
from aihub_lite.storage.quarters import QUARTER_MS
from aihub_lite.storage.records import record_of
from aihub_lite.storage.requests.filters import OF_RECORDS, REFUSED, Place, RecordFilter, selection
from aihub_lite.storage.sqlite.columns import row_values, to_json
from aihub_lite.storage.sqlite.database import Database

Dimension = Literal["token", "model", "channel", "day"]
DAY_MS = 86_400_000
MAX_PAGE = 1000
HIGHEST_COST = "cost_nano DESC, requests DESC, key"

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
"""The same by whole days: sums by token and model together are not kept for every quarter of an hour."""

DIMENSIONS: dict[Dimension, tuple[str, str, str, str]] = {
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
"""For each dimension: table, columns, the key that tells members apart, and their name: a token may be renamed, and a
name used again."""

LAST_DAYS = """
SELECT token_id, max(day) * 86400000 AS used FROM usage_days
WHERE token_id IN (SELECT value FROM json_each(:ids))
    AND day < coalesce((SELECT min(started_ms) / 86400000 FROM usage_records), 1000000)
GROUP BY token_id
"""
"""Only days before the oldest record, so none unless records were deleted."""

LAST_RECORDS = """
SELECT value AS id, (SELECT max(started_ms) FROM usage_records WHERE token_id = value) AS used FROM json_each(:ids)
"""


@attrs.frozen(kw_only=True)
class UsageSum:
    """The sums of one token, model, channel or UTC day. Money in nano-USD."""

    key: str
    """Name of the token, model or channel, or the day as `2026-01-31`."""
    id: str
    """The token's id; for other dimensions the key once more."""
    requests: int
    """All requests, whatever their outcome."""
    errors: int
    """Those of them that the gateway or an upstream failed, before (`error`) or after content (`cut_off`)."""
    interrupted: int
    prompt_tokens: int
    completion_tokens: int
    cost_nano: int


@attrs.frozen
class Usages:
    """Reads sums of usage, and the records themselves."""

    _database: Database

    async def sums(self, by: Dimension, since_ms: int) -> list[UsageSum]:
        """Sums over requests that started at `since_ms` or later: days ascending, others by falling cost."""
        table, columns, key, name = DIMENSIONS[by]
        order = HIGHEST_COST
        if by == "day":
            order = "key"
        sql = _summing(PARTS.format(table=table, columns=columns), key, name, order)
        parameters = {"since_ms": since_ms, "first_whole": -(-since_ms // QUARTER_MS)}
        return [_sum(row, by) for row in await self._database.read(sql, parameters)]

    async def ever(self, *, but_token: str, but_channels: Iterable[str]) -> bool:
        """Whether there was a request ever, of another token and at other channels than these; days outlast records."""
        sql = """SELECT EXISTS (SELECT 1 FROM usage_days
            WHERE token <> :but_token AND channel NOT IN (SELECT value FROM json_each(:but_channels))) AS used"""
        but = {"but_token": but_token, "but_channels": to_json(["", *but_channels])}
        return bool((await self._database.read(sql, but))[0]["used"])

    async def models_of(self, token_id: str, since_ms: int) -> list[UsageSum]:
        """Sums by model of one token's requests that started at `since_ms` or later, by falling cost."""
        parameters = {"since_ms": since_ms, "first_whole": -(-since_ms // DAY_MS), "token_id": token_id}
        rows = await self._database.read(_summing(MODELS_OF_ONE, "model", "model", HIGHEST_COST), parameters)
        return [_sum(row, "model") for row in rows]

    async def records(
        self, record_filter: RecordFilter, *, before: Place | None = None, limit: int = 100
    ) -> list[tuple[int, UsageRecord]]:
        """Records with their ids, newest first, at most 1000. The place of the last is `before` for the next page."""
        if record_filter.outcome == REFUSED:
            return []
        # The ids break ties: many records start in the same millisecond, and a page may end between two of them.
        where, values = selection(OF_RECORDS, record_filter, before)
        sql = f"SELECT * FROM usage_records WHERE {where} ORDER BY started_ms DESC, id DESC LIMIT :limit"  # noqa: S608
        values["limit"] = max(1, min(limit, MAX_PAGE))
        return [(row["id"], record_of(row)) for row in await self._database.read(sql, values)]

    async def place(self, request_id: str) -> Place:
        """Where a request's record stands, to page from; before all others when it has none."""
        rows = await self._database.read("SELECT started_ms, id FROM usage_records WHERE request_id = ?", (request_id,))
        if not rows:
            return 0, 0
        return int(rows[0]["started_ms"]), int(rows[0]["id"])

    async def last_used(self, token_ids: Sequence[str]) -> dict[str, int]:
        """When the last request of each of the tokens started, in Unix ms, by token id; one index look-up per token.

        Where the record of that request is deleted, the start of its day (UTC).
        """
        # Days before the oldest record know of requests whose records were deleted; records know it to the millisecond.
        ids = {"ids": to_json(token_ids)}
        days = {row["token_id"]: row["used"] for row in await self._database.read(LAST_DAYS, ids)}
        recorded = {row["id"]: row["used"] for row in await self._database.read(LAST_RECORDS, ids) if row["used"]}
        return {**days, **recorded}

    async def last_booked(self, count: int) -> list[UsageRecord]:
        """The records that were booked last, the latest first."""
        rows = await self._database.read("SELECT * FROM usage_records ORDER BY id DESC LIMIT ?", (count,))
        return [record_of(row) for row in rows]

    async def find(self, request_id: str) -> UsageRecord | None:
        """The record of one request, if there is one."""
        rows = await self._database.read("SELECT * FROM usage_records WHERE request_id = ?", (request_id,))
        if not rows:
            return None
        return record_of(rows[0])


def _summing(parts: str, key: str, name: str, order: str) -> str:
    return f"""
        SELECT {name} AS key, {key} AS member, sum(requests) AS requests, sum(errors) AS errors,
            sum(interrupted) AS interrupted, sum(prompt_tokens) AS prompt_tokens,
            sum(completion_tokens) AS completion_tokens, sum(cost_nano) AS cost_nano
        FROM ({parts}) GROUP BY member ORDER BY {order}
    """  # noqa: S608


def _sum(row: sqlite3.Row, by: Dimension) -> UsageSum:
    sums = row_values(
        row, ("key", "requests", "errors", "interrupted", "prompt_tokens", "completion_tokens", "cost_nano")
    )
    if by == "day":
        return UsageSum(**sums, id=row["key"])
    return UsageSum(**sums, id=row["member"])
