"""Hashes of people's passwords in the database."""

from __future__ import annotations

import attrs

from aihub_lite.storage.sqlite.database import Database

PUT = """
INSERT INTO passwords SELECT id, ?, ? FROM persons WHERE id = ?
ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at
"""
"""Whoever is deleted meanwhile gets none."""
SIGN_OUT = "DELETE FROM sessions WHERE person_id = ? AND digest <> ?"


@attrs.frozen
class Passwords:
    """The table of password hashes, by the id of a person."""

    _database: Database

    async def find(self, person_id: str) -> str | None:
        """A person's hash; None where they have no password, or there is nobody like that."""
        rows = await self._database.read("SELECT hash FROM passwords WHERE person_id = ?", (person_id,))
        if not rows:
            return None
        return str(rows[0]["hash"])

    async def put(self, person_id: str, password_hash: str, now: int, keep: str = "") -> None:
        """Set or replace a hash at Unix time `now`, and end the person's sessions but the one of the digest `keep`."""
        await self._database.write((PUT, (password_hash, now, person_id)), (SIGN_OUT, (person_id, keep)))
