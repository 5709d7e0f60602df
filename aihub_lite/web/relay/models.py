"""`GET /v1/models` and `/v1/models/{id}`: what a token may ask for (RULES.md C-3, C-21)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs

import attrs
import msgspec

from aihub_lite.domain.catalog import EVERY_NAME, Model, reachable
from aihub_lite.domain.channel import ModelFacts
from aihub_lite.domain.money import UNPRICED, usd
from aihub_lite.domain.token import Token
from aihub_lite.errors import NotFound
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.steps import in_steps
from aihub_lite.web.relay.replies import send_json
from aihub_lite.web.views import Json, moment_text

ROOT = "/v1/models"
MILLION = 1_000_000
ENDPOINT_TYPES = ("openai",)
"""Cherry Studio's `new-api` provider type chooses the endpoint of a model by this."""


@attrs.frozen
class Listing:
    """Answers from the catalog in memory, in the shape that its client reads."""

    gateway: Gateway

    async def serve(self, exchange: Exchange) -> None:
        """The list, or one model by any of its names (ids may hold slashes).

        It counts against no limit: clients list before each conversation, and their users lost requests to that.
        """
        token = self.gateway.line.authenticate(exchange)
        name = exchange.scope["aihub.path"][len(ROOT) :].strip("/")
        as_anthropic = bool(exchange.header(b"anthropic-version"))
        if name:
            exchange.model = name
            answer = self.model_named(name, token)
            if as_anthropic:
                answer = anthropic_json(answer)
        elif is_codex(exchange) and not as_anthropic:
            answer = {"models": []}
        else:
            answer = await self._list(token, as_anthropic=as_anthropic)
        await send_json(exchange, answer)

    async def models_of(self, token: Token) -> dict[str, Model]:
        """Every model and operator's alias this token may use, by id, in the order of the ids."""
        catalog = self.gateway.registry.catalog
        models = {
            name: model
            async for name, model in in_steps(catalog.models.items())
            if self._is_open(model, token, model.names)
        }
        for name, route in catalog.routes.items():
            if self._is_open(route, token, route.names):
                models.setdefault(name, route)
        # A copy: somebody may set an alias between two steps.
        async for alias in in_steps([*self.gateway.registry.models.aliases]):
            resolved = catalog.resolve(alias)
            if alias != EVERY_NAME and resolved is not None and self._is_open(resolved[0], token, resolved[1]):
                models.setdefault(alias, resolved[0])
        return {name: models[name] for name in sorted(models)}

    async def _list(self, token: Token, *, as_anthropic: bool) -> Json:
        """The whole list, encoded entry by entry: OpenAI's has no pages, and of Anthropic's there is one, whatever
        `limit` says. An aggregator offers thousands of models."""
        models = await self.models_of(token)
        entries = []
        async for name, model in in_steps(models.items()):
            entry = self._entry(name, model, token)
            if as_anthropic:
                entry = anthropic_json(entry)
            entries.append(msgspec.Raw(msgspec.json.encode(entry)))
        page: Json = {"object": "list", "data": entries}
        if as_anthropic:
            page["has_more"] = False
        if as_anthropic and models:
            page |= {"first_id": next(iter(models)), "last_id": next(reversed(models))}
        return page

    def model_named(self, name: str, token: Token) -> Json:
        """One model; raises NotFound for what this token may not use as for what is not there."""
        resolved = self.gateway.registry.catalog.plain(name)
        if resolved is not None:
            model, names = resolved
            if self._is_open(model, token, names) and not self._is_made_up(name, model, token):
                return self._entry(name, model, token)
        raise ModelNotFound(f"The model {name} does not exist or you do not have access to it.")

    def _entry(self, name: str, model: Model, token: Token) -> Json:
        if model.route is not None:
            model = reachable(token, model, frozenset({model.route.name, name})) or model
        known = [self.gateway.prices.facts_of(candidate) for candidate in model.for_group(token.group)]
        return model_json(name, model, token.group, self.gateway.clock.wall()) | facts_json(known)

    def _is_made_up(self, name: str, model: Model, token: Token) -> bool:
        """Whether a name merely fits patterns, whose channels' upstreams all list their models, and not this one.

        It may be asked for all the same: an upstream may serve more than it lists. Where nobody knows the list, or an
        operator's alias leads there, it is taken at its word.
        """
        registry = self.gateway.registry
        patterns = registry.catalog.patterns
        if patterns is None or name in registry.models.aliases:
            return False
        if model.route is not None or model.id in registry.catalog.models:
            return False
        known = {each.channel.id: each.known for each in patterns.channels}
        lists = [known.get(candidate.channel.id, {}) for candidate in model.for_group(token.group)]
        return all(listed and model.names.isdisjoint(listed) for listed in lists)

    def _is_open(self, model: Model, token: Token, names: frozenset[str]) -> bool:
        if model.route is not None:
            return reachable(token, model, names) is not None
        return token.may_use(names) and bool(model.for_group(token.group))


def is_codex(exchange: Exchange) -> bool:
    """Codex asks `?client_version=` for a list in a shape of its own; an empty one contents it (RULES.md C-29)."""
    query: bytes = exchange.scope.get("query_string", b"")
    if b"client_version" not in query:
        return False
    return "client_version" in parse_qs(query.decode("latin-1"), keep_blank_values=True)


class ModelNotFound(NotFound):
    """404 with the code that OpenAI's own answer has."""

    code: str | int | None = "model_not_found"


def model_json(name: str, model: Model, group: str, now: float) -> Json:
    """One entry, priced as at Unix time `now`; nothing in it is ever null, over which some clients lose the list."""
    first = model.for_group(group)[0]
    entry: Json = {
        "id": name,
        "object": "model",
        "created": first.channel.created_at,
        "owned_by": first.channel.provider,
        "supported_endpoint_types": ENDPOINT_TYPES,
    }
    if first.price is not UNPRICED:
        rates = first.price.at(now).rates
        entry["pricing"] = {"prompt": per_token(rates.input), "completion": per_token(rates.output)}
        if rates.units is not None and rates.units.image is not None:
            entry["pricing"]["image"] = f"{usd(rates.units.image):f}"
    return entry


def facts_json(known: Sequence[ModelFacts]) -> Json:
    """What is known of a model at its channels, in OpenRouter's words, which ChatBox, Cherry Studio and LibreChat read.

    A request may go to any of them, so the least of each counts. What is not known is left out.
    """
    entry: Json = {}
    for facts in known:
        if facts.name:
            entry["name"] = facts.name
            break
    if windows := [facts.context_length for facts in known if facts.context_length is not None]:
        entry["context_length"] = min(windows)
    if outputs := [facts.max_output_tokens for facts in known if facts.max_output_tokens is not None]:
        entry["max_output_tokens"] = min(outputs)
    if modalities := [facts.input_modalities for facts in known if facts.input_modalities]:
        common = set(modalities[0]).intersection(*modalities)
        entry["architecture"] = {"input_modalities": [each for each in modalities[0] if each in common]}
    return entry


def anthropic_json(entry: Json) -> Json:
    """The same entry with what Anthropic's clients read of it."""
    name = entry.get("name", entry["id"])
    return {**entry, "type": "model", "display_name": name, "created_at": moment_text(entry["created"])}


def per_token(rate: int) -> str:
    """USD per token, as OpenRouter writes it, from nano-USD per million tokens."""
    return f"{usd(rate) / MILLION:f}"
