"""Deleting usage records that are too old. What they came to stays: tokens and sums have it since they were settled."""

from __future__ import annotations

import attrs

from aihub_lite.storage.sqlite.database import Database

DELETE = """
DELETE FROM usage_records WHERE id IN (
    SELECT id FROM usage_records WHERE started_ms < ? ORDER BY started_ms LIMIT ?
)
"""
RESTART = """
UPDATE meta SET value = '0' WHERE key = 'summed_to'
    AND (SELECT count(*) FROM (SELECT 1 FROM usage_records LIMIT :limit + 1)) <= :limit
    AND NOT EXISTS (SELECT 1 FROM usage_records WHERE started_ms >= :before_ms)
"""
"""Once there is no record left, ids begin anew: nothing of those to come is summed up yet."""


MARK = """
INSERT INTO meta (key, value) SELECT 'records_since_ms', :before_ms
WHERE EXISTS (SELECT 1 FROM usage_records WHERE started_ms < :before_ms)
ON CONFLICT DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))
"""
"""From when on all records are there: reports of days before that read none."""


@attrs.frozen
class OldRecords:
    """Deletes a few records per call, so that the writer's other jobs need not wait for long."""

    _database: Database

    async def delete(self, before_ms: int, limit: int) -> int:
        """Delete at most `limit` of the oldest that started before `before_ms`, and say how many."""
        restart = (RESTART, {"before_ms": before_ms, "limit": limit})
        return await self._database.write((MARK, {"before_ms": before_ms}), restart, (DELETE, (before_ms, limit)))
