"""What tokens used by quarters of an hour, out of the sums that statistics keep."""

from __future__ import annotations

import attrs

from aihub_lite.storage.sqlite.database import Database

OF_ONE = """
WITH RECURSIVE past (quarter) AS (SELECT :first UNION ALL SELECT quarter + 1 FROM past WHERE quarter + 1 < :end)
SELECT past.quarter AS quarter, cost_nano, requests FROM past CROSS JOIN usage_by_token
    ON usage_by_token.quarter = past.quarter AND token_id = :token_id
"""
"""CROSS keeps SQLite to this order: one look-up for each quarter, however many tokens there are."""
OF_ALL = "SELECT token_id, quarter, cost_nano, requests FROM usage_by_token WHERE quarter >= :first"


@attrs.frozen
class Pasts:
    """Nano-USD and requests by quarter of an hour since 1970, of quarters in which there was a request."""

    _database: Database

    async def of(self, token_id: str, first: int, end: int) -> dict[int, tuple[int, int]]:
        """Those of one token from quarter `first` to before `end`. Raises StorageUnavailable."""
        rows = await self._database.read(OF_ONE, {"token_id": token_id, "first": first, "end": end})
        return {row["quarter"]: (row["cost_nano"], row["requests"]) for row in rows}

    async def since(self, first: int) -> dict[str, dict[int, tuple[int, int]]]:
        """Those of every token, by its id."""
        pasts: dict[str, dict[int, tuple[int, int]]] = {}
        for row in await self._database.read(OF_ALL, {"first": first}):
            pasts.setdefault(row["token_id"], {})[row["quarter"]] = (row["cost_nano"], row["requests"])
        return pasts
