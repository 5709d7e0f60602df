"""A scripted upstream that speaks raw bytes: it does exactly what a test tells it to, however wrong.

It runs in its own thread with its own event loop, so synchronous tests and gateways in another process can use
it. Whoever asks it for anything gets the next queued script, or else what `default` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, Self

import attrs

from tests.support.upstream.answers import healthy
from tests.support.upstream.received import Request, read_request
from tests.support.upstream.steps import Script, ScriptEnded

Answerer = Script | Callable[[Request], Script]
"""A script, or what makes one from the request it answers."""

_LARGEST_REQUEST = 2**26
TURNS_TO_ACCEPT = 3
"""Turns of the loop from the accepting of a connection to the start of its task: transport, protocol, task."""


@attrs.define(eq=False)
class Connection:
    """One accepted connection. Times are monotonic; `closed_by` is "peer", "script" or, while open, empty."""

    number: int
    accepted_at: float
    writer: asyncio.StreamWriter = attrs.field(repr=False)
    changed: Callable[[], None] = attrs.field(repr=False)
    sent: int = 0
    """Bytes handed to the kernel."""
    closed_at: float | None = None
    closed_by: str = ""
    was_reset: bool = False
    """Whether the peer ended it with RST."""
    _left: int | None = None

    def closed(self, by: str, was_reset: bool = False) -> None:
        """Records the first end there is."""
        if not self.closed_by:
            self.closed_at = time.monotonic()
            self.was_reset = was_reset
            self.closed_by = by  # last: whoever waits for it reads the others
            self.changed()

    async def send(self, data: bytes) -> None:
        """Writes and waits until the kernel has taken all of it; closes when a limit is used up."""
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self.writer.write(data)
        await self.writer.drain()
        self.sent += len(data)
        self.changed()
        if self._left == 0:
            await self.close()
            raise ScriptEnded

    async def close(self) -> None:
        """Closes with FIN."""
        self.closed("script")
        self.writer.close()

    def reset(self) -> None:
        """Closes with RST: lingering for zero seconds throws away what is unsent."""
        self.closed("script")
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def limit(self, count: int) -> None:
        """Only `count` more bytes get through."""
        self._left = count


class Upstream:
    """`with Upstream(script) as upstream:`; the base URL for a channel is `upstream.url`.

    `default` answers every request for which nothing is queued; `on_accept` is played on every new connection
    before anything is read from it. With `tls` it is spoken to by https, and `url` says so.
    """

    def __init__(self, default: Answerer = healthy, on_accept: Script = (), tls: ssl.SSLContext | None = None) -> None:
        self.default = default
        self.tls = tls
        self.on_accept = on_accept
        self.requests: list[Request] = []
        self.connections: list[Connection] = []
        self.errors: list[BaseException] = []
        self.port = 0
        self._queue: deque[Answerer] = deque()
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted-upstream", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def url(self) -> str:
        """The base URL to give a channel."""
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}/v1"

    @property
    def open_connections(self) -> int:
        """Accepted and closed by neither side."""
        return sum(not connection.closed_by for connection in list(self.connections))

    @property
    def chats(self) -> list[Request]:
        """The requests that were not for models."""
        return [request for request in list(self.requests) if request.method != "GET"]

    def enqueue(self, *answers: Answerer) -> None:
        """What the next requests get, one each, before `default` has its say."""
        self._queue.extend(answers)

    def forget_queue(self) -> None:
        """From here on `default` has its say."""
        self._queue.clear()

    def wait_for(self, condition: Callable[[], bool], what: str, timeout: float = 20.0) -> None:
        """Returns as soon as `condition` holds; raises TimeoutError saying `what` never came."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout):
                raise TimeoutError(f"{what} did not happen within {timeout} s")

    def wait_requests(self, count: int, timeout: float = 20.0) -> None:
        """Returns once so many whole requests have been received since the start."""
        self.wait_for(lambda: len(self.requests) >= count, f"request {count}", timeout)

    def wait_closed(self, connection: int = -1, timeout: float = 20.0) -> float:
        """The monotonic time at which the peer closed that connection (the latest one by default)."""
        self.wait_for(lambda: bool(self.connections and self.connections[connection].closed_by), "close", timeout)
        record = self.connections[connection]
        assert "peer" == record.closed_by, f"the script, not the peer, closed connection {record.number}"
        assert record.closed_at is not None
        return record.closed_at

    def wait_idle(self, timeout: float = 20.0) -> None:
        """Returns once no connection is open."""
        self.wait_for(lambda: not self.open_connections, "the close of every connection", timeout)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _note(self) -> None:
        with self._changed:
            self._changed.notify_all()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        assert self._server is not None
        # Nothing more is accepted, and what was gets its task: a server that is closed in between leaks a socket.
        for listening in self._server.sockets:
            self._loop.remove_reader(listening.fileno())
        for _ in range(TURNS_TO_ACCEPT):
            await asyncio.sleep(0)
        self._server.close()
        # All of this loop's: handshakes of TLS that are under way, too.
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets aborted transports release their sockets

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self.tls is None:  # asyncio's TLS does not always say when so little room is there again
            writer.transport.set_write_buffer_limits(0)
        connection = Connection(len(self.connections), time.monotonic(), writer, self._note)
        self.connections.append(connection)
        self._note()
        inner = asyncio.StreamReader(limit=_LARGEST_REQUEST)
        player = asyncio.create_task(self._converse(connection, inner))
        try:
            with contextlib.suppress(asyncio.CancelledError):  # asyncio.streams logs a handler that ends cancelled
                await _pump(reader, inner, connection)
        finally:
            player.cancel()
            writer.transport.abort()
            await asyncio.gather(player, return_exceptions=True)

    async def _converse(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        """Answers one request after the other on a connection until a script or the peer ends it."""
        try:
            for step in self.on_accept:
                await step.play(connection)
            while True:
                request = await read_request(reader, connection.number)
                script = self._script_for(request)
                for step in script:
                    await step.play(connection)
        except (ScriptEnded, ConnectionError, asyncio.IncompleteReadError):
            return
        except Exception as error:
            self.errors.append(error)
            await connection.close()

    def _script_for(self, request: Request) -> Script:
        self.requests.append(request)
        answerer = self._queue.popleft() if self._queue else self.default
        self._note()
        return answerer(request) if callable(answerer) else answerer


async def _pump(outer: asyncio.StreamReader, inner: asyncio.StreamReader, connection: Connection) -> None:
    """Reads all the time, so that the peer's end is noticed whatever the script is doing."""
    try:
        while data := await outer.read(2**16):
            inner.feed_data(data)
        connection.closed("peer")
    except ConnectionError:
        connection.closed("peer", was_reset=True)
    finally:
        inner.feed_eof()


@contextlib.contextmanager
def refused() -> Iterator[str]:
    """The base URL of a port that refuses: bound, so that nobody else takes it, but not listening."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}/v1"


@contextlib.contextmanager
def black_hole() -> Iterator[str]:
    """The base URL of a port whose backlog is full and which never accepts: a SYN gets no answer."""
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
        yield f"http://127.0.0.1:{sock.getsockname()[1]}/v1"
