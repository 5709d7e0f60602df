"""Calls that were refused: one row for all of a minute that are alike, so that a flood of them costs one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import attrs

from aihub_lite.storage.requests.filters import (
    ANY_FAILED,
    OF_REFUSALS,
    ONLY_RECORDS,
    REFUSED,
    Place,
    RecordFilter,
    selection,
)
from aihub_lite.storage.sqlite.columns import from_json, insert_sql, row_values, to_json
from aihub_lite.storage.sqlite.database import Database

MOST_KEPT = 500_000
"""Rows; beyond, the oldest go, also where records are kept for ever: strangers add to them."""


@attrs.frozen(kw_only=True)
class Refusal:
    """Calls of one minute that were refused alike. Times in Unix ms; of texts only what names nobody's secrets."""

    request_id: str
    """Of the first."""
    started_ms: int
    """Of the first."""
    last_ms: int
    times: int
    """How many there were."""
    request_ids: tuple[str, ...]
    """Of the last few."""
    token_id: str
    token: str
    """Both empty where the caller presented no key of ours."""
    network: str
    """The caller's, where there is no token: an address, or of IPv6 a /64; empty for all that are too many to tell."""
    status: int
    error_code: str
    error_text: str
    """What the first was told."""
    model: str
    """What was asked for, where that was read."""
    path: str
    client: str
    """Product name and version, of the first."""
    person_id: str = ""
    team_id: str = ""
    """Whose the token was when the first was refused; empty for what is nobody's."""


PLAIN = tuple(field.name for field in attrs.fields(Refusal) if field.name != "request_ids")
COLUMNS = (*PLAIN, "request_ids")
PUT = insert_sql(
    "refusals",
    COLUMNS,
    "ON CONFLICT (request_id) DO UPDATE SET "
    "last_ms = excluded.last_ms, times = excluded.times, request_ids = excluded.request_ids",
)
AMONG_LAST = """
SELECT * FROM refusals
WHERE started_ms BETWEEN :from_ms AND :to_ms AND instr(request_ids, :quoted) ORDER BY id DESC LIMIT 1
"""
HOUR_MS = 3_600_000
"""More than a call may take until it is refused, and than a clock that is put right goes back."""
DELETE = """
DELETE FROM refusals WHERE id IN (
    SELECT id FROM refusals
    WHERE started_ms < :before_ms OR id <= (SELECT coalesce(max(id), 0) FROM refusals) - :most
    ORDER BY id LIMIT :limit
)
"""


@attrs.frozen
class Refusals:
    """Writes and finds them."""

    _database: Database

    async def put(self, refusals: Iterable[Refusal]) -> None:
        """Add rows, or bring those that are there up to date; raises StorageUnavailable."""
        rows = [(*(getattr(refusal, name) for name in PLAIN), to_json(refusal.request_ids)) for refusal in refusals]
        await self._database.write(*((PUT, row) for row in rows))

    async def page(
        self, record_filter: RecordFilter, *, before: Place | None = None, limit: int = 100
    ) -> list[tuple[int, Refusal]]:
        """Rows with their ids, newest first, of those that a filter of requests lets through."""
        if record_filter.outcome not in (None, ANY_FAILED, REFUSED):
            return []
        if any(getattr(record_filter, name) is not None for name in ONLY_RECORDS):
            return []
        where, values = selection(OF_REFUSALS, record_filter, before)
        sql = f"SELECT * FROM refusals WHERE {where} ORDER BY started_ms DESC, id DESC LIMIT :limit"  # noqa: S608
        rows = await self._database.read(sql, {**values, "limit": limit})
        return [(row["id"], _refusal(row)) for row in rows]

    async def find(self, request_id: str) -> Refusal | None:
        """The row that a request is one of, if it was the first or among the last few of it."""
        rows = await self._database.read("SELECT * FROM refusals WHERE request_id = ?", (request_id,))
        arrived_ms = arrival_ms(request_id)
        if not rows and arrived_ms is not None:
            around = {"from_ms": arrived_ms - HOUR_MS, "to_ms": arrived_ms + HOUR_MS, "quoted": f'"{request_id}"'}
            rows = await self._database.read(AMONG_LAST, around)
        if not rows:
            return None
        return _refusal(rows[0])

    async def place(self, request_id: str) -> Place | None:
        """Where the row stands whose first call it was."""
        sql = "SELECT started_ms, id FROM refusals WHERE request_id = ?"
        for row in await self._database.read(sql, (request_id,)):
            return int(row["started_ms"]), int(row["id"])
        return None

    async def delete(self, before_ms: int, limit: int, most: int = MOST_KEPT) -> int:
        """Delete at most `limit` of those that began before `before_ms` or are more than `most`, and say how many."""
        return await self._database.write((DELETE, {"before_ms": before_ms, "limit": limit, "most": most}))


def arrival_ms(request_id: str) -> int | None:
    """When a request came, in Unix ms: an id of ours begins with it, in twelve hexadecimal digits; None for others."""
    try:
        return int(request_id[:12], 16)
    except ValueError:
        return None


def _refusal(row: sqlite3.Row) -> Refusal:
    return Refusal(**row_values(row, PLAIN), request_ids=from_json(row["request_ids"], tuple[str, ...]))
