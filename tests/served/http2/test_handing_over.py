"""A gateway that hands its socket over tells clients of HTTP/2: what runs ends well, what comes is for the next one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
from h2.errors import ErrorCodes
from h2.events import StreamEnded, StreamReset

from tests.served.process.test_socket_activation import Activated
from tests.support.gateway import CHAT, Gateway, chat_body, eventually, running
from tests.support.http2 import Http2Client
from tests.support.process import START_WITHIN
from tests.support.upstream.answers import chat_chunks, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Gate, Wait

DRAIN = 60
"""Seconds; far more than any test needs, since what is under way ends before."""


@pytest.fixture
def gateway(tmp_path: Path, tls_settings: Mapping[str, object]) -> Iterator[Gateway]:
    settings = {**tls_settings, "drain_timeout": DRAIN, "idle_timeout": DRAIN, "total_timeout": DRAIN}
    with (
        socket.create_server(("127.0.0.1", 0), backlog=4096) as listener,
        running(Activated(tmp_path / "data", settings, listener=listener)) as started,
    ):
        yield started


def healthz(client: Http2Client) -> int:
    """The status of one more request on a connection, 0 where it was refused without harm."""
    end = client.end_of(client.ask("GET", "/healthz", {}))
    if isinstance(end, StreamReset):
        assert ErrorCodes.REFUSED_STREAM == end.error_code
        return 0
    assert isinstance(end, StreamEnded)
    return client.status_of(end.stream_id)


def test_a_stream_ends_well_and_the_next_request_may_be_sent_again(gateway: Gateway, upstream: Upstream) -> None:
    """REFUSED_STREAM says that nothing was done (RFC 9113, 8.7), and GOAWAY comes once all has ended."""
    gate = Gate()
    upstream.default = sse(*chat_chunks("one two")[:2], Wait(gate), *chat_chunks("one two")[2:])
    model = gateway.add_channel(upstream.url)
    with Http2Client(gateway.url, timeout=START_WITHIN) as client:
        assert 200 == healthz(client)
        stream = client.ask("POST", CHAT, gateway.headers(), msgspec.json.encode(chat_body(model, stream=True)))
        gate.wait_reached(START_WITHIN)
        gateway.process.terminate()
        eventually(lambda: 0 == healthz(client), lambda: "requests are still served", START_WITHIN)
        assert not client.ended(stream)
        gate.open()
        assert isinstance(client.end_of(stream), StreamEnded)
        assert client.body_of(stream).endswith(b"data: [DONE]\n\n")
        word = client.goaway()
    assert word is not None
    assert ErrorCodes.NO_ERROR == word.error_code
    assert 0 == gateway.process.wait(START_WITHIN)
    assert [] == gateway.books.holds()


def test_who_connects_between_two_processes_is_served_by_the_next(gateway: Gateway) -> None:
    """The handshake waits in the socket's queue."""
    statuses: list[int] = []

    def come() -> None:
        with Http2Client(gateway.url, timeout=2 * START_WITHIN) as client:
            statuses.append(healthz(client))

    gateway.process.terminate()
    assert 0 == gateway.process.wait(START_WITHIN)
    coming = threading.Thread(target=come)
    coming.start()
    gateway.restart()
    coming.join()
    assert [200] == statuses
