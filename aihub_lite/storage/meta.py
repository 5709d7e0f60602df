"""Single facts about this database, by key: whether the first start is over, the id of the last run."""

from __future__ import annotations

import attrs

from aihub_lite.storage.sqlite.database import Database


@attrs.frozen
class Meta:
    """Text values by key."""

    _database: Database

    async def get(self, key: str) -> str | None:
        """The value; None when the key was never set."""
        rows = await self._database.read("SELECT value FROM meta WHERE key = ?", (key,))
        if not rows:
            return None
        return str(rows[0]["value"])

    async def put(self, key: str, value: str) -> None:
        """Set a key, whether it is there or not."""
        sql = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        await self._database.write((sql, (key, value)))

    async def put_once(self, key: str, value: str) -> bool:
        """Set a key that is not there yet; False when it is."""
        sql = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return await self._database.write((sql, (key, value))) > 0
