"""Upstreams that cannot be reached, or are reached and stay silent."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.faults import LATE
from tests.support.answers import SSE_HEAD, chat_chunks, sse
from tests.support.gateway import Gateway
from tests.support.rawclient import payloads
from tests.support.scripted import Upstream, black_hole, refused
from tests.support.steps import Hang, Send

Serve = Callable[..., str]
streamed_or_not = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@streamed_or_not
def test_a_dead_upstream_is_charged_for(gateway: Gateway, serve: Serve, streamed: bool) -> None:
    """T-01: connection refused, no other channel."""
    with refused() as url:
        answer = gateway.chat(serve(url), stream=streamed)
    assert (502, "upstream_error", "new_api_error") == (answer.status, answer.error["code"], answer.error["type"])
    assert answer.seconds <= 1.0 + LATE


def test_a_refused_request_costs_money(gateway: Gateway, serve: Serve) -> None:
    """T-01: nothing is charged and nothing stays on hold."""
    with refused() as url:
        model = serve(url)
        gateway.chat(model)
    (record,) = gateway.books.records(model)
    assert (0, "error", 502) == (record.charge_nano, record.outcome, record.status)
    assert [] == gateway.books.holds()


@streamed_or_not
def test_one_dead_channel_takes_its_model_down(
    gateway: Gateway, serve: Serve, upstream: Upstream, streamed: bool
) -> None:
    """T-02: refused at A, B healthy."""
    with refused() as url:
        model = serve(url, upstream.url)
        answer = gateway.chat(model, stream=streamed)
    (record,) = gateway.books.records(model)
    assert (200, f"{model}-b", 2) == (answer.status, record.channel, len(record.tries))
    assert answer.seconds <= 0.3 + LATE
    assert record.charge_nano > 0


def test_a_black_hole_holds_up_the_failover(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-03: SYN unanswered at A, B healthy: over after the connect clock."""
    with black_hole() as url:
        answer = gateway.chat(serve(url, upstream.url))
    assert 200 == answer.status
    assert 0.5 <= answer.seconds <= 0.8 + LATE


@streamed_or_not
def test_a_silent_upstream_keeps_the_client_waiting(
    gateway: Gateway, serve: Serve, upstream: Upstream, streamed: bool
) -> None:
    """T-04: accepted, no headers, no other channel."""
    upstream.default = [Hang()]
    answer = gateway.chat(serve(upstream.url), stream=streamed)
    assert (504, "upstream_timeout") == (answer.status, answer.error["code"])
    assert 1.0 <= answer.seconds <= 1.3 + LATE


@streamed_or_not
def test_a_silent_upstream_keeps_its_connection(
    gateway: Gateway, serve: Serve, upstream: Upstream, streamed: bool
) -> None:
    """T-04: the upstream sees the close at most 0.2 s after the client has its answer."""
    upstream.default = [Hang()]
    gateway.chat(serve(upstream.url), stream=streamed)
    answered_at = time.monotonic()
    assert upstream.wait_closed() - answered_at <= 0.2 + LATE


@streamed_or_not
def test_silence_prevents_failover(gateway: Gateway, serve: Serve, upstream: Upstream, streamed: bool) -> None:
    """T-04: silence at A, B healthy."""
    with Upstream([Hang()]) as silent:
        answer = gateway.chat(serve(silent.url, upstream.url), stream=streamed)
    assert 200 == answer.status
    assert 1.0 <= answer.seconds <= 1.3 + LATE


def test_headers_without_an_event_count_as_an_answer(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-05: a stream's headers, then nothing: the client has no byte yet, so it gets a plain 504."""
    upstream.default = [Send(SSE_HEAD), Hang()]
    answer = gateway.chat(serve(upstream.url), stream=True)
    assert (504, "upstream_timeout") == (answer.status, answer.error["code"])
    assert 1.0 <= answer.seconds <= 1.3 + LATE


@pytest.mark.parametrize("said", [(), (b": waiting\n\n",), chat_chunks("never")[:1]], ids=["none", "comment", "role"])
def test_a_stream_without_content_prevents_failover(
    gateway: Gateway, serve: Serve, upstream: Upstream, said: tuple[bytes, ...]
) -> None:
    """T-05: headers, perhaps a comment or an empty role chunk, then a hang at A; B healthy."""
    with Upstream(sse(*said, done=False, end=[Hang()])) as silent:
        model = serve(silent.url, upstream.url)
        with gateway.stream(model) as stream:
            told = payloads(stream.events())
    assert (200, b"[DONE]") == (stream.head.status, told[-1])
    assert b"never" not in b"".join(told)
    assert 1.0 <= stream.ended_at - stream.started <= 1.3 + LATE
    assert 1 == len(upstream.chats)
