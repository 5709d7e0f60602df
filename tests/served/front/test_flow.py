"""Clients that take nothing, send too much, or leave; and applications that take nothing."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.gateway.client.disconnect import DISCONNECT, Disconnect
from tests.served.front.conftest import whole
from tests.served.front.door import Receive, Send, answer, opened, read_body
from tests.support.gateway import eventually
from tests.support.rawclient import CutOff, RawConnection, request_bytes

GET = request_bytes("GET", "/")
PIECE = b"x" * 50_000
MANY = 2000
"""Pieces: 100 MB."""
ESTABLISHED = "01"
"""As Linux writes it in /proc/net/tcp."""
STILL = 0.2
"""Seconds without change after which nothing moves any more."""
HELD = 2**20
"""Bytes of an answer that may wait in the process."""
KERNEL = 8 * 2**20
"""Bytes that both sockets' buffers may take."""
EARLY = [b"", b"\r\n", b"\r\n\r\n\r\n", GET, b"GET / HT"]


def settled(figure: Callable[[], int]) -> int:
    """The figure, once it is above 0 and does not move any more."""
    last = 0
    still = threading.Event()
    while figure() != last or not last:
        last = figure()
        still.wait(STILL)
    return last


@attrs.define(eq=False)
class Pouring:
    """An application that sends 100 MB as fast as they are taken, and counts."""

    sent: int = 0
    ended: threading.Event = attrs.field(factory=threading.Event)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        await read_body(receive)
        disconnect: Disconnect = scope["state"][DISCONNECT]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(MANY):
                if disconnect.left:
                    return
                await send({"type": "http.response.body", "body": PIECE, "more_body": True})
                self.sent += len(PIECE)
            await send({"type": "http.response.body"})
        finally:
            self.ended.set()


@attrs.define(eq=False)
class Waiting:
    """An application that begins an answer, and ends when it hears that its client has left."""

    begun: threading.Event = attrs.field(factory=threading.Event)
    heard: threading.Event = attrs.field(factory=threading.Event)
    told: dict[str, Any] = attrs.field(factory=dict)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        await read_body(receive)
        left = asyncio.Event()
        scope["state"][DISCONNECT].listen(left.set)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        self.begun.set()
        await left.wait()
        self.told = dict(await receive())
        self.heard.set()


@attrs.define(eq=False)
class Deaf:
    """An application that takes nothing of a body until it may."""

    may: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        await self.may.wait()
        await answer(send, b"%d" % len(await read_body(receive)))


def test_an_answer_that_nobody_takes_is_not_held_and_its_client_is_cut_off() -> None:
    """100 MB, and a client that reads none of them: at most a megabyte waits in the process."""
    pouring = Pouring()
    with opened(pouring, write=1) as door, RawConnection(door.url, receive_buffer=4096) as connection:
        connection.send(GET)
        assert pouring.ended.wait(20)
    assert pouring.sent < HELD + KERNEL


def test_a_client_that_takes_its_answer_late_gets_all_of_it() -> None:
    pouring = Pouring()
    with opened(pouring) as door, RawConnection(door.url, receive_buffer=4096) as connection:
        connection.send(GET)
        waiting = settled(lambda: pouring.sent)
        head = connection.read_head()
        assert len(PIECE) * MANY == sum(len(piece.data) for piece in connection.pieces(head))
        assert waiting < HELD + KERNEL


def test_a_thousand_requests_whose_answers_nobody_takes_are_not_all_answered() -> None:
    """Small ones too: each answer waits until there is room for it."""
    count = 0

    async def large(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        nonlocal count
        count += 1
        await answer(send, PIECE)

    with opened(large) as door, RawConnection(door.url, receive_buffer=4096) as connection:
        connection.send(GET * 1000)
        assert settled(lambda: count) * len(PIECE) < HELD + KERNEL


def test_a_body_that_nobody_reads_waits_with_its_client() -> None:
    deaf = Deaf()
    size = 64 * 2**20
    with opened(deaf) as door, RawConnection(door.url) as connection:
        connection.send(request_bytes("POST", "/", {"content-length": str(size)}))
        connection.sock.settimeout(0.5)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < size:
                sent += connection.sock.send(bytes(2**16))
        assert sent < HELD + KERNEL
        assert door.loop is not None
        door.loop.call_soon_threadsafe(deaf.may.set)
        connection.sock.settimeout(10)
        connection.send(bytes(size - sent))
        assert b"%d" % size == whole(connection)[1]


def test_what_follows_a_request_waits_with_its_client_once_it_is_much() -> None:
    waiting = Waiting()
    with opened(waiting) as door, RawConnection(door.url) as connection:
        connection.send(GET)
        assert waiting.begun.wait(60)
        connection.sock.settimeout(0.5)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 64 * 2**20:
                sent += connection.sock.send(bytes(2**16))
        assert sent < HELD + KERNEL


@pytest.mark.attack("T-35", "T-34", "T-20")
@pytest.mark.parametrize("leave", [RawConnection.close, RawConnection.reset, RawConnection.half_close])
@pytest.mark.parametrize("early", EARLY)
def test_a_client_is_heard_leaving_whatever_it_sent_before(early: bytes, leave: Any) -> None:
    """T-35: behind an empty line, a second request or half of one."""
    waiting = Waiting()
    with opened(waiting) as door, RawConnection(door.url) as connection:
        connection.send(GET + early)
        assert waiting.begun.wait(60)
        leave(connection)
        assert waiting.heard.wait(60)
        assert {"type": "http.disconnect"} == waiting.told
        eventually(lambda: not busy(door.url), lambda: "the connection stays")


def busy(url: str) -> list[str]:
    """Established connections of a server in this process."""
    port = int(url.rpartition(":")[2])
    lines = Path("/proc/self/net/tcp").read_text().splitlines()
    return [line for line in lines if f":{port:04X}" in line.split()[1] and line.split()[3] == ESTABLISHED]


def test_a_client_that_leaves_with_its_body_half_sent_is_heard() -> None:
    told: list[str] = []
    ended = threading.Event()

    async def reading(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        while not told or told[-1] != "http.disconnect":
            told.append((await receive())["type"])
        ended.set()

    with opened(reading) as door, RawConnection(door.url) as connection:
        connection.send(request_bytes("POST", "/", {"content-length": "10"}) + b"half")
        connection.close()
        assert ended.wait(60)
    assert "http.disconnect" == told[-1]


async def half(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Breaks off inside its answer."""
    await read_body(receive)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_half_an_answer_does_not_end_as_a_whole_one_does(version: str) -> None:
    """Without chunks only the connection's end tells, so that it is reset."""
    with opened(half) as door, RawConnection(door.url) as connection:
        connection.send(f"GET / HTTP/{version}\r\nhost: a\r\n\r\n".encode())
        with pytest.raises(CutOff):
            whole(connection)


async def in_pieces(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """A head, and later its body."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/later":
        await asyncio.Event().wait()
    await send({"type": "http.response.body", "body": b"body", "more_body": True})
    await asyncio.Event().wait()


def test_a_head_does_not_wait_for_its_body() -> None:
    with opened(in_pieces) as door, RawConnection(door.url) as connection:
        connection.send(request_bytes("GET", "/later"))
        assert 200 == connection.read_head().status
        door.stop()
        door.wait_over()


def test_head_and_first_piece_arrive_in_one_segment() -> None:
    with opened(in_pieces) as door, RawConnection(door.url) as connection:
        connection.send(GET)
        assert connection.sock.recv(2**16).endswith(b"\r\n\r\n4\r\nbody\r\n")
        door.stop()
        door.wait_over()


def test_a_stop_lets_what_is_under_way_end_and_closes_what_is_idle() -> None:
    deaf = Deaf()
    with opened(deaf) as door, RawConnection(door.url) as busy, RawConnection(door.url) as idle:
        busy.send(GET)
        idle.send(b"GET / HT")
        door.wait_busy()
        door.stop()
        assert idle.at_eof(5)
        assert door.loop is not None
        door.loop.call_soon_threadsafe(deaf.may.set)
        assert b"0" == whole(busy)[1]
        assert busy.at_eof(5)
        door.wait_over(5)


def test_a_stop_ends_what_does_not_end_by_itself() -> None:
    """Five seconds later, with its socket closed and its task over; the block checks that."""
    with opened(Deaf()) as door, RawConnection(door.url) as connection:
        connection.send(GET)
        door.wait_busy()
        door.stop()
        door.wait_over(15)
        assert connection.at_eof(5)


def test_no_new_connection_is_taken_once_it_stops() -> None:
    with opened(Deaf()) as door:
        door.stop()
        door.wait_over(5)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(door.url.rpartition(":")[2])), 5)
