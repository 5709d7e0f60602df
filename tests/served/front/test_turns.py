"""Requests of one connection, one after the other: how each ends, and whether another may follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.served.front.conftest import Exchange, whole
from tests.served.front.door import App, Door, Receive, Send, answer, echo, opened, read_body, stream
from tests.support.rawclient import CutOff, RawConnection, request_bytes

GET = request_bytes("GET", "/a")
POST = request_bytes("POST", "/b", body=b"body")
CHUNKED = request_bytes("POST", "/c", {"transfer-encoding": "chunked"}) + b"2\r\nxy\r\n0\r\n\r\n"
LAST = request_bytes("GET", "/z", {"connection": "close"})
OLD = b"GET /old HTTP/1.0\r\n%b\r\n"
ECHOED = [(200, b"GET /a "), (200, b"POST /b body"), (200, b"POST /c xy"), (200, b"GET /z ")]


async def unread(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Answers without a look at the body."""
    await answer(send, b"no")


async def empty(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """204, with a length that it must not say."""
    await answer(send, b"", 204)


def test_requests_in_one_piece_are_answered_in_order(exchange: Exchange) -> None:
    assert ECHOED == exchange(GET + POST + CHUNKED + LAST)


def test_a_thousand_requests_in_one_piece_are_all_answered(exchange: Exchange) -> None:
    answers = exchange(GET * 1000 + LAST)
    assert [ECHOED[0]] * 1000 + [ECHOED[3]] == answers


@pytest.mark.parametrize("size", range(1, 60, 7))
def test_requests_in_small_pieces_are_answered_in_order(echoing: Door, size: int) -> None:
    data = GET + POST + CHUNKED + LAST
    with RawConnection(echoing.url) as connection:
        for start in range(0, len(data), size):
            connection.send(data[start : start + size])
        assert ECHOED == [(head.status, body) for head, body in (whole(connection) for _ in range(4))]


@pytest.mark.parametrize("broken", [b"GET / HTTP/1.1\r\nx : a\r\n\r\n", b"\x00", b"GET / HTTP/1.1\n\n"])
def test_what_is_broken_takes_no_answer_from_the_requests_before_it(exchange: Exchange, broken: bytes) -> None:
    assert [*ECHOED[:3], (400, b"new_api_error")] == exchange(GET + POST + CHUNKED + broken + LAST)


def test_nothing_is_answered_behind_a_request_that_was_the_last(exchange: Exchange) -> None:
    assert [ECHOED[3]] == exchange(LAST + GET)


@pytest.mark.parametrize("field", ["Connection: Keep-Alive, Close", "connection: x\r\nconnection: close"])
def test_close_is_read_from_any_place_in_the_list(exchange: Exchange, field: str) -> None:
    assert [(200, b"GET / ")] == exchange(f"GET / HTTP/1.1\r\nhost: a\r\n{field}\r\n\r\n".encode() + GET)


def test_http_1_0_closes_unless_it_asks_for_more(exchange: Exchange) -> None:
    assert [(200, b"GET /old ")] == exchange(OLD % b"" + GET)


def test_http_1_0_keeps_the_connection_where_it_asks_for_that(echoing: Door) -> None:
    with RawConnection(echoing.url) as connection:
        for _ in range(2):
            connection.send(OLD % b"connection: keep-alive\r\n")
            head, body = whole(connection)
            assert ("keep-alive", b"GET /old ") == (head.header("connection"), body)


def test_http_1_0_gets_a_stream_without_chunks_that_ends_with_the_connection() -> None:
    with opened(stream) as door, RawConnection(door.url) as connection:
        connection.send(OLD % b"connection: keep-alive\r\n")
        head, body = whole(connection)
    assert (None, "close", b"one two three") == (head.header("transfer-encoding"), head.header("connection"), body)


def test_a_stream_is_chunked_and_another_request_may_follow() -> None:
    with opened(stream) as door, RawConnection(door.url) as connection:
        for _ in range(2):
            connection.send(GET)
            head, body = whole(connection)
            assert (200, "chunked", b"one two three") == (head.status, head.header("transfer-encoding"), body)


@pytest.mark.parametrize("app", [echo, stream])
def test_head_is_answered_without_a_body(app: Any) -> None:
    with opened(app) as door, RawConnection(door.url) as connection:
        connection.send(request_bytes("HEAD", "/") + LAST)
        assert 200 == connection.read_head().status
        head, body = whole(connection)
        assert (200, True) == (head.status, len(body) > 0)


def test_an_answer_of_204_says_no_length_and_has_no_body() -> None:
    with opened(empty) as door, RawConnection(door.url) as connection:
        connection.send(GET + LAST)
        head = connection.read_head()
        assert (204, None, None) == (head.status, head.header("content-length"), head.header("transfer-encoding"))
        assert 204 == connection.read_head().status


def first_line(connection: RawConnection) -> bytes:
    """The status line of the next answer, informational or not, and nothing of what follows it."""
    return connection._until(b"\r\n\r\n").partition(b"\r\n")[0]


def test_a_body_that_is_read_is_sent_for_once(echoing: Door) -> None:
    with RawConnection(echoing.url) as connection:
        connection.send(request_bytes("POST", "/", {"expect": "100-Continue", "content-length": "4"}))
        assert b"HTTP/1.1 100 " == first_line(connection)
        connection.send(b"bo")
        connection.send(b"dy" + GET)
        assert [b"POST / body", ECHOED[0][1]] == [whole(connection)[1] for _ in range(2)]


def test_a_body_that_came_is_not_sent_for(echoing: Door) -> None:
    with RawConnection(echoing.url) as connection:
        connection.send(request_bytes("POST", "/", {"expect": "100-continue"}, b"body"))
        assert b"HTTP/1.1 200 " == first_line(connection)


def test_http_1_0_is_never_sent_for_its_body(echoing: Door) -> None:
    """It knows no informational answers (RFC 9110 15.2)."""
    with RawConnection(echoing.url) as connection:
        connection.send(b"POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n")
        connection.send(b"body")
        assert b"HTTP/1.1 200 " == first_line(connection)


def test_a_body_that_nobody_reads_is_not_sent_for_and_ends_the_connection() -> None:
    with opened(unread) as door, RawConnection(door.url) as connection:
        connection.send(request_bytes("POST", "/", {"expect": "100-continue", "content-length": "4"}))
        assert b"HTTP/1.1 200 " == first_line(connection)
        assert b"no" == connection._some()
        assert connection.at_eof(5)


def test_an_answer_before_the_body_is_here_says_that_it_is_the_last() -> None:
    """A client sent its next request on the connection, and nobody read it."""
    with opened(unread) as door, RawConnection(door.url) as connection:
        connection.send(POST[:-1])
        head, body = whole(connection)
        assert (200, b"no", "close") == (head.status, body, head.header("connection"))
        assert connection.at_eof(5)


def test_an_answer_before_the_body_is_read_by_a_client_that_goes_on_sending() -> None:
    """A close with bytes unread would be a reset, and take the answer along."""
    with opened(unread) as door, RawConnection(door.url) as connection:
        connection.send(request_bytes("POST", "/", {"content-length": str(2**22)}))
        for _ in range(16):
            connection.send(b"x" * 2**16)
        head, body = whole(connection)
        assert (200, b"no") == (head.status, body)
        assert connection.at_eof(5)


async def describe(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """What ASGI says of the request."""
    await read_body(receive)
    names = ("type", "http_version", "method", "scheme", "path", "raw_path", "query_string", "root_path", "extensions")
    await answer(send, repr([scope[name] for name in names] + [scope["client"][0], scope["server"][0]]).encode())


def test_the_application_is_told_what_asgi_says_of_a_request() -> None:
    with opened(describe) as door, RawConnection(door.url) as connection:
        connection.send(request_bytes("PUT", "/a%20b/%C3%A4?c=d%20e&f"))
        body = whole(connection)[1].decode()
    expected = ["http", "1.1", "PUT", "http", "/a b/ä", b"/a%20b/%C3%A4", b"c=d%20e&f", "", {}]
    assert repr([*expected, "127.0.0.1", "127.0.0.1"]) == body


async def splitting(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """A header in which a second answer hides."""
    await answer(send, b"", 200, (b"x", b"a\r\n\r\nHTTP/1.1 200 \r\n"))


async def nothing(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Ends without a word."""


@pytest.mark.parametrize("app", [splitting, nothing])
def test_an_application_that_fails_to_answer_is_answered_for(app: Any) -> None:
    with opened(app) as door, RawConnection(door.url) as connection:
        connection.send(GET + LAST)
        head, body = whole(connection)
        assert (500, "close", None) == (head.status, head.header("connection"), head.header("x"))
        assert b'"internal_error"' in body
        assert connection.at_eof(5)


def lying(said: bytes) -> App:
    """An application whose answer has four bytes, and says `said`."""

    async def app(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", said)]})
        await send({"type": "http.response.body", "body": b"four", "more_body": True})
        await send({"type": "http.response.body"})

    return app


def test_an_answer_that_is_longer_than_it_says_is_none() -> None:
    """The rest would be read as the answer to the next request."""
    with opened(lying(b"1")) as door, RawConnection(door.url) as connection:
        connection.send(GET + GET)
        assert 500 == whole(connection)[0].status
        assert connection.at_eof(5)


def test_an_answer_that_is_shorter_than_it_says_is_the_last() -> None:
    """The next answer would be read as its rest."""
    with opened(lying(b"9")) as door, RawConnection(door.url) as connection:
        connection.send(GET + GET)
        with pytest.raises(CutOff):
            whole(connection)
