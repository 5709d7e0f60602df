"""Many clients that listen to streams: `python -m tests.bench.listener SPEC`, one process, raw sockets over epoll.

SPEC is a Spec in JSON. Once every stream has had its first chunk and `warm` seconds more have passed, a window of
`seconds` opens: what is counted inside it and what the gateway's process used meanwhile is printed, as a Heard in
JSON, after every stream has ended. It imports nothing of the gateway and does as little as it can: it runs on the
same two cores.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import attrs

from tests.bench.figures import percentile
from tests.support.process_figures import cpu_seconds, resident_bytes

STAMP = re.compile(rb"@(\d+)@")
END = b"data: [DONE]"
OPENINGS_PER_SECOND = 400
"""Streams are opened one after the other: a stampede is not what is measured."""
OVERTIME = 60.0
"""Seconds of silence after which the rest is given up."""


@attrs.frozen
class Spec:
    """What to listen to: `streams` requests with this body at `url`; `pid` is the gateway's, or 0."""

    url: str
    key: str
    body: dict[str, Any]
    streams: int
    warm: float
    seconds: float
    pid: int = 0
    per_second: float = OPENINGS_PER_SECOND
    """Streams opened in a second."""


@attrs.frozen
class Heard:
    """What was heard in the window; `whole` streams ended with `[DONE]`, `refused` were not answered with 200."""

    chunks: int
    seconds: float
    cpu_s: float
    rss_bytes: int
    delay_p50_ms: float
    delay_p99_ms: float
    delay_max_ms: float
    first_p99_ms: float
    """From a request's sending to the first chunk of its answer, of all streams."""
    whole: int
    refused: int
    all_chunks: int


@attrs.define(eq=False)
class Stream:
    """One stream being heard."""

    sock: socket.socket
    sent: float
    """When its request was, monotonic."""
    tail: bytes = b""
    chunks: int = 0
    answered: bool = False
    refused: bool = False
    whole: bool = False


@attrs.define(eq=False)
class Listener:
    """All streams and the window in which they count."""

    spec: Spec
    epoll: select.epoll = attrs.field(factory=select.epoll)
    streams: dict[int, Stream] = attrs.field(factory=dict)
    ended: list[Stream] = attrs.field(factory=list)
    delays: list[float] = attrs.field(factory=list)
    """Milliseconds, of every chunk inside the window."""
    firsts: list[float] = attrs.field(factory=list)
    """Milliseconds from request to first chunk, of every stream."""
    counting: bool = False
    speaking: int = 0
    """Streams that have had their first chunk."""

    def run(self) -> Heard:
        """Raises TimeoutError when nothing comes any more, or when the streams end before the window does."""
        self.open_all()
        self.listen(lambda: self.speaking == self.spec.streams or bool(self.ended))
        self.listen_for(self.spec.warm)
        began = time.monotonic()
        cpu = self.cpu()
        self.counting = True
        self.listen_for(self.spec.seconds)
        self.counting = False
        seconds = time.monotonic() - began
        cpu = self.cpu() - cpu
        chunks = len(self.delays)
        if self.ended:
            raise TimeoutError(f"{len(self.ended)} streams ended too early, {self.refused} of them refused")
        rss = resident_bytes(self.spec.pid) if self.spec.pid else 0
        self.listen(lambda: not self.streams)
        return self.heard(seconds, cpu, chunks, rss)

    def cpu(self) -> float:
        return cpu_seconds(self.spec.pid) if self.spec.pid else 0.0

    def heard(self, seconds: float, cpu: float, chunks: int, rss: int) -> Heard:
        """What was counted, once every stream has ended."""
        return Heard(
            chunks,
            seconds,
            cpu,
            rss,
            percentile(self.delays, 50),
            percentile(self.delays, 99),
            max(self.delays),
            percentile(self.firsts, 99),
            sum(stream.whole for stream in self.ended),
            self.refused,
            sum(stream.chunks for stream in self.ended),
        )

    @property
    def refused(self) -> int:
        """Streams that were answered with anything but 200."""
        return sum(stream.refused for stream in self.ended)

    def open_all(self) -> None:
        """Every stream, one after the other."""
        request, address = request_of(self.spec)
        began = time.monotonic()
        for number in range(self.spec.streams):
            sock = socket.create_connection(address, 10)
            sock.sendall(request)
            sock.setblocking(False)
            self.streams[sock.fileno()] = Stream(sock, time.monotonic())
            self.epoll.register(sock.fileno(), select.EPOLLIN)
            self.listen_for(began + number / self.spec.per_second - time.monotonic())

    def listen_for(self, seconds: float) -> None:
        """Takes what comes for so many seconds."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.step(left)

    def listen(self, done: Callable[[], bool]) -> None:
        """Takes what comes until `done()`; raises TimeoutError after OVERTIME seconds of silence."""
        while not done():
            if not self.step(OVERTIME):
                raise TimeoutError(f"silence; {len(self.streams)} streams are open")

    def step(self, timeout: float) -> bool:
        """Takes what has come; False if nothing came in time."""
        ready = self.epoll.poll(timeout)
        for number, _ in ready:
            self.take(self.streams[number])
        return bool(ready)

    def take(self, stream: Stream) -> None:
        """One read of one stream."""
        try:
            data = stream.sock.recv(65536)
        except ConnectionError:
            data = b""
        now = time.monotonic_ns()
        if not stream.answered and data:
            stream.answered = True
            stream.refused = not data.startswith(b"HTTP/1.1 200")
        text = stream.tail + data
        end = 0
        for stamp in STAMP.finditer(text):
            if not stream.chunks:
                self.speaking += 1
                self.firsts.append((now / 1e9 - stream.sent) * 1e3)
            stream.chunks += 1
            end = stamp.end()
            if self.counting:
                self.delays.append((now - int(stamp[1])) / 1e6)
        stream.tail = text[end:]
        stream.whole = END in text
        if not data or stream.whole or stream.refused:
            self.end(stream)

    def end(self, stream: Stream) -> None:
        """Hangs up on a stream, whole or not."""
        self.epoll.unregister(stream.sock.fileno())
        self.ended.append(self.streams.pop(stream.sock.fileno()))
        stream.sock.close()


def request_of(spec: Spec) -> tuple[bytes, tuple[str, int]]:
    """The request that every stream begins with, and where it goes."""
    parts = urlsplit(spec.url)
    body = json.dumps(spec.body).encode()
    head = (
        f"POST {parts.path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {spec.key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body, (parts.hostname or "", parts.port or 80)


if __name__ == "__main__":
    print(json.dumps(attrs.asdict(Listener(Spec(**json.loads(sys.argv[1]))).run())))
