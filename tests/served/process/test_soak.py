"""Hours of mixed traffic, in short: what grows by itself, and does not come back."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.gateway import Gateway, eventually, running
from tests.support.leaks import leak_sentinel
from tests.support.process import Home
from tests.support.upstream.answers import END_OF_BODY, chat_answer, chat_chunks, chat_stream, error_answer, sse
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Hang, Script, Send

SECONDS = float(os.environ.get("SOAK_SECONDS", "30"))
"""T-64 asks for eight hours: SOAK_SECONDS=28800."""
WARM = 10.0
CLIENTS = 4
MOST_GROWTH_KB = 6 * 1024
MOST_PER_HOUR_KB = 1024
MOST_WAL = 64 * 2**20
WALS = "*-wal"


def mixed(luck: random.Random) -> Callable[[Request], Script]:
    """An upstream that is mostly well."""

    def answer(request: Request) -> Script:
        streamed = request.json().get("stream")
        fault = luck.random()
        if fault < 0.05:
            return error_answer(500, "broken")
        if fault < 0.1:
            return error_answer(400, "too long", "context_length_exceeded")
        if fault < 0.13:
            return [Close()]
        if not streamed:
            return chat_answer()
        if fault < 0.2:
            return sse(*chat_chunks("one two three")[:3], done=False, end=[Send(b"zz\r\n"), Close()])
        if fault < 0.23:
            return sse(*chat_chunks("one two three")[:3], done=False, end=[END_OF_BODY])
        if fault < 0.25:
            return [Hang()]
        return chat_stream()

    return answer


def traffic(gateway: Gateway, models: list[str], luck: random.Random, over: threading.Event) -> None:
    """One client: whole answers, streams, streams that it leaves, wrong keys and models, until it is over."""
    while not over.is_set():
        kind = luck.random()
        model = luck.choice(models)
        if kind < 0.4:
            gateway.chat(model)
        elif kind < 0.45:
            gateway.chat(model, key="sk-wrong")
        elif kind < 0.5:
            gateway.chat("nobody-serves-this")
        else:
            with gateway.stream(model) as stream:
                for number, _ in enumerate(stream.events()):
                    if kind < 0.6 and number == 2:
                        break


@pytest.mark.slow
@pytest.mark.attack("T-64")
def test_what_mixed_traffic_takes_it_gives_back(tmp_path: Path) -> None:
    """T-64: memory, descriptors and the WAL stay within bounds, and at the end nothing is left open."""
    over = threading.Event()
    with running(Home(tmp_path / "data")) as gateway, Upstream() as upstream, leak_sentinel(gateway):
        upstream.default = mixed(random.Random(64))
        models = [gateway.add_channel(upstream.url) for _ in range(3)]
        for model in models:
            gateway.set_price(model)
        clients = [
            threading.Thread(target=traffic, args=(gateway, models, random.Random(number), over))
            for number in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        try:
            time.sleep(WARM)  # the traffic's own time
            warm = gateway.process.rss_kb()
            time.sleep(SECONDS)
            grown = gateway.process.rss_kb() - warm
            wal = sum(path.stat().st_size for path in gateway.home.directory.glob(WALS))
        finally:
            over.set()
            for client in clients:
                client.join(30)
        eventually(lambda: not upstream.open_connections or gateway.status()["in_flight"] == 0, lambda: "still asking")
        assert len(gateway.books.records()) > 100
        assert grown <= MOST_GROWTH_KB + MOST_PER_HOUR_KB * SECONDS / 3600
        assert wal < MOST_WAL
