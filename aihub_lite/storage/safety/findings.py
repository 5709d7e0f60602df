"""What the breaker has found, whether or not somebody was paused for it."""

from __future__ import annotations

import attrs

from aihub_lite.domain.safety.pause import PauseHolder
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.storage.sqlite.columns import row_values
from aihub_lite.storage.sqlite.database import Database

KEPT = 1000
"""The latest ones."""
ADD = """
INSERT INTO breaker_findings (at_ms, holder, holder_id, name, kind, seen, usual, spent, minutes, paused)
VALUES (:at_ms, :holder, :holder_id, :name, :kind, :seen, :usual, :spent, :minutes, :paused)
"""
FORGET = "DELETE FROM breaker_findings WHERE id <= (SELECT max(id) FROM breaker_findings) - :kept"
LATEST = """
SELECT at_ms, holder, holder_id, coalesce(
        (SELECT name FROM tokens WHERE id = holder_id AND holder = 'token'),
        (SELECT name FROM persons WHERE id = holder_id AND holder = 'person'), name
    ) AS name, paused, kind, seen, usual, spent, minutes
FROM breaker_findings ORDER BY id DESC LIMIT :limit
"""
RUNAWAY = tuple(field.name for field in attrs.fields(Runaway))


@attrs.frozen
class BreakerFinding:
    """Who left their own past."""

    at_ms: int
    holder: PauseHolder
    holder_id: str
    name: str
    """Of the token or the person."""
    runaway: Runaway
    paused: bool
    """Whether it was paused, and not only watched."""


@attrs.frozen
class BreakerFindings:
    """Writes and reads them."""

    _database: Database

    async def add(self, finding: BreakerFinding) -> None:
        """One more; the oldest goes where there are too many. Raises StorageUnavailable."""
        values = attrs.asdict(finding, recurse=False)
        values |= attrs.asdict(values.pop("runaway"))
        await self._database.write((ADD, values), (FORGET, {"kept": KEPT}))

    async def latest(self, limit: int = 100) -> list[BreakerFinding]:
        """Newest first. Raises StorageUnavailable."""
        rows = await self._database.read(LATEST, {"limit": limit})
        return [
            BreakerFinding(
                row["at_ms"],
                row["holder"],
                row["holder_id"],
                row["name"],
                Runaway(**row_values(row, RUNAWAY)),
                bool(row["paused"]),
            )
            for row in rows
        ]
