"""`/api/admin/models`: what clients may ask for, by which names, from which channels and at which price."""

from __future__ import annotations

from collections.abc import Iterable

from litestar import Router, get
from litestar.params import FromPath, FromQuery

from aihub_lite.domain.catalog import Candidate, Model
from aihub_lite.domain.money import UNPRICED
from aihub_lite.domain.token import Token
from aihub_lite.errors import NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.prices import is_free, terms_json
from aihub_lite.web.admin.views import Json, TheGateway


def models_for(gateway: Gateway, token: Token | None) -> list[Model]:
    """What a token may ask for, or all that is offered, by id; the built-in demo comes last."""
    found = [model for model in gateway.registry.catalog.models.values() if token is None or open_to(token, model)]
    return sorted(found, key=lambda model: (_is_demo(model), model.id.casefold(), model.id))


def open_to(token: Token, model: Model) -> bool:
    """Whether the token may ask for it, and its group has a channel that serves it."""
    return token.may_use(model.names) and bool(model.for_group(token.group))


def _is_demo(model: Model) -> bool:
    return all(way.channel.provider == "demo" for way in model.candidates)


def models_json(gateway: Gateway, models: Iterable[Model]) -> list[Json]:
    """Each model with its other names; `aliases` are the operator's, `builtin_aliases` come with the gateway."""
    names: dict[str, list[str]] = {}
    for alias, model in sorted(gateway.registry.catalog.aliases.items()):
        names.setdefault(model.id, []).append(alias)
    return [model_json(gateway, model, names.get(model.id, [])) for model in models]


def model_json(gateway: Gateway, model: Model, aliases: list[str]) -> Json:
    """`priced_as` is the name under which the operator's price is kept, null where the price is another's;
    `strategy_set` says whether it is this model's own; `context_window`, in tokens, is the smallest of those known."""
    registry = gateway.registry
    ways = sorted(model.candidates, key=lambda way: (-way.channel.priority, way.channel.name))
    shown = [way_json(gateway, way) for way in ways]
    return {
        "id": model.id,
        "names": sorted(model.names - {model.id}),
        "aliases": [alias for alias in aliases if alias in registry.aliases],
        "builtin_aliases": [alias for alias in aliases if alias not in registry.aliases],
        "context_window": min((way["context_window"] for way in shown if way["context_window"]), default=None),
        "strategy": model.strategy,
        "strategy_set": model.id in registry.strategies,
        "priced_as": next((name for name in sorted(model.names) if name in registry.prices), None),
        "unpriced": any(way.price == UNPRICED and not is_free(way.channel) for way in ways),
        "channels": shown,
    }


def way_json(gateway: Gateway, way: Candidate) -> Json:
    """One channel that serves a model; `table_price` is what would count without the operator's price, if known."""
    table = gateway.registry.default_prices.get((way.channel.provider, way.upstream_model))
    return {
        "channel": way.channel.name,
        "channel_id": way.channel.id,
        "group": way.channel.group,
        "upstream_model": way.upstream_model,
        "context_window": gateway.prices.context_window(way.channel.provider, way.upstream_model),
        "price": {**terms_json(way.price), "free": way.price == UNPRICED and is_free(way.channel)},
        "table_price": table and terms_json(table),
    }


@get("/")
async def list_models(gateway: TheGateway, token: FromQuery[str | None] = None) -> list[Json]:
    """All of them, or those that a token may use."""
    return models_json(gateway, models_for(gateway, gateway.registry.token(token) if token else None))


@get("/{model:path}")
async def show_model(gateway: TheGateway, model: FromPath[str]) -> Json:
    """By any of its names; ids may hold slashes."""
    return models_json(gateway, [model_named(gateway, model.removeprefix("/"))])[0]


def model_named(gateway: Gateway, name: str) -> Model:
    """Raises NotFound."""
    found = gateway.registry.catalog.resolve(name)
    if found is None:
        raise NotFound(f"There is no model {name[:64]!r}.")
    return found[0]


models_router = Router("/models", route_handlers=[list_models, show_model])
