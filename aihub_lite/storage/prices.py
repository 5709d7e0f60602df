"""Prices in the database: the operator's, and those once looked up in the price table."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.catalog import TableEntry
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import Price, Rates
from aihub_lite.storage.sqlite.columns import from_json, to_json
from aihub_lite.storage.sqlite.database import Database

PriceKey = tuple[str | None, str]
"""The price table's id of the provider (None: it does not list that provider), and the upstream model."""

PUT = "INSERT INTO prices (model, price) VALUES (?, ?) ON CONFLICT DO UPDATE SET price = excluded.price"
PUT_TIER = """
INSERT INTO tier_prices (model, tier, rates) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET rates = excluded.rates
"""
PUT_HOSTED = "INSERT INTO hosted_prices (model, rates) VALUES (?, ?) ON CONFLICT DO UPDATE SET rates = excluded.rates"
PUT_DEFAULT = """
INSERT INTO default_prices (price_id, upstream_model, table_version, price) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET table_version = excluded.table_version, price = excluded.price
"""


@attrs.frozen
class Prices:
    """What the price table says is kept as a cache: the table takes 0.3 s to load, too long for every start."""

    _database: Database

    async def load(self) -> dict[str, Price]:
        """The operator's prices by model, in alphabetical order."""
        rows = await self._database.read("SELECT model, price FROM prices ORDER BY model")
        return {row["model"]: from_json(row["price"], Price) for row in rows}

    async def put(self, model: str, price: Price, hosted: HostedRates | None = None, hosted_model: str = "") -> None:
        """Set the price of a model, whether it has one or not, with all that the operator says of hosted tools, which
        may be kept under another name."""
        await self._database.write((PUT, (model, to_json(price))), _hosted_step(hosted_model or model, hosted))

    async def undelete(self, model: str, price: Price | None, hosted: HostedRates | None) -> None:
        """Put back what was deleted under a name; None: nothing of it."""
        steps: list[tuple[str, tuple[str, ...]]] = []
        if price is not None:
            steps.append((PUT, (model, to_json(price))))
        if hosted is not None:
            steps.append(_hosted_step(model, hosted))
        await self._database.write(*steps)

    async def delete(self, model: str) -> bool:
        """Delete an operator's price and his rates for hosted tools, so that the default holds again. False when there
        was no price."""
        step = ("DELETE FROM prices WHERE model = ?", (model,))
        return await self._database.write(_hosted_step(model, None), step) > 0

    async def load_tiers(self) -> dict[str, dict[str, Rates]]:
        """The operator's rates for tiers of service, by model and tier."""
        rows = await self._database.read("SELECT model, tier, rates FROM tier_prices ORDER BY model, tier")
        prices: dict[str, dict[str, Rates]] = {}
        for row in rows:
            prices.setdefault(row["model"], {})[row["tier"]] = from_json(row["rates"], Rates)
        return prices

    async def put_tier(self, model: str, tier: str, rates: Rates) -> None:
        """Set a model's rates for a tier, whether it has any or not."""
        await self._database.write((PUT_TIER, (model, tier, to_json(rates))))

    async def delete_tier(self, model: str, tier: str) -> bool:
        """False when there were none."""
        sql = "DELETE FROM tier_prices WHERE model = ? AND tier = ?"
        return await self._database.write((sql, (model, tier))) > 0

    async def load_hosted(self) -> dict[str, HostedRates]:
        """The operator's rates for what providers run themselves, by model."""
        rows = await self._database.read("SELECT model, rates FROM hosted_prices ORDER BY model")
        return {row["model"]: from_json(row["rates"], HostedRates) for row in rows}

    async def put_hosted(self, model: str, hosted: HostedRates) -> None:
        """Set a model's rates for hosted tools, beside whatever price it has."""
        await self._database.write(_hosted_step(model, hosted))

    async def load_defaults(self, table_version: str) -> dict[PriceKey, TableEntry]:
        """All answers of this version of the table."""
        sql = "SELECT price_id, upstream_model, price FROM default_prices WHERE table_version = ?"
        rows = await self._database.read(sql, (table_version,))
        return {(row["price_id"] or None, row["upstream_model"]): _entry(row["price"]) for row in rows}

    async def put_defaults(self, entries: Mapping[PriceKey, TableEntry], table_version: str) -> None:
        """Set the table's answers, the empty ones too: they need not be asked for again."""
        rows = (
            (price_id or "", upstream_model, table_version, _text(entry))
            for (price_id, upstream_model), entry in entries.items()
        )
        await self._database.write(*((PUT_DEFAULT, row) for row in rows))


def _hosted_step(model: str, hosted: HostedRates | None) -> tuple[str, tuple[str, ...]]:
    if hosted is None:
        return "DELETE FROM hosted_prices WHERE model = ?", (model,)
    return PUT_HOSTED, (model, to_json(hosted))


def _entry(text: str | None) -> TableEntry:
    if not text:
        return TableEntry()
    return from_json(text, TableEntry)


def _text(entry: TableEntry) -> str | None:
    if entry == TableEntry():
        return None
    return to_json(entry)
