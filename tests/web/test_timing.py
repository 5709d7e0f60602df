"""What the time of a refusal tells about a key (T-69)."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter_ns

import pytest

from aihub_lite.config import Settings
from aihub_lite.errors import Unauthenticated
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.state.admin_key import admin_key
from aihub_lite.web.sign_in import SignIn
from tests.support.asgi import Call, header_list

pytestmark = pytest.mark.attack("T-69")

SAMPLES = 2000
CALLS = 10
"""In one sample: one call takes as long as a few ticks of the clock."""
MOST = 0.05
"""By how much the medians may differ."""
TRIES = 3
"""The machine may change its speed in between."""


def strangers(key: str, number: int) -> list[str]:
    """Keys of the same length that have nothing in common with it."""
    chance = random.Random(number)
    return ["".join(chance.choices(string.ascii_letters, k=len(key))) for _ in range(number)]


def near(key: str, number: int) -> list[str]:
    """Keys that are right but for their last characters."""
    return [key[:-4] + tail for tail in strangers(key[-4:], number)]


def gap(check: Callable[[str], object], first: Sequence[str], second: Sequence[str]) -> float:
    """By what part the medians of both differ; taken in turns, so that nothing else can tell them apart."""
    times: tuple[list[int], list[int]] = ([], [])
    for number, pair in enumerate(zip(first, second, strict=True)):
        for which in (0, 1) if number % 2 else (1, 0):
            began = perf_counter_ns()
            for _ in range(CALLS):
                check(pair[which])
            times[which].append(perf_counter_ns() - began)
    slow, fast = sorted((median(sample) for sample in times), reverse=True)
    return slow / fast - 1


def smallest_gap(check: Callable[[str], object], key: str) -> float:
    return min(gap(check, near(key, SAMPLES), strangers(key, SAMPLES)) for _ in range(TRIES))


def run(directory: Path, measure: Callable[[Gateway], float]) -> float:
    async def play() -> float:
        settings = Settings(data_dir=directory, auth_failures_per_minute=0)
        async with open_gateway(settings, {}) as gateway:
            for number in range(50):
                await gateway.registry.tokens.create(f"token-{number}")
            return measure(gateway)

    return asyncio.run(play())


def test_the_time_of_a_refusal_tells_nothing_of_the_admin_key(tmp_path: Path) -> None:
    def measure(gateway: Gateway) -> float:
        door = SignIn.of(gateway)
        return smallest_gap(door.is_key, admin_key(tmp_path, {}))

    assert run(tmp_path, measure) < MOST


def test_the_time_of_a_refusal_tells_nothing_of_a_tokens_key(tmp_path: Path) -> None:
    async def create_key(gateway: Gateway) -> str:
        return (await gateway.registry.tokens.create("mine"))[1]

    async def play() -> float:
        async with open_gateway(Settings(data_dir=tmp_path, auth_failures_per_minute=0), {}) as gateway:
            key = await create_key(gateway)

            def check(presented: str) -> None:
                call = Call("/v1/models", "GET", header_list(presented))
                exchange = Exchange(call.scope, call.receive, call.send, "r", 0.0, "127.0.0.1")
                with suppress(Unauthenticated):
                    gateway.line.authenticate(exchange)

            return smallest_gap(check, key)

    assert asyncio.run(play()) < MOST
