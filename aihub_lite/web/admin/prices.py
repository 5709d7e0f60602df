"""`/api/admin/prices`: USD per million tokens."""

from __future__ import annotations

import attrs
from litestar import Router, delete, get, post
from litestar.params import FromPath, FromQuery, RawBody

from aihub_lite.domain.money import UNPRICED, Price, Rates
from aihub_lite.errors import NotFound
from aihub_lite.web.admin.bodies import Nano, read
from aihub_lite.web.admin.views import Json, TheGateway, money, optional_money


@attrs.frozen(kw_only=True)
class PriceInput:
    """Body of POST: USD per million tokens; what is not given is billed as the kind it is part of."""

    model: str
    input: Nano
    output: Nano
    cache_read: Nano | None = None
    cache_write: Nano | None = None
    reasoning: Nano | None = None


def rates_json(rates: Rates) -> Json:
    """USD per million tokens, as decimal strings."""
    return {
        "input": money(rates.input),
        "output": money(rates.output),
        "cache_read": optional_money(rates.cache_read),
        "cache_write": optional_money(rates.cache_write),
        "reasoning": optional_money(rates.reasoning),
    }


def price_json(model: str, channel: str | None, price: Price) -> Json:
    """One price; `source` is `operator`, `unpriced`, or the table it is from. `tiers` replace it for long prompts."""
    return {
        "model": model,
        "channel": channel,
        **rates_json(price.rates),
        "tiers": [{"above": tier.above, **rates_json(tier.rates)} for tier in price.tiers],
        "source": price.source,
        "unpriced": price == UNPRICED,
    }


@get("/")
async def list_prices(gateway: TheGateway, model: FromQuery[str | None] = None) -> list[Json]:
    """Of every model at every channel, and the operator's for models that nobody offers; or of one model."""
    registry = gateway.registry
    found = registry.catalog.resolve(model) if model else None
    if model and found is None and model not in registry.prices:
        raise NotFound(f"There is no model {model[:64]!r}.")
    models = (
        [found[0]] if found else [] if model else sorted(registry.catalog.models.values(), key=lambda each: each.id)
    )
    offered = {name for each in models for name in each.names}
    idle = [name for name in sorted(registry.prices) if name not in offered and (not model or name == model)]
    shown = [price_json(each.id, way.channel.name, way.price) for each in models for way in each.candidates]
    return shown + [price_json(name, None, registry.prices[name]) for name in idle]


@post("/", status_code=200)
async def set_price(gateway: TheGateway, body: RawBody) -> Json:
    """The same at every channel of the model, from the next request on."""
    given = read(body, PriceInput)
    rates = Rates(given.input, given.output, given.cache_read, given.cache_write, given.reasoning)
    price = Price(rates, source="operator")
    await gateway.registry.set_price(given.model, price)
    return price_json(given.model, None, price)


@delete("/{model:path}", status_code=200)
async def delete_price(gateway: TheGateway, model: FromPath[str]) -> Json:
    """Back to the default price."""
    model = model.removeprefix("/")
    await gateway.registry.delete_price(model)
    return {"model": model, "deleted": True}


prices_router = Router("/prices", route_handlers=[list_prices, set_price, delete_price])
