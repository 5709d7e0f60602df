"""Who is signed in to the console, and the links that sign somebody in once. Secrets are kept as digests only."""

from __future__ import annotations

import sqlite3

import attrs

from aihub_lite.storage.sqlite.columns import insert_sql, row_values
from aihub_lite.storage.sqlite.database import Database


@attrs.frozen(kw_only=True)
class Session:
    """One browser that is signed in. Times in Unix seconds."""

    digest: str
    """SHA-256 of what its cookie holds, in hex."""
    created_at: int
    expires_at: int
    address: str
    """Where it signed in from."""
    client: str
    """The browser's own name, cleaned."""
    person_id: str = ""
    """Who is signed in; empty for whoever holds the admin key."""


COLUMNS = tuple(field.name for field in attrs.fields(Session))
INSERT = insert_sql("sessions", COLUMNS)


@attrs.frozen
class Sessions:
    """Sessions and entry links by digest. What has expired is never returned, and deleted when something is added."""

    _database: Database

    async def add(self, session: Session) -> None:
        """Add a session, and delete those that have expired."""
        delete_expired = ("DELETE FROM sessions WHERE expires_at <= ?", (session.created_at,))
        await self._database.write(delete_expired, (INSERT, attrs.astuple(session)))

    async def find(self, digest: str, now: int) -> Session | None:
        """The session of this digest, unless it has expired at Unix time `now`."""
        sql = "SELECT * FROM sessions WHERE digest = ? AND expires_at > ?"
        rows = await self._database.read(sql, (digest, now))
        if not rows:
            return None
        return _session(rows[0])

    async def all(self, now: int) -> list[Session]:
        """Every session that has not expired at Unix time `now`, newest first."""
        sql = "SELECT * FROM sessions WHERE expires_at > ? ORDER BY created_at DESC, rowid DESC"
        return [_session(row) for row in await self._database.read(sql, (now,))]

    async def end(self, digest: str) -> bool:
        """Delete a session; False if there was none."""
        return await self._database.write(("DELETE FROM sessions WHERE digest = ?", (digest,))) > 0

    async def end_of(self, person_id: str, keep: str = "") -> int:
        """Delete a person's sessions but the one with the digest `keep`, and say how many."""
        sql = "DELETE FROM sessions WHERE person_id = ? AND digest <> ?"
        return await self._database.write((sql, (person_id, keep)))

    async def end_all(self) -> int:
        """Delete all sessions, and say how many. Entry links go too: who saw a session may have seen one."""
        links = ("DELETE FROM entry_links", ())
        return await self._database.write(links, ("DELETE FROM sessions", ()))

    async def add_link(self, digest: str, now: int, expires_at: int) -> None:
        """Add an entry link, and delete those that have expired."""
        delete_expired = ("DELETE FROM entry_links WHERE expires_at <= ?", (now,))
        await self._database.write(delete_expired, ("INSERT INTO entry_links VALUES (?, ?)", (digest, expires_at)))

    async def use_link(self, digest: str, now: int) -> bool:
        """Delete a link that has not expired: True for the first who uses it, and for nobody else."""
        sql = "DELETE FROM entry_links WHERE digest = ? AND expires_at > ?"
        return await self._database.write((sql, (digest, now))) > 0


def _session(row: sqlite3.Row) -> Session:
    return Session(**row_values(row, COLUMNS))
