"""A gateway that is killed while a request waits for a channel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway import Gateway, eventually, running
from tests.support.process import SCALED, Home
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Gate, Wait


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """Whoever waits there is to wait until the kill."""
    with running(Home(tmp_path / "data", {**SCALED, "queue_timeout": 60})) as gateway:
        yield gateway


def test_a_kill_leaves_no_hold_of_a_request_that_waited(gateway: Gateway) -> None:
    """It would be billed for a prompt that no upstream has read."""
    gateway.key = gateway.add_token()
    with Upstream([Wait(Gate())]) as upstream:
        model = gateway.add_channel(upstream.url, concurrency=1)
        gateway.set_price(model)
        with gateway.asking(model):
            upstream.wait_requests(1)
            with gateway.asking(model), gateway.asking(model, stream=True):
                gateway.wait_status(in_flight=3, waiting=2, open_holds=3)
                # That of the one that is upstream.
                eventually(lambda: len(gateway.books.holds()) == 1, lambda: str(gateway.books.holds()))
                gateway.process.kill()
    gateway.restart()
    gateway.wait_status(in_flight=0, waiting=0, open_holds=0, held_nano=0)
    assert (["interrupted"], []) == ([record.outcome for record in gateway.books.records(model)], gateway.books.holds())
