"""What an operator set while the gateway ran, in the database."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.storage.sqlite.columns import from_json, to_json
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Statement

PUT = "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
DELETE = "DELETE FROM settings WHERE name = ?"


@attrs.frozen
class StoredSettings:
    """Values by the setting's name; what is not here has its default."""

    _database: Database

    async def load(self) -> dict[str, object]:
        """All values as they were put, with those that this release does not know."""
        rows = await self._database.read("SELECT name, value FROM settings ORDER BY name")
        return {row["name"]: from_json(row["value"], object) for row in rows}

    async def put(self, values: Mapping[str, object]) -> None:
        """Set all of them or none; a value of None removes its setting."""
        statements: list[Statement] = []
        for name, value in values.items():
            if value is None:
                statements.append((DELETE, (name,)))
            else:
                statements.append((PUT, (name, to_json(value))))
        await self._database.write(*statements)
