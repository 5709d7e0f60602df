"""Upstreams that cannot be reached, or are reached and stay silent."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping

import pytest

from tests.served.faults import LATE, QUICK
from tests.support.gateway import Gateway
from tests.support.rawclient import payloads
from tests.support.upstream.answers import SSE_HEAD, chat_answer, chat_chunks, sse
from tests.support.upstream.scripted import Upstream, black_hole, refused
from tests.support.upstream.steps import Hang, Pause, Send

Serve = Callable[..., str]
streamed_or_not = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    return QUICK


@pytest.mark.attack("T-01")
@streamed_or_not
def test_a_dead_upstream_is_a_quick_502(gateway: Gateway, serve: Serve, streamed: bool) -> None:
    """T-01: connection refused, no other channel."""
    with refused() as url:
        answer = gateway.chat(serve(url), stream=streamed)
    assert (502, "upstream_error", "new_api_error") == (answer.status, answer.error["code"], answer.error["type"])
    assert answer.seconds <= 1.0 + LATE


@pytest.mark.attack("T-01")
def test_a_request_to_a_dead_upstream_costs_nothing(gateway: Gateway, serve: Serve) -> None:
    """T-01: nothing is charged and nothing stays on hold."""
    with refused() as url:
        model = serve(url)
        gateway.chat(model)
    (record,) = gateway.books.records(model)
    assert (0, "error", 502) == (record.charge_nano, record.outcome, record.status)
    assert [] == gateway.books.holds()


@pytest.mark.attack("T-02")
@streamed_or_not
def test_one_dead_channel_is_stood_in_for(gateway: Gateway, serve: Serve, upstream: Upstream, streamed: bool) -> None:
    """T-02: refused at A, B healthy."""
    with refused() as url:
        model = serve(url, upstream.url)
        answer = gateway.chat(model, stream=streamed)
    (record,) = gateway.books.records(model)
    assert (200, f"{model}-b", 2) == (answer.status, record.channel, len(record.tries))
    assert answer.seconds <= 0.3 + LATE
    assert record.charge_nano > 0


@pytest.mark.attack("T-03")
def test_a_black_hole_is_left_after_the_connect_clock(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-03: SYN unanswered at A, B healthy: over after the connect clock."""
    with black_hole() as url:
        answer = gateway.chat(serve(url, upstream.url))
    assert 200 == answer.status
    assert 0.5 <= answer.seconds <= 0.8 + LATE


@pytest.mark.attack("T-04")
@pytest.mark.parametrize(("streamed", "clock"), [(False, 3.0), (True, 1.0)], ids=["whole", "streamed"])
def test_a_silent_upstream_is_a_504_after_the_clock_of_its_kind(
    gateway: Gateway, serve: Serve, upstream: Upstream, streamed: bool, clock: float
) -> None:
    """T-04: accepted, no headers, no other channel: first byte of a stream, else the whole answer."""
    upstream.default = [Hang()]
    answer = gateway.chat(serve(upstream.url), stream=streamed)
    assert (504, "upstream_timeout", "new_api_error") == (answer.status, answer.error["code"], answer.error["type"])
    assert clock <= answer.seconds <= clock + 0.3 + LATE


@pytest.mark.attack("T-04")
@streamed_or_not
def test_a_silent_upstream_loses_its_connection(
    gateway: Gateway, serve: Serve, upstream: Upstream, streamed: bool
) -> None:
    """T-04: the upstream sees the close at most 0.2 s after the client has its answer."""
    upstream.default = [Hang()]
    gateway.chat(serve(upstream.url), stream=streamed)
    answered_at = time.monotonic()
    assert upstream.wait_closed() - answered_at <= 0.2 + LATE


@pytest.mark.attack("T-04")
def test_a_silent_stream_is_stood_in_for(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-04: silence at A, B healthy."""
    with Upstream([Hang()]) as silent:
        answer = gateway.chat(serve(silent.url, upstream.url), stream=True)
    assert 200 == answer.status
    assert 1.0 <= answer.seconds <= 1.3 + LATE


def test_a_whole_answer_may_take_longer_than_a_first_byte(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """A reasoning model without a stream thinks for minutes before its only byte; it was left after two."""
    upstream.default = [Pause(1.5), *chat_answer()]
    assert (200, 1) == (gateway.chat(serve(upstream.url)).status, len(upstream.chats))


@pytest.mark.parametrize("beginning", [b"", SSE_HEAD.replace(b"text/event-stream", b"application/json")])
def test_a_whole_answer_that_is_late_is_asked_for_once(
    gateway: Gateway, serve: Serve, upstream: Upstream, beginning: bytes
) -> None:
    """It was asked for again at the next channel after 120 s: two bills, and a 504 for a client that asked on."""
    with Upstream([Send(beginning), Hang()]) as silent:
        model = serve(silent.url, upstream.url)
        answer = gateway.chat(model)
        assert (504, "upstream_timeout", "false") == (
            answer.status,
            answer.error["code"],
            answer.header("x-should-retry"),
        )
        assert (1, 0) == (len(silent.chats), len(upstream.chats))
    assert "within 3 seconds" in answer.error["message"]
    (record,) = gateway.books.records(model)
    assert (["late"], 0) == ([attempt["fault"] for attempt in record.tries], record.charge_nano)


def test_a_whole_answer_is_waited_for_as_long_as_its_channel_says(gateway: Gateway, upstream: Upstream) -> None:
    """`clocks.answer` of a channel."""
    upstream.default = [Hang()]
    answer = gateway.chat(gateway.add_channel(upstream.url, clocks={"answer": 0.5}))
    assert (504, "upstream_timeout") == (answer.status, answer.error["code"])
    assert 0.5 <= answer.seconds <= 0.8 + LATE


def test_a_request_that_no_upstream_took_whole_is_sent_to_another(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """A accepts and reads nothing of a long prompt: it bills nothing, and B answers after the first byte's clock."""
    with socket.create_server(("127.0.0.1", 0)) as unread:
        model = serve(f"http://127.0.0.1:{unread.getsockname()[1]}/v1", upstream.url)
        answer = gateway.chat(model, messages=[{"role": "user", "content": "x" * 2**24}])
    (record,) = gateway.books.records(model)
    assert (200, ["timeout", ""]) == (answer.status, [attempt["fault"] for attempt in record.tries])


@pytest.mark.attack("T-05")
def test_headers_without_an_event_are_no_answer(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-05: a stream's headers, then nothing: the client has no byte yet, so it gets a plain 504."""
    upstream.default = [Send(SSE_HEAD), Hang()]
    answer = gateway.chat(serve(upstream.url), stream=True)
    assert (504, "upstream_timeout") == (answer.status, answer.error["code"])
    assert 1.0 <= answer.seconds <= 1.3 + LATE


@pytest.mark.attack("T-05")
@pytest.mark.parametrize(
    "beginning", [(), (b": waiting\n\n",), chat_chunks("never")[:1]], ids=["none", "comment", "role"]
)
def test_a_stream_without_content_is_stood_in_for(
    gateway: Gateway, serve: Serve, upstream: Upstream, beginning: tuple[bytes, ...]
) -> None:
    """T-05: headers, perhaps a comment or an empty role chunk, then a hang at A; B healthy."""
    with Upstream(sse(*beginning, done=False, end=[Hang()])) as silent:
        model = serve(silent.url, upstream.url)
        with gateway.stream(model) as stream:
            data = payloads(stream.events())
    assert (200, b"[DONE]") == (stream.head.status, data[-1])
    assert b"never" not in b"".join(data)
    assert 1.0 <= stream.ended_at - stream.started <= 1.3 + LATE
    assert 1 == len(upstream.chats)
