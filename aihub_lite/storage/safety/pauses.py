"""What is paused, in the database."""

from __future__ import annotations

import attrs

from aihub_lite.domain.safety.pause import SafetyPause
from aihub_lite.storage.sqlite.columns import row_values
from aihub_lite.storage.sqlite.database import Database

COLUMNS = tuple(field.name for field in attrs.fields(SafetyPause))
"""Named like the fields."""
BEGIN = """
INSERT OR REPLACE INTO pauses (holder, id, kind, seen, usual, spent, minutes, since)
SELECT :holder, :id, :kind, :seen, :usual, :spent, :minutes, :since
WHERE EXISTS (SELECT 1 FROM tokens WHERE id = :id UNION ALL SELECT 1 FROM persons WHERE id = :id)
"""
"""Nothing of what has been deleted meanwhile."""
END = "DELETE FROM pauses WHERE holder = ? AND id = ?"


@attrs.frozen
class StoredPauses:
    """The table of pauses; rows go with their token or person."""

    _database: Database

    async def load(self) -> list[SafetyPause]:
        """All that hold, the oldest first."""
        rows = await self._database.read("SELECT * FROM pauses ORDER BY since, id")
        return [SafetyPause(**row_values(row, COLUMNS)) for row in rows]

    async def begin(self, pause: SafetyPause) -> None:
        """It holds; raises StorageUnavailable."""
        await self._database.write((BEGIN, attrs.asdict(pause)))

    async def end(self, holder: str, holder_id: str) -> None:
        """It holds no more; raises StorageUnavailable."""
        await self._database.write((END, (holder, holder_id)))
