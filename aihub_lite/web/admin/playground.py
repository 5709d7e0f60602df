"""`/api/admin/tokens/{ref}/chat/completions`: a chat completion that an operator requests on behalf of a token.

It walks the line that every request walks, from its limits to its settlement, so the token pays; only its key, of
which the gateway keeps a digest, is not asked for, nor where the operator sits.
"""

from __future__ import annotations

from typing import Any, cast

from litestar import post
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send

from aihub_lite import __version__
from aihub_lite.domain.token import Token
from aihub_lite.errors import Conflict
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.client.exchange import Send as RawSend
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.dependencies import TheGateway, TheSightings
from aihub_lite.web.admin.tokens import OWN, make_own_token
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.relay.endpoint import endpoint

BROWSER = b"Mozilla/"
"""How every browser's `User-Agent` begins."""
PLAYGROUND = b"playground/" + __version__.encode()


@post("/tokens/{ref:str}/chat/completions")
async def complete_chat(gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]) -> ASGIApp:
    """Ask for a chat completion that a token pays for; body, answer and stream are those of `/v1/chat/completions`."""
    # Answered by an ASGI application, as on the relay surfaces: the framework would not close a stream's generator.
    if ref == OWN:
        await make_own_token(gateway)
    token = live_token(gateway, ref)

    async def serve(exchange: Exchange) -> None:
        exchange.token = token
        await gateway.line.serve(exchange)

    answer = endpoint("POST", serve, sightings)

    async def answer_as(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(as_playground(scope), receive, cast("RawSend", send))

    return answer_as


def live_token(gateway: Gateway, ref: str) -> Token:
    """By name or id; raises NotFound, or Conflict for one whose key opens nothing."""
    token = gateway.registry.tokens.get(ref)
    if not token.live(gateway.clock.wall()):
        raise Conflict(f"Token {token.name} is disabled or has expired.")
    return token.in_force


def as_playground(scope: Scope) -> dict[str, Any]:
    """The scope with the playground as its client, where a browser calls: that is what the usage record shows."""
    headers = list(scope["headers"])
    if any(name == b"user-agent" and value.startswith(BROWSER) for name, value in headers):
        # The last value of a header counts.
        headers.append((b"user-agent", PLAYGROUND))
    return {**scope, "headers": headers}


playground_router = PathRouter("/", route_handlers=[complete_chat])
