"""`/console/models`: what clients may ask for, and what it costs."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.domain.money import MODAL_RATES, UNIT_RATES, UNPRICED
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.aliases import list_aliases
from aihub_lite.web.admin.models import model_named, models_for, models_json
from aihub_lite.web.admin.prices import list_prices, rates_json
from aihub_lite.web.admin.views import Json, TheGateway
from aihub_lite.web.console.pages import AnyRequest, page

PAGE = 75
"""Models on the list: an aggregator offers hundreds, and whoever looks for one of them searches."""
KINDS = tuple(rates_json(UNPRICED.rates))
"""Whatever a price may have a rate for; their names are in the catalogues under `rate`."""


def matches(model: Json, wanted: str) -> bool:
    """Whether any of a model's names, or of its channels', holds the text."""
    names = [model["id"], *model["names"], *model["aliases"], *model["builtin_aliases"]]
    return any(wanted in name.casefold() for name in (*names, *(way["channel"] for way in model["channels"])))


def one_price(model: Json) -> Json | None:
    """The price where it is the same at every channel."""
    first, *others = [way["price"] for way in model["channels"]]
    alike = all(_rates(price) == _rates(first) for price in others)
    return dict(first) if alike else None


def _rates(price: Json) -> Json:
    return {field: price[field] for field in (*KINDS, "tiers", "unpriced")}


async def idle(gateway: Gateway) -> list[Json]:
    """The operator's aliases and prices that count for nothing that is offered, each as the admin API shows it."""
    reached = gateway.registry.catalog.aliases
    aliases = [alias for alias in await list_aliases.fn(gateway) if alias["alias"] not in reached]
    return aliases + [price for price in await list_prices.fn(gateway) if price["channel"] is None]


@get("/models")
async def show_models(request: AnyRequest, gateway: TheGateway, q: FromQuery[str] = "") -> Template:
    """All that match, up to a page of them."""
    every = models_json(gateway, models_for(gateway, None))
    found = [model for model in every if matches(model, q.strip().casefold())]
    shown = [{**model, "price": one_price(model)} for model in found[:PAGE]]
    context = {"models": shown, "found": len(found), "total": len(every), "q": q.strip(), "kinds": KINDS}
    return page(request, "models.html", idle=[] if q.strip() else await idle(gateway), **context)


@get("/models/{name:path}")
async def show_model_page(request: AnyRequest, gateway: TheGateway, name: FromPath[str]) -> Template:
    """One model, by any of its names."""
    (model,) = models_json(gateway, [model_named(gateway, name.removeprefix("/"))])
    price = one_price(model)
    rated = [kind for kind in KINDS if price is not None and price[kind] is not None]
    context = {"kinds": KINDS, "units": UNIT_RATES, "modal": MODAL_RATES, "rated": rated}
    return page(request, "model.html", model=model, price=price, **context)


MODELS = [show_models, show_model_page]
