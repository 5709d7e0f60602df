"""Limits of a token, seen from outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

import pytest

from tests.support.gateway import Gateway
from tests.support.process import SCALED
from tests.support.rawclient import Answer, RawConnection, request_bytes
from tests.support.upstream.answers import chat_answer, json_answer
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Gate, Wait

Serve = Callable[..., str]
DEFAULT_RPM = 180
BALANCE = "/v1/dashboard/billing/subscription"
"""What costs least to answer and counts as a request."""


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    """The defaults of every limit."""
    return {name: value for name, value in SCALED.items() if name not in ("rpm", "auth_failures_per_minute")}


def hits(gateway: Gateway, key: str, count: int) -> tuple[list[int], float]:
    """Statuses of so many requests on one connection, and how long they took."""
    started = time.monotonic()
    statuses = []
    with RawConnection(gateway.url) as connection:
        for _ in range(count):
            connection.send(request_bytes("GET", BALANCE, gateway.headers(key)))
            head = connection.read_head()
            list(connection.pieces(head))
            statuses.append(head.status)
    return statuses, time.monotonic() - started


@pytest.mark.attack("T-50")
@pytest.mark.parametrize(
    ("fields", "rpm", "count"),
    [({"rpm": 20}, 20, 100), pytest.param({}, DEFAULT_RPM, 1000, marks=pytest.mark.slow)],
    ids=["own", "default"],
)
def test_a_burst_is_cut_at_the_limit(gateway: Gateway, fields: dict[str, int], rpm: int, count: int) -> None:
    """T-50: exactly the limit passes at once; while the burst lasts, what refills meanwhile may."""
    statuses, seconds = hits(gateway, gateway.add_token(**fields), count)
    assert {200, 429} == set(statuses)
    assert rpm <= statuses.count(200) <= rpm + seconds * rpm / 60 + 1


@pytest.mark.attack("T-50")
def test_a_refusal_says_when_to_return(gateway: Gateway, upstream: Upstream, serve: Serve) -> None:
    """T-50: `Retry-After` in whole seconds and the code of the table."""
    model = serve(upstream.url)
    key = gateway.add_token(rpm=1)
    gateway.chat(model, key=key)
    answer = gateway.chat(model, key=key)
    assert (429, "rate_limit_exceeded") == (answer.status, answer.error["code"])
    assert 1 <= int(answer.header("retry-after") or 0) <= 60
    assert 1 == len(upstream.chats)


def test_lists_of_models_count_against_no_limit(gateway: Gateway, upstream: Upstream, serve: Serve) -> None:
    """Clients list the models before each conversation, and their users lost a third of their requests to that."""
    key = gateway.add_token(rpm=1)
    lists = [gateway.get(path, key) for path in ("/v1/models", "/v1/models/demo", "/v1/models/nobody-has-it") * 3]
    assert [200, 200, 404] * 3 == [answer.status for answer in lists]
    model = serve(upstream.url)
    assert [200, 429] == [gateway.chat(model, key=key).status for _ in range(2)]
    assert 200 == gateway.get("/v1/models", key).status


def figures(answer: Answer) -> tuple[str | None, str | None]:
    return answer.header("x-ratelimit-limit-requests"), answer.header("x-ratelimit-remaining-requests")


@pytest.mark.attack("T-50")
def test_headers_tell_limit_rest_and_reset(gateway: Gateway, upstream: Upstream, serve: Serve) -> None:
    """T-50: limit, what remains, and when all of it is back, on answers and on refusals."""
    model = serve(upstream.url)
    key = gateway.add_token(rpm=2)
    answers = [gateway.chat(model, key=key) for _ in range(3)]
    assert [("2", "1"), ("2", "0"), ("2", "0")] == [figures(answer) for answer in answers]
    resets = [float((answer.header("x-ratelimit-reset-requests") or "0s").rstrip("s")) for answer in answers]
    assert [True, True, True] == [0 < reset <= 61 for reset in resets]


@pytest.mark.attack("T-50")
def test_streams_carry_the_same_figures(gateway: Gateway, upstream: Upstream, serve: Serve) -> None:
    """T-50: the same headers on a stream."""
    with gateway.stream(serve(upstream.url)) as stream:
        list(stream.events())
    assert str(DEFAULT_RPM) == stream.head.header("x-ratelimit-limit-requests")


@pytest.mark.attack("T-50")
def test_the_default_limit_is_180_a_minute(gateway: Gateway) -> None:
    """T-50: 180 per minute where nothing else is said."""
    assert str(DEFAULT_RPM) == gateway.chat("demo").header("x-ratelimit-limit-requests")


@pytest.mark.attack("T-50")
def test_a_limit_of_zero_limits_nothing(gateway: Gateway) -> None:
    """T-50: `rpm` 0 is none at all."""
    statuses, _ = hits(gateway, gateway.add_token(rpm=0), DEFAULT_RPM + 20)
    assert {200} == set(statuses)


@pytest.mark.attack("T-50")
def test_every_token_has_a_limit_of_its_own(gateway: Gateway) -> None:
    """T-50: every token has its own."""
    hits(gateway, gateway.add_token(rpm=1), 2)
    assert [200] == hits(gateway, gateway.add_token(rpm=1), 1)[0]


@pytest.mark.attack("T-50")
def test_a_limit_refills(gateway: Gateway) -> None:
    """T-50: 600 a minute is one every 100 ms."""
    key = gateway.add_token(rpm=600)
    hits(gateway, key, 700)
    deadline = time.monotonic() + 2
    while 429 in hits(gateway, key, 1)[0]:
        assert time.monotonic() < deadline


@pytest.mark.attack("T-50")
def test_requests_at_once_are_limited_until_one_has_ended(gateway: Gateway, upstream: Upstream, serve: Serve) -> None:
    """T-50: two at once, the third is refused; when one has ended there is room again."""
    gate = Gate()
    upstream.default = [Wait(gate), *chat_answer()]
    model = serve(upstream.url)
    key = gateway.add_token(concurrency=2)
    with ExitStack() as stack:
        first, second = (stack.enter_context(gateway.asking(model, key=key)) for _ in range(2))
        gate.wait_reached(times=2)
        refused = gateway.chat(model, key=key)
        gate.open()
        assert [200, 200] == [connection.read_head().status for connection in (first, second)]
    gateway.wait_status(in_flight=0)
    assert (429, 200) == (refused.status, gateway.chat(model, key=key).status)


@pytest.mark.attack("T-50")
def test_tokens_per_minute_are_limited_by_usage(gateway: Gateway, upstream: Upstream, serve: Serve) -> None:
    """T-50: fifteen tokens a request, a limit of forty: the usage counts, not only the requests."""
    model = serve(upstream.url)
    key = gateway.add_token(tpm=40)
    statuses = [gateway.chat(model, key=key, max_tokens=5).status for _ in range(6)]
    assert (200, 429) == (statuses[0], statuses[-1])


@pytest.mark.attack("T-50")
@pytest.mark.parametrize("advice", [0, 2000])
def test_tokens_of_a_model_that_another_asked_for_advice_are_limited_too(
    gateway: Gateway, upstream: Upstream, advice: int
) -> None:
    """An adviser may read a hundred times what the model that asks it does, for the same request."""
    advised = {"type": "advisor_message", "model": "adviser", "input_tokens": advice, "output_tokens": 0}
    answered = {"type": "message", "input_tokens": 10, "output_tokens": 5}
    usage = {"input_tokens": 10, "output_tokens": 5, "iterations": [answered, advised]}
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Yes"}], "usage": usage}
    upstream.default = json_answer(200, {**message, "stop_reason": "end_turn"})
    model = gateway.add_channel(upstream.url, provider="anthropic")
    key = gateway.add_token(tpm=1000)

    statuses = [gateway.chat(model, key=key, max_tokens=5).status for _ in range(2)]

    assert [200, 429 if advice else 200] == statuses


@pytest.mark.attack("T-50", "T-69")
def test_guessing_keys_is_limited_and_a_good_key_still_passes(gateway: Gateway) -> None:
    """T-50, T-69: twenty failures a minute and address, then 429 with `Retry-After`; a good key still passes."""
    answers = [gateway.chat("demo", key="sk-guess") for _ in range(30)]
    assert [401] * 20 == [answer.status for answer in answers[:20]]
    assert 429 == answers[-1].status
    assert 1 <= int(answers[-1].header("retry-after") or 0) <= 60
    assert 200 == gateway.chat("demo").status
