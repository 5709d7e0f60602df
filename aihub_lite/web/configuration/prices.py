"""`[prices.MODEL]`: the operator's price of a model, his rates for hosted tools, and those by tier of service."""

from __future__ import annotations

from typing import Any

import attrs

from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import Rates
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.state.own_prices import day_of
from aihub_lite.web.admin.prices import PriceInput, RatesInput
from aihub_lite.web.configuration.entries import RATES
from aihub_lite.web.configuration.reading import Table, at, entry_of, known_fields


async def apply_prices(gateway: Gateway, tables: Table) -> None:
    """Set each price that is another one; raises InvalidRequest."""
    for name, table in tables.items():
        with at("prices", name):
            fields = dict(table)
            services = _services(fields.pop("services", {}))
            await _put(gateway, name, entry_of(PriceInput, {**fields, "model": name}), told=bool(fields))
            await _put_services(gateway, name, services)


def _services(tables: Any) -> dict[str, Rates]:
    if not isinstance(tables, dict):
        raise InvalidRequest("services: must be a table of tiers, like services.flex")
    rates = {}
    for tier, table in tables.items():
        if not isinstance(table, dict):
            raise InvalidRequest(f"services.{tier}: must be a table of rates")
        known_fields(("services", tier), table, RATES)
        with at("services", tier):
            rates[tier] = entry_of(RatesInput, table).rates()
    return rates


async def _put(gateway: Gateway, name: str, request: PriceInput, *, told: bool) -> None:
    """The price of the model itself, and of hosted tools, either of which may be there alone."""
    models = gateway.registry.models
    before = models.prices.get(name)
    hosted = request.hosted()
    price = None
    if told and not request.of_hosted_alone():
        price = request.price(None, day_of(gateway.clock.wall()))
        if before is not None and attrs.evolve(price, as_of=before.as_of) == before:
            price = before
    if (price, hosted) == (before, models.hosted_prices.get(name)):
        return
    if price is not None:
        await models.change_price(name, lambda _: price, lambda _: hosted)
        return
    if models.is_own(name):
        await models.delete_price(name)
    await _put_hosted(gateway, name, hosted)


async def _put_hosted(gateway: Gateway, name: str, hosted: HostedRates | None) -> None:
    if hosted is not None:
        await gateway.registry.models.set_hosted_price(name, hosted)


async def _put_services(gateway: Gateway, name: str, services: dict[str, Rates]) -> None:
    models = gateway.registry.models
    before = dict(models.tier_prices.get(name, {}))
    for tier, rates in services.items():
        if before.get(tier) != rates:
            await models.set_tier_price(name, tier, rates)
    for tier in before:
        if tier not in services:
            await models.delete_tier_price(name, tier)
