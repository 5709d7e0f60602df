"""Budgets of pots in the database."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from aihub_lite.domain.pots.budget import PotBudget, PotKey
from aihub_lite.storage.sqlite.columns import insert_sql, row_values
from aihub_lite.storage.sqlite.database import Database

FACTS = tuple(field.name for field in attrs.fields(PotBudget))
INSERT = insert_sql("pot_budgets", ("kind", "holder", "place", *FACTS))
DELETE = "DELETE FROM pot_budgets WHERE kind = ? AND holder = ?"


@attrs.frozen
class PotBudgets:
    """The table of all budgets but the one that a token has in its own row."""

    _database: Database

    async def load(self) -> dict[PotKey, tuple[PotBudget, ...]]:
        """Every pot that has budgets, with all of them in order."""
        rows = await self._database.read("SELECT * FROM pot_budgets ORDER BY kind, holder, place")
        budgets: dict[PotKey, tuple[PotBudget, ...]] = {}
        for row in rows:
            key = PotKey(row["kind"], row["holder"])
            budgets[key] = (*budgets.get(key, ()), PotBudget(**row_values(row, FACTS)))
        return budgets

    async def replace(self, key: PotKey, budgets: Sequence[PotBudget]) -> None:
        """Give a pot other budgets, all at once."""
        inserts = [
            (INSERT, (key.kind, key.holder, place, *attrs.astuple(budget))) for place, budget in enumerate(budgets)
        ]
        await self._database.write((DELETE, (key.kind, key.holder)), *inserts)
