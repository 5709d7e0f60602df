"""From the start of the process to the first request answered."""

from __future__ import annotations

import re
import time
from statistics import median

import msgspec

from tests.bench.figures import Figure
from tests.bench.rig import Bench
from tests.support import rawclient
from tests.support.gateway import CHAT, chat_body
from tests.support.process import Home

STARTS = 5
KEY = re.compile(r"Token +(sk-\S+)")
"""Of the token that the first start makes, as it prints it for whoever wants to ask something."""


def measure(bench: Bench) -> list[Figure]:
    """Medians of five, the code compiled by a start before: on an empty data directory and on one that was used."""
    used = bench.home("start")
    _, key = started(used)
    fresh = [started(bench.home(f"start-{number}"))[0] for number in range(STARTS)]
    again = [started(used, key)[0] for _ in range(STARTS)]
    return [
        _figure("start.first_answer", "start to first answer, empty directory", fresh),
        _figure("start.again", "start to first answer, used directory", again),
    ]


def _figure(key: str, title: str, seconds: list[float]) -> Figure:
    return Figure(key, title, "s", median(seconds), note=f"{min(seconds):.2f} to {max(seconds):.2f}")


def started(home: Home, key: str = "") -> tuple[float, str]:
    """Seconds until a request is answered, and the key that it was made with: by default, the one that is printed."""
    began = time.monotonic()
    process, url = home.serve()
    with process:
        if not key and (printed := KEY.search(process.stdout.text)) is not None:
            key = printed[1]
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        answer = rawclient.request(url, "POST", CHAT, headers, msgspec.json.encode(chat_body("demo")))
        took = time.monotonic() - began
    if answer.status != 200:
        raise RuntimeError(f"the first request was answered {answer.status}: {answer.body!r}")
    return took, key
