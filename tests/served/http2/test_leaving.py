"""Clients of HTTP/2 that leave: one stream of a connection, or all of it."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import msgspec
import pytest

from tests.served.faults import LATE
from tests.served.http2.test_backpressure import Again
from tests.support.gateway import CHAT, Gateway, chat_body
from tests.support.http2 import Http2Client
from tests.support.rawclient import RawConnection
from tests.support.upstream.answers import chat_chunks, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Hang, Script

SOON = 0.5
Leave = Callable[[Http2Client, int], None]


def cancel(client: Http2Client, stream: int) -> None:
    """RST_STREAM."""
    client.h2.reset_stream(stream, 8)
    client.flush()


def say_goodbye(client: Http2Client, _: int) -> None:
    """GOAWAY, and the connection stays open."""
    client.h2.close_connection()
    client.flush()


def close(client: Http2Client, _: int) -> None:
    """FIN."""
    client.close()


def break_off(client: Http2Client, _: int) -> None:
    """RST of TCP."""
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


every_way = pytest.mark.parametrize(
    "leave", [cancel, say_goodbye, close, break_off], ids=["RST_STREAM", "GOAWAY", "FIN", "RST"]
)
SILENT: Script = [Hang()]
BEGUN: Script = sse(*chat_chunks("one two three")[:3], done=False, end=[Hang()])
FULL: Script = sse(chat_chunks("one")[0], Again(b"%x\r\n%b\r\n" % (32_000, b"data: " + b" " * 31_992 + b"\n\n"), 200))


def ask(client: Http2Client, gateway: Gateway, model: str) -> int:
    return client.ask("POST", CHAT, gateway.headers(), msgspec.json.encode(chat_body(model, stream=True)))


@pytest.mark.attack("T-20")
@pytest.mark.parametrize("leave_over_tls", [RawConnection.close, RawConnection.reset], ids=["FIN", "RST"])
def test_a_client_that_agreed_on_http_1_1_is_heard_leaving(
    gateway: Gateway, upstream: Upstream, leave_over_tls: Callable[[RawConnection], None]
) -> None:
    """Beside those of HTTP/2, on the same socket."""
    upstream.default = BEGUN
    with gateway.stream(gateway.add_channel(upstream.url)) as stream:
        next(stream.events())
        leave_over_tls(stream.connection)
        left_at = time.monotonic()
    assert upstream.wait_closed() - left_at <= SOON + LATE


@pytest.mark.attack("T-20", "T-21")
@every_way
@pytest.mark.parametrize("script", [SILENT, BEGUN], ids=["silent", "begun"])
@pytest.mark.parametrize("window", [None, 0], ids=["open window", "window of 0"])
def test_the_place_of_a_client_that_left_is_free_at_once(
    gateway: Gateway, upstream: Upstream, leave: Leave, script: Script, window: int | None
) -> None:
    """T-20, T-21: a place stayed taken for 55 s, and the upstream was asked for nobody."""
    upstream.default = script
    model = gateway.add_channel(upstream.url)
    with Http2Client(gateway.url, window=window) as client:
        stream = ask(client, gateway, model)
        upstream.wait_requests(1)
        left_at = time.monotonic()
        leave(client, stream)
        assert upstream.wait_closed() - left_at <= SOON + LATE
        gateway.wait_status(1.0 + LATE, in_flight=0, open_holds=0)


def test_a_cancelled_stream_leaves_the_others_of_its_connection(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = BEGUN
    model = gateway.add_channel(upstream.url)
    with Http2Client(gateway.url) as client:
        first = ask(client, gateway, model)
        assert 200 == client.status_of(first)
        cancel(client, first)
        upstream.wait_closed()
        stream = client.ask("GET", "/healthz", {})
        client.end_of(stream)
        assert b'{"status":"ok"}' == client.body_of(stream)


def test_a_connection_whose_streams_are_all_cancelled_is_idle(gateway: Gateway) -> None:
    """It was kept for ever; now it ends as any idle one does (15 s), and says so."""
    with Http2Client(gateway.url, timeout=60) as client:
        cancel(client, client.ask("POST", CHAT, gateway.headers(), b"{", end=False))
        started = time.monotonic()
        last = client.goaway()
        assert last is not None
        assert (0, True) == (last.error_code, 10 < time.monotonic() - started < 30)
