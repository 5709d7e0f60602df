"""What this gateway, or a reader's key, can call: the facts of each model that a client needs."""

from __future__ import annotations

import re

from aihub_lite.domain.catalog import Model
from aihub_lite.domain.channel import ModelFacts
from aihub_lite.domain.token import Token
from aihub_lite.errors import NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.models import BY_ID, aliases_by_model, is_up, model_json, offered_to
from aihub_lite.web.console.models import one_price
from aihub_lite.web.docs.machine import SUFFIX
from aihub_lite.web.views import Json

EMBEDS = re.compile(r"embed|\bbge-", re.IGNORECASE)
NO_CHAT = re.compile(rf"{EMBEDS.pattern}|rerank|whisper|tts\b|speech|transcri|dall-e|image|moderation", re.IGNORECASE)
"""Names of models that answer no conversation: of most of them nothing else says so."""


def example_models(gateway: Gateway, token: Token | None) -> dict[str, str]:
    """The models that examples call, by what stands for them in a page; nothing for what may not be called."""
    models = sorted(offered_to(gateway, token), key=lambda model: (not is_up(gateway, model), BY_ID.place(model)))
    named = [model.id for model in models]
    chatting = [name for name in named if not NO_CHAT.search(name)]
    found = {"model": chatting or named, "embedding": [name for name in named if EMBEDS.search(name)]}
    return {name: models[0] for name, models in found.items() if models}


def model_rows(gateway: Gateway, token: Token | None) -> list[Json]:
    """Every model that may be called, as `model_row` tells it."""
    aliases = aliases_by_model(gateway)
    models = sorted(offered_to(gateway, token), key=BY_ID.place)
    return [model_row(gateway, model, aliases.get(model.id, [])) for model in models]


def row_of_address(gateway: Gateway, token: Token | None, name: str) -> tuple[Json, bool]:
    """The model of an address, and whether it is asked for as a file: a model may have a name like one."""
    try:
        return row_named(gateway, token, name), False
    except NotFound:
        if not name.endswith(SUFFIX):
            raise
    return row_named(gateway, token, name.removesuffix(SUFFIX)), True


def row_named(gateway: Gateway, token: Token | None, name: str) -> Json:
    """The one that goes by a name; raises NotFound for what may not be called as for what is not there."""
    aliases = aliases_by_model(gateway)
    for model in offered_to(gateway, token):
        own = aliases.get(model.id, [])
        if name in model.names or name in own:
            return model_row(gateway, model, own)
    raise NotFound("There is no such model here.")


def model_row(gateway: Gateway, model: Model, aliases: list[str]) -> Json:
    """Its id, other names, facts, and price, which is null where channels differ.

    `healthy` says whether any channel takes requests for it at the moment. Which channels there are is nobody's to know
    who has only a key.
    """
    row = model_json(gateway, model, aliases)
    facts = facts_of(gateway, model)
    return {
        "id": model.id,
        "names": [*row["names"], *row["aliases"], *row["builtin_aliases"]],
        "context_window": row["context_window"],
        "price": one_price(row),
        "reads": facts.input_modalities,
        "can": facts.can,
        "healthy": is_up(gateway, model),
    }


def facts_of(gateway: Gateway, model: Model) -> ModelFacts:
    """What is known of a model, by who says most of it, and by the operator above all."""
    known = [gateway.prices.facts_of(candidate) for candidate in model.candidates]
    facts = max(known, key=lambda each: len(each.can) + len(each.input_modalities), default=ModelFacts())
    own = gateway.registry.facts.all.get(model.id)
    if own is None:
        return facts
    return facts.corrected(own)
