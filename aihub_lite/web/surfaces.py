"""The relay surfaces as raw ASGI: no framework between a request and the line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive as LitestarReceive
from litestar.types import Scope as LitestarScope
from litestar.types import Send as LitestarSend

from aihub_lite.errors import GatewayError, MethodNotAllowed
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.exchange import ClientGone, Exchange
from aihub_lite.gateway.passing import PASSED
from aihub_lite.web.billing import Billing
from aihub_lite.web.messages import ERRORS as MESSAGES_ERRORS
from aihub_lite.web.messages import MessagesEndpoints, hello
from aihub_lite.web.models import ROOT as MODELS
from aihub_lite.web.models import Listing
from aihub_lite.web.own_key import OwnKey
from aihub_lite.web.responses import ROOT as RESPONSES
from aihub_lite.web.responses import ResponsesEndpoints
from aihub_lite.web.sightings import Sightings
from aihub_lite.web.unforeseen import log_unforeseen
from aihub_lite.wire.errors_out import PUBLIC, ErrorShape

Serve = Callable[[Exchange], Awaitable[None]]
Endpoint = Callable[[LitestarScope, LitestarReceive, LitestarSend], Awaitable[None]]


CHAT = "/v1/chat/completions"
MOUNTED = frozenset({MODELS, RESPONSES})
"""Mounts, since the framework's router fails on `asgi` routes with parameters."""


def surface(method: str, serve: Serve, sightings: Sightings | None, errors: ErrorShape = PUBLIC) -> Endpoint:
    """An endpoint whose errors, whatever they are, leave in its shape; its calls are noted as sightings."""

    async def handler(scope: LitestarScope, receive: LitestarReceive, send: LitestarSend) -> None:
        exchange = exchange_of(scope, receive, send)
        exchange.errors = errors
        try:
            check_method(exchange, method)
            await serve(exchange)
            if sightings is not None:
                sightings.note(exchange, None)
        except GatewayError as error:
            if sightings is not None:
                sightings.note(exchange, error)
            await exchange.refuse(error)
        except ClientGone:
            return
        except Exception as error:
            # Also after the head has left: a stream that just ended would be taken for a whole one.
            log_unforeseen(exchange.request_id, error)
            await exchange.refuse(GatewayError())

    return handler


def check_method(exchange: Exchange, method: str) -> None:
    """Raises MethodNotAllowed; an empty method stands for all."""
    asked = exchange.scope.get("method")
    if method and asked != method and not (asked == "HEAD" and method == "GET"):
        exchange.extra_headers.append((b"allow", b"GET, HEAD" if method == "GET" else method.encode()))
        raise MethodNotAllowed(f"Use {method} here.")


def exchange_of(scope: Mapping[str, Any], receive: Any, send: Any) -> Exchange:
    """The exchange of a request that came through the gate."""
    return Exchange(scope, receive, send, scope["aihub.request_id"], scope["aihub.started"], scope["aihub.address"])


def relay_surfaces(gateway: Gateway, sightings: Sightings) -> dict[str, Endpoint]:
    """Every path that speaks OpenAI's API, or Anthropic's."""
    listing = Listing(gateway)
    messages = MessagesEndpoints(gateway)
    responses = ResponsesEndpoints(gateway)
    billing = Billing(gateway)
    passed = {
        f"/v1{each.path}": surface("POST", partial(gateway.line.serve, surface=each), sightings) for each in PASSED
    }
    return {
        CHAT: surface("POST", gateway.line.serve, sightings),
        **passed,
        "/v1/messages": surface("POST", messages.messages, sightings, MESSAGES_ERRORS),
        "/v1/messages/count_tokens": surface("POST", messages.count_tokens, sightings, MESSAGES_ERRORS),
        # As the gate straightens them; nobody is told that a client was seen, since these carry no key.
        "/v1/api/hello": surface("GET", hello, None),
        "/v1/api/event_logging/batch": surface("POST", messages.event_logging, None),
        "/v1/api/event_logging/v2/batch": surface("POST", messages.event_logging, None),
        RESPONSES: at_or_below(
            RESPONSES, surface("POST", responses.responses, sightings), surface("", responses.stored, sightings)
        ),
        MODELS: surface("GET", listing.serve, sightings),
        # Who looks at a key is no client that was set up with it.
        "/v1/key": surface("GET", OwnKey(gateway, listing).serve, None),
        "/v1/dashboard/billing/subscription": surface("GET", billing.subscription, sightings),
        "/v1/dashboard/billing/usage": surface("GET", billing.usage, sightings),
    }


def at_or_below(root: str, at: Endpoint, below: Endpoint) -> Endpoint:
    """One endpoint for a path, another for all paths below it."""

    async def handler(scope: LitestarScope, receive: LitestarReceive, send: LitestarSend) -> None:
        path: str = scope["aihub.path"]  # type: ignore[typeddict-item]
        await (at if path == root else below)(scope, receive, send)

    return handler


def routes_of(surfaces: Mapping[str, Endpoint]) -> list[ASGIRouteHandler]:
    """The same as routes; some take all paths below theirs, as of models, whose ids may hold slashes."""
    return [asgi(path, is_mount=path in MOUNTED, copy_scope=False)(call) for path, call in surfaces.items()]
