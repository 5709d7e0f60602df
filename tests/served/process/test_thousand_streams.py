"""A thousand streams at once, through one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.rig import Bench, allow_many_files, priced_model, wait_at_rest
from tests.bench.streams import OPEN_STREAMS, hear
from tests.support.gateway import eventually

PACE = 2
"""Chunks per second and stream: two thousand a second leave the machine room for the listener."""
MOST_BYTES = 350_000_000
SLACK = 5
REST_WITHIN = 75.0
"""Seconds: connections to an upstream are kept for 30 s, and looked at that often."""


@pytest.mark.slow
@pytest.mark.attack("T-41")
def test_a_thousand_streams_are_whole_and_leave_nothing_behind(tmp_path: Path) -> None:
    """T-41: `hear` raises where one is not whole; memory below 350 MB, and the descriptors are back."""
    allow_many_files()
    bench = Bench(tmp_path, seconds=4.0)
    with bench.paced() as upstream, bench.gateway("streams") as gateway:
        model = priced_model(gateway, upstream.url)
        before = len(gateway.process.fds())
        heard = hear(bench, gateway, gateway.url, model, OPEN_STREAMS, PACE, bench.seconds)
        wait_at_rest(gateway)
        assert heard.rss_bytes < MOST_BYTES
        eventually(
            lambda: len(gateway.process.fds()) <= before + SLACK, lambda: str(gateway.process.fds()[-20:]), REST_WITHIN
        )
        assert (OPEN_STREAMS, []) == (len(gateway.books.records(model)), gateway.books.imbalances())
