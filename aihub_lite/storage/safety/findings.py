"""What the breaker has found, whether or not somebody was paused for it."""

from __future__ import annotations

import attrs

from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.storage.sqlite.columns import row_values
from aihub_lite.storage.sqlite.database import Database

KEPT = 1000
"""The latest ones."""
ADD = """
INSERT INTO breaker_findings (at_ms, token_id, token, kind, seen, usual, spent, minutes, paused)
VALUES (:at_ms, :token_id, :token, :kind, :seen, :usual, :spent, :minutes, :paused)
"""
FORGET = "DELETE FROM breaker_findings WHERE id <= (SELECT max(id) FROM breaker_findings) - :kept"
LATEST = """
SELECT at_ms, token_id, coalesce((SELECT name FROM tokens WHERE id = token_id), token) AS token, paused,
    kind, seen, usual, spent, minutes
FROM breaker_findings ORDER BY id DESC LIMIT :limit
"""
RUNAWAY = tuple(field.name for field in attrs.fields(Runaway))


@attrs.frozen
class BreakerFinding:
    """A token that left its own past."""

    at_ms: int
    token_id: str
    token: str
    """Its name."""
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
                row["token_id"],
                row["token"],
                Runaway(**row_values(row, RUNAWAY)),
                bool(row["paused"]),
            )
            for row in rows
        ]
