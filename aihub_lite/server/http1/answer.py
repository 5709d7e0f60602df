"""An answer's bytes: its head, its framing, and whether another answer may follow on the connection."""

from __future__ import annotations

from collections.abc import Iterable

from aihub_lite.server.http1.head import Head

STATUS_LINES = {status: b"HTTP/1.1 %d \r\n" % status for status in range(100, 600)}
"""Without a phrase: nobody reads one (RFC 9112 4)."""
CHUNKED = b"transfer-encoding: chunked\r\n"
CLOSE = b"connection: close\r\n"
KEEP_ALIVE = b"connection: keep-alive\r\n"
"""Said to HTTP/1.0 alone, which does not take it for granted."""
LAST_CHUNK = b"0\r\n\r\n"
BODILESS = frozenset({204, 304})
NO_LENGTH = 204
"""RFC 9110 8.6: its answer must not say a length."""
CONTINUE = b"HTTP/1.1 100 \r\n\r\n"


class AnswerBytes:
    """One answer, from what ASGI says of it."""

    __slots__ = ("_chunked", "_head", "_left", "_silent", "complete", "keep", "started", "until_close", "version")

    def __init__(self, head: Head) -> None:
        self.version = head.version
        self.keep = head.keeps_alive
        """Whether the connection may carry another request."""
        self.started = False
        self.complete = False
        self.until_close = False
        """Whether its end is the connection's: HTTP/1.0 knows no chunks."""
        self._head = b""
        """What was said and not handed out: it leaves in one piece with the beginning of the body."""
        self._silent = head.method == b"HEAD"
        self._chunked = False
        self._left = 0
        """Bytes of a body whose length was said that are still to come."""

    @property
    def said(self) -> bool:
        """Whether anything of it was handed out, so that nothing else can be answered any more."""
        return self.started and not self._head

    def start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Write the head; raises ValueError where a field would be more than one."""
        if self.started:
            raise RuntimeError("an answer has one head")
        length = None
        lines = [STATUS_LINES[status]]
        for name, value in headers:
            if name == b"content-length":
                length = value
                if status == NO_LENGTH:
                    continue
            lines.append(b"%b: %b\r\n" % (name, value))
        fields = len(lines)
        lines.append(self._framing(status, length))
        lines.append(b"\r\n")
        head = b"".join(lines)
        said = lines[-2].count(b"\n")
        if not head.count(b"\n") == head.count(b"\r") == fields + said + 1 or b"\0" in head:
            raise ValueError("a header of the answer holds a line break or NUL")
        self._head = head
        self.started = True

    def _framing(self, status: int, length: bytes | None) -> bytes:
        """The fields that say where the answer ends, and whether it is the last."""
        said = b""
        if status in BODILESS:
            self._silent = True
        if length is not None:
            self._left = int(length)
        elif not self._silent:
            if self.version == "1.0":
                self.until_close = True
                self.keep = False
            else:
                self._chunked = True
                said = CHUNKED
        if not self.keep:
            return said + CLOSE
        if self.version == "1.0":
            return said + KEEP_ALIVE
        return said

    def take_head(self) -> bytes:
        """The head, unless it was handed out."""
        head = self._head
        self._head = b""
        return head

    def add(self, body: bytes, *, more: bool) -> tuple[bytes, ...]:
        """What to send for a piece of the body, the head first where it is still here.

        Raises RuntimeError for a body without a head, or one that is not as long as was said.
        """
        if not self.started or self.complete:
            raise RuntimeError("a body follows its head and ends once")
        if not (self._silent or self._chunked or self.until_close):
            self._count(len(body), more=more)
        self.complete = not more
        framed = self._framed(body)
        if not self._head:
            return framed
        return (self.take_head(), *framed)

    def _framed(self, body: bytes) -> tuple[bytes, ...]:
        if self._silent:
            return ()
        if not self._chunked:
            return (body,)
        if not body:
            return (LAST_CHUNK,) if self.complete else ()
        size = b"%x\r\n" % len(body)
        if self.complete:
            return (size, body, b"\r\n" + LAST_CHUNK)
        return (size, body, b"\r\n")

    def _count(self, size: int, *, more: bool) -> None:
        self._left -= size
        if self._left < 0 or (self._left and not more):
            self.keep = False
            raise RuntimeError("the answer is not as long as its head says")
