"""The outermost ASGI layer: every request gets its id, its path straightened, its CORS and its last-resort error."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.errors import GatewayError, NotFound
from aihub_lite.gateway.exchange import JSON_HEADERS, Headers, Receive, Send, error_headers
from aihub_lite.web.unforeseen import log_unforeseen
from aihub_lite.wire.errors_out import error_body

Network = IPv4Network | IPv6Network
App = Callable[[Any, Any, Any], Awaitable[None]]
"""Litestar's own types of the three differ from ASGI's by name only."""

OWN = re.compile(r"/(?:console|api/admin|healthz|readyz)(?:/|$)")
"""Paths that are not relay surfaces: taken as they are, and closed to other origins."""
STRAIGHTEST = "/v1/chat/completions"
"""What nearly everybody asks for, as it should be."""
SLASHES = re.compile(r"/{2,}")
VERSIONS = re.compile(r"^(/v1)+(?=/|$)")
EXPOSED = b"x-request-id, request-id, retry-after, x-should-retry, x-ratelimit-limit-requests, " + (
    b"x-ratelimit-remaining-requests, x-ratelimit-reset-requests"
)
CORS: Headers = [(b"access-control-allow-origin", b"*")]
"""Relay surfaces may be called from any page: they need a key, and no browser sends one unasked."""
EXPOSE: Headers = [(b"access-control-expose-headers", EXPOSED)]
"""Only for browsers, which say where they come from: every header costs two microseconds."""
CLOSED: Headers = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""Our own rooms run our own files only, in no other site's frame, and tell no other site where a reader was."""
LINGER = 1.0
"""Seconds that the rest of a refused body is read before the connection is closed under it."""
PREFLIGHT_AGE = b"86400"


def straight(path: str) -> str:
    """A relay path in its one form: `/v1/v1//models/` and `/models` are both `/v1/models`."""
    if path == STRAIGHTEST:
        return path
    path = SLASHES.sub("/", path).rstrip("/") or "/"
    if path == "/" or own_room(path):
        return path
    return "/v1" + VERSIONS.sub("", path)


def own_room(path: str) -> bool:
    """Whether a path is one of the gateway's own, or below one."""
    return OWN.match(path) is not None


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks as an operator writes them."""
    return tuple(ip_network(text, strict=False) for text in texts)


def plain(address: str) -> str:
    """An IPv4 address as itself, also where a dual-stack socket shows it in IPv6's dress."""
    return address[7:] if address.startswith("::ffff:") and "." in address else address


@attrs.define
class Gate:
    """Wraps the web application."""

    app: App
    clock: Clock
    trusted_proxies: tuple[Network, ...] = attrs.field(default=(), converter=networks_of)
    straight_on: Mapping[str, App] = attrs.field(factory=dict)
    """Endpoints by path that every microsecond counts for: the framework's router is not asked."""
    boot: str = attrs.field(factory=lambda: secrets.token_hex(3))
    numbers: Iterator[int] = attrs.field(factory=itertools.count)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _refuse_socket(send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # Time first: ids that grow keep the ledger's index appending (measured: half the CPU on a million records).
        # And no secret: a boot's own random part and a counter are as unique as a call of the kernel's.
        request_id = f"{int(self.clock.wall() * 1000):012x}{self.boot}{next(self.numbers) & 0xFFFFFF:06x}"
        scope["aihub.request_id"] = request_id
        scope["aihub.started"] = self.clock.monotonic()
        scope["aihub.address"] = self.address(scope)
        scope["aihub.asked_path"] = scope["path"]
        scope["path"] = scope["aihub.path"] = path = straight(scope["path"])
        scope["raw_path"] = path.encode("utf-8", "surrogatepass")
        own = own_room(path)
        incoming = Incoming(receive)
        outgoing = Outgoing(send, incoming, [(b"x-request-id", request_id.encode()), *(CLOSED if own else CORS)])
        if not own and any(name == b"origin" for name, _ in scope["headers"]):
            outgoing.headers += EXPOSE
        if scope["method"] == "OPTIONS" and not own:
            await _answer(outgoing, 204, preflight_headers(scope), b"")
            return
        try:
            await self.straight_on.get(path, self.app)(scope, incoming, outgoing)
        except Exception as error:
            log_unforeseen(request_id, error)
            if not outgoing.head_sent:
                refusal = GatewayError()
                await _answer(outgoing, 500, [*JSON_HEADERS, *error_headers(refusal)], error_body(refusal))

    def address(self, scope: Mapping[str, Any]) -> str:
        """The client's address: the socket's, or behind a trusted proxy the last one that is not a trusted proxy."""
        address = plain(str((scope.get("client") or ("",))[0]))
        if not self.trusted_proxies or not self._trusted(address):
            return address
        forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
        for hop in reversed([each.strip() for each in forwarded.split(",") if each.strip()]):
            address = plain(hop)
            if not self._trusted(hop):
                break
        return address

    def _trusted(self, address: str) -> bool:
        try:
            return any(ip_address(address) in proxy for proxy in self.trusted_proxies)
        except ValueError:
            return False


@attrs.define
class Incoming:
    """A `receive` that knows whether the request's body has been read to its end."""

    receive: Receive
    complete: bool = False

    async def __call__(self) -> Mapping[str, Any]:
        message = await self.receive()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            self.complete = True
        return message

    async def discard(self) -> None:
        """Read the rest of the body and forget it."""
        while not self.complete:
            await self()

    async def discard_for_ever(self) -> None:
        """The same, and whatever comes after."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


@attrs.define
class Outgoing:
    """A `send` that adds headers to the head, knows whether it has left, and never answers into a full pipe.

    Hypercorn keeps ten pieces of a body that nobody reads; with more on the way, the end of an early answer and the
    reading of the connection wait for each other, for ever (and anybody can cause that, without a key). So whoever
    answers before the body is read, reads on: for a moment, so that the client sees its answer before the
    connection closes, and then until it is closed.
    """

    send: Send
    incoming: Incoming
    headers: Headers
    head_sent: bool = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.head_sent = True
            message["headers"] = [*message.get("headers", ()), *self.headers]
        elif not self.incoming.complete and not message.get("more_body"):
            await self._end_early(message)
            return
        await self.send(message)

    async def _end_early(self, message: MutableMapping[str, Any]) -> None:
        await self.send({**message, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self.incoming.discard()
        reading = asyncio.create_task(self.incoming.discard_for_ever())
        try:
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            reading.cancel()


async def _refuse_socket(send: Send) -> None:
    """Nothing here speaks WebSocket, and who tries gets an error like any other."""
    refusal = NotFound("No WebSocket is served here; use HTTP.")
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": JSON_HEADERS})
    await send({"type": "websocket.http.response.body", "body": error_body(refusal), "more_body": False})


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def preflight_headers(scope: Mapping[str, Any]) -> Headers:
    """Whatever method and headers a page asks for (clients.md rule 11)."""
    asked = dict(scope["headers"])
    return [
        (b"access-control-allow-methods", asked.get(b"access-control-request-method", b"GET, POST, OPTIONS")),
        (b"access-control-allow-headers", asked.get(b"access-control-request-headers", b"*")),
        (b"access-control-max-age", PREFLIGHT_AGE),
        (b"vary", b"origin, access-control-request-method, access-control-request-headers"),
    ]
