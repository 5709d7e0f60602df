"""`/console/models`: what clients may ask for, and what it costs."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.domain.money import UNPRICED
from aihub_lite.web.admin.models import model_named, models_for, models_json
from aihub_lite.web.admin.prices import UNIT_RATES, rates_json
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


@get("/models")
async def show_models(request: AnyRequest, gateway: TheGateway, q: FromQuery[str] = "") -> Template:
    """All that match, up to a page of them."""
    every = models_json(gateway, models_for(gateway, None))
    found = [model for model in every if matches(model, q.strip().casefold())]
    shown = [{**model, "price": one_price(model)} for model in found[:PAGE]]
    return page(request, "models.html", models=shown, found=len(found), total=len(every), q=q.strip(), kinds=KINDS)


@get("/models/{name:path}")
async def show_model_page(request: AnyRequest, gateway: TheGateway, name: FromPath[str]) -> Template:
    """One model, by any of its names."""
    (model,) = models_json(gateway, [model_named(gateway, name.removeprefix("/"))])
    price = one_price(model)
    counted = price is not None and any(price[kind] is not None for kind in UNIT_RATES)
    return page(request, "model.html", model=model, price=price, kinds=KINDS, units=UNIT_RATES, counted=counted)


MODELS = [show_models, show_model_page]
