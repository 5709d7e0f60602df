"""People's passkeys in the database. Nothing of them opens anything: their secrets never leave their authenticators."""

from __future__ import annotations

import attrs

from aihub_lite.storage.sqlite.columns import row_values
from aihub_lite.storage.sqlite.database import Database


@attrs.frozen(kw_only=True)
class Passkey:
    """One passkey of a person. Times in Unix seconds."""

    id: str
    """As its authenticator calls it, base64url."""
    person_id: str
    public_key: str
    """COSE, base64url."""
    sign_count: int
    """How often it has signed, as it says itself; 0 where it does not count."""
    name: str
    """The browser that it was made in, for people to tell them apart."""
    created_at: int
    used_at: int | None = None


COLUMNS = tuple(field.name for field in attrs.fields(Passkey))
ADD = """
INSERT INTO passkeys (id, person_id, public_key, sign_count, name, created_at, used_at)
SELECT ?, id, ?, ?, ?, ?, ? FROM persons WHERE id = ?
"""
"""Whoever is deleted meanwhile gets none."""


@attrs.frozen
class Passkeys:
    """The table of passkeys."""

    _database: Database

    async def add(self, passkey: Passkey) -> None:
        """Add one; raises Duplicate where its id is known."""
        values = (passkey.id, passkey.public_key, passkey.sign_count, passkey.name, passkey.created_at, passkey.used_at)
        await self._database.write((ADD, (*values, passkey.person_id)))

    async def find(self, passkey_id: str) -> Passkey | None:
        """The one of this id, if there is one."""
        rows = await self._database.read("SELECT * FROM passkeys WHERE id = ?", (passkey_id,))
        if not rows:
            return None
        return Passkey(**row_values(rows[0], COLUMNS))

    async def of(self, person_id: str) -> list[Passkey]:
        """All of a person's, oldest first."""
        rows = await self._database.read(
            "SELECT * FROM passkeys WHERE person_id = ? ORDER BY created_at, id", (person_id,)
        )
        return [Passkey(**row_values(row, COLUMNS)) for row in rows]

    async def used(self, passkey_id: str, sign_count: int, now: int) -> None:
        """Note that one was used at Unix time `now`."""
        sql = "UPDATE passkeys SET sign_count = ?, used_at = ? WHERE id = ?"
        await self._database.write((sql, (sign_count, now, passkey_id)))

    async def remove(self, person_id: str, passkey_id: str) -> bool:
        """Delete one of a person's; False when they have none of that id."""
        sql = "DELETE FROM passkeys WHERE person_id = ? AND id = ?"
        return await self._database.write((sql, (person_id, passkey_id))) > 0
