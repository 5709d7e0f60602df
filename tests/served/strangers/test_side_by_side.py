"""Many requests beside each other, and edits beside them."""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import attrs
import pytest

from tests.support.gateway import Gateway, unique
from tests.support.process_figures import cpu_seconds
from tests.support.upstream.answers import chat_answer, chat_chunks, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Gate, Hang, Wait

Serve = Callable[..., str]
HUNG = 512
CALLS = 50
EDITS = 500
SETTLED = 200


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Each request takes one here, and one of the upstream that runs in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@attrs.frozen
class Cost:
    """What calls of another model cost, in seconds."""

    quickest: float
    """By the clock. Whoever has to wait for something of the gateway's waits at every call; what the machine is busy
    with besides lengthens most of them, but not all."""
    work: float
    """Of the processor, of one call."""


def cost(gateway: Gateway) -> Cost:
    spent = cpu_seconds(gateway.process.pid)
    quickest = min(gateway.chat("demo").seconds for _ in range(CALLS))
    return Cost(quickest, (cpu_seconds(gateway.process.pid) - spent) / CALLS)


@pytest.mark.attack("T-43")
@pytest.mark.usefixtures("many_descriptors")
def test_an_upstream_that_hangs_takes_nothing_from_another_model(gateway: Gateway, upstream: Upstream) -> None:
    """T-43: 512 requests wait for one upstream; another model answers as before, within 20 ms: it waits no longer, and
    is no more work."""
    upstream.default = [Hang()]
    model = gateway.add_channel(upstream.url, clocks={"answer": 600})
    alone = cost(gateway)
    with ExitStack() as stack:
        for _ in range(HUNG):
            stack.enter_context(gateway.asking(model))
        upstream.wait_requests(HUNG, 300)
        assert HUNG == gateway.status()["in_flight"]
        beside = cost(gateway)
    assert beside.quickest - alone.quickest < 0.02
    assert beside.work - alone.work < 0.02
    gateway.wait_status(60, in_flight=0)


@pytest.mark.attack("T-46")
def test_edits_of_a_token_lose_nothing_that_its_requests_spend(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-46: 500 edits while 200 requests settle. Where whole rows are written, one undoes the other."""
    model = serve(upstream.url)
    name = unique("token")
    key = gateway.add_token(name=name, quota="1000")
    edited = threading.Event()

    def edit() -> None:
        for number in range(EDITS):
            answer = gateway.admin("PATCH", f"/tokens/{name}", {"rpm": 100_000 + number})
            assert 200 == answer.status, answer.body
        edited.set()

    def ask(_: int) -> int:
        return gateway.chat(model, key=key).status

    with ThreadPoolExecutor(8) as pool:
        editing = pool.submit(edit)
        statuses = set(pool.map(ask, range(SETTLED)))
        editing.result(300)
    token = gateway.admin("GET", f"/tokens/{name}").json()
    spent = sum(record.charge_nano for record in gateway.books.records(model))
    assert ({200}, True, 100_000 + EDITS - 1) == (statuses, edited.is_set(), token["rpm"])
    assert spent == SETTLED * 200_000
    assert (spent, 10**12 - spent) == tuple(round(token[name] * 10**9) for name in ("spent_usd", "left_usd"))


@pytest.mark.attack("T-47")
def test_a_burst_of_an_agents_is_let_through_by_what_it_may_really_use(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-47: twenty at once ask for 64,000 tokens each and use five: their holds are capped, and the quota is enough."""
    gate = Gate()
    upstream.default = [Wait(gate), *chat_answer()]
    model = serve(upstream.url)
    key = gateway.add_token(quota="7")
    with ExitStack() as stack:
        asked = [stack.enter_context(gateway.asking(model, key=key, max_tokens=64_000)) for _ in range(20)]
        gate.wait_reached(times=20)
        gate.open()
        assert [200] * 20 == [connection.read_head().status for connection in asked]


@pytest.mark.attack("T-53")
@pytest.mark.parametrize("change", ["deleted", "disabled", "rotated"])
def test_a_stream_of_a_token_that_is_withdrawn_ends_and_the_next_call_is_refused(
    gateway: Gateway, serve: Serve, upstream: Upstream, change: str
) -> None:
    """T-53: what has begun is finished and booked; the next call is a 401."""
    gate = Gate()
    chunks = chat_chunks("one two three")
    upstream.default = sse(*chunks[:2], Wait(gate), *chunks[2:])
    model = serve(upstream.url)
    name = unique("token")
    key = gateway.add_token(name=name)
    with gateway.stream(model, key=key) as stream:
        gate.wait_reached()
        if change == "deleted":
            answer = gateway.admin("DELETE", f"/tokens/{name}")
        elif change == "rotated":
            answer = gateway.admin("POST", f"/tokens/{name}/rotate")
            gateway.secrets.append(answer.json()["key"])
        else:
            answer = gateway.admin("PATCH", f"/tokens/{name}", {"enabled": False})
        assert answer.status in (200, 204), answer.body
        refused = gateway.chat(model, key=key)
        gate.open()
        events = [event.payload for event in stream.events() if event.payload]
    assert (401, "invalid_api_key") == (refused.status, refused.error["code"])
    assert b"[DONE]" == events[-1]
    (record,) = [record for record in gateway.books.records(model) if record.status == 200]
    assert ("ok", "upstream") == (record.outcome, record.usage_source)
