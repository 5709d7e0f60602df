"""The operator's aliases in the database; the built-in ones are data of the domain."""

from __future__ import annotations

import attrs

from aihub_lite.storage.sqlite.database import Database


@attrs.frozen
class Aliases:
    """The table of aliases. Whether one leads to a model, or over another alias, is the catalog's business."""

    _database: Database

    async def load(self) -> dict[str, str]:
        """Models by alias, in alphabetical order."""
        rows = await self._database.read("SELECT alias, model FROM aliases ORDER BY alias")
        return {row["alias"]: row["model"] for row in rows}

    async def put(self, alias: str, model: str) -> None:
        """Add an alias, or let it lead to another model."""
        sql = "INSERT INTO aliases (alias, model) VALUES (?, ?) ON CONFLICT DO UPDATE SET model = excluded.model"
        await self._database.write((sql, (alias, model)))

    async def delete(self, alias: str) -> bool:
        """False when there was no such alias."""
        return await self._database.write(("DELETE FROM aliases WHERE alias = ?", (alias,))) > 0
