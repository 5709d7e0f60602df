"""What channels' last answers drifted, read out of their records."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from aihub_lite.domain.usage import DRIFT_WINDOW
from aihub_lite.storage.sqlite.columns import to_json
from aihub_lite.storage.sqlite.database import Database

MEDIANS = """
SELECT channels.id AS id, (
    SELECT avg(drift) FROM (
        SELECT drift, row_number() OVER (ORDER BY drift) AS rank, count(*) OVER () AS answers FROM (
            SELECT drift FROM usage_records
            WHERE channel = channels.name AND drift IS NOT NULL AND started_ms >= channels.created_at * 1000
            ORDER BY started_ms DESC LIMIT :window
        )
    ) WHERE answers = :window AND rank IN (:window / 2, :window / 2 + 1)
) AS drift FROM channels WHERE :ids IS NULL OR id IN (SELECT value FROM json_each(:ids))
"""
"""A window of an index for each channel, however many records there are. Those of an earlier channel of the same name
are left out."""


@attrs.frozen
class Drifts:
    """Reads them."""

    _database: Database

    async def of_channels(self, ids: Sequence[str] | None = None) -> dict[str, float]:
        """The median of the last answers of each of these channels, or of all, by its id; of one with fewer there is
        none."""
        listed = None
        if ids is not None:
            listed = to_json(ids)
        rows = await self._database.read(MEDIANS, {"window": DRIFT_WINDOW, "ids": listed})
        return {row["id"]: round(row["drift"], 2) for row in rows if row["drift"] is not None}
