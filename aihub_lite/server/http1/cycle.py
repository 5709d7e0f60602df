"""One request and its answer, as ASGI has them (spec 2.3)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol
from urllib.parse import unquote

from aihub_lite.errors import GatewayError
from aihub_lite.gateway.client.disconnect import DISCONNECT, Disconnect
from aihub_lite.server.http1.answer import CONTINUE, AnswerBytes
from aihub_lite.server.http1.head import Head

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = Mapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application. Frameworks' own types of the three differ by name only."""
Address = tuple[str, int] | None

VERSIONS: Mapping[str, str] = {"asgi": "3.0", "spec_version": "2.3"}
MOST_UNREAD = 256 * 1024
"""Bytes of a body that wait for the application before its client has to: what uvloop reads at once."""
DISCONNECTED: Message = {"type": "http.disconnect"}


class Peer(Protocol):
    """The connection, as far as one exchange on it goes."""

    disconnect: Disconnect
    client: Address
    server: Address
    scheme: str
    full: bool
    """Whether what was sent waits for the client."""

    def write(self, pieces: tuple[bytes, ...]) -> None:
        """Send without waiting."""

    async def drained(self) -> None:
        """Returns when the client has taken enough, or has left."""

    def set_reading(self, *, wanted: bool) -> None:
        """Whether more of the request's body is wanted."""

    def finished(self, cycle: Cycle) -> None:
        """The answer is complete, or never will be."""

    def refuse(self, error: GatewayError) -> None:
        """Answer with an error that the application knows nothing of, and close."""


class Cycle:
    """Hands a request's body to the application, and its answer to the client."""

    __slots__ = ("_body", "_head", "_invites", "_news", "_peer", "_read", "_unread", "answer", "body_ended", "left")

    def __init__(self, peer: Peer, head: Head, *, last: bool) -> None:
        self._peer = peer
        self._head = head
        self.answer = AnswerBytes(head)
        if last:
            self.answer.keep = False
        self.body_ended = not head.has_body
        """Whether the request is here to its end."""
        self.left = False
        """Whether nobody waits for the answer any more."""
        self._invites = head.awaits_invitation and not self.body_ended and head.version != "1.0"
        self._body: list[bytes] = []
        self._unread = 0
        self._read = False
        """Whether the application has been given the body to its end."""
        self._news: asyncio.Event | None = None

    async def run(self, app: App) -> None:
        """Serve it to its end, whatever the application does."""
        try:
            await app(self.scope(), self.receive, self.send)
        except Exception:
            log.exception("the application failed")
        finally:
            if not (self.answer.said or self.left):
                self._peer.refuse(GatewayError())
            self._peer.finished(self)

    def scope(self) -> Scope:
        """What ASGI says of the request."""
        head = self._head
        path, _, query = head.target.partition(b"?")
        text = path.decode("ascii")
        if "%" in text:
            text = unquote(text)
        peer = self._peer
        kind = "http"
        if head.upgrade == b"websocket" and b"upgrade" in head.options and head.method == b"GET":
            kind = "websocket"  # refused by the application; who offers anything else is answered as if it did not
        return {
            "type": kind,
            "asgi": VERSIONS,
            "http_version": head.version,
            "method": head.method.decode("ascii"),
            "scheme": peer.scheme,
            "path": text,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": head.fields,
            "client": peer.client,
            "server": peer.server,
            "state": {DISCONNECT: peer.disconnect},
            "extensions": {},
        }

    def take(self, piece: bytes, *, ended: bool) -> None:
        """More of the request's body has come."""
        self.body_ended = ended
        self._invites = False
        if piece:
            self._body.append(piece)
            self._unread += len(piece)
            if self._unread > MOST_UNREAD:
                self._peer.set_reading(wanted=False)
        self._wake()

    def leave(self) -> None:
        """The client has left, or is not worth an answer any more."""
        self.left = True
        self._wake()

    def _wake(self) -> None:
        if self._news is not None:
            self._news.set()

    async def receive(self) -> Message:
        """What has come of the body since the last call; when it has ended, that the client left or has its answer."""
        while not (self.left or self.answer.complete or self._has_body()):
            if self._invites and not self.answer.started:
                self._invites = False
                self._peer.write((CONTINUE,))
            if self._news is None:
                self._news = asyncio.Event()
            self._news.clear()
            await self._news.wait()
        if not self._has_body() or (self.left and not self.body_ended):
            return DISCONNECTED
        self._read = self.body_ended
        body = self._take_body()
        return {"type": "http.request", "body": body, "more_body": not self._read}

    def _has_body(self) -> bool:
        return bool(self._body) or (self.body_ended and not self._read)

    def _take_body(self) -> bytes:
        body = b"".join(self._body)
        self._body.clear()
        if self._unread > MOST_UNREAD:
            self._peer.set_reading(wanted=True)
        self._unread = 0
        return body

    async def send(self, message: Message) -> None:
        """A part of the answer; returns when the client has taken enough of what was sent."""
        kind: str = message["type"].removeprefix("websocket.http.").removeprefix("http.")
        if kind == "response.body":
            more = message.get("more_body", False)
            self._peer.write(self.answer.add(message.get("body", b""), more=more))
        elif kind == "response.start":
            self._start(message)
        else:
            raise RuntimeError(f"an answer has no {kind}")
        if self._peer.full:
            await self._peer.drained()
        if self.answer.complete:
            self._wake()
            self._peer.finished(self)

    def _start(self, message: Message) -> None:
        if not self.body_ended:
            # What is not here by the answer's end is not waited for: then no other request is read, and it is said. Who
            # was not sent for its body may send it all the same: nobody knows where a next request begins.
            self.answer.keep = False
        self.answer.start(message["status"], message.get("headers", ()))
        # The body mostly follows in the same turn of the loop; where it does not, nobody shall wait for the head.
        asyncio.get_running_loop().call_soon(self._send_head)

    def _send_head(self) -> None:
        if head := self.answer.take_head():
            self._peer.write((head,))
