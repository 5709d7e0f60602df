"""What the operator says of models beside their price, in the database."""

from __future__ import annotations

import attrs

from aihub_lite.domain.channel import ModelFacts
from aihub_lite.storage.sqlite.columns import from_json, to_json
from aihub_lite.storage.sqlite.database import Database

PUT = "INSERT INTO model_facts (model, facts) VALUES (?, ?) ON CONFLICT DO UPDATE SET facts = excluded.facts"


@attrs.frozen
class OwnFacts:
    """The table of facts, by public model id."""

    _database: Database

    async def load(self) -> dict[str, ModelFacts]:
        """Facts by model, in alphabetical order."""
        rows = await self._database.read("SELECT model, facts FROM model_facts ORDER BY model")
        return {row["model"]: from_json(row["facts"], ModelFacts) for row in rows}

    async def put(self, model: str, facts: ModelFacts) -> None:
        """Set the facts of a model, whether it has some or not."""
        await self._database.write((PUT, (model, to_json(facts))))

    async def delete(self, model: str) -> bool:
        """False when there were none."""
        return await self._database.write(("DELETE FROM model_facts WHERE model = ?", (model,))) > 0
