"""What the book has of a pot: from sums of whole UTC days, which stay when records are deleted, and from records for
what is left over at both ends."""

from __future__ import annotations

from fnmatch import fnmatchcase

import attrs

from aihub_lite.domain.pots.budget import PotBudget, PotKey, PotKind
from aihub_lite.storage.quarters import edges
from aihub_lite.storage.sqlite.database import Database

OWN: dict[PotKind, str] = {
    "token": "token_id = :holder",
    "person": "person_id = :holder",
    "team": "team_id = :holder",
    "gateway": "true",
}
"""Which rows are a pot's."""
DAYS: dict[PotKind, str] = {
    "token": "usage_days",
    "person": "people_days",
    "team": "people_days",
    "gateway": "usage_days",
}
BY_MODEL = """
SELECT model, sum(charge_nano) AS spent FROM (
    SELECT model, charge_nano FROM {days} WHERE day >= :first_whole_day AND day < :last_day AND {own}
    UNION ALL
    SELECT model, charge_nano FROM usage_records
    WHERE started_ms >= :since_ms AND started_ms < :before_whole_days AND {own}
    UNION ALL
    SELECT model, charge_nano FROM usage_records
    WHERE started_ms >= :after_whole_days AND started_ms < :until_ms AND {own}
) GROUP BY model
"""
BY_TAG = """
SELECT coalesce(sum(charge_nano), 0) AS spent FROM (
    SELECT charge_nano FROM tag_days
    WHERE day >= :first_whole_day AND day < :last_day AND tag = :tag AND {own}
    UNION ALL
    SELECT charge_nano FROM usage_records
    WHERE started_ms >= :since_ms AND started_ms < :before_whole_days AND tags IS NOT NULL AND {own}
        AND :tag IN (SELECT value FROM json_each(tags))
    UNION ALL
    SELECT charge_nano FROM usage_records
    WHERE started_ms >= :after_whole_days AND started_ms < :until_ms AND tags IS NOT NULL AND {own}
        AND :tag IN (SELECT value FROM json_each(tags))
)
"""
BY_DAY = """
SELECT day, model, sum(requests) AS requests, sum(charge_nano) AS spent FROM people_days
WHERE day >= :first_day AND day < :last_day AND {own} GROUP BY day, model ORDER BY day, model
"""
BEFORE = "SELECT coalesce(sum(charge_nano), 0) AS spent FROM people_days WHERE day < :day AND {own}"


@attrs.frozen(kw_only=True)
class DaySum:
    """What a person's or team's requests for one model came to on one UTC day. Nano-USD."""

    day: int
    """Days since 1970."""
    model: str
    requests: int
    nano: int


@attrs.frozen
class PotBook:
    """Reads what pots were charged."""

    _database: Database

    async def spent_between(self, key: PotKey, budget: PotBudget, since_ms: int, until_ms: int) -> int:
        """Nano-USD of the pot's requests that the budget counts, which began at `since_ms` or later, before
        `until_ms`."""
        parameters = {"holder": key.holder, **edges(since_ms, until_ms)}
        own = OWN[key.kind]
        if budget.tag:
            rows = await self._database.read(BY_TAG.format(own=own), {**parameters, "tag": budget.tag})
            return int(rows[0]["spent"])
        rows = await self._database.read(BY_MODEL.format(days=DAYS[key.kind], own=own), parameters)
        return sum(row["spent"] for row in rows if not budget.model or fnmatchcase(row["model"], budget.model))

    async def spent(self, key: PotKey) -> int:
        """Nano-USD of all time: of a person or team that is there, as its own row has it."""
        table = {"person": "persons", "team": "teams", "token": "tokens"}.get(key.kind)
        if table is None:
            rows = await self._database.read("SELECT coalesce(sum(charge_nano), 0) AS spent FROM usage_days")
        else:
            rows = await self._database.read(
                f"SELECT spent_nano AS spent FROM {table} WHERE id = ?",  # noqa: S608  one of three names of ours
                (key.holder,),
            )
        if not rows:
            return 0
        return int(rows[0]["spent"])

    async def days(self, key: PotKey, first_day: int, last_day: int) -> list[DaySum]:
        """A person's or team's sums by UTC day and model, from a day on, before another."""
        parameters = {"holder": key.holder, "first_day": first_day, "last_day": last_day}
        rows = await self._database.read(BY_DAY.format(own=OWN[key.kind]), parameters)
        return [DaySum(day=row["day"], model=row["model"], requests=row["requests"], nano=row["spent"]) for row in rows]

    async def spent_before(self, key: PotKey, day: int) -> int:
        """What a person or team had spent before a UTC day since 1970."""
        rows = await self._database.read(BEFORE.format(own=OWN[key.kind]), {"holder": key.holder, "day": day})
        return int(rows[0]["spent"])
