"""When tokens and persons began anew: as they were found, which is written down, or resumed, as the audit log says."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.safety.pause import PauseHolder
from aihub_lite.storage.sqlite.database import Database

SINCE = """
SELECT holder, holder_id, at_ms, 0 AS resumed FROM breaker_findings WHERE at_ms >= :since_ms
UNION ALL
SELECT kind, object_id, at_ms, 1 FROM audit
WHERE at_ms >= :since_ms AND kind IN ('token', 'person')
    AND json_type(fields, '$.paused[0]') = 'text' AND json_type(fields, '$.paused[1]') = 'null'
ORDER BY at_ms
"""
OF_HOLDER: Mapping[PauseHolder, str] = {
    "token": "token_id = :holder_id",
    "person": "person_id = :holder_id AND person_id <> ''",
}
BOOKED = """
SELECT (started_ms + duration_ms) / 60000 AS minute, cost_nano FROM usage_records
WHERE {of_holder} AND started_ms >= :since_ms - :longest_ms
    AND started_ms + duration_ms BETWEEN :since_ms AND :until_ms
ORDER BY 1
"""
LONGEST_MS = 900_000
"""Of a request: what took longer is not looked for."""
Holder = tuple[PauseHolder, str]
"""What began anew, and its id."""


@attrs.frozen
class FreshStart:
    """One of them."""

    at_ms: int
    """Unix ms."""
    resumed: bool
    """Whether somebody has let it go on, and it was not only found."""


@attrs.frozen
class FreshStarts:
    """Reads them, and what came before each."""

    _database: Database

    async def since(self, since_ms: int) -> dict[Holder, list[FreshStart]]:
        """All of them since a Unix time in ms, by holder, the oldest first. Raises StorageUnavailable."""
        starts: dict[Holder, list[FreshStart]] = {}
        for row in await self._database.read(SINCE, {"since_ms": since_ms}):
            start = FreshStart(row["at_ms"], resumed=bool(row["resumed"]))
            starts.setdefault((row["holder"], row["holder_id"]), []).append(start)
        return starts

    async def booked(self, holder: Holder, since_ms: int, until_ms: int) -> list[tuple[int, int]]:
        """What was booked of a token or a person between two times in Unix ms, in order: minutes since 1970, and
        nano-USD. Raises StorageUnavailable."""
        kind, holder_id = holder
        values = {"holder_id": holder_id, "since_ms": since_ms, "until_ms": until_ms, "longest_ms": LONGEST_MS}
        rows = await self._database.read(BOOKED.format(of_holder=OF_HOLDER[kind]), values)
        return [(row["minute"], row["cost_nano"]) for row in rows]
