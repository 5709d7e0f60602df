"""Deleting usage records that are too old. What they came to stays: tokens and sums have it since they were settled."""

from __future__ import annotations

import attrs

from aihub_lite.storage.database import Database

DELETE = """
DELETE FROM usage_records WHERE id IN (
    SELECT id FROM usage_records WHERE started_ms < ? ORDER BY started_ms LIMIT ?
)
"""


@attrs.frozen
class OldRecords:
    """A few at a time: each call is one job among the others of the writer."""

    _database: Database

    async def delete(self, before_ms: int, limit: int) -> int:
        """How many of the oldest, at most `limit`, were deleted; those that started at `before_ms` or later stay."""
        return await self._database.write((DELETE, (before_ms, limit)))
