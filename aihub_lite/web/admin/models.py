"""`/api/admin/models`: what clients may ask for, by which names, from which channels and at which price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import attrs
from litestar import delete, get, put
from litestar.params import FromPath, FromQuery

from aihub_lite.domain.catalog import Candidate, Model
from aihub_lite.domain.channel import Ability, ModelFacts
from aihub_lite.domain.money import UNPRICED
from aihub_lite.domain.token import Token
from aihub_lite.errors import NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.upstream.providers import PROVIDERS, is_unpriced
from aihub_lite.web.admin.bodies import read
from aihub_lite.web.admin.dependencies import TheAsked, TheBody, TheGateway, takes
from aihub_lite.web.admin.paging import Asked, Order, page_json
from aihub_lite.web.admin.prices import is_free
from aihub_lite.web.admin.tokens import optional_token
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.rates import optional_terms, terms_json
from aihub_lite.web.views import Json


def offered_to(gateway: Gateway, token: Token | None) -> Iterator[Model]:
    """What a token may ask for, or without one all that is offered, in no order."""
    models = gateway.registry.catalog.models.values()
    if token is None:
        return iter(models)
    caller = token.in_force
    return (model for model in models if open_to(caller, model))


def open_to(token: Token, model: Model) -> bool:
    """Whether the token may ask for it, and its group has a channel that serves it."""
    return token.may_use(model.names) and bool(model.for_group(token.group))


def _is_demo(model: Model) -> bool:
    return all(PROVIDERS[candidate.channel.provider].demo for candidate in model.candidates)


BY_ID = Order[Model](place=lambda model: (_is_demo(model), model.id.casefold(), model.id), kind=tuple[bool, str, str])
"""The built-in demo comes last."""


def aliases_by_model(gateway: Gateway) -> Mapping[str, list[str]]:
    """All aliases, the built-in ones too, by the id of the model that they lead to."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for alias, model in sorted(gateway.registry.catalog.aliases.items()):
        names[model.id].append(alias)
    return names


def models_found(models: Iterable[Model], aliases: Mapping[str, list[str]], asked: Asked) -> Iterator[Model]:
    """The models of which any name, or a channel's, holds the text that is searched for."""
    for model in models:
        channels = (candidate.channel.name for candidate in model.candidates)
        if asked.wants(*model.names, *aliases.get(model.id, ()), *channels):
            yield model


def one_model_json(gateway: Gateway, model: Model) -> Json:
    """A model by itself, with its aliases."""
    return model_json(gateway, model, aliases_by_model(gateway).get(model.id, []))


def model_json(gateway: Gateway, model: Model, aliases: list[str]) -> Json:
    """One model with its channels, highest priority first. `aliases` are all that lead to it.

    In the answer they are the operator's, and `builtin_aliases` come with the gateway. `priced_as` is the name under
    which the operator's price is kept, null where no rate of it is the operator's;
    `facts` are what the operator says of it, null where nothing;
    `strategy_set` says whether the strategy is this model's own; `context_window`, in tokens, is the smallest known.
    """
    registry = gateway.registry
    candidates = sorted(model.candidates, key=lambda each: (-each.channel.priority, each.channel.name))
    channels = [candidate_json(gateway, candidate) for candidate in candidates]
    windows = [channel["context_window"] for channel in channels if channel["context_window"]]
    return {
        "id": model.id,
        "names": sorted(model.names - {model.id}),
        "aliases": [alias for alias in aliases if alias in registry.models.aliases],
        "builtin_aliases": [alias for alias in aliases if alias not in registry.models.aliases],
        "context_window": min(windows, default=None),
        "facts": facts_json(registry.facts.all.get(model.id)),
        "strategy": model.strategy,
        "strategy_set": model.id in registry.models.strategies,
        "priced_as": next((name for name in sorted(model.names) if registry.models.is_own(name)), None),
        "unpriced": any(is_unpriced(candidate) for candidate in candidates),
        "channels": channels,
    }


def candidate_json(gateway: Gateway, candidate: Candidate) -> Json:
    """One channel that serves a model; `table_price` is what would count without the operator's price, if known."""
    channel = candidate.channel
    table_price = gateway.registry.live_catalog.default_prices.get((channel.provider, candidate.upstream_model))
    free = candidate.price == UNPRICED and is_free(channel)
    now = gateway.clock.wall()
    return {
        "channel": channel.name,
        "channel_id": channel.id,
        "group": channel.group,
        "upstream_model": candidate.upstream_model,
        "context_window": gateway.prices.facts_of(candidate).context_length,
        "price": {**terms_json(candidate.price.on(now)), "free": free},
        "table_price": optional_terms(table_price and table_price.on(now)),
    }


@get("/")
async def list_models(gateway: TheGateway, asked: TheAsked, token: FromQuery[str | None] = None) -> Json:
    """List models, a page at a time, or those that a token may use; `q` is of any of their names, or a channel's."""
    aliases = aliases_by_model(gateway)
    found = models_found(offered_to(gateway, optional_token(gateway, token)), aliases, asked)
    rows = ((model, model_json(gateway, model, aliases.get(model.id, []))) for model in BY_ID.beyond(found, asked))
    return page_json("models", BY_ID, rows, asked.limit)


@get("/{model:path}")
async def show_model(gateway: TheGateway, model: FromPath[str]) -> Json:
    """Show a model, by any of its names; ids may hold slashes."""
    return one_model_json(gateway, model_named(gateway, model.removeprefix("/")))


def model_named(gateway: Gateway, name: str) -> Model:
    """The model that a name leads to; raises NotFound."""
    model = find_model(gateway, name)
    if model is None:
        raise NotFound(f"There is no model {name[:64]!r}.")
    return model


def find_model(gateway: Gateway, name: str) -> Model | None:
    """The model that a name leads to, if there is one."""
    return gateway.registry.catalog.model_named(name)


@attrs.frozen(kw_only=True)
class FactsInput:
    """Body of PUT: what the operator says of a model; `can` and `cannot` are of tools, image, audio, file, structured
    and reasoning."""

    context_length: int | None = None
    can: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()


def facts_json(facts: ModelFacts | None) -> Json | None:
    """What the operator says of a model; null where that is nothing."""
    if facts is None:
        return None
    return {"context_length": facts.context_length, "can": list(facts.can), "cannot": list(facts.cannot)}


@put("/{model:path}", opt=takes(FactsInput))
async def say_of_model(gateway: TheGateway, model: FromPath[str], content: TheBody) -> Json:
    """Set what a model takes and can do, by any of its names, in place of what was said before: it counts before the
    upstream's list and the table."""
    said = read(content, FactsInput)
    public_id = model_named(gateway, model.removeprefix("/")).id
    can = cast("tuple[Ability, ...]", tuple(dict.fromkeys(said.can)))
    cannot = cast("tuple[Ability, ...]", tuple(dict.fromkeys(said.cannot)))
    facts = ModelFacts(context_length=said.context_length, can=can, cannot=cannot)
    await gateway.registry.facts.put(public_id, facts)
    return {"model": public_id, **(facts_json(facts) or {})}


@delete("/{model:path}", status_code=200)
async def forget_of_model(gateway: TheGateway, model: FromPath[str]) -> Json:
    """Remove what was said of a model, be it offered or not."""
    name = model.removeprefix("/")
    offered = find_model(gateway, name)
    if name not in gateway.registry.facts.all and offered is not None:
        name = offered.id
    await gateway.registry.facts.delete(name)
    return {"model": name, "deleted": True}


models_router = PathRouter("/models", route_handlers=[list_models, show_model, say_of_model, forget_of_model])


def is_up(gateway: Gateway, model: Model) -> bool:
    """Whether any channel of a model takes requests at the moment."""
    return any(gateway.health.available(candidate.channel.id) for candidate in model.candidates)
