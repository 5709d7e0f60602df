"""A whole gateway inside the test's own event loop, with real storage, and an upstream without a network.

What the process harness cannot do is done here: move the clock, cancel a task at a chosen await, refuse to read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import attrs
import msgspec

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Channel, Offer, keys_of
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import Price, Rates
from aihub_lite.domain.token import Token
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.client.exchange import ClientGone, Exchange
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.upstream.http1.answer import Fields
from aihub_lite.upstream.http1.faults import Disconnected
from tests.support.asgi import App, Call, get, post
from tests.support.upstream.answers import DONE, USAGE, chat_body, chat_chunks, sse_event

MODEL = "model"
CHAT = "/v1/chat/completions"
PRICE = Price(Rates(10_000_000_000, 20_000_000_000), source="test")
"""10 and 20 USD per million: 10,000 and 20,000 nano-USD a token."""
PROMPT_COST, COMPLETION_COST = 10_000, 20_000
PLAYED = "demo://played/v1"
"""The base URL of a channel whose upstream is the house's `Played`."""

Part = bytes | asyncio.Event | Exception | float
"""Bytes come, an event is waited for, an exception breaks off, a number of seconds is slept."""


@attrs.define(eq=False)
class PlayedAnswer:
    """One answer; `closed` once the gateway let go of it."""

    status: int
    headers: Mapping[str, str]
    parts: Iterable[Part]
    slow_close: bool = False
    """Whether closing it waits for something."""
    closed: bool = False
    complete: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            if isinstance(part, bytes):
                yield part
                await asyncio.sleep(0)  # a real upstream's bytes never come twice in one turn of the loop
            elif isinstance(part, asyncio.Event):
                await part.wait()
            elif isinstance(part, Exception):
                raise Disconnected("the upstream broke off") from part
            else:
                await asyncio.sleep(part)  # the upstream's own pause

    async def aclose(self) -> None:
        if self.slow_close:
            await asyncio.sleep(0)  # a turn in which the closing can be cancelled
        self.closed = True


@attrs.define(eq=False)
class Played:
    """Answers requests in this event loop: with what is queued, one each, then with `default` of the request."""

    default: Callable[[dict[str, Any]], Iterable[Part]]
    queue: list[tuple[int, Iterable[Part]]] = attrs.field(factory=list)
    requests: list[dict[str, Any]] = attrs.field(factory=list)
    streams: list[PlayedAnswer] = attrs.field(factory=list)
    content_type: str = "text/event-stream"
    headers: dict[str, str] = attrs.field(factory=dict)
    """Beside the content type, of every answer."""
    slow_close: bool = False

    async def ask(self, method: str, url: str, body: bytes) -> PlayedAnswer:
        self.requests.append(msgspec.json.decode(body))
        await asyncio.sleep(0)  # an answer is never there at once
        status, parts = self.queue.pop(0) if self.queue else (200, self.default(self.requests[-1]))
        kind = self.content_type if status == 200 and self.requests[-1].get("stream") else "application/json"
        answer = PlayedAnswer(status, Fields.of({"content-type": kind, **self.headers}), parts, self.slow_close)
        self.streams.append(answer)
        return answer

    @property
    def open_streams(self) -> int:
        """Answers that nobody has let go of."""
        return sum(not stream.closed for stream in self.streams)


def streamed(*texts: str, usage: Any = None, done: bool = True) -> list[Part]:
    """A healthy stream: role, one chunk per text, finish_reason, usage if given, `[DONE]`."""
    chunks = [sse_event(chunk) for chunk in chat_chunks(" ".join(texts), usage)]
    return [*chunks, *([DONE] if done else [])]


def whole(text: str = "hello", usage: Any = None) -> list[Part]:
    """A healthy answer that is not streamed."""
    return [msgspec.json.encode(chat_body(text, usage))]


def healthy(request: dict[str, Any]) -> list[Part]:
    """What a well-behaved upstream answers, with its usage."""
    return streamed("hello", "there", usage=USAGE) if request.get("stream") else whole(usage=USAGE)


@attrs.define(eq=False)
class House:
    """An open gateway, an application over it, and the upstream behind the base URL `PLAYED`."""

    gateway: Gateway
    app: App
    upstream: Played
    tasks: set[asyncio.Task[Any]] = attrs.field(factory=asyncio.all_tasks)
    """Those that run when nothing else does."""
    _numbers: int = 0

    async def add_channel(
        self,
        model: str = MODEL,
        base_url: str = PLAYED,
        price: Price | None = PRICE,
        keys: Iterable[str] = (),
        **fields: Any,
    ) -> Channel:
        """A channel of a local provider: no price table is asked for it."""
        self._numbers += 1
        registry = self.gateway.registry
        offers = (Offer(model, f"{model}-upstream"),)
        change = {"offers": offers, "keys": keys_of(keys), **fields}
        if price is not None:
            await registry.models.set_price(model, price)
        name = f"channel-{self._numbers}"
        return await registry.channels.create(
            name, "lmstudio", base_url, lambda channel: attrs.evolve(channel, **change)
        )

    async def add_token(self, **fields: Any) -> tuple[Token, str]:
        """A token, and its key."""
        self._numbers += 1
        name = f"token-{self._numbers}"
        return await self.gateway.registry.tokens.create(name, lambda token: attrs.evolve(token, **fields))

    def ask(self, key: str, *, stream: bool = False, model: str = MODEL, **fields: Any) -> Call:
        """A chat request, begun."""
        return post(CHAT, key, chat_request(model, stream=stream, **fields)).start(self.app)

    async def get(self, path: str, key: str = "", **fields: Any) -> Call:
        """A GET request, once it is answered."""
        return await get(path, key, **fields).start(self.app).served()

    async def flushed(self) -> None:
        """Returns once everything queued before is committed."""
        await self.gateway.database.write(("DELETE FROM holds WHERE request_id = ''", ()))

    async def records(self) -> list[dict[str, Any]]:
        """Every usage record, oldest first."""
        await self.flushed()
        return [dict(row) for row in await self.gateway.database.read("SELECT * FROM usage_records ORDER BY id")]

    async def at_rest(self) -> dict[str, object]:
        """What has to be empty, zero or equal when no request is under way; `AT_REST` when all is well."""
        gateway = self.gateway
        # A complete stream may still wait for the last bytes of its upstream: bounded, and nobody waits for it.
        await asyncio.gather(*gateway.line.failover.lingering, return_exceptions=True)
        await self.flushed()
        for _ in range(3):
            await asyncio.sleep(0)  # turns in which tasks that are done are let go of
        booked = await gateway.database.read(
            """SELECT id, spent_nano, coalesce(
               (SELECT sum(charge_nano) FROM usage_records WHERE token_id = tokens.id), 0) AS booked FROM tokens"""
        )
        accounts = {account.token.id: account.spent for account in gateway.ledger.balances.values()}
        return {
            "holds in memory": len(gateway.ledger.open_holds),
            "held": sum(account.held for account in gateway.ledger.balances.values()),
            "holds on disk": len(await gateway.database.read("SELECT 1 FROM holds")),
            "places": gateway.flights.slots_taken,
            "flights": len(gateway.flights.open),
            "slots": len(gateway.limits._running),
            "watched": len(gateway.keepalive.watched),
            "beats": len(gateway.keepalive._beats),
            "upstream streams": self.upstream.open_streams,
            "connections": gateway.transport.busy,
            "imbalances": [dict(row) for row in booked if len({*row[1:], accounts[row["id"]]}) > 1],
            "tasks": [str(task.get_coro()) for task in asyncio.all_tasks() - self.tasks if not task.done()],
        }


AT_REST: dict[str, object] = {
    "holds in memory": 0,
    "held": 0,
    "holds on disk": 0,
    "places": 0,
    "flights": 0,
    "slots": 0,
    "watched": 0,
    "beats": 0,
    "upstream streams": 0,
    "connections": 0,
    "imbalances": [],
    "tasks": [],
}


def chat_request(model: str = MODEL, **fields: Any) -> dict[str, Any]:
    """A chat request of 10 prompt tokens by the gateway's estimate: 24 bytes of text, and a message."""
    return {"model": model, "messages": [{"role": "user", "content": "x" * 24}], **fields}


PROMPT_TOKENS = 10


def line_only(gateway: Gateway) -> App:
    """An application that is nothing but the line: building the whole web application costs 50 ms."""

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        address = scope["client"][0]
        exchange = Exchange(scope, receive, send, token_hex(12), gateway.clock.monotonic(), address)
        try:
            await gateway.line.serve(exchange)
        except GatewayError as error:
            await exchange.refuse(error)
        except ClientGone:
            return

    return app


@asynccontextmanager
async def open_house(
    directory: Path,
    make_app: Callable[[Gateway], App] = line_only,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
    **settings: Any,
) -> AsyncIterator[House]:
    """A gateway on a data directory; its played upstream is healthy until told otherwise."""
    async with open_gateway(Settings(data_dir=directory, **settings), environ or {}, clock) as gateway:
        upstream = Played(healthy)
        gateway.transport.demo = upstream
        yield House(gateway, make_app(gateway), upstream)
