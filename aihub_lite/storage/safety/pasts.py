"""What tokens and persons used by quarters of an hour, out of the sums that statistics keep."""

from __future__ import annotations

import attrs

from aihub_lite.storage.reports.summed import LAST_SUMMED
from aihub_lite.storage.sqlite.database import Database

OF_ONE = """
WITH RECURSIVE past (quarter) AS (SELECT :first UNION ALL SELECT quarter + 1 FROM past WHERE quarter + 1 < :end)
SELECT past.quarter AS quarter, cost_nano, requests FROM past CROSS JOIN usage_by_token
    ON usage_by_token.quarter = past.quarter AND token_id = :token_id
"""
"""CROSS keeps SQLite to this order: one look-up for each quarter, however many tokens there are."""
OF_THEIR_TOKENS = """
WITH RECURSIVE past (quarter) AS (SELECT :first UNION ALL SELECT quarter + 1 FROM past WHERE quarter + 1 < :end)
SELECT past.quarter AS quarter, sum(cost_nano) AS cost_nano, sum(requests) AS requests
FROM past CROSS JOIN tokens CROSS JOIN usage_by_token
    ON usage_by_token.quarter = past.quarter AND token_id = tokens.id
WHERE person_id = :person_id AND person_id <> '' GROUP BY 1
"""
OF_MANY_TOKENS = """
SELECT quarter, sum(cost_nano) AS cost_nano, sum(requests) AS requests FROM usage_by_token
WHERE quarter >= :first AND quarter < :end AND token_id IN (SELECT id FROM tokens WHERE person_id = :person_id)
GROUP BY quarter
"""
"""The same, read through whatever any token did: with a thousand tokens look-ups would take seconds."""
MANY = 50
"""Tokens of a person, above which that is sooner done."""
COUNT = "SELECT count(*) AS tokens FROM tokens WHERE person_id = :person_id AND person_id <> ''"
OF_PERSON = """
WITH RECURSIVE past (quarter) AS (SELECT :first UNION ALL SELECT quarter + 1 FROM past WHERE quarter + 1 < :end)
SELECT past.quarter AS quarter, sum(cost_nano) AS cost_nano, sum(requests) AS requests FROM past CROSS JOIN usage_cells
    ON kind = 'person' AND quarters = 1 AND usage_cells.quarter = past.quarter AND first = :person_id
GROUP BY 1
"""
OF_ALL = "SELECT token_id AS holder_id, quarter, cost_nano, requests FROM usage_by_token WHERE quarter >= :first"
OF_ALL_PERSONS = f"""
SELECT holder_id, quarter, sum(cost_nano) AS cost_nano, sum(requests) AS requests FROM (
    SELECT first AS holder_id, quarter, cost_nano, requests FROM usage_cells
    WHERE kind = 'person' AND quarters = 1 AND quarter >= :first AND first <> ''
    UNION ALL
    SELECT person_id, started_ms / 900000, cost_nano, 1 FROM usage_records
    WHERE id > {LAST_SUMMED} AND started_ms >= :first * 900000 AND person_id <> ''
) GROUP BY 1, 2
"""  # noqa: S608
"""Sums of persons are some minutes behind; the records say the rest."""
Quarters = dict[int, tuple[int, int]]
"""Nano-USD and requests by quarter of an hour since 1970, of quarters in which there was a request."""


@attrs.frozen
class Pasts:
    """Reads them."""

    _database: Database

    async def of(self, token_id: str, first: int, end: int) -> Quarters:
        """Those of one token from quarter `first` to before `end`. Raises StorageUnavailable."""
        return await self._quarters(OF_ONE, token_id=token_id, first=first, end=end)

    async def of_person(self, person_id: str, first: int, end: int) -> Quarters:
        """The same of a person: what they used, or what the tokens did that they have now, whichever is more.

        What somebody did stays theirs when a token goes to somebody else or is deleted; and where a token comes from
        somebody else, what it usually does comes with it. Raises StorageUnavailable."""
        own = await self._quarters(OF_PERSON, person_id=person_id, first=first, end=end)
        (counted,) = await self._database.read(COUNT, {"person_id": person_id})
        query = OF_THEIR_TOKENS
        if counted["tokens"] > MANY:
            query = OF_MANY_TOKENS
        theirs = await self._quarters(query, person_id=person_id, first=first, end=end)
        for quarter, (spent, requests) in theirs.items():
            own_spent, own_requests = own.get(quarter, (0, 0))
            own[quarter] = (max(spent, own_spent), max(requests, own_requests))
        return own

    async def since(self, first: int) -> dict[str, Quarters]:
        """Those of every token, by its id. Raises StorageUnavailable."""
        return await self._by_holder(OF_ALL, first)

    async def of_persons_since(self, first: int) -> dict[str, Quarters]:
        """What every person used, by their id, with whichever token. Raises StorageUnavailable."""
        return await self._by_holder(OF_ALL_PERSONS, first)

    async def _quarters(self, query: str, **values: str | int) -> Quarters:
        rows = await self._database.read(query, values)
        return {row["quarter"]: (row["cost_nano"], row["requests"]) for row in rows}

    async def _by_holder(self, query: str, first: int) -> dict[str, Quarters]:
        pasts: dict[str, Quarters] = {}
        for row in await self._database.read(query, {"first": first}):
            pasts.setdefault(row["holder_id"], {})[row["quarter"]] = (row["cost_nano"], row["requests"])
        return pasts
