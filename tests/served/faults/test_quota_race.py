"""A quota that many requests want at once."""

from __future__ import annotations

import selectors
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.answers import chat_answer
from tests.support.gateway import Gateway
from tests.support.rawclient import RawConnection
from tests.support.scripted import Upstream
from tests.support.steps import Gate, Wait

Serve = Callable[..., str]
AT_ONCE = 200
ENOUGH_FOR = 10


def hold_of_one(gateway: Gateway, upstream: Upstream, model: str, **fields: Any) -> int:
    """What one request sets aside, in nano-USD: seen while it runs."""
    gate = Gate()
    upstream.enqueue([Wait(gate), *chat_answer()])
    with gateway.asking(model, **fields) as connection:
        gate.wait_reached()
        held: int = gateway.status()["held_nano"]
        gate.open()
        assert 200 == connection.read_head().status
    gateway.wait_status(held_nano=0)
    return held


def wait_readable(connections: list[RawConnection], count: int, timeout: float) -> list[RawConnection]:
    """Those with an answer, as soon as there are so many."""
    ready: list[RawConnection] = []
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.sock, selectors.EVENT_READ, connection)
        while len(ready) < count:
            found = selector.select(max(0.0, deadline - time.monotonic()))
            assert found, f"{len(ready)} of {count} answers within {timeout} s"
            for key, _ in found:
                selector.unregister(key.fileobj)
                ready.append(key.data)
    return ready


def race(gateway: Gateway, upstream: Upstream, model: str, key: str) -> Counter[int]:
    """Statuses of requests that all run at once: no answer comes from upstream before every refusal is out."""
    gate = Gate()
    upstream.default = [Wait(gate), *chat_answer()]
    with ExitStack() as stack:
        connections = [stack.enter_context(gateway.asking(model, key=key)) for _ in range(AT_ONCE)]
        refused = wait_readable(connections, AT_ONCE - ENOUGH_FOR, 15)
        gate.wait_reached(times=ENOUGH_FOR)
        statuses = Counter(connection.read_head().status for connection in refused)
        gate.open()
        statuses.update(connection.read_head().status for connection in connections if connection not in refused)
    return statuses


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_a_quota_is_oversold(gateway: Gateway, serve: Serve, upstream: Upstream, rounds: int) -> None:
    """T-44: quota for exactly ten, two hundred at once: exactly ten pass; the sentinel balances the books."""
    model = serve(upstream.url)
    quota = hold_of_one(gateway, upstream, model) * ENOUGH_FOR
    for _ in range(rounds):
        key = gateway.add_token(quota=f"{quota / 10**9:.9f}")
        assert {200: ENOUGH_FOR, 402: AT_ONCE - ENOUGH_FOR} == race(gateway, upstream, model, key)
        gateway.wait_status(in_flight=0)


def test_a_budget_is_oversold(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-44: the same for a budget."""
    model = serve(upstream.url)
    budget = hold_of_one(gateway, upstream, model) * ENOUGH_FOR
    key = gateway.add_token(budget=f"{budget / 10**9:.9f}/day")
    assert {200: ENOUGH_FOR, 402: AT_ONCE - ENOUGH_FOR} == race(gateway, upstream, model, key)


def test_a_token_spends_more_than_its_quota(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-44: one after the other until refused: never more than the quota, and never far less."""
    model = serve(upstream.url)
    hold = hold_of_one(gateway, upstream, model, max_tokens=20)
    key = gateway.add_token(quota=f"{2 * hold / 10**9:.9f}")
    statuses = [gateway.chat(model, key=key, max_tokens=20).status for _ in range(10)]
    spent = sum(record.charge_nano for record in gateway.books.records(model)[1:])
    assert {200, 402} == set(statuses)
    assert hold < spent <= 2 * hold
