"""`GET /v1/models` and `/v1/models/{id}`: what a token may ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import attrs

from aihub_lite.domain.catalog import Model
from aihub_lite.domain.money import UNPRICED, usd
from aihub_lite.domain.token import Token
from aihub_lite.errors import NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.web.replies import send_json

ROOT = "/v1/models"
MILLION = 1_000_000
ENDPOINT_TYPES = ("openai",)
"""Cherry Studio's `new-api` provider type chooses the endpoint of a model by this."""


@attrs.frozen
class Listing:
    """Answers from the catalog in memory."""

    gateway: Gateway

    async def serve(self, exchange: Exchange) -> None:
        """The list, or one model by any of its names (ids may hold slashes)."""
        token = self.gateway.line.authenticate(exchange)
        self.gateway.line.limit(token, exchange)
        asked = exchange.scope["aihub.path"][len(ROOT) :].strip("/")
        anthropic = bool(exchange.header(b"anthropic-version"))
        if asked:
            model = self.one(asked, token)
            await send_json(exchange, anthropic_json(model) if anthropic else model)
        elif anthropic:
            await send_json(exchange, page_json([anthropic_json(model) for model in self.all(token)]))
        elif b"client_version" in exchange.scope.get("query_string", b"") and self._codex(exchange):
            await send_json(exchange, {"models": []})
        else:
            await send_json(exchange, {"object": "list", "data": self.all(token)})

    def _codex(self, exchange: Exchange) -> bool:
        """Codex asks `?client_version=` for a list of its own shape and is content with an empty one."""
        return "client_version" in parse_qs(exchange.scope["query_string"].decode("latin-1"), keep_blank_values=True)

    def all(self, token: Token) -> list[dict[str, Any]]:
        """Every model and operator's alias this token may use, by id."""
        catalog = self.gateway.registry.catalog
        found = {model_id: model for model_id, model in catalog.models.items() if self._open(model, token, model.names)}
        for alias in self.gateway.registry.aliases:
            resolved = catalog.resolve(alias)
            if resolved is not None and self._open(resolved[0], token, resolved[1]):
                found.setdefault(alias, resolved[0])
        return [model_json(name, found[name], token.group) for name in sorted(found)]

    def one(self, asked: str, token: Token) -> dict[str, Any]:
        """One model; raises NotFound for what this token may not use as for what is not there."""
        resolved = self.gateway.registry.catalog.resolve(asked)
        if resolved is None or not self._open(resolved[0], token, resolved[1]):
            raise ModelNotFound(f"The model {asked} does not exist or you do not have access to it.")
        return model_json(asked, resolved[0], token.group)

    def _open(self, model: Model, token: Token, names: frozenset[str]) -> bool:
        return token.may_use(names) and bool(model.for_group(token.group))


class ModelNotFound(NotFound):
    """404 with the code that OpenAI's own answer has."""

    code: str | int | None = "model_not_found"


def model_json(name: str, model: Model, group: str) -> dict[str, Any]:
    """One entry; nothing in it is ever null, which kills the list of some clients."""
    first = model.for_group(group)[0]
    entry: dict[str, Any] = {
        "id": name,
        "object": "model",
        "created": first.channel.created_at,
        "owned_by": first.channel.provider,
        "supported_endpoint_types": ENDPOINT_TYPES,
    }
    if first.price is not UNPRICED:
        rates = first.price.rates
        entry["pricing"] = {"prompt": per_token(rates.input), "completion": per_token(rates.output)}
        if rates.units is not None and rates.units.image is not None:
            entry["pricing"]["image"] = f"{usd(rates.units.image):f}"
    return entry


def anthropic_json(entry: dict[str, Any]) -> dict[str, Any]:
    """The same entry with what Anthropic's clients read of it."""
    made = datetime.fromtimestamp(entry["created"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**entry, "type": "model", "display_name": entry["id"], "created_at": made}


def page_json(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """A list as Anthropic pages it: there is one page, whatever `limit` says."""
    page: dict[str, Any] = {"object": "list", "data": entries, "has_more": False}
    if entries:
        page |= {"first_id": entries[0]["id"], "last_id": entries[-1]["id"]}
    return page


def per_token(rate: int) -> str:
    """USD per token, as OpenRouter writes it, from nano-USD per million tokens."""
    return f"{usd(rate) / MILLION:f}"
