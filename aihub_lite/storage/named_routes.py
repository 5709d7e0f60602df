"""The operator's named routes in the database."""

from __future__ import annotations

import attrs

from aihub_lite.domain.route import NamedRoute, Reason, RouteStep
from aihub_lite.storage.sqlite.columns import from_json, to_json
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Statement

PUT = """
INSERT INTO routes (name, steps, reasons, patience) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET steps = excluded.steps, reasons = excluded.reasons, patience = excluded.patience
"""


@attrs.frozen
class NamedRoutes:
    """The table of routes. Whether their models are offered is the catalog's business."""

    _database: Database

    async def load(self) -> dict[str, NamedRoute]:
        """Routes by name, in alphabetical order."""
        rows = await self._database.read("SELECT name, steps, reasons, patience FROM routes ORDER BY name")
        return {
            row["name"]: NamedRoute(
                name=row["name"],
                steps=from_json(row["steps"], tuple[RouteStep, ...]),
                on=from_json(row["reasons"], tuple[Reason, ...]),
                patience=row["patience"],
            )
            for row in rows
        }

    async def put(self, route: NamedRoute) -> None:
        """Add a route, or change it."""
        await self._database.write(put_statement(route))

    async def delete(self, name: str) -> bool:
        """False when there was no such route."""
        return await self._database.write(("DELETE FROM routes WHERE name = ?", (name,))) > 0


def put_statement(route: NamedRoute) -> Statement:
    """What adds or changes a route."""
    return PUT, (route.name, to_json(route.steps), to_json(route.on), route.patience)
