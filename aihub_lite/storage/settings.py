"""What an operator set while the gateway ran, in the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.storage.columns import from_json, to_json
from aihub_lite.storage.database import Database

PUT = "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
DELETE = "DELETE FROM settings WHERE name = ?"


@attrs.frozen
class StoredSettings:
    """Values by the setting's name; what is not here has its default."""

    _database: Database

    async def load(self) -> dict[str, Any]:
        """As they were put, also those that this release does not know."""
        rows = await self._database.read("SELECT name, value FROM settings ORDER BY name")
        return {row["name"]: from_json(row["value"], object) for row in rows}

    async def put(self, values: Mapping[str, Any]) -> None:
        """All or none; None removes."""
        await self._database.write(
            *((DELETE, (name,)) if value is None else (PUT, (name, to_json(value))) for name, value in values.items())
        )
