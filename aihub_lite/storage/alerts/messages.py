"""Alerts on their way, and what was told and is not over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import attrs

from aihub_lite.domain.alerts.events import Alert
from aihub_lite.storage.sqlite.columns import from_json, to_json
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Statement

KEPT = 100
"""Messages of a destination that are kept once they were sent or given up."""
OPEN = """
INSERT INTO alert_conditions (key, event, subject, page, since) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
CLOSE = "DELETE FROM alert_conditions WHERE key = ?"
# The destination may have been deleted meanwhile.
QUEUE = """
INSERT INTO alert_messages (destination_id, alert, due, at)
SELECT id, ?, ?, ? FROM alert_destinations WHERE id = ?
"""
NOTE = """
INSERT INTO alert_messages (destination_id, alert, state, due, tries, error, at)
SELECT id, ?, ?, ?, 1, ?, ? FROM alert_destinations WHERE id = ?
"""
DONE = "UPDATE alert_messages SET state = ?, tries = tries + 1, error = ?, due = ? WHERE id = ?"
FORGET = """
DELETE FROM alert_messages WHERE destination_id = ?1 AND state <> 'waiting' AND id <= (
    SELECT id FROM alert_messages WHERE destination_id = ?1 AND state <> 'waiting'
    ORDER BY id DESC LIMIT 1 OFFSET ?2
)
"""


@attrs.frozen(kw_only=True)
class OpenCondition:
    """Something that was told and is not over."""

    key: str
    event: str
    subject: str
    page: str
    since: int


@attrs.frozen(kw_only=True)
class Message:
    """One alert for one destination."""

    id: int
    destination_id: str
    alert: Alert
    state: str
    """`waiting`, `sent` or `failed`."""
    due: int
    """Unix seconds: when it is sent, or was."""
    tries: int
    error: str
    at: int


@attrs.frozen(kw_only=True)
class Queued:
    """An alert for a destination, which is due at a Unix time."""

    destination_id: str
    alert: Alert
    due: int


@attrs.frozen
class AlertStore:
    """The tables of alerts but that of destinations."""

    _database: Database

    async def open_conditions(self) -> list[OpenCondition]:
        """What was told and is not over."""
        rows = await self._database.read("SELECT key, event, subject, page, since FROM alert_conditions")
        return [OpenCondition(**{name: row[name] for name in row.keys()}) for row in rows]  # noqa: SIM118  a Row

    async def tell(
        self, opened: Iterable[OpenCondition], closed: Iterable[str], queued: Iterable[Queued], at: int
    ) -> None:
        """What begins, what is over and what is to be said of it, all or nothing."""
        statements: list[Statement] = [
            (OPEN, (each.key, each.event, each.subject, each.page, each.since)) for each in opened
        ]
        statements += [(CLOSE, (key,)) for key in closed]
        statements += [(QUEUE, (to_json(each.alert), each.due, at, each.destination_id)) for each in queued]
        if statements:
            await self._database.write(*statements)

    async def note(self, destination_id: str, alert: Alert, error: str, at: int) -> None:
        """An alert that was sent, or not, without waiting."""
        state = "failed" if error else "sent"
        row = (to_json(alert), state, at, error, at, destination_id)
        await self._database.write((NOTE, row), (FORGET, (destination_id, KEPT)))

    async def waiting(self) -> list[Message]:
        """What is to be sent, the oldest first."""
        rows = await self._database.read("SELECT * FROM alert_messages WHERE state = 'waiting' ORDER BY id")
        return [_message(row) for row in rows]

    async def latest(self, destination_id: str, limit: int) -> list[Message]:
        """The newest first, waiting or not."""
        rows = await self._database.read(
            "SELECT * FROM alert_messages WHERE destination_id = ? ORDER BY id DESC LIMIT ?", (destination_id, limit)
        )
        return [_message(row) for row in rows]

    async def tried(self, messages: Sequence[Message], state: str, error: str, due: int) -> None:
        """What became of a try to send messages of one destination."""
        if messages:
            statements: list[Statement] = [(DONE, (state, error, due, message.id)) for message in messages]
            statements.append((FORGET, (messages[0].destination_id, KEPT)))
            await self._database.write(*statements)


def _message(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        destination_id=row["destination_id"],
        alert=from_json(row["alert"], Alert),
        state=row["state"],
        due=row["due"],
        tries=row["tries"],
        error=row["error"],
        at=row["at"],
    )
