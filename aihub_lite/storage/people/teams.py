"""Teams in the database."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from aihub_lite.domain.people.person import Team
from aihub_lite.storage.sqlite.columns import insert_sql, row_values, to_json, update_sql
from aihub_lite.storage.sqlite.database import Database

COLUMNS = tuple(field.name for field in attrs.fields(Team))
INSERT = insert_sql("teams", COLUMNS)
UPDATE = update_sql("teams", COLUMNS, key="id")


@attrs.frozen
class Teams:
    """The table of teams. Only the trigger `settle_team` writes `spent_nano`, so that no edit overwrites a charge."""

    _database: Database

    async def load(self) -> list[tuple[Team, int]]:
        """Every team, oldest first, with what it has spent in nano-USD."""
        rows = await self._database.read("SELECT * FROM teams ORDER BY created_at, rowid")
        return [(Team(**row_values(row, COLUMNS)), row["spent_nano"]) for row in rows]

    async def spent(self, ids: Sequence[str]) -> dict[str, int]:
        """What some of them have spent in nano-USD, by id."""
        sql = "SELECT id, spent_nano FROM teams WHERE id IN (SELECT value FROM json_each(?))"
        return {row["id"]: row["spent_nano"] for row in await self._database.read(sql, (to_json(ids),))}

    async def insert(self, team: Team) -> None:
        """Add a team; raises Duplicate when its name is taken."""
        await self._database.write((INSERT, attrs.astuple(team)))

    async def update(self, team: Team) -> bool:
        """Replace everything but the id and what was spent; False when there is no such team. Raises Duplicate."""
        return await self._database.write((UPDATE, (*attrs.astuple(team), team.id))) > 0

    async def delete(self, team_id: str) -> bool:
        """Delete a team; its usage records stay. False when there was no such team."""
        return await self._database.write(("DELETE FROM teams WHERE id = ?", (team_id,))) > 0
