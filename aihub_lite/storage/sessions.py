"""Who is signed in to the console, and the links that let somebody in once. Secrets are kept as digests only."""

from __future__ import annotations

import sqlite3

import attrs

from aihub_lite.storage.columns import insert_sql, picked
from aihub_lite.storage.database import Database


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


COLUMNS = tuple(field.name for field in attrs.fields(Session))
INSERT = insert_sql("sessions", COLUMNS)


@attrs.frozen
class Sessions:
    """Sessions and entry links by digest; what has expired is as good as gone."""

    _database: Database

    async def add(self, session: Session) -> None:
        """Keep a session; those that have expired are swept out on the occasion."""
        sweep = ("DELETE FROM sessions WHERE expires_at <= ?", (session.created_at,))
        await self._database.write(sweep, (INSERT, attrs.astuple(session)))

    async def find(self, digest: str, now: int) -> Session | None:
        """The session that is still good at Unix time `now`."""
        sql = "SELECT * FROM sessions WHERE digest = ? AND expires_at > ?"
        rows = await self._database.read(sql, (digest, now))
        return _session(rows[0]) if rows else None

    async def all(self, now: int) -> list[Session]:
        """Newest first."""
        sql = "SELECT * FROM sessions WHERE expires_at > ? ORDER BY created_at DESC, rowid DESC"
        return [_session(row) for row in await self._database.read(sql, (now,))]

    async def end(self, digest: str) -> bool:
        """False if there was none."""
        return await self._database.write(("DELETE FROM sessions WHERE digest = ?", (digest,))) > 0

    async def end_all(self) -> int:
        """How many were ended. Entry links end as well: they may have been seen by the same eyes."""
        links = ("DELETE FROM entry_links", ())
        return await self._database.write(links, ("DELETE FROM sessions", ()))

    async def add_link(self, digest: str, now: int, expires_at: int) -> None:
        """Keep an entry link; expired ones are swept out on the occasion."""
        sweep = ("DELETE FROM entry_links WHERE expires_at <= ?", (now,))
        await self._database.write(sweep, ("INSERT INTO entry_links VALUES (?, ?)", (digest, expires_at)))

    async def use_link(self, digest: str, now: int) -> bool:
        """True for the first who uses a link in time, and for nobody else."""
        sql = "DELETE FROM entry_links WHERE digest = ? AND expires_at > ?"
        return await self._database.write((sql, (digest, now))) > 0


def _session(row: sqlite3.Row) -> Session:
    return Session(**picked(row, COLUMNS))
