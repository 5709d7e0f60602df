"""Single facts about this database, by key: whether the first start is over, the id of the last run."""

from __future__ import annotations

import attrs

from aihub_lite.storage.database import Database


@attrs.frozen
class Meta:
    """Text by key."""

    _database: Database

    async def get(self, key: str) -> str | None:
        """None when it was never put."""
        rows = await self._database.read("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0]["value"]) if rows else None

    async def put(self, key: str, value: str) -> None:
        """Add or replace."""
        sql = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        await self._database.write((sql, (key, value)))

    async def put_once(self, key: str, value: str) -> bool:
        """Add unless there; True for the one who did."""
        sql = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return await self._database.write((sql, (key, value))) > 0
