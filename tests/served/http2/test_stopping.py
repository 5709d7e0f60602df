"""A gateway that stops waits no longer for a client of HTTP/2 that takes nothing than for any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.served.http2.test_backpressure import ask, huge, open_window
from tests.served.http2.test_leaving import cancel
from tests.support.gateway import Gateway, running
from tests.support.process import Home
from tests.support.upstream.scripted import Upstream

DRAIN = 2.0
WORDS = 5.0
"""For requests that are cut off, and once more for connections."""


@pytest.fixture
def gateway(tmp_path: Path, tls_settings: Mapping[str, object]) -> Iterator[Gateway]:
    """A gateway to be stopped, that waits long for a client while it runs."""
    with running(Home(tmp_path / "data", {**tls_settings, "drain_timeout": DRAIN, "write_timeout": 60})) as started:
        yield started


@pytest.mark.attack("T-33", "T-61")
@pytest.mark.parametrize("cancelled", [False, True], ids=["requests wait", "requests were cancelled"])
def test_a_pipe_that_is_full_does_not_hold_up_the_end(gateway: Gateway, upstream: Upstream, cancelled: bool) -> None:
    """It took a minute or, where somebody waited to send, until the client left."""
    upstream.default = huge()
    model = gateway.add_channel(upstream.url)
    with open_window(gateway) as client:
        streams = [ask(client, gateway, model) for _ in range(3)]
        upstream.wait_requests(3)
        if cancelled:
            full(upstream)
            for stream in streams:
                cancel(client, stream)
            gateway.wait_status(in_flight=0)
        gateway.process.terminate()
        assert 0 == gateway.process.wait(DRAIN + 2 * WORDS + 10.0)
    assert "Traceback" not in gateway.process.output


def full(upstream: Upstream) -> None:
    """Returns once more was sent than an answer's way takes that is read by nobody."""
    upstream.wait_for(lambda: sum(each.sent for each in upstream.connections) > 3 * 2**20, "a full pipe")
