"""Upstreams that answer with an error."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.faults import LATE
from tests.support.answers import chat_answer, error_answer
from tests.support.canaries import KEY_CANARY
from tests.support.gateway import POLL, Gateway
from tests.support.scripted import Upstream

Serve = Callable[..., str]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_passing_failure_reaches_the_client(gateway: Gateway, serve: Serve, upstream: Upstream, status: int) -> None:
    """T-10: an error, then well again: one more try, 50 to 250 ms later."""
    upstream.enqueue(error_answer(status, "oops"), chat_answer())
    answer = gateway.chat(serve(upstream.url))
    first, second = upstream.chats
    assert 200 == answer.status
    assert 0.05 <= second.at - first.at <= 0.25 + LATE


def test_a_lasting_failure_is_retried_for_ever(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-10: never more tries than the settings say; the upstream's own words stay with the gateway."""
    upstream.default = error_answer(500, "internal address 10.0.0.7")
    answer = gateway.chat(serve(upstream.url))
    assert (502, "upstream_error", 3) == (answer.status, answer.error["code"], len(upstream.chats))
    assert b"10.0.0.7" not in answer.body


def test_a_rate_limited_channel_holds_its_model_up(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-11: 429 at A, B healthy: B at once."""
    with Upstream(error_answer(429, "slow down", headers=[("retry-after", "2")])) as limited:
        answer = gateway.chat(serve(limited.url, upstream.url))
    assert 200 == answer.status
    assert answer.seconds <= 0.3 + LATE


@pytest.mark.slow
def test_a_rate_limited_channel_is_asked_too_soon_or_never_again(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-11: `Retry-After: 2` keeps A out for 2.0 to 2.3 s."""
    with Upstream(error_answer(429, "slow down", headers=[("retry-after", "2")])) as limited:
        model = serve(limited.url, upstream.url)
        deadline = time.monotonic() + 4
        while len(limited.chats) < 2 and time.monotonic() < deadline:
            assert 200 == gateway.chat(model).status
            time.sleep(POLL)
        first, second = limited.chats
    assert 2.0 - 0.02 <= second.at - first.at <= 2.3 + LATE


def test_a_limit_everywhere_is_hammered(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-12: 429 from all, `Retry-After: 7`: passed on as 429 with that wait, after three calls at most."""
    upstream.default = error_answer(429, "slow down", headers=[("retry-after", "7")])
    answer = gateway.chat(serve(upstream.url, upstream.url))
    assert (429, "rate_limit_exceeded") == (answer.status, answer.error["code"])
    assert 6 <= int(answer.header("retry-after") or 0) <= 8
    assert len(upstream.chats) <= 3


def test_a_limited_upstream_is_asked_again_before_its_time(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-12: while every channel waits, requests are answered without a call upstream."""
    upstream.default = error_answer(429, "slow down", headers=[("retry-after", "7")])
    model = serve(upstream.url)
    gateway.chat(model)
    called = len(upstream.chats)
    answer = gateway.chat(model)
    assert (429, called) == (answer.status, len(upstream.chats))
    assert 1 <= int(answer.header("retry-after") or 0) <= 8


@pytest.mark.parametrize(
    "value",
    [
        format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True),
        format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True),
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
def test_an_odd_retry_after_breaks_the_gateway(gateway: Gateway, serve: Serve, upstream: Upstream, value: str) -> None:
    """T-13: dates, negative, huge and meaningless waits become a whole number of seconds that clients obey."""
    upstream.default = error_answer(429, "slow down", headers=[("retry-after", value)])
    answer = gateway.chat(serve(upstream.url))
    assert 429 == answer.status
    assert 0 <= int(answer.header("retry-after") or -1) <= 60


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_operator_key_is_blamed_on_the_client(
    gateway: Gateway, serve: Serve, upstream: Upstream, status: int
) -> None:
    """T-14: 502, never 401, and no part of the key that the upstream echoes."""
    upstream.default = error_answer(status, f"Incorrect API key provided: {KEY_CANARY[:12]}****", "invalid_api_key")
    answer = gateway.chat(serve(upstream.url))
    assert (502, "upstream_error") == (answer.status, answer.error["code"])
    assert KEY_CANARY[:9].encode() not in answer.body


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_used_again(gateway: Gateway, serve: Serve, upstream: Upstream, status: int) -> None:
    """T-14: the key is out of use after one refusal."""
    upstream.default = error_answer(status, "Incorrect API key provided", "invalid_api_key")
    model = serve(upstream.url)
    first, second = gateway.chat(model), gateway.chat(model)
    assert (1, False) == (len(upstream.chats), 401 in (first.status, second.status))
    assert second.status in (502, 503)


def test_a_refused_key_takes_the_model_down(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-14: with B healthy, B answers."""
    with Upstream(error_answer(401, "Incorrect API key provided", "invalid_api_key")) as refusing:
        answer = gateway.chat(serve(refusing.url, upstream.url))
    assert 200 == answer.status


def test_one_bad_key_takes_its_channel_down(gateway: Gateway, upstream: Upstream) -> None:
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
