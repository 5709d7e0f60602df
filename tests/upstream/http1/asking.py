"""A client on both event loops, which must leave nothing behind, and short ways to ask with it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from aihub_lite.upstream.http1.answer import HttpAnswer
from aihub_lite.upstream.http1.client import HttpClient
from aihub_lite.upstream.http1.connection import HIGH_WATER, ONE_READ
from aihub_lite.upstream.http1.dialing import Dialer
from aihub_lite.upstream.http1.request import Body, Parcel
from aihub_lite.upstream.http1.way import DIRECT, Way
from tests.support.upstream.scripted import Upstream

Loop = Callable[[], asyncio.AbstractEventLoop]
Steps = Callable[[HttpClient], Awaitable[object]]
both_loops = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])


class Wire(asyncio.Transport):
    """A transport that leads nowhere: what comes in is fed by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.closing = False
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += data

    def abort(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        """What is fed is fed."""

    def resume_reading(self) -> None:
        """The same."""


def run(loop: Loop, steps: Steps, *, context: ssl.SSLContext | None = None, **options: Any) -> None:
    """Steps with a client, which is closed then; AssertionError when a task is left."""

    async def main() -> None:
        client = HttpClient(Dialer(lambda: context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)), **options)
        try:
            await asyncio.wait_for(steps(client), 20)
        finally:
            await client.close()
        await asyncio.sleep(0)  # cancelled tasks end in the next turn
        assert {asyncio.current_task()} == asyncio.all_tasks()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


async def ask(
    client: HttpClient,
    url: str,
    body: Body | None = None,
    *,
    method: str = "POST",
    fields: Mapping[bytes, bytes] | None = None,
    connect_timeout: float = 5.0,
    parcel: Parcel | None = None,
    way: Way = DIRECT,
) -> HttpAnswer:
    """An answer's head, its body still to come."""
    return await client.ask(method, url, fields or {}, body, connect_timeout, parcel or Parcel(), way)


@asynccontextmanager
async def answered(client: HttpClient, url: str, body: Body | None = None, **options: Any) -> AsyncIterator[HttpAnswer]:
    """The same, closed at the end."""
    answer = await ask(client, url, body, **options)
    try:
        yield answer
    finally:
        await answer.aclose()


async def read(answer: HttpAnswer) -> bytes:
    """The rest of a body."""
    return b"".join([piece async for piece in answer])


async def fetch(client: HttpClient, url: str, body: Body | None = None, **options: Any) -> bytes:
    """The body of an answer."""
    async with answered(client, url, body, **options) as answer:
        return await read(answer)


async def seen(upstream: Upstream, condition: Callable[[], bool], what: str) -> None:
    """Waits, without holding up the loop, for what an upstream sees."""
    await asyncio.to_thread(upstream.wait_for, condition, what)


async def everything_is_full(upstream: Upstream, answer: HttpAnswer) -> None:
    """Waits until an upstream can send no more of an answer that is not read."""
    connection = upstream.connections[0]
    await seen(upstream, lambda: connection.sent > 0, "the head")
    sent = -1
    while connection.sent > sent or not answer.held:
        sent = connection.sent
        await asyncio.sleep(0.05)  # the upstream's time to send more, if it could


async def little_at_once(client: HttpClient, upstream: Upstream, url: str, size: int) -> None:
    """Reads an answer of so many bytes that has filled all there is, and looks at what is held then."""
    async with answered(client, url) as answer:
        await everything_is_full(upstream, answer)
        taken = len(await anext(answer))
        while not answer.held:
            await asyncio.sleep(0)
        assert answer.held <= HIGH_WATER + ONE_READ
        assert size == taken + len(await read(answer))
