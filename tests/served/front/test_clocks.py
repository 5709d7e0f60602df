"""Clients that keep a connection and do nothing with it, under clocks of half a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from tests.served.front.conftest import whole
from tests.served.front.door import Door, Receive, Send, answer, echo, opened
from tests.support.rawclient import RawConnection, request_bytes

GET = request_bytes("GET", "/")
SOON = 10.0
"""Seconds within which a clock of half a second is over on a machine that is busy."""


@pytest.fixture(scope="module")
def hasty() -> Iterator[Door]:
    with opened(echo, idle=0.5, head=0.5, linger=0.5, close=0.5) as door:
        yield door


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"\r\n\r\n"])
def test_a_connection_on_which_no_request_begins_is_closed(hasty: Door, sent: bytes) -> None:
    """Empty lines are no beginning of one."""
    with RawConnection(hasty.url) as connection:
        connection.send(sent)
        assert connection.at_eof(SOON)


def test_a_connection_whose_request_was_answered_is_closed_when_it_is_idle(hasty: Door) -> None:
    with RawConnection(hasty.url) as connection:
        connection.send(GET)
        assert 200 == whole(connection)[0].status
        assert connection.at_eof(SOON)


@pytest.mark.attack("T-31")
@pytest.mark.parametrize("before", [b"", GET])
def test_a_head_that_comes_byte_by_byte_is_refused_when_its_time_is_over(hasty: Door, before: bytes) -> None:
    """T-31: its clock runs from the first byte, and no further byte sets it back; what came before is answered."""
    with RawConnection(hasty.url) as connection:
        connection.send(before)
        if before:
            assert 200 == whole(connection)[0].status
        connection.sock.settimeout(0.05)
        answered = b""
        connection.send(b"GET / HTTP/1.1\r\nx: ")
        while not answered:
            connection.send(b"a")
            try:
                answered = connection.sock.recv(2**16)
            except TimeoutError:
                continue
        connection.sock.settimeout(SOON)
        connection._buffer = answered
        head, body = whole(connection)
        assert (408, "close") == (head.status, head.header("connection"))
        assert "request_timeout" == msgspec.json.decode(body)["error"]["code"]


@pytest.mark.attack("T-30")
def test_a_refused_client_that_goes_on_sending_is_left_all_the_same(hasty: Door) -> None:
    with RawConnection(hasty.url) as connection:
        connection.send(b"GET / HTTP/9.9\r\n\r\n")
        assert 505 == whole(connection)[0].status
        with pytest.raises(ConnectionError):
            while True:
                connection.send(b"x" * 2**16)


async def much(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """A whole answer that is larger than what the kernel takes."""
    await answer(send, b"x" * 2**24)


def test_a_client_that_takes_nothing_is_left_with_what_it_was_sent() -> None:
    """Also of an answer that nobody times: the console's."""
    with opened(much, write=0.5) as door, RawConnection(door.url, receive_buffer=4096) as connection:
        connection.send(GET)
        assert 200 == connection.read_head().status
        door.wait_alone()
