"""Upstreams that answer with an error."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.served.faults import LATE
from tests.support.canaries import KEY_CANARY
from tests.support.gateway import POLL, Gateway
from tests.support.upstream.answers import chat_answer, error_answer
from tests.support.upstream.scripted import Upstream, refused

Serve = Callable[..., str]


@pytest.mark.attack("T-10")
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_passing_failure_is_tried_again_after_a_pause(
    gateway: Gateway, serve: Serve, upstream: Upstream, status: int
) -> None:
    """T-10: an error, then well again: one more try, 50 to 250 ms later."""
    upstream.enqueue(error_answer(status, "oops"), chat_answer())
    answer = gateway.chat(serve(upstream.url))
    first, second = upstream.chats
    assert 200 == answer.status
    assert 0.05 <= second.at - first.at <= 0.25 + LATE


@pytest.mark.attack("T-10")
def test_a_lasting_failure_is_tried_as_often_as_the_settings_say(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-10: never more tries than the settings say; the upstream's own words stay with the gateway."""
    upstream.default = error_answer(500, "internal address 10.0.0.7")
    answer = gateway.chat(serve(upstream.url))
    assert (502, "upstream_error", 3) == (answer.status, answer.error["code"], len(upstream.chats))
    assert b"10.0.0.7" not in answer.body


@pytest.mark.attack("T-11")
def test_a_rate_limited_channel_is_stood_in_for_at_once(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-11: 429 at A, B healthy: B at once."""
    with Upstream(error_answer(429, "slow down", headers=[("retry-after", "2")])) as limited:
        answer = gateway.chat(serve(limited.url, upstream.url))
    assert 200 == answer.status
    assert answer.seconds <= 0.3 + LATE


@pytest.mark.attack("T-11")
@pytest.mark.slow
def test_a_rate_limited_channel_is_asked_again_when_its_retry_after_is_over(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-11: `Retry-After: 2` keeps A out for 2.0 to 2.3 s."""
    with Upstream(error_answer(429, "slow down", headers=[("retry-after", "2")])) as limited:
        model = serve(limited.url, upstream.url)
        assert 200 == gateway.chat(model).status  # behind a restart this takes a while
        deadline = time.monotonic() + 4
        while len(limited.chats) < 2 and time.monotonic() < deadline:
            assert 200 == gateway.chat(model).status
            time.sleep(POLL)  # the client's own pace: it asks all the time
        first, second = limited.chats
    assert 2.0 - 0.02 <= second.at - first.at <= 2.3 + LATE


@pytest.mark.attack("T-12")
def test_a_limit_everywhere_is_passed_on_after_three_calls_at_most(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-12: 429 from all, `Retry-After: 7`: passed on as 429 with that wait, after three calls at most."""
    upstream.default = error_answer(429, "slow down", headers=[("retry-after", "7")])
    answer = gateway.chat(serve(upstream.url, upstream.url))
    assert (429, "rate_limit_exceeded") == (answer.status, answer.error["code"])
    assert 6 <= int(answer.header("retry-after") or 0) <= 8
    assert len(upstream.chats) <= 3


@pytest.mark.attack("T-12")
def test_a_limited_upstream_is_not_asked_before_its_time(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-12: while every channel waits, requests are answered without a call upstream."""
    upstream.default = error_answer(429, "slow down", headers=[("retry-after", "7")])
    model = serve(upstream.url)
    gateway.chat(model)
    called = len(upstream.chats)
    answer = gateway.chat(model)
    assert (429, called) == (answer.status, len(upstream.chats))
    assert 1 <= int(answer.header("retry-after") or 0) <= 8


@pytest.mark.attack("T-12")
@pytest.mark.parametrize("limited_first", [True, False], ids=["limited first", "dead first"])
def test_a_limited_channel_beside_a_dead_one_says_when_to_come_back(
    gateway: Gateway, serve: Serve, upstream: Upstream, limited_first: bool
) -> None:
    """T-12: 429 at A and `Retry-After: 7`, B refuses connections: a 502 that says to come back in 7 s, every time."""
    upstream.default = error_answer(429, "slow down", headers=[("retry-after", "7")])
    with refused() as nowhere:
        urls = [upstream.url, nowhere]
        if not limited_first:
            urls.reverse()
        model = serve(*urls)
        answers = [gateway.chat(model) for _ in range(3)]
    assert [502] * 3 == [answer.status for answer in answers]
    assert [True] * 3 == [4 <= int(answer.header("retry-after") or 0) <= 8 for answer in answers]
    assert 1 == len(upstream.chats)


@pytest.mark.attack("T-13")
@pytest.mark.parametrize(
    "value",
    [
        # Ids of their own: two processes that share the tests out must see the same names.
        pytest.param(format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True), id="tomorrow"),
        pytest.param(format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True), id="yesterday"),
        "Thu, 99 Foo 2026 99:99:99 GMT",
        "-5",
        "1e9",
        "9" * 400,
        "nan",
        "inf",
        "soon",
        "",
    ],
)
def test_an_odd_retry_after_becomes_a_wait_that_clients_obey(
    gateway: Gateway, serve: Serve, upstream: Upstream, value: str
) -> None:
    """T-13: dates, negative, huge and meaningless waits become a whole number of seconds that clients obey."""
    upstream.default = error_answer(429, "slow down", headers=[("retry-after", value)])
    answer = gateway.chat(serve(upstream.url))
    assert 429 == answer.status
    assert 0 <= int(answer.header("retry-after") or -1) <= 60


@pytest.mark.attack("T-14")
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_operator_key_is_not_blamed_on_the_client(
    gateway: Gateway, serve: Serve, upstream: Upstream, status: int
) -> None:
    """T-14: 502, never 401, and no part of the key that the upstream echoes."""
    upstream.default = error_answer(status, f"Incorrect API key provided: {KEY_CANARY[:12]}****", "invalid_api_key")
    answer = gateway.chat(serve(upstream.url))
    assert (502, "upstream_error") == (answer.status, answer.error["code"])
    assert KEY_CANARY[:9].encode() not in answer.body


@pytest.mark.attack("T-14")
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_used_again(gateway: Gateway, serve: Serve, upstream: Upstream, status: int) -> None:
    """T-14: the key is out of use after one refusal."""
    upstream.default = error_answer(status, "Incorrect API key provided", "invalid_api_key")
    model = serve(upstream.url)
    first = gateway.chat(model)
    second = gateway.chat(model)
    assert (1, False) == (len(upstream.chats), 401 in (first.status, second.status))
    assert second.status in (502, 503)


@pytest.mark.attack("T-14")
def test_a_channel_with_a_refused_key_is_stood_in_for(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-14: with B healthy, B answers."""
    with Upstream(error_answer(401, "Incorrect API key provided", "invalid_api_key")) as refusing:
        answer = gateway.chat(serve(refusing.url, upstream.url))
    assert 200 == answer.status


@pytest.mark.attack("T-14")
def test_one_bad_key_leaves_its_channel_the_other(gateway: Gateway, upstream: Upstream) -> None:
    """T-14: of two keys only the refused one is out."""
    upstream.default = lambda seen: (
        error_answer(401, "Incorrect API key provided", "invalid_api_key")
        if (seen.header("authorization") or "").endswith("bad")
        else chat_answer()
    )
    keys = [f"{KEY_CANARY}-bad", f"{KEY_CANARY}-good"]
    model = gateway.add_channel(upstream.url, keys=keys)
    assert {200} == {gateway.chat(model).status for _ in range(8)}
    used = [(seen.header("authorization") or "")[-3:] for seen in upstream.chats]
    assert used.count("bad") <= 1
