"""From the start of the process to the first request answered."""

from __future__ import annotations

import time
from statistics import median

import msgspec

from tests.bench.figures import Figure
from tests.bench.rig import Bench
from tests.support import rawclient
from tests.support.gateway import CHAT, chat_body, running
from tests.support.process import Home

STARTS = 5


def measure(bench: Bench) -> list[Figure]:
    """Medians of five, the code compiled by a start before: on an empty data directory and on one that was used."""
    used = bench.home("start")
    key = first_start(used)[1]
    fresh = [first_start(bench.home(f"start-{number}"))[0] for number in range(STARTS)]
    again = [later_start(used, key) for _ in range(STARTS)]
    return [
        _figure("start.first_answer", "start to first answer, empty directory", fresh),
        _figure("start.again", "start to first answer, used directory", again),
    ]


def _figure(key: str, title: str, seconds: list[float]) -> Figure:
    return Figure(key, title, "s", median(seconds), note=f"{min(seconds):.2f} to {max(seconds):.2f}")


def first_start(home: Home) -> tuple[float, str]:
    """Seconds with nothing configured, and the key of the token that was made on the way."""
    began = time.monotonic()
    with running(home) as gateway:
        answer = gateway.chat("demo")
        took = time.monotonic() - began
        if answer.status != 200:
            raise RuntimeError(f"the first request was answered {answer.status}: {answer.body!r}")
        return took, gateway.key


def later_start(home: Home, key: str) -> float:
    """Seconds with a token that is known already."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    began = time.monotonic()
    process, url = home.serve()
    with process:
        answer = rawclient.request(url, "POST", CHAT, headers, msgspec.json.encode(chat_body("demo")))
        took = time.monotonic() - began
    if answer.status != 200:
        raise RuntimeError(f"the first request was answered {answer.status}: {answer.body!r}")
    return took
