"""One endpoint of the relay: raw ASGI, no framework between a request and the line."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from aihub_lite.errors import GatewayError, MethodNotAllowed, PausedForSafety, QuotaExhausted
from aihub_lite.gateway.client.exchange import ClientGone, Exchange, Receive, Send
from aihub_lite.web.crash_log import log_unforeseen
from aihub_lite.web.relay.sightings import Sightings
from aihub_lite.wire.client_error import PUBLIC, ErrorShape

Serve = Callable[[Exchange], Awaitable[None]]
"""Answers one exchange, or raises a GatewayError."""
Endpoint = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
READS_CODE = re.compile(r"OpenAI/Python|\b(litellm|aider)/", re.IGNORECASE)
"""aider goes by the name of the SDK in it. Seen with 0.86.2 on 2026-11-26: without `CODE_402` in the text of a 402 it
asks eight times in a minute, with it once."""
CODE_402 = '("code":402)'


def endpoint(
    method: str, serve: Serve, sightings: Sightings | None, errors: ErrorShape = PUBLIC, *, seen: bool = True
) -> Endpoint:
    """An endpoint for one method, or for all if it is empty. Its errors, whatever they are, leave in the shape given.

    Its calls are noted as sightings of their token's client unless it is not to be `seen`, and so is who is refused;
    nothing is where `sightings` is None.
    """

    async def handler(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope, receive, send)
        exchange.errors = errors
        try:
            check_method(exchange, method)
            await serve(exchange)
            if sightings is not None and seen:
                sightings.answered(exchange)
        except GatewayError as error:
            if READS_CODE.search(exchange.header(b"user-agent")):
                error.message += code_402_of(error)
            if sightings is not None:
                sightings.refused(exchange, error, seen=seen)
            await exchange.refuse(error)
        except ClientGone:
            return
        except Exception as error:
            # Also after the head has left: a stream that just ended would be taken for a whole one.
            log_unforeseen(exchange.request_id, error)
            if sightings is not None:
                sightings.refused(exchange, GatewayError(), seen=False)
            await exchange.refuse(GatewayError())

    return handler


def code_402_of(error: GatewayError) -> str:
    """What is added to the text of an error for who reads `CODE_402` there, beside `insufficient credits`."""
    if isinstance(error, QuotaExhausted):
        return f" {CODE_402}"
    if isinstance(error, PausedForSafety):
        return f" (as for insufficient credits: {CODE_402})"
    return ""


def check_method(exchange: Exchange, method: str) -> None:
    """Raises MethodNotAllowed, beside the `allow` header that HTTP wants with it; an empty method stands for all."""
    requested = exchange.scope.get("method")
    if not method or requested == method or (requested == "HEAD" and method == "GET"):
        return
    allowed = method
    if method == "GET":
        allowed = "GET, HEAD"
    exchange.extra_headers.append((b"allow", allowed.encode()))
    raise MethodNotAllowed(f"Use {method} here.")


def exchange_of(scope: Mapping[str, Any], receive: Any, send: Any) -> Exchange:
    """The exchange of a request that came through the gate."""
    return Exchange(scope, receive, send, scope["aihub.request_id"], scope["aihub.started"], scope["aihub.address"])
