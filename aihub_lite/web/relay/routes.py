"""The relay surfaces beside chat, as raw ASGI: no framework between a request and the line."""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import partial
from typing import Any

from aihub_lite.gateway.adapters.passthrough import PASSED
from aihub_lite.gateway.adapters.upstreams import foreign_adapters
from aihub_lite.gateway.client.exchange import Receive, Send
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.relay.billing import Billing
from aihub_lite.web.relay.endpoint import Endpoint, endpoint
from aihub_lite.web.relay.messages import ERRORS as MESSAGES_ERRORS
from aihub_lite.web.relay.messages import MessagesEndpoints, hello
from aihub_lite.web.relay.models import ROOT as MODELS
from aihub_lite.web.relay.models import Listing
from aihub_lite.web.relay.own_key import OwnKey
from aihub_lite.web.relay.responses import ROOT as RESPONSES
from aihub_lite.web.relay.responses import ResponsesEndpoints
from aihub_lite.web.relay.sightings import Sightings
from aihub_lite.web.relay.unspoken import GEMINI, GEMINI_METHOD, refusing, unspoken
from aihub_lite.web.relay.unspoken import PATHS as UNSPOKEN

MOUNTED = frozenset({MODELS, RESPONSES, *UNSPOKEN})
"""Every path below one of these is its own too, such as a model's id with slashes."""


def relay_surfaces(gateway: Gateway, sightings: Sightings) -> dict[str, Endpoint]:
    """Every path that speaks OpenAI's API, or Anthropic's, but for chat, which is there before.

    Called beside the loop: with it, the formats of upstreams are loaded that no request has needed yet.
    """
    foreign_adapters()
    listing = Listing(gateway)
    messages = MessagesEndpoints(gateway)
    responses = ResponsesEndpoints.of(gateway)
    billing = Billing(gateway)
    passed = {
        f"/v1{surface.path}": endpoint("POST", partial(gateway.line.serve, surface=surface), sightings)
        for surface in PASSED
    }
    return {
        **passed,
        "/v1/messages": endpoint("POST", messages.messages, sightings, MESSAGES_ERRORS),
        "/v1/messages/count_tokens": endpoint("POST", messages.count_tokens, sightings, MESSAGES_ERRORS),
        # `/api/…` as the gate makes it canonical. These carry no key, so they are no sighting of anybody's client.
        "/v1/api/hello": endpoint("GET", hello, sightings, seen=False),
        "/v1/api/event_logging/batch": endpoint("POST", messages.event_logging, sightings, seen=False),
        "/v1/api/event_logging/v2/batch": endpoint("POST", messages.event_logging, sightings, seen=False),
        RESPONSES: at_or_below(
            RESPONSES, endpoint("POST", responses.responses, sightings), endpoint("", responses.below, sightings)
        ),
        **unspoken(gateway, sightings),
        MODELS: with_methods(endpoint("GET", listing.serve, sightings), refusing(gateway, GEMINI, sightings)),
        # The console's own page calls this one: that is no sighting of a client that was set up with the key.
        "/v1/key": endpoint("GET", OwnKey(gateway, listing).serve, sightings, seen=False),
        "/v1/dashboard/billing/subscription": endpoint("GET", billing.subscription, sightings),
        "/v1/dashboard/billing/usage": endpoint("GET", billing.usage, sightings),
    }


def at_or_below(root: str, at: Endpoint, below: Endpoint) -> Endpoint:
    """One endpoint for a path, another for all paths below it."""

    async def handler(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["aihub.path"] == root:
            await at(scope, receive, send)
        else:
            await below(scope, receive, send)

    return handler


def with_methods(models: Endpoint, methods: Endpoint) -> Endpoint:
    """One endpoint for models by their ids, another for what Google's clients append to one."""

    async def handler(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if GEMINI_METHOD.search(scope["aihub.path"]):
            await methods(scope, receive, send)
        else:
            await models(scope, receive, send)

    return handler
