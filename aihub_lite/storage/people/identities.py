"""By which identities of issuers people are known."""

from __future__ import annotations

import attrs

from aihub_lite.storage.sqlite.database import Database

LINK = """
INSERT INTO identities SELECT ?, ?, id FROM persons WHERE id = ?
ON CONFLICT (issuer, subject) DO UPDATE SET person_id = excluded.person_id
"""


@attrs.frozen
class Identities:
    """The table of identities: an issuer's name for somebody, and who that is here."""

    _database: Database

    async def find(self, issuer: str, subject: str) -> str | None:
        """The id of the person whom an issuer calls `subject`; None for nobody's."""
        sql = "SELECT person_id FROM identities WHERE issuer = ? AND subject = ?"
        rows = await self._database.read(sql, (issuer, subject))
        if not rows:
            return None
        return str(rows[0]["person_id"])

    async def link(self, issuer: str, subject: str, person_id: str) -> None:
        """From now on it is this person's."""
        await self._database.write((LINK, (issuer, subject, person_id)))
