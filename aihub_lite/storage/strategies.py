"""The operator's routing strategies in the database."""

from __future__ import annotations

import attrs

from aihub_lite.domain.strategy import Strategy
from aihub_lite.storage.sqlite.database import Database

PUT = "INSERT INTO strategies (model, strategy) VALUES (?, ?) ON CONFLICT DO UPDATE SET strategy = excluded.strategy"


@attrs.frozen
class Strategies:
    """Strategies by public model id; the empty id stands for all models that have none of their own."""

    _database: Database

    async def load(self) -> dict[str, Strategy]:
        """Strategies by model, in alphabetical order: that of all models comes first."""
        rows = await self._database.read("SELECT model, strategy FROM strategies ORDER BY model")
        return {row["model"]: row["strategy"] for row in rows}

    async def put(self, model: str, strategy: Strategy) -> None:
        """Set the strategy of a model, whether it has one or not."""
        await self._database.write((PUT, (model, strategy)))

    async def delete(self, model: str) -> bool:
        """False when there was none."""
        return await self._database.write(("DELETE FROM strategies WHERE model = ?", (model,))) > 0
