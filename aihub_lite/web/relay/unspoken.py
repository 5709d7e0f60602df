"""Paths of other APIs that are not served here: told in the words of that API, with what there is instead."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from aihub_lite.errors import NotFound
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.relay.endpoint import Endpoint, Serve, endpoint
from aihub_lite.web.relay.messages import ERRORS as MESSAGES_ERRORS
from aihub_lite.web.relay.sightings import Sightings
from aihub_lite.wire.client_error import ErrorShape
from aihub_lite.wire.unspoken_errors import GOOGLE, OLLAMA

INSTEAD = (
    "What is: POST /v1/chat/completions and POST /v1/responses as OpenAI has them, POST /v1/messages as Anthropic has "
    "it, for every model that GET /v1/models lists."
)


@attrs.frozen
class Unspoken:
    """An API, or a part of one, that people's clients ask for."""

    text: str
    """What a client is told."""
    errors: ErrorShape
    """In which shape."""


GEMINI = Unspoken(f"Gemini's own API is not served here. {INSTEAD}", GOOGLE)
OLLAMAS = Unspoken(f"Ollama's own API is not served here. {INSTEAD}", OLLAMA)
BATCHES = Unspoken(
    "Batches of messages are not served here. What is: POST /v1/messages and POST /v1/messages/count_tokens.",
    MESSAGES_ERRORS,
)
PATHS: Mapping[str, Unspoken] = {
    "/v1/v1beta": GEMINI,
    "/v1/v1alpha": GEMINI,
    "/v1/messages/batches": BATCHES,
    **{
        f"/v1/api/{name}": OLLAMAS
        for name in ("chat", "generate", "embed", "embeddings", "tags", "show", "ps", "pull", "version")
    },
}
"""As the gate makes them canonical: `/v1beta/models` is `/v1/v1beta/models`, `/api/chat` is `/v1/api/chat`. What lies
below one of them is the same."""
GEMINI_METHOD = re.compile(r":(?:stream)?(?:generate|count|embed|batch|predict)\w*$", re.IGNORECASE)
"""What Google's clients append to the name of a model: `/v1/models/gemini-2.5-pro:generateContent`."""


def unspoken(gateway: Gateway, sightings: Sightings) -> dict[str, Endpoint]:
    """An endpoint for each of the paths."""
    return {path: refusing(gateway, api, sightings) for path, api in PATHS.items()}


def refusing(gateway: Gateway, api: Unspoken, sightings: Sightings) -> Endpoint:
    """Says 404 and why, to whoever has a key: a wrong key is the first thing to be told of."""
    return endpoint("", _serve(gateway, api.text), sightings, api.errors)


def _serve(gateway: Gateway, text: str) -> Serve:
    async def refuse(exchange: Exchange) -> None:
        gateway.line.authenticate(exchange)
        raise NotFound(text)

    return refuse
