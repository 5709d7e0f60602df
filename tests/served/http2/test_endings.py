"""Many answers share a connection: one that breaks off must neither look whole nor hang."""

from __future__ import annotations

import pytest
from h2.events import Event, StreamEnded, StreamReset

from tests.served.endpoints import AUDIO, SPEECH, file_in_pieces
from tests.support.gateway import Gateway
from tests.support.http2 import Http2Client
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Pause


@pytest.mark.parametrize(("whole", "end"), [(True, StreamEnded), (False, StreamReset)])
def test_half_a_file_is_reset_and_a_whole_one_ends(
    gateway: Gateway, upstream: Upstream, whole: bool, end: type[Event]
) -> None:
    upstream.default = file_in_pieces(AUDIO) if whole else file_in_pieces(AUDIO, Pause(0.05), end=Close())
    model = gateway.add_channel(upstream.url)
    with Http2Client(gateway.url) as client:
        stream = client.ask("POST", SPEECH.path, gateway.headers(), SPEECH.body(model))
        assert 200 == client.status_of(stream)
        assert end is type(client.end_of(stream))
        assert AUDIO == client.body_of(stream)
