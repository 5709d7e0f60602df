"""Prices in the database: the operator's, and those once looked up in the price table."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.catalog import Listed
from aihub_lite.domain.money import Price
from aihub_lite.storage.columns import from_json, to_json
from aihub_lite.storage.database import Database

PriceKey = tuple[str | None, str]
"""The price table's id of the provider (None: it does not list that provider), and the upstream model."""

PUT = "INSERT INTO prices (model, price) VALUES (?, ?) ON CONFLICT DO UPDATE SET price = excluded.price"
PUT_DEFAULT = """
INSERT INTO default_prices (price_id, upstream_model, table_version, price) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET table_version = excluded.table_version, price = excluded.price
"""


@attrs.frozen
class Prices:
    """What the price table says is a cache: the table takes 0.3 s to load, which no start should wait for."""

    _database: Database

    async def load(self) -> dict[str, Price]:
        """The operator's prices by model, in alphabetical order."""
        rows = await self._database.read("SELECT model, price FROM prices ORDER BY model")
        return {row["model"]: from_json(row["price"], Price) for row in rows}

    async def put(self, model: str, price: Price) -> None:
        """Add or replace."""
        await self._database.write((PUT, (model, to_json(price))))

    async def delete(self, model: str) -> bool:
        """Back to the default price. False when there was none of the operator's."""
        return await self._database.write(("DELETE FROM prices WHERE model = ?", (model,))) > 0

    async def load_defaults(self, table_version: str) -> dict[PriceKey, Listed]:
        """What this version of the table said."""
        sql = "SELECT price_id, upstream_model, price FROM default_prices WHERE table_version = ?"
        rows = await self._database.read(sql, (table_version,))
        return {
            (row["price_id"] or None, row["upstream_model"]): from_json(row["price"], Listed)
            if row["price"]
            else Listed()
            for row in rows
        }

    async def put_defaults(self, found: Mapping[PriceKey, Listed], table_version: str) -> None:
        """Add or replace what a look-up found, and what it did not."""
        rows = (
            (price_id or "", upstream_model, table_version, to_json(listed) if listed != Listed() else None)
            for (price_id, upstream_model), listed in found.items()
        )
        await self._database.write(*((PUT_DEFAULT, row) for row in rows))
