"""`/api/admin/tokens/{ref}/chat/completions`: a chat completion that an operator asks for on behalf of a token.

It walks the line that every request walks, from its limits to its settlement, so the token pays; only its key, of
which the gateway keeps a digest, is not asked for, nor where the operator sits.
"""

from __future__ import annotations

from litestar import Router, post
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send

from aihub_lite import __version__
from aihub_lite.domain.token import Token
from aihub_lite.errors import Conflict
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.web.admin.views import TheGateway, TheSightings
from aihub_lite.web.surfaces import surface

BROWSER = b"Mozilla/"
"""How every browser's `User-Agent` begins."""
PLAYGROUND = b"playground/" + __version__.encode()


@post("/tokens/{ref:str}/chat/completions")
async def act(gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]) -> ASGIApp:
    """Answered raw, as by the relay surfaces: nothing of the framework stands between a stream and its reader."""

    async def serve(exchange: Exchange) -> None:
        exchange.token = live_token(gateway, ref)
        await gateway.line.serve(exchange)

    answer = surface("POST", serve, sightings)

    async def answer_as(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(named(scope), receive, send)

    return answer_as


def live_token(gateway: Gateway, ref: str) -> Token:
    """By name or id; raises NotFound, or Conflict for one whose key opens nothing."""
    token = gateway.registry.token(ref)
    if not token.live(gateway.clock.wall()):
        raise Conflict(f"Token {token.name} is disabled or has expired.")
    return token


def named(scope: Scope) -> Scope:
    """A browser that calls here is the playground, and that is what its usage record shall say."""
    headers = list(scope["headers"])
    if any(name == b"user-agent" and value.startswith(BROWSER) for name, value in headers):
        headers.append((b"user-agent", PLAYGROUND))
    return {**scope, "headers": headers}  # type: ignore[return-value]


acting_router = Router("/", route_handlers=[act])
