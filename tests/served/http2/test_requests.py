"""Requests side by side on one connection: their bodies, their paths, and how many there may be."""

from __future__ import annotations

import h2.errors
import msgspec
import pytest
from h2.events import SettingsAcknowledged, StreamReset
from h2.settings import SettingCodes

from tests.support.gateway import CHAT, Gateway, chat_body
from tests.support.http2 import Http2Client, frame

BIG = "x" * 2**20


def send_in_pieces(client: Http2Client, stream: int, body: bytes) -> None:
    """As far as the window allows, each time it opens."""
    while body:
        size = min(len(body), client.h2.local_flow_control_window(stream), 16_384)
        if not size:
            next(client.events())
            continue
        client.h2.send_data(stream, body[:size], end_stream=size == len(body))
        client.flush()
        body = body[size:]


def test_a_body_of_a_megabyte_arrives_whole(gateway: Gateway) -> None:
    """What has been read of it opens the window again."""
    body = msgspec.json.encode(chat_body("demo", user=BIG))
    with Http2Client(gateway.url) as client:
        stream = client.ask("POST", CHAT, gateway.headers(), b"", end=False)
        send_in_pieces(client, stream, body)
        assert 200 == client.status_of(stream)


@pytest.mark.attack("T-32")
def test_bodies_that_stop_half_way_hold_up_no_other(gateway: Gateway) -> None:
    """T-32: each gets its 408 after the body timeout (1 s)."""
    with Http2Client(gateway.url) as client:
        halves = [client.ask("POST", CHAT, gateway.headers(), b'{"model":', end=False) for _ in range(20)]
        other = client.ask("POST", CHAT, gateway.headers(), msgspec.json.encode(chat_body("demo")))
        assert 200 == client.status_of(other)
        for stream in halves:
            assert 408 == client.status_of(stream)


@pytest.mark.attack("T-30")
def test_a_client_that_has_its_answer_is_told_to_stop_sending(gateway: Gateway) -> None:
    """T-30: refused before the body is read; what still comes of it was a traceback, and ended every other stream."""
    with Http2Client(gateway.url) as client:
        stream = client.ask("POST", CHAT, gateway.headers("sk-wrong"), b"{", end=False)
        assert 401 == client.status_of(stream)
        end = client.until(lambda event: isinstance(event, StreamReset))
        assert isinstance(end, StreamReset)
        assert (stream, h2.errors.ErrorCodes.NO_ERROR) == (end.stream_id, end.error_code)
        client.send(frame(0, 0, stream, b"y" * 1000) * 20)
        assert 200 == client.status_of(client.ask("GET", "/healthz", {}))


@pytest.mark.parametrize("path", ["/v1/\u00fc", "/v1/\udcff"], ids=["UTF-8", "a byte"])
def test_a_path_that_is_no_ascii_ends_its_stream_alone(gateway: Gateway, path: str) -> None:
    """It was a traceback, and the end of the connection."""
    with Http2Client(gateway.url) as client:
        client.h2.config.validate_outbound_headers = False
        fields = [(b":method", b"GET"), (b":path", path.encode("utf-8", "surrogateescape"))]
        fields += [(b":scheme", b"https"), (b":authority", b"gateway")]
        client.h2.send_headers(1, fields, end_stream=True)
        client.flush()
        assert isinstance(client.end_of(1), StreamReset)
        assert 200 == client.status_of(client.ask("GET", "/healthz", {}))


def test_a_tunnel_is_refused(gateway: Gateway) -> None:
    """A CONNECT has no path, and was a traceback."""
    with Http2Client(gateway.url) as client:
        client.h2.send_headers(1, [(b":method", b"CONNECT"), (b":authority", b"elsewhere:25")])
        client.flush()
        assert isinstance(client.end_of(1), StreamReset)


@pytest.mark.attack("T-39")
def test_priorities_are_passed_over(gateway: Gateway) -> None:
    """T-39: the thousandth stream that was only spoken of was a traceback."""
    with Http2Client(gateway.url) as client:
        for number in range(500):
            client.send(frame(2, 0, 4 * number + 3, bytes(4) + b"\x10"))
        assert 200 == client.status_of(client.ask("GET", "/healthz", {}))


def test_a_connection_carries_more_than_a_thousand_requests(gateway: Gateway) -> None:
    """The thousand and first was never answered, nor was what ran beside it: its client waited for ever."""
    with Http2Client(gateway.url) as client:
        for _ in range(1100):
            stream = client.ask("GET", "/healthz", {})
            client.end_of(stream)
        client.give(stream, 1)
        assert b'{"status":"ok"}' == client.body_of(stream)


def test_a_client_that_allows_a_large_table_of_fields_makes_none_grow(gateway: Gateway) -> None:
    """Every answer's request id was kept, for as long as the connection lasted and up to 4 GB."""
    with Http2Client(gateway.url) as client:
        client.h2.update_settings({SettingCodes.HEADER_TABLE_SIZE: 2**24})
        client.flush()
        client.until(lambda event: isinstance(event, SettingsAcknowledged))
        for _ in range(200):
            client.end_of(client.ask("GET", "/healthz", {}))
        assert client.h2.decoder.header_table_size <= 4096
