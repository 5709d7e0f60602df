"""Requests framed in two ways, bodies that wait to be sent for, and other versions of HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import msgspec
import pytest

from aihub_lite.config import LLHTTP
from tests.served.faults import LATE
from tests.support.gateway import CHAT, Gateway, chat_body
from tests.support.process import SERVER
from tests.support.rawclient import CutOff, RawConnection, request_bytes
from tests.support.upstream.answers import chat_chunks, chunked, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Hang

Serve = Callable[..., str]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""What a client sends first that knows HTTP/2 is spoken (RFC 9113 3.4): the preface and empty settings."""
UPGRADE = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAMAAABkAAQAAP__"}
SMUGGLED = request_bytes("GET", "/healthz")
TWICE: dict[str, dict[str, str]] = {
    "length first": {"content-length": "3", "transfer-encoding": "chunked"},
    "coding first": {"transfer-encoding": "chunked", "content-length": "3"},
    "length of nothing": {"content-length": "0", "transfer-encoding": "chunked"},
}


def content() -> bytes:
    return msgspec.json.encode(chat_body("demo"))


def first_line(connection: RawConnection) -> bytes:
    """The status line of whatever answer comes next, informational or not."""
    head = connection._until(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 1"):
        connection._buffer = head + connection._buffer
    return head.partition(b"\r\n")[0]


def refused(connection: RawConnection) -> tuple[int, str | None, str]:
    """Status, `connection` and type of a refusal, after which the connection has ended."""
    head = connection.read_head()
    body = b"".join(piece.data for piece in connection.pieces(head))
    assert connection.at_eof(5)
    return head.status, head.header("connection"), msgspec.json.decode(body)["error"]["type"]


@pytest.mark.attack("T-38")
@pytest.mark.parametrize("framing", TWICE.values(), ids=TWICE)
def test_a_request_framed_twice_is_refused(gateway: Gateway, framing: dict[str, str]) -> None:
    """T-38: a proxy in front that believes the other header takes what follows for a body (RFC 9112 6.1)."""
    head = {**gateway.headers(), **framing}
    with RawConnection(gateway.url) as connection:
        connection.send(request_bytes("POST", CHAT, head) + chunked(content()) + b"0\r\n\r\n" + SMUGGLED)
        assert (400, "close", "new_api_error") == refused(connection)


@pytest.mark.attack("T-40")
@pytest.mark.parametrize(
    ("path", "key", "length", "status"),
    [(CHAT, "sk-wrong", 2, 401), ("/v1/nope", None, 2, 404), (CHAT, None, 10**9, 413), ("/v1/models", None, 2, 405)],
    ids=["wrong key", "unknown path", "too large", "wrong method"],
)
def test_a_body_that_nobody_reads_is_not_sent_for(
    gateway: Gateway, path: str, key: str | None, length: int, status: int
) -> None:
    """T-40: `100 Continue` came before the 401: whoever had no key sent its body all the same."""
    head = {**gateway.headers(key), "expect": "100-continue", "content-length": str(length)}
    with RawConnection(gateway.url) as connection:
        connection.send(request_bytes("POST", path, head))
        assert first_line(connection).startswith(b"HTTP/1.1 %d" % status)
        answer = connection.read_head()
        list(connection.pieces(answer))
        assert "close" == answer.header("connection")
        assert connection.at_eof(5)


@pytest.mark.attack("T-40")
def test_a_body_that_is_read_is_sent_for_once(gateway: Gateway) -> None:
    """T-40: with a good key the body is sent for, and the connection carries the next request."""
    body = content()
    head = {**gateway.headers(), "expect": "100-continue", "content-length": str(len(body))}
    with RawConnection(gateway.url) as connection:
        for _ in range(2):
            connection.send(request_bytes("POST", CHAT, head))
            assert b"HTTP/1.1 100 " == first_line(connection)
            connection.send(body)
            assert first_line(connection).startswith(b"HTTP/1.1 200")
            list(connection.pieces(connection.read_head()))


@pytest.mark.attack("T-40")
def test_a_client_that_does_not_wait_to_be_sent_for_is_answered(gateway: Gateway) -> None:
    """T-40: a client may send its body with the head, whatever it expects."""
    answer = gateway.post(chat_body("demo"), expect="100-continue")
    assert 200 == answer.status


@pytest.mark.parametrize("version", ["2.0", "3.0", "0.9"])
def test_another_version_of_http_is_refused(gateway: Gateway, version: str) -> None:
    """A `GET / HTTP/2.0` was served as if it were 1.1, and its client's leaving was never heard."""
    with RawConnection(gateway.url) as connection:
        connection.send(f"GET /healthz HTTP/{version}\r\nhost: gateway\r\n\r\n".encode())
        assert (505, "close", "new_api_error") == refused(connection)


def test_a_later_version_of_http_1_is_read_as_1_1(gateway: Gateway) -> None:
    with RawConnection(gateway.url) as connection:
        connection.send(b"GET /healthz HTTP/1.9\r\nhost: gateway\r\n\r\n")
        assert 200 == connection.read_head().status


def test_http2_without_tls_is_not_spoken_to_whoever_knows_it(gateway: Gateway) -> None:
    """It was always on: what watches the way in front reads HTTP/1.1, and saw nothing of the requests."""
    with RawConnection(gateway.url) as connection:
        connection.send(PREFACE)
        assert (505, "close", "new_api_error") == refused(connection)


def test_an_offer_to_change_to_http2_is_left_alone(gateway: Gateway) -> None:
    """A bad `HTTP2-Settings` was a traceback; a good one led past whatever reads HTTP/1.1 in front."""
    with RawConnection(gateway.url) as connection:
        for settings in (UPGRADE["http2-settings"], "?", ""):
            connection.send(request_bytes("GET", "/healthz", {**UPGRADE, "http2-settings": settings}))
            assert first_line(connection).startswith(b"HTTP/1.1 200")
            answer = connection.read_head()
            assert (200, None) == (answer.status, answer.header("upgrade"))
            list(connection.pieces(answer))


@pytest.mark.attack("T-20")
def test_a_client_that_offered_http2_is_heard_leaving(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-20: curl offers it with every request."""
    upstream.default = sse(*chat_chunks("one two three")[:2], done=False, end=[Hang()])
    body = msgspec.json.encode(chat_body(serve(upstream.url), stream=True))
    with RawConnection(gateway.url) as connection:
        connection.send(request_bytes("POST", CHAT, {**gateway.headers(), **UPGRADE}, body))
        answer = connection.read_head()
        next(connection.pieces(answer))
    gateway.wait_status(1.0 + LATE, in_flight=0, open_holds=0)


def with_head(*lines: bytes, first: bytes = b"POST /v1/chat/completions HTTP/1.1") -> Callable[[bytes, bytes], bytes]:
    """A request of odd lines, with a key and a body."""

    def written(key: bytes, body: bytes) -> bytes:
        head = [first, b"host: gateway", b"authorization: Bearer " + key, b"content-type: application/json"]
        return (
            b"\r\n".join([*head, *(line.replace(b"LENGTH", b"%d" % len(body)) for line in lines)]) + b"\r\n\r\n" + body
        )

    return written


LENGTH = b"content-length: LENGTH"
CUT = 0
"""The connection ended under what was still being sent."""
ELSEWHERE = b"POST http://elsewhere/v1/chat/completions HTTP/1.1"
ODD: dict[str, tuple[Callable[[bytes, bytes], bytes], set[int]]] = {
    "two lengths": (with_head(LENGTH, b"content-length: 1"), {400}),
    "two equal lengths": (with_head(LENGTH, LENGTH), {400} if SERVER == LLHTTP else {200}),
    "a list of lengths": (with_head(b"content-length: LENGTH, LENGTH"), {200, 400}),
    "negative length": (with_head(b"content-length: -1"), {400}),
    "length with a sign": (with_head(b"content-length: +LENGTH"), {400}),
    "chunked twice": (with_head(b"transfer-encoding: chunked, chunked"), {400, 501}),
    "another coding": (with_head(b"transfer-encoding: gzip, chunked"), {400, 501}),
    "coding of nothing": (with_head(b"transfer-encoding: identity", LENGTH), {400, 501}),
    "a blank before the colon": (with_head(b"content-length : LENGTH"), {400}),
    "NUL in a value": (with_head(LENGTH, b"x-odd: a\x00b"), {400}),
    "CR in a value": (with_head(LENGTH, b"x-odd: a\rb"), {400}),
    "a folded line": (with_head(LENGTH, b"x-odd: a\r\n b"), {200, 400}),
    "a line without a colon": (with_head(LENGTH, b"x-odd"), {400}),
    "a name of nothing": (with_head(LENGTH, b": odd"), {400}),
    "a head over the limit": (with_head(LENGTH, b"x-odd: " + b"a" * 2**18), {CUT, 400, 431}),
    "a form with its host": (
        with_head(LENGTH, first=b"POST http://elsewhere/v1/chat/completions HTTP/1.1"),
        {400, 404},
    ),
    "a path that climbs": (with_head(LENGTH, first=b"POST /v1/../v1/chat/completions HTTP/1.1"), {404, 405}),
    "a path that climbs encoded": (with_head(LENGTH, first=b"POST //v1/..%2fchat/completions HTTP/1.1"), {404, 405}),
    "a path with NUL": (with_head(LENGTH, first=b"POST /v1/chat/completions%00 HTTP/1.1"), {404, 405}),
    "two slashes": (with_head(LENGTH, first=b"POST //v1//chat/completions HTTP/1.1"), {200}),
    "two hosts": (with_head(LENGTH, b"host: elsewhere"), {200, 400}),
}
"""How a request may be odd, and what may be answered."""


@pytest.mark.attack("T-38")
@pytest.mark.parametrize(("written", "statuses"), ODD.values(), ids=ODD)
def test_an_odd_request_is_refused_or_reaches_the_upstream_as_one_of_its_kind(
    gateway: Gateway,
    serve: Serve,
    upstream: Upstream,
    written: Callable[[bytes, bytes], bytes],
    statuses: set[int],
) -> None:
    """T-38: whatever stands on the wire, the upstream gets one well-formed request with nothing odd in it, or none."""
    body = msgspec.json.encode(chat_body(serve(upstream.url)))
    status = CUT
    with RawConnection(gateway.url) as connection, contextlib.suppress(CutOff, ConnectionError):
        connection.send(written(gateway.key.encode(), body))
        status = connection.read_head().status
    assert status in statuses
    assert (status == 200) == len(upstream.chats)
    for request in upstream.chats:
        assert (str(len(request.body)), None) == (request.header("content-length"), request.header("x-odd"))
        assert f"127.0.0.1:{upstream.port}" == request.header("host")


def test_a_client_that_leaves_as_soon_as_it_came_is_no_fault(gateway: Gateway) -> None:
    """A port scan left a traceback in the log for each connection that was reset before it was looked at."""
    for _ in range(200):
        connection = RawConnection(gateway.url)
        connection.reset()
    assert 200 == gateway.get("/healthz").status
    assert [] == [line for line in gateway.news().splitlines() if "ERROR" in line]
