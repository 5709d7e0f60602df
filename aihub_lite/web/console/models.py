"""`/console/models`: what clients may ask for, and what it costs."""

from __future__ import annotations

import attrs
from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.domain.catalog import Model
from aihub_lite.domain.hosted import HOSTED
from aihub_lite.domain.money import MODAL_RATES, UNIT_RATES, UNPRICED
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.aliases import alias_json
from aihub_lite.web.admin.channel_views import states_of
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.models import (
    BY_ID,
    aliases_by_model,
    model_json,
    model_named,
    models_found,
    one_model_json,
)
from aihub_lite.web.admin.paging import Asked, Order, read_asked
from aihub_lite.web.admin.prices import PriceRow, is_free, price_json, unused_prices
from aihub_lite.web.console.channels import known_sort
from aihub_lite.web.console.pages import page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.rates import rates_json
from aihub_lite.web.views import Json

PAGE = 75
"""Models on the list: an aggregator offers hundreds, and whoever looks for one of them searches."""
SORTS = ("name", "context", "input", "output")
"""What models can be ordered by; falling with a `-` before it."""
KINDS = (*rates_json(UNPRICED.rates), *HOSTED)
"""Everything that a price may have a rate for; the names are in the catalogues under `rate`."""


def one_price(model: Json) -> Json | None:
    """The price of a model, if it is the same at every channel."""
    first, *others = [channel["price"] for channel in model["channels"]]
    if all(_rates(price) == _rates(first) for price in others):
        return dict(first)
    return None


def _rates(price: Json) -> Json:
    return {field: price[field] for field in (*KINDS, "tiers", "hours", "later", "unpriced")}


def unused(gateway: Gateway, asked: Asked) -> tuple[list[Json], int]:
    """A page of the operator's aliases and prices that no model on offer has, each as the admin API shows it.

    And how many there are that match the search.
    """
    catalog = gateway.registry.catalog
    aliases = [name for name in gateway.registry.models.aliases if name not in catalog.aliases and asked.wants(name)]
    prices = [row for row in unused_prices(gateway, catalog.models.values()) if asked.wants(row.model)]
    rows = [alias_json(gateway, alias) for alias in sorted(aliases)[: asked.limit]]
    rows += [price_json(row.model, None, row.price) for row in sorted(prices, key=_name)[: asked.limit - len(rows)]]
    return rows, len(aliases) + len(prices)


def _name(row: PriceRow) -> str:
    return row.model


def order_by(gateway: Gateway, sort: str) -> Order[Model]:
    """The order that an address asks for, by id where it asks for none that there is; a model of which the figure is
    not known comes last, whichever way round."""
    key = known_sort(sort, SORTS).removeprefix("-")
    falling = sort.startswith("-")
    if not key:
        return BY_ID
    if key == "name":
        return attrs.evolve(BY_ID, falling=falling)

    def place(model: Model) -> tuple[bool, float, str, str]:
        figure = figure_of_model(gateway, model, key)
        return (figure is None) != falling, figure or 0, model.id.casefold(), model.id

    return Order(place=place, kind=tuple[bool, float, str, str], falling=falling)


def figure_of_model(gateway: Gateway, model: Model, key: str) -> float | None:
    """The figure that its row shows: tokens that fit, or a rate in nano-USD of the channel that is asked first."""
    if key == "context":
        windows = [gateway.prices.facts_of(candidate).context_length for candidate in model.candidates]
        return min((window for window in windows if window), default=None)
    first = min(model.candidates, key=lambda each: (-each.channel.priority, each.channel.name))
    price = first.price
    if price == UNPRICED and not is_free(first.channel):
        return None
    rates = price.on(gateway.clock.wall()).rates
    if key == "input":
        return rates.input
    return rates.output


@get("/models")
async def show_models(
    request: AnyRequest,
    gateway: TheGateway,
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
    sort: FromQuery[str] = "",
) -> Template:
    """A page of the models that match the search, by name unless another order is asked for."""
    asked = read_asked(q, after, PAGE)
    catalog = gateway.registry.catalog
    aliases = aliases_by_model(gateway)
    matching = [*models_found(catalog.models.values(), aliases, asked)]
    order = order_by(gateway, sort)
    models = order.beyond(matching, asked)
    rows = [model_json(gateway, model, aliases.get(model.id, [])) for model in models[:PAGE]]
    idle, idle_found = unused(gateway, asked)
    return page(
        request,
        "pages/models.html",
        models=[{**row, "price": one_price(row)} for row in rows],
        found=len(matching),
        total=len(catalog.models),
        q=q.strip(),
        sort=known_sort(sort, SORTS),
        after=order.further(models, asked),
        kinds=KINDS,
        idle=idle,
        idle_found=idle_found,
    )


@get("/models/{name:path}")
async def show_model_page(request: AnyRequest, gateway: TheGateway, name: FromPath[str]) -> Template:
    """One model, by any of its names."""
    model = one_model_json(gateway, model_named(gateway, name.removeprefix("/")))
    price = one_price(model)
    rated = [kind for kind in KINDS if price is not None and price[kind] is not None]
    context = {"kinds": KINDS, "units": UNIT_RATES, "modal": MODAL_RATES, "hosted": HOSTED, "rated": rated}
    states = states_of(gateway, [way["channel_id"] for way in model["channels"]])
    setting = gateway.settings.unpriced
    return page(request, "pages/model.html", model=model, price=price, setting=setting, states=states, **context)


MODELS = [show_models, show_model_page]
