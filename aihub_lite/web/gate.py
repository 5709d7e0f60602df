"""The outermost ASGI layer: a request id, one canonical path, CORS or security headers, and an answer to any fault."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import attrs

from aihub_lite.domain.addresses import Network, address_of, network_of
from aihub_lite.domain.clock import Clock
from aihub_lite.errors import AddressTooLong, GatewayError, HeadersTooLarge, NotFound
from aihub_lite.gateway.client.exchange import JSON_HEADERS, Headers, Receive, Send, error_headers
from aihub_lite.web.crash_log import log_unforeseen
from aihub_lite.wire.client_error import error_body

App = Callable[[Any, Any, Any], Awaitable[None]]
"""Litestar's own types of the three differ from ASGI's by name only."""

OWN_PATHS = re.compile(r"/(?:console|docs(?:\.md)?|openapi\.json|api/admin|api/me|healthz|metrics|readyz)(?:/|$)")
"""Paths that are not relay surfaces: taken as they are, and closed to other origins."""
READ_PATHS = re.compile(r"/(?:docs(?:\.md)?|openapi\.json)(?:/|$)")
"""Pages that other pages link to: whoever checks links asks for their heads alone."""
CANONICAL_CHAT = "/v1/chat/completions"
"""The path of nearly every request: worth a comparison before the regular expressions."""
SLASHES = re.compile(r"/{2,}")
VERSIONS = re.compile(r"^(?:/v1beta/openai|(?:/v1)+(?:/v1beta/openai)?)(?=/|$)")
"""What a path may have in front: Google has OpenAI's API below `/v1beta/openai`, and gpt-load has it there, too."""
OF_GROUP = re.compile(r"/v1/proxy/([^/]+)(?=/|$)")
"""Before a path that is asked for within a group: `/proxy/GROUP/v1` is a base URL, as gpt-load has them."""
EXPOSED = b"x-request-id, request-id, retry-after, x-should-retry, x-aihub-dropped-params, x-aihub-model, " + (
    b"x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests"
)
CORS: Headers = [(b"access-control-allow-origin", b"*")]
"""Relay surfaces may be called from any page: they need a key, and no browser sends one unasked."""
EXPOSE: Headers = [(b"access-control-expose-headers", EXPOSED)]
"""Only for browsers, which say where they come from: every header costs two microseconds."""
SECURITY_HEADERS: Headers = [
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
"""Of console and admin API: only our own files run, in no other site's frame, and no other site learns the path."""
LONGEST_PATH = 2 * 1024
LONGEST_QUERY = 8 * 1024
LARGEST_COOKIES = 8 * 1024
"""Bytes. The framework remembers the last 1,024 of each that it has parsed, whoever sent them."""
API_PATHS = ("/api/admin/", "/api/me")
NO_STORE = (b"cache-control", b"no-store")
"""Nothing of these APIs may lie in a browser's or a proxy's cache: keys are in it, and what people spend."""
LINGER = 1.0
"""Seconds that the rest of a refused body is read before the connection is closed under it."""
PREFLIGHT_AGE = b"86400"
"""Seconds that a browser may remember a preflight."""


def canonical_path(path: str) -> str:
    """A relay path in its one form (RULES.md C-6): `/v1/v1//models/`, `/v1beta/openai/models` and `/models` are all
    `/v1/models`."""
    if path == CANONICAL_CHAT:
        return path
    path = SLASHES.sub("/", path).rstrip("/") or "/"
    if path == "/" or is_own_path(path):
        return path
    return "/v1" + VERSIONS.sub("", path)


def group_and_path(path: str) -> tuple[str, str]:
    """The group that a path is asked for within, empty where it names none, and the path without that, canonical.

    The gateway's own paths are of no group: below one they are not there.
    """
    path = canonical_path(path)
    if path == CANONICAL_CHAT:
        return "", path
    match = OF_GROUP.match(path)
    if match is None:
        return "", path
    rest = path[match.end() :] or "/"
    if is_own_path(rest):
        return "", path
    return match[1], canonical_path(rest)


def is_own_path(path: str) -> bool:
    """Whether a path is one of the gateway's own, or below one."""
    return OWN_PATHS.match(path) is not None


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks as an operator writes them."""
    return tuple(network_of(text) for text in texts)


def unmapped(address: str) -> str:
    """An IPv4 address as itself, also where a dual-stack socket shows it as `::ffff:192.0.2.1`; else as it is."""
    if ":" not in address:
        return address
    try:
        return str(address_of(address))
    except ValueError:
        return address


def nobody_listens(_: MutableMapping[str, Any], __: GatewayError) -> None:
    """For a gate without anybody behind it who keeps refusals."""


@attrs.define
class Gate:
    """Wraps the web application. Sets `aihub.*` in the scope: what an exchange and a sighting are made of."""

    app: App
    clock: Clock
    trusted_proxies: tuple[Network, ...] = attrs.field(default=(), converter=networks_of)
    direct: Mapping[str, App] = attrs.field(factory=dict)
    """Endpoints by path that are there from the first moment."""
    refused: Callable[[MutableMapping[str, Any], GatewayError], None] = nobody_listens
    """Hears of calls whose heads are too large to be looked at."""
    boot: str = attrs.field(factory=lambda: secrets.token_hex(3))
    """Sets this process's request ids apart from those of one before it."""
    counter: Iterator[int] = attrs.field(factory=itertools.count)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _refuse_socket(send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # Time first: ids that grow keep the ledger's index appending (measured: half the CPU on a million records).
        # And no secret: a boot's own random part and a counter are as unique as a call of the kernel's.
        request_id = f"{int(self.clock.wall() * 1000):012x}{self.boot}{next(self.counter) & 0xFFFFFF:06x}"
        scope["aihub.request_id"] = request_id
        scope["aihub.started"] = self.clock.monotonic()
        scope["aihub.address"] = self.address(scope)
        scope["aihub.received_path"] = scope["path"]
        scope["aihub.group"], path = group_and_path(scope["path"])
        scope["path"] = scope["aihub.path"] = path
        scope["raw_path"] = path.encode("utf-8", "surrogatepass")
        own = is_own_path(path)
        incoming = Incoming(receive)
        outgoing = Outgoing(send, incoming, [(b"x-request-id", request_id.encode())])
        if own:
            outgoing.headers += SECURITY_HEADERS
            if path.startswith(API_PATHS):
                outgoing.headers.append(NO_STORE)
        else:
            outgoing.headers += CORS
            if b"origin" in dict(scope["headers"]):
                outgoing.headers += EXPOSE
            if scope["method"] == "OPTIONS":
                await _answer(outgoing, 204, preflight_headers(scope), b"")
                return
        if path != CANONICAL_CHAT and (excess := excess_of(scope)) is not None:
            self.refused(scope, excess)
            await _answer(outgoing, excess.status, [*JSON_HEADERS, *error_headers(excess)], error_body(excess))
            return
        try:
            await self.direct.get(path, self.app)(as_asked(scope, path), incoming, outgoing)
        except Exception as error:
            log_unforeseen(request_id, error)
            if not outgoing.head_sent:
                refusal = GatewayError()
                await _answer(outgoing, 500, [*JSON_HEADERS, *error_headers(refusal)], error_body(refusal))

    def address(self, scope: Mapping[str, Any]) -> str:
        """The client's address: the socket's, or behind a trusted proxy the last one that is not a trusted proxy."""
        address = unmapped(str((scope.get("client") or ("",))[0]))
        if not self.trusted_proxies or not self._trusted(address):
            return address
        forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
        # Each proxy appends the address it saw, so only what stands after the last stranger can be believed.
        for hop in reversed([hop.strip() for hop in forwarded.split(",") if hop.strip()]):
            address = unmapped(hop)
            if not self._trusted(hop):
                break
        return address

    def _trusted(self, address: str) -> bool:
        try:
            return any(address_of(address) in proxy for proxy in self.trusted_proxies)
        except ValueError:
            return False


def as_asked(scope: MutableMapping[str, Any], path: str) -> MutableMapping[str, Any]:
    """What the application sees: `HEAD` of a page as `GET`. The server sees its own scope and leaves the body out."""
    if scope["method"] == "HEAD" and READ_PATHS.match(path):
        return {**scope, "method": "GET"}
    return scope


def excess_of(scope: Mapping[str, Any]) -> GatewayError | None:
    """Why a head is too large to be looked at, if it is."""
    if len(scope["raw_path"]) > LONGEST_PATH or len(scope["query_string"]) > LONGEST_QUERY:
        return AddressTooLong("The address of the request is too long.")
    if sum(len(value) for name, value in scope["headers"] if name == b"cookie") > LARGEST_COOKIES:
        return HeadersTooLarge("The cookies of the request are too large.")
    return None


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
    """Nothing here speaks WebSocket: who tries to is refused with an error like any other."""
    refusal = NotFound("No WebSocket is served here; use HTTP.")
    headers = [*JSON_HEADERS, *error_headers(refusal)]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": error_body(refusal), "more_body": False})


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def preflight_headers(scope: Mapping[str, Any]) -> Headers:
    """Allows whatever method and headers a page asks for (RULES.md C-11)."""
    headers = dict(scope["headers"])
    return [
        (b"access-control-allow-methods", headers.get(b"access-control-request-method", b"GET, POST, OPTIONS")),
        (b"access-control-allow-headers", headers.get(b"access-control-request-headers", b"*")),
        (b"access-control-max-age", PREFLIGHT_AGE),
        (b"vary", b"origin, access-control-request-method, access-control-request-headers"),
    ]
