"""An ASGI server of one request, whose every message the test decides on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote

import attrs
import msgspec

App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]
BOUND = 20.0
"""Seconds after which a wait fails the test."""
DISCONNECT: Mapping[str, Any] = {"type": "http.disconnect"}


class Unexpected(RuntimeError):
    """A message that no server takes at this point; Hypercorn raises its own error for it."""


@attrs.define(eq=False)
class Call:
    """One request to an app. `violations` lists what the app did against the protocol."""

    path: str
    method: str = "POST"
    headers: list[tuple[bytes, bytes]] = attrs.field(factory=list)
    query: str = ""
    peer: str = "127.0.0.1"
    status: int = 0
    answer_headers: dict[str, str] = attrs.field(factory=dict)
    pieces: list[bytes] = attrs.field(factory=list)
    complete: bool = False
    """Whether the app has sent the last piece of the answer."""
    pace: float = 0.0
    """Bytes per second that the client reads; 0 is no limit."""
    reads_the_end: bool = True
    """Whether the client reads the last piece, or leaves it in the server's buffer for ever."""
    gave_up: bool = False
    """Whether the app did not wait for a piece to be read."""
    violations: list[str] = attrs.field(factory=list)
    task: asyncio.Task[None] | None = None
    _incoming: asyncio.Queue[Mapping[str, Any]] = attrs.field(factory=asyncio.Queue)
    _reads: asyncio.Event = attrs.field(factory=asyncio.Event)
    """Whether the client reads what is sent."""
    _sending: int = 0

    def __attrs_post_init__(self) -> None:
        self._reads.set()

    @property
    def scope(self) -> dict[str, Any]:
        """As Hypercorn makes it: the path is decoded once."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.1"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": unquote(self.path),
            "raw_path": self.path.encode(),
            "query_string": self.query.encode(),
            "root_path": "",
            "headers": self.headers,
            "client": (self.peer, 50_000),
            "server": ("127.0.0.1", 4242),
            "extensions": {},
            "state": {},
        }

    def body(self, *pieces: bytes) -> Call:
        """The whole request body, in these pieces."""
        for number, piece in enumerate(pieces):
            self.feed(piece, more=number < len(pieces) - 1)
        return self

    def feed(self, piece: bytes, *, more: bool) -> None:
        """One message of the request body."""
        self._incoming.put_nowait({"type": "http.request", "body": piece, "more_body": more})

    def leave(self) -> None:
        """The client hangs up."""
        self._incoming.put_nowait(DISCONNECT)

    def stop_reading(self) -> None:
        """From here on every `send` blocks."""
        self._reads.clear()

    def read_again(self) -> None:
        """Lets what blocks pass."""
        self._reads.set()

    @property
    def heard(self) -> bool:
        """Whether the app has taken in all that the client did: its body, and that it left."""
        return self._incoming.empty()

    @property
    def blocked(self) -> bool:
        """Whether the app is in the middle of a `send` that does not return."""
        return self._sending > 0 and not self._reads.is_set()

    async def receive(self) -> Mapping[str, Any]:
        return await self._incoming.get()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self._check(message)
        self._sending += 1
        try:
            if self._sending > 1:
                self.violations.append("two messages at once")
            self._take(message)  # as a server does: into its buffer at once, and then it waits for the client
            if self.complete and not self.reads_the_end:
                self._reads.clear()
            # The client's own pace of reading; without one, a turn for everybody else.
            await asyncio.sleep(len(message.get("body", b"")) / self.pace if self.pace else 0)
            await self._reads.wait()
        except asyncio.CancelledError:
            self.gave_up = True
            raise
        finally:
            self._sending -= 1

    def _check(self, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        wrong = self.complete or (kind == "http.response.start") == bool(self.status)
        if wrong:
            self.violations.append(f"{kind} out of turn")
            raise Unexpected(kind)

    def _take(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.answer_headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        self.pieces.append(message.get("body", b""))
        self.complete = not message.get("more_body", False)

    def start(self, app: App) -> Call:
        """Serve it in a task of its own."""
        self.task = asyncio.ensure_future(app(self.scope, self.receive, self.send))
        return self

    async def served(self, timeout: float = BOUND) -> Call:
        """Returns once the app is done with it; raises TimeoutError."""
        assert self.task is not None
        await asyncio.wait_for(asyncio.shield(self.task), timeout)
        return self

    async def until(self, holds: Callable[[], object], timeout: float = BOUND) -> None:
        """Returns once `holds`; raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not holds():
                await asyncio.sleep(0.001)  # between two looks

    @property
    def content(self) -> bytes:
        """What the app has sent of the answer's body."""
        return b"".join(self.pieces)

    def json(self) -> Any:
        """The answer's body, decoded."""
        return msgspec.json.decode(self.content)

    @property
    def code(self) -> object:
        """The code of an error answer."""
        return self.json()["error"]["code"]

    def events(self) -> list[Any]:
        """Payloads of the stream's events; `[DONE]` as it is."""
        lines = [line[6:] for line in self.content.split(b"\n") if line.startswith(b"data: ")]
        return [line.decode() if line == b"[DONE]" else msgspec.json.decode(line) for line in lines]


def get(path: str, key: str = "", headers: Iterable[tuple[str, str]] = (), *, query: str = "", **fields: Any) -> Call:
    """A request without a body."""
    return Call(path, "GET", header_list(key, headers), query, **fields).body(b"")


def post(path: str, key: str, body: object, headers: Iterable[tuple[str, str]] = ()) -> Call:
    """A request with a JSON body; bytes go as they are."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Call(path, "POST", header_list(key, headers)).body(data)


def header_list(key: str = "", headers: Iterable[tuple[str, str]] = ()) -> list[tuple[bytes, bytes]]:
    """Header fields as ASGI has them, with a Bearer key if there is one."""
    bearer = [("authorization", f"Bearer {key}")] if key else []
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in [*bearer, *headers]]
