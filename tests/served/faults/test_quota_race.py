"""A quota that many requests want at once."""

from __future__ import annotations

import selectors
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import attrs
import msgspec
import pytest

from tests.served.endpoints import COMPLETIONS, EMBEDDINGS
from tests.served.responses import PATH as RESPONSES
from tests.support.canaries import PROMPT_CANARY
from tests.support.gateway import CHAT, Gateway
from tests.support.rawclient import RawConnection, request_bytes
from tests.support.upstream.answers import chat_answer, chat_stream
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Gate, Script, Wait

Serve = Callable[..., str]
AT_ONCE = 200
ENOUGH_FOR = 10


@attrs.frozen
class Asked:
    """A way to ask for an answer, and what the upstream says to it."""

    path: str
    fields: dict[str, Any]
    answer: Script

    @contextmanager
    def by(self, gateway: Gateway, model: str, key: str | None = None, **fields: Any) -> Iterator[RawConnection]:
        """A request sent and nothing of its answer read; leaving the block hangs up."""
        body = msgspec.json.encode({"model": model, **self.fields, **fields})
        url = gateway.url
        gateway.asked = True
        with RawConnection(url) as connection:
            connection.send(request_bytes("POST", self.path, gateway.headers(key), body))
            yield connection


SAID = [{"role": "user", "content": f"Say {PROMPT_CANARY}"}]
CHATTED = Asked(CHAT, {"messages": SAID}, chat_answer())
OTHERS = {
    "chat, streamed": Asked(CHAT, {"messages": SAID, "stream": True}, chat_stream()),
    "messages": Asked("/v1/messages", {"messages": SAID, "max_tokens": 100}, chat_answer()),
    "responses": Asked(RESPONSES, {"input": SAID}, chat_answer()),
    "completions": Asked(COMPLETIONS.path, COMPLETIONS.fields, COMPLETIONS.answer),
    "embeddings": Asked(EMBEDDINGS.path, EMBEDDINGS.fields, EMBEDDINGS.answer),
}


def hold_of_one(gateway: Gateway, upstream: Upstream, model: str, asked: Asked = CHATTED, **fields: Any) -> int:
    """What one request sets aside, in nano-USD: seen while it runs."""
    gate = Gate()
    upstream.enqueue([Wait(gate), *asked.answer])
    with asked.by(gateway, model, **fields) as connection:
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
            events = selector.select(max(0.0, deadline - time.monotonic()))
            assert events, f"{len(ready)} of {count} answers within {timeout} s"
            for key, _ in events:
                selector.unregister(key.fileobj)
                ready.append(key.data)
    return ready


def race(gateway: Gateway, upstream: Upstream, model: str, key: str, asked: Asked = CHATTED) -> Counter[int]:
    """Statuses of requests that all run at once: no answer comes from upstream before every refusal is out."""
    gate = Gate()
    upstream.default = [Wait(gate), *asked.answer]
    with ExitStack() as stack:
        connections = [stack.enter_context(asked.by(gateway, model, key)) for _ in range(AT_ONCE)]
        refused = wait_readable(connections, AT_ONCE - ENOUGH_FOR, 15)
        gate.wait_reached(times=ENOUGH_FOR)
        statuses = Counter(connection.read_head().status for connection in refused)
        gate.open()
        statuses.update(connection.read_head().status for connection in connections if connection not in refused)
        gateway.wait_status(in_flight=0)
    return statuses


@pytest.mark.attack("T-44")
@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_a_quota_for_ten_lets_exactly_ten_of_two_hundred_pass(
    gateway: Gateway, serve: Serve, upstream: Upstream, rounds: int
) -> None:
    """T-44: quota for exactly ten, two hundred at once: exactly ten pass; the sentinel balances the books."""
    model = serve(upstream.url)
    quota = hold_of_one(gateway, upstream, model) * ENOUGH_FOR
    for _ in range(rounds):
        key = gateway.add_token(quota=f"{quota / 10**9:.9f}")
        assert {200: ENOUGH_FOR, 402: AT_ONCE - ENOUGH_FOR} == race(gateway, upstream, model, key)
        gateway.wait_status(in_flight=0)


@pytest.mark.attack("T-44")
@pytest.mark.parametrize("asked", OTHERS.values(), ids=OTHERS)
def test_a_quota_for_ten_lets_exactly_ten_pass_on_every_surface(
    gateway: Gateway, serve: Serve, upstream: Upstream, asked: Asked
) -> None:
    """T-44: the hold is taken before anything is asked, whatever is spoken."""
    model = serve(upstream.url)
    quota = hold_of_one(gateway, upstream, model, asked) * ENOUGH_FOR
    key = gateway.add_token(quota=f"{quota / 10**9:.9f}")
    assert {200: ENOUGH_FOR, 402: AT_ONCE - ENOUGH_FOR} == race(gateway, upstream, model, key, asked)


@pytest.mark.attack("T-44")
def test_a_budget_for_ten_lets_exactly_ten_of_two_hundred_pass(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-44: the same for a budget."""
    model = serve(upstream.url)
    budget = hold_of_one(gateway, upstream, model) * ENOUGH_FOR
    key = gateway.add_token(budget=f"{budget / 10**9:.9f}/day")
    assert {200: ENOUGH_FOR, 402: AT_ONCE - ENOUGH_FOR} == race(gateway, upstream, model, key)


@pytest.mark.attack("T-44")
def test_a_token_spends_no_more_than_its_quota(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-44: one after the other until refused: never more than the quota, and never far less."""
    model = serve(upstream.url)
    hold = hold_of_one(gateway, upstream, model, max_tokens=20)
    key = gateway.add_token(quota=f"{2 * hold / 10**9:.9f}")
    statuses = [gateway.chat(model, key=key, max_tokens=20).status for _ in range(10)]
    spent = sum(record.charge_nano for record in gateway.books.records(model)[1:])
    assert {200, 402} == set(statuses)
    assert hold < spent <= 2 * hold
