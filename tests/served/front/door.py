"""The front door with an application of a test's own behind it, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs
import uvloop

from aihub_lite.server.front import PlainFront
from aihub_lite.server.http1.connection import Patience
from aihub_lite.server.http1.listener import Connections
from tests.support.gateway import eventually

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]
STARTED_WITHIN = 10.0
ENDED_WITHIN = 20.0


@attrs.define(eq=False)
class Door:
    """A running server: `tasks` are what it left when it had ended."""

    url: str = ""
    loop: asyncio.AbstractEventLoop | None = None
    tasks: list[str] = attrs.field(factory=list)
    _stop: asyncio.Event | None = None
    _listening: threading.Event = attrs.field(factory=threading.Event)
    _over: threading.Event = attrs.field(factory=threading.Event)

    async def run(self, app: App, patience: Patience) -> None:
        """Serve until `stop`, in the loop that this is called in."""
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            front = PlainFront(Connections(app, patience))
            self.loop.call_soon(self._listening.set)
            await front.serve(listener, self._stopped)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        self.tasks = [str(task.get_coro()) for task in left]
        self._over.set()

    async def _stopped(self) -> None:
        assert self._stop is not None
        await self._stop.wait()

    def wait_listening(self) -> None:
        """Returns once it accepts."""
        assert self._listening.wait(STARTED_WITHIN)

    def wait_alone(self) -> None:
        """Returns once no request is being served."""

        def alone() -> bool:
            assert self.loop is not None
            return len(asyncio.all_tasks(self.loop)) == 1

        eventually(alone, lambda: "a request is still being served", ENDED_WITHIN)

    def wait_busy(self) -> None:
        """Returns once a request is being served."""

        def busy() -> bool:
            assert self.loop is not None
            return len(asyncio.all_tasks(self.loop)) > 1

        eventually(busy, lambda: "no request is being served", ENDED_WITHIN)

    def stop(self) -> None:
        """Let it end, and do not wait for that."""
        assert self.loop is not None
        assert self._stop is not None
        if not self._over.is_set():
            self.loop.call_soon_threadsafe(self._stop.set)

    def wait_over(self, within: float = ENDED_WITHIN) -> None:
        """Returns once it has ended."""
        assert self._over.wait(within)


@contextmanager
def opened(app: App, **patience: float) -> Iterator[Door]:
    """`app` behind a server; at the end of the block it has ended, and left nothing."""
    door = Door()
    thread = threading.Thread(target=lambda: uvloop.run(door.run(app, Patience(**patience))), name="door")
    thread.start()
    try:
        door.wait_listening()
        yield door
    finally:
        door.stop()
        thread.join(ENDED_WITHIN)
    assert not thread.is_alive()
    assert [] == door.tasks


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request; what came of it where its client left."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def answer(send: Send, body: bytes, status: int = 200, *headers: tuple[bytes, bytes]) -> None:
    """A whole answer of a known length."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Method, address and body of the request, in one line."""
    body = await read_body(receive)
    await answer(send, b"%b %b %b" % (scope["method"].encode(), scope["raw_path"], body))


async def stream(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Three pieces, whose length nobody says."""
    await read_body(receive)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in (b"one ", b"two ", b"three"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})
