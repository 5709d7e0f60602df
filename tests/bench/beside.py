"""The console over a million usage records: how long a page takes, and what relaying loses beside an open one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import attrs

from aihub_lite.config import DATABASE
from tests.bench.figures import Figure
from tests.bench.plain import CONNECTIONS, Loaded, Target, check
from tests.bench.rig import GENEROUS, Bench, chat_request, priced_model
from tests.support import rawclient
from tests.support.gateway import Gateway, running
from tests.support.million import MILLION, build

STATISTICS = "/console/statistics?span=30d&by=token"
"""The dearest of its views."""
REQUESTS = "/console/requests?outcome=stopped"
"""A filter that nothing matches: every record is looked at."""
EVERY = 5.0
"""Seconds between two looks. The page does not load itself again: this is a reader who does nothing else."""
TRIES = 7


@attrs.frozen
class Reader:
    """Somebody signed in to the console."""

    gateway: Gateway
    cookie: str

    @classmethod
    def at(cls, gateway: Gateway) -> Reader:
        """Lets somebody in by a link."""
        path = gateway.admin("POST", "/console-links").json()["path"]
        headers = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
        answer = rawclient.request(gateway.url, "POST", path, headers, b"")
        return cls(gateway, (answer.header("set-cookie") or "").partition(";")[0])

    def look(self, path: str) -> float:
        """Milliseconds until a page was there; raises RuntimeError when it was not."""
        began = time.perf_counter()
        answer = rawclient.request(self.gateway.url, "GET", path, {"cookie": self.cookie})
        took = 1000 * (time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered {answer.status}: {answer.body[:200]!r}")
        return took

    @contextmanager
    def looking(self, path: str) -> Iterator[list[float]]:
        """Looks again and again while the block runs; the milliseconds each look took."""
        took: list[float] = []
        over = threading.Event()

        def look() -> None:
            while not over.is_set():
                took.append(self.look(path))
                over.wait(EVERY - took[-1] / 1000)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield took
        finally:
            over.set()
            thread.join()


@attrs.frozen
class Turn:
    """The gateway under load, without a reader and beside one."""

    alone: Loaded
    beside: Loaded
    waited: list[float]
    """Milliseconds that each look took."""


def measure(bench: Bench) -> list[Figure]:
    """Pages by themselves, and the gateway under load with and without a reader, in turns."""
    home = bench.home("beside")
    home.directory.mkdir(mode=0o700)
    build(home.directory / DATABASE, time.time(), round(MILLION * bench.share))
    with bench.nginx() as upstream, running(home) as gateway:
        gateway.key = gateway.add_token(**GENEROUS)
        reader = Reader.at(gateway)
        pages = [[reader.look(path) for _ in range(TRIES)] for path in (STATISTICS, REQUESTS)]
        body = chat_request(priced_model(gateway, upstream.url), max_tokens=256)
        target = Target(bench, gateway.url, gateway.key, body, gateway.process.pid, gateway)
        target.load(CONNECTIONS, 1)
        turns = [in_turns(reader, target, bench.seconds, first=number % 2 == 0) for number in range(bench.rounds)]
    return [*page_figures(pages), *loss(turns)]


def in_turns(reader: Reader, target: Target, seconds: float, *, first: bool) -> Turn:
    """Under load alone and beside the reader; `first` says which is measured first."""
    alone = target.load(CONNECTIONS, seconds) if first else None
    with reader.looking(STATISTICS) as waited:
        beside = target.load(CONNECTIONS, seconds)
    return Turn(alone or target.load(CONNECTIONS, seconds), beside, waited)


def page_figures(pages: list[list[float]]) -> list[Figure]:
    """Medians, on a gateway that does nothing else."""
    titles = (("beside.statistics", "Statistics, 30 days by token"), ("beside.requests", "Requests, none matching"))
    return [
        Figure(key, f"{title}, a million records", "ms", median(took), note=f"{min(took):.0f} to {max(took):.0f}")
        for (key, title), took in zip(titles, pages, strict=True)
    ]


def loss(turns: list[Turn]) -> list[Figure]:
    """How much less is relayed beside the reader, in percent, and what a request then costs: medians of the turns."""
    check([[turn.alone, turn.beside] for turn in turns])
    lost = [100 * (1 - turn.beside.load.per_second / turn.alone.load.per_second) for turn in turns]
    rate = median(turn.alone.load.per_second for turn in turns)
    waited = median(wait for turn in turns for wait in turn.waited)
    without = median(turn.alone.per_request_us for turn in turns)
    cost = median(turn.beside.per_request_us for turn in turns)
    note = f"{min(lost):.1f} to {max(lost):.1f}, of {rate:,.0f}/s; the page took {waited:.0f} ms"
    return [
        Figure("beside.loss", f"relaying lost beside Statistics every {EVERY:.0f} s", "%", median(lost), note=note),
        Figure("beside.cpu_per_request", "CPU per request beside it", "µs", cost, note=f"{without:.0f} without"),
    ]
