"""HTTP/2, where many answers share a connection: one that breaks off must neither look whole nor hang."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset

from tests.endpoints import AUDIO, SPEECH, file_in_pieces
from tests.support.gateway import Gateway
from tests.support.scripted import Upstream
from tests.support.steps import Close, Pause


@contextmanager
def asking(gateway: Gateway, model: str) -> Iterator[Iterator[Event]]:
    """The events of an answer, over a connection without TLS whose client knows what is spoken."""
    parts = urlsplit(gateway.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
        connection, body = H2Connection(), SPEECH.body(model)
        connection.initiate_connection()
        fields = {":method": "POST", ":path": SPEECH.path, ":scheme": "http", ":authority": "gateway"}
        connection.send_headers(1, [*fields.items(), *gateway.headers().items()])
        connection.send_data(1, body, end_stream=True)
        sock.sendall(connection.data_to_send())
        yield events_of(sock, connection)


def events_of(sock: socket.socket, connection: H2Connection) -> Iterator[Event]:
    while data := sock.recv(2**16):
        for event in connection.receive_data(data):
            yield event
            if isinstance(event, StreamEnded | StreamReset):
                return
        sock.sendall(connection.data_to_send())


@pytest.mark.parametrize(("whole", "end"), [(True, StreamEnded), (False, StreamReset)])
def test_half_a_file_looks_whole_or_never_ends(
    gateway: Gateway, upstream: Upstream, whole: bool, end: type[Event]
) -> None:
    upstream.default = file_in_pieces(AUDIO) if whole else file_in_pieces(AUDIO, Pause(0.05), end=Close())
    with asking(gateway, gateway.add_channel(upstream.url)) as events:
        seen = list(events)
    assert AUDIO == b"".join(event.data for event in seen if isinstance(event, DataReceived))
    assert [end] == [type(event) for event in seen if isinstance(event, StreamEnded | StreamReset)]
    assert any(isinstance(event, ResponseReceived) for event in seen)
