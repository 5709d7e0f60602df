"""Clients that ask for work and bring nothing: their connection ends, and nobody else notices."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping

import h2.errors
import msgspec
import pytest

from tests.support.gateway import CHAT, Gateway, chat_body
from tests.support.http2 import Http2Client, frame
from tests.support.process_figures import main_thread_seconds
from tests.support.upstream.answers import chat_chunks, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Hang

CALM = h2.errors.ErrorCodes.ENHANCE_YOUR_CALM
PROTOCOL = h2.errors.ErrorCodes.PROTOCOL_ERROR
REFUSED = h2.errors.ErrorCodes.REFUSED_STREAM
# Frames by their number and flags (RFC 9113 6).
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
UNKNOWN = 0x77
GET = b"\x82\x87\x84\x41\x01g"
"""GET, https, /, authority g: three static fields and one literal (RFC 7541)."""
TIMES = 10_000
ENDS_AT_ALL = 60.0
"""Seconds: some thirty times what it takes where nothing else runs."""


@pytest.fixture(scope="module")
def gateway_settings(tls_settings: Mapping[str, object]) -> Mapping[str, object]:
    """No silence of an upstream, and no slowness of a busy one, ends a stream before its client does."""
    return {**tls_settings, "connect_timeout": 20, "first_byte_timeout": 20, "idle_timeout": 20}


def ping() -> Iterator[bytes]:
    yield from [frame(PING, 0, 0, bytes(8))] * TIMES


def settings() -> Iterator[bytes]:
    yield from [frame(SETTINGS, 0, 0, b"\x00\x04\x00\x00\xff\xff")] * TIMES


def priorities() -> Iterator[bytes]:
    yield from (frame(PRIORITY, 0, 2 * number + 1, bytes(4) + b"\x10") for number in range(TIMES))


def windows() -> Iterator[bytes]:
    yield from [frame(WINDOW_UPDATE, 0, 0, b"\x00\x00\x00\x01")] * TIMES


def unknown() -> Iterator[bytes]:
    yield from [frame(UNKNOWN, 0, 0, b"")] * TIMES


def empty_data() -> Iterator[bytes]:
    yield frame(HEADERS, 4, 1, b"\x83\x87\x84\x41\x01g")
    yield from [frame(DATA, 0, 1, b"")] * TIMES


def resets() -> Iterator[bytes]:
    """T-39, CVE-2023-44487."""
    for number in range(TIMES):
        yield frame(HEADERS, 5, 2 * number + 1, GET) + frame(RST_STREAM, 0, 2 * number + 1, b"\x00\x00\x00\x08")


def continuations() -> Iterator[bytes]:
    """CVE-2024-27316."""
    yield frame(HEADERS, 1, 1, GET)
    yield from [frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b")] * TIMES


def headers() -> Iterator[bytes]:
    """One field list that unfolds to 4,000 times its size, by its index."""
    yield frame(HEADERS, 0, 1, GET + b"\x40\x01a\x7f\x81\x1e" + b"v" * 4000) + frame(
        CONTINUATION, 4, 1, b"\xbe" * 16_000
    )


FLOODS = {
    "ping": (ping, CALM),
    "settings": (settings, CALM),
    "priority": (priorities, CALM),
    "window update": (windows, CALM),
    "unknown": (unknown, CALM),
    "empty data": (empty_data, CALM),
    "reset": (resets, CALM),
    "continuation": (continuations, PROTOCOL),
    "field list": (headers, CALM),
}


@pytest.mark.attack("T-39")
@pytest.mark.parametrize(("flood", "code"), FLOODS.values(), ids=FLOODS)
def test_a_flood_ends_its_connection(gateway: Gateway, flood: object, code: int) -> None:
    """T-39: every frame was answered, for as long as they came."""
    assert callable(flood)
    frames = list(flood())
    with Http2Client(gateway.url) as client:
        for start in range(0, len(frames), 100):
            try:
                client.send(b"".join(frames[start : start + 100]))
            except OSError:
                break
        assert code == client.last_word()
    assert 200 == gateway.get("/healthz").status


@pytest.mark.attack("T-39")
def test_answers_that_a_flood_does_not_take_are_not_kept(gateway: Gateway) -> None:
    """T-39: connections that ping and never read: closed though they go on, when nothing was taken for the two seconds
    of `write_timeout` here, and their memory is back."""
    before = gateway.resting_kb()
    pings = b"".join(ping())
    for _ in range(4):
        started = time.monotonic()
        with Http2Client(gateway.url) as client, contextlib.suppress(OSError):
            while time.monotonic() - started < ENDS_AT_ALL:
                client.send(pings)
        assert time.monotonic() - started < ENDS_AT_ALL
    assert gateway.process.rss_kb() - before < 8 * 1024


@pytest.mark.attack("T-39")
def test_others_are_served_while_streams_are_opened_and_reset(gateway: Gateway) -> None:
    """T-39: ten thousand, a connection as soon as the last one was closed: nobody waits 250 ms for what the event
    loop's thread does before it answers."""
    frames = list(resets())
    waits = []
    sent = 0
    while sent < TIMES:
        with Http2Client(gateway.url) as client:
            try:
                for start in range(0, TIMES, 200):
                    client.send(b"".join(frames[start : start + 200]))
                    sent += 200
            except OSError:
                pass
            spent = main_thread_seconds(gateway.process.pid)
            assert 200 == gateway.get("/healthz").status
            waits.append(main_thread_seconds(gateway.process.pid) - spent)
    waits.sort()
    assert waits[len(waits) * 99 // 100] < 0.25
    gateway.wait_status(60, in_flight=0)


def test_more_requests_than_are_served_at_once_are_refused_and_the_others_served(
    gateway: Gateway, upstream: Upstream
) -> None:
    """A client that sent 129 before it had read the settings lost all of them, with the connection."""
    upstream.default = sse(*chat_chunks("one")[:2], done=False, end=[Hang()])
    model = gateway.add_channel(upstream.url)
    body = msgspec.json.encode(chat_body(model, stream=True))
    with Http2Client(gateway.url) as client:
        client.h2.remote_settings.max_concurrent_streams = 1000
        client.h2.remote_settings.acknowledge()
        streams = [client.ask("POST", CHAT, gateway.headers(), body) for _ in range(140)]
        refused = client.resets(12)
        assert {REFUSED} == {event.error_code for event in refused}
        assert set(streams[128:]) == {event.stream_id for event in refused}
        upstream.wait_requests(128)


def test_a_client_that_cancels_what_it_has_begun_to_read_is_no_flood(gateway: Gateway, upstream: Upstream) -> None:
    """As an editor does with what it completes at every key."""
    upstream.default = sse(*chat_chunks("one")[:2], done=False, end=[Hang()])
    model = gateway.add_channel(upstream.url)
    body = msgspec.json.encode(chat_body(model, stream=True))
    with Http2Client(gateway.url) as client:
        for _ in range(150):
            stream = client.ask("POST", CHAT, gateway.headers(), body)
            client.next_data(stream)
            client.give(stream, 2000)
            client.h2.reset_stream(stream, 8)
            client.flush()
        last = client.ask("GET", "/healthz", {})
        assert 200 == client.status_of(last)


def test_a_client_that_gives_its_window_back_after_every_piece_is_no_flood(gateway: Gateway) -> None:
    with Http2Client(gateway.url, window=30) as client:
        for _ in range(60):
            stream = client.ask("POST", CHAT, gateway.headers(), msgspec.json.encode(chat_body("demo")))
            while not client.ended(stream):
                client.next_data(stream)
                client.give(stream, 30)
        assert 200 == client.status_of(client.ask("GET", "/healthz", {}))
