"""The audit log in the database. It only grows: the table's triggers refuse everything else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

import attrs

from aihub_lite.domain.people.audit import AuditEntry, Change, Values
from aihub_lite.storage.sqlite.columns import from_json, insert_sql, row_values, to_json
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Statement

PLAIN = ("at_ms", "via", "by", "person_id", "address", "action", "request_id")
OF_CHANGE = ("kind", "object_id", "object", "fields")
INSERT = insert_sql("audit", (*PLAIN, *OF_CHANGE))
FORGET = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_ms < ? ORDER BY id LIMIT ?)"
BATCH = 100
"""Lines that one new one lets go of, at most: nobody waits for many."""
CONDITIONS = {
    "by": "(by = :by OR person_id = :by)",
    "object": "(object = :object OR object_id = :object)",
    "kind": "kind = :kind",
    "action": "action = :action",
    "since_ms": "at_ms >= :since_ms",
    "before": "id < :before",
}


@attrs.frozen(kw_only=True)
class AuditFilter:
    """Which entries: all that are set must match. `by` and `object` are names or ids, `since_ms` is in Unix ms."""

    by: str | None = None
    object: str | None = None
    kind: str | None = None
    action: str | None = None
    since_ms: int | None = None


@attrs.frozen
class AuditLog:
    """The table of the audit log."""

    _database: Database

    async def add(self, entries: Iterable[AuditEntry], since_ms: int = 0) -> None:
        """Add entries, all or none, and let go of some of those from before a time in Unix ms; 0 keeps all."""
        forget: list[Statement] = []
        if since_ms:
            forget = [
                ("UPDATE audit_retention SET since_ms = max(since_ms, ?)", (since_ms,)),
                (FORGET, (since_ms, BATCH)),
            ]
        await self._database.write(*forget, *((INSERT, _values(entry)) for entry in entries))

    async def page(
        self, wanted: AuditFilter, before: int | None = None, limit: int = 100
    ) -> list[tuple[int, AuditEntry]]:
        """Entries with their ids, newest first. The last id is `before` for the next page."""
        values = {**attrs.asdict(wanted), "before": before, "limit": limit}
        conditions = " AND ".join(text for name, text in CONDITIONS.items() if values[name] is not None) or "true"
        sql = f"SELECT * FROM audit WHERE {conditions} ORDER BY id DESC LIMIT :limit"  # noqa: S608  texts of ours
        return [(row["id"], _entry(row)) for row in await self._database.read(sql, values)]


def _values(entry: AuditEntry) -> tuple[object, ...]:
    change = entry.change
    plain = (getattr(entry, name) for name in PLAIN)
    return (*plain, change.kind, change.id, change.name, to_json(change.fields))


def _entry(row: sqlite3.Row) -> AuditEntry:
    fields: Mapping[str, Values] = from_json(row["fields"], dict[str, tuple[object, object]])
    change = Change(kind=row["kind"], id=row["object_id"], name=row["object"], fields=fields)
    return AuditEntry(**row_values(row, PLAIN), change=change)
