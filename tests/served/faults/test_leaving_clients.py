"""Clients that leave before they have everything."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults import LATE
from tests.support.answers import USAGE, chat_answer, chat_chunks, sse, usage_chunk
from tests.support.books import Record
from tests.support.gateway import Gateway, eventually
from tests.support.rawclient import RawConnection
from tests.support.scripted import Upstream
from tests.support.steps import Gate, Hang, Script, Wait

Serve = Callable[..., str]
PROSE = "the quick brown fox jumps over the lazy dog again and again until nobody is left to count its many leaps"
leave_either_way = pytest.mark.parametrize("leave", [RawConnection.close, RawConnection.reset], ids=["close", "reset"])


def hanging_after(chunks: list[dict[str, Any]]) -> Script:
    return sse(*chunks, done=False, end=[Hang()])


def leave_after(
    gateway: Gateway, model: str, events: int, leave: Callable[[RawConnection], None], **fields: Any
) -> float:
    """Reads so many events of a stream and leaves; when that was."""
    with gateway.stream(model, **fields) as stream:
        reader = stream.events()
        for _ in range(events):
            next(reader)
        leave(stream.connection)
        return time.monotonic()


def the_record(gateway: Gateway, model: str) -> Record:
    """The one usage record of a model, once it is there."""
    eventually(lambda: bool(gateway.books.records(model)), lambda: "no usage record")
    (record,) = gateway.books.records(model)
    return record


@leave_either_way
def test_an_upstream_goes_on_for_nobody(
    gateway: Gateway, serve: Serve, upstream: Upstream, leave: Callable[[RawConnection], None]
) -> None:
    """T-20: the client leaves in mid-stream: the upstream sees the close within 0.5 s."""
    upstream.default = hanging_after(chat_chunks(PROSE)[:-2])
    left_at = leave_after(gateway, serve(upstream.url), 20, leave)
    assert upstream.wait_closed() - left_at <= 0.5 + LATE


@leave_either_way
def test_a_request_without_a_client_stays_in_flight(
    gateway: Gateway, serve: Serve, upstream: Upstream, leave: Callable[[RawConnection], None]
) -> None:
    """T-20: in flight 0 within 1 s."""
    upstream.default = hanging_after(chat_chunks(PROSE)[:-2])
    leave_after(gateway, serve(upstream.url), 3, leave)
    gateway.wait_status(1.0 + LATE, in_flight=0, open_holds=0)


@leave_either_way
def test_a_client_leaving_mid_stream_gets_its_answer_for_free(
    gateway: Gateway, serve: Serve, upstream: Upstream, leave: Callable[[RawConnection], None]
) -> None:
    """T-20: what was relayed is charged, within 20 % of four bytes a token."""
    upstream.default = hanging_after(chat_chunks(PROSE)[:-2])
    model = serve(upstream.url)
    leave_after(gateway, model, 22, leave)
    record = the_record(gateway, model)
    assert ("client_gone", "estimated") == (record.outcome, record.usage_source)
    assert 0.8 * len(PROSE) / 4 <= record.completion_tokens <= 1.2 * len(PROSE) / 4
    assert record.charge_nano > 0


@pytest.mark.slow
@leave_either_way
def test_leaving_clients_pile_up(
    gateway: Gateway, serve: Serve, upstream: Upstream, leave: Callable[[RawConnection], None]
) -> None:
    """T-20: two hundred times; the sentinel counts descriptors and tasks."""
    upstream.default = hanging_after(chat_chunks(PROSE)[:5])
    model = serve(upstream.url)
    for _ in range(200):
        leave_after(gateway, model, 2, leave)
    upstream.wait_idle(10)
    gateway.wait_status(5, in_flight=0)
    assert 200 == len(gateway.books.records(model))


@leave_either_way
@pytest.mark.parametrize("script", [[Hang()], hanging_after([])], ids=["no headers", "headers"])
def test_a_client_leaving_before_any_content_is_charged(
    gateway: Gateway, serve: Serve, upstream: Upstream, leave: Callable[[RawConnection], None], script: Script
) -> None:
    """T-21: it leaves while the upstream is silent: closed within 0.5 s, and refunded."""
    upstream.default = script
    model = serve(upstream.url)
    with gateway.asking(model, stream=True) as connection:
        upstream.wait_requests(1)
        leave(connection)
        left_at = time.monotonic()
    assert upstream.wait_closed() - left_at <= 0.5 + LATE
    record = the_record(gateway, model)
    assert ("client_gone", 0) == (record.outcome, record.charge_nano)


@leave_either_way
def test_a_client_leaving_a_whole_answer_hides_its_true_usage(
    gateway: Gateway, serve: Serve, upstream: Upstream, leave: Callable[[RawConnection], None]
) -> None:
    """T-23: not streamed: the upstream bills anyway, so it may finish, and its usage is charged."""
    gate = Gate()
    upstream.default = [Wait(gate), *chat_answer()]
    model = serve(upstream.url)
    with gateway.asking(model) as connection:
        gate.wait_reached()
        leave(connection)
    gate.open()
    record = the_record(gateway, model)
    assert "upstream" == record.usage_source
    assert (USAGE["prompt_tokens"], USAGE["completion_tokens"]) == (record.prompt_tokens, record.completion_tokens)


def test_an_abandoned_call_keeps_its_place_for_ever(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-23: an upstream that sends its head and never ends is cancelled when the grace (2 s) is over."""
    upstream.default = [Hang()]
    model = gateway.add_channel(upstream.url, clocks={"first_byte": 30})
    gateway.set_price(model)
    with gateway.asking(model):
        upstream.wait_requests(1)
    left_at = time.monotonic()
    assert 2.0 - 0.1 <= upstream.wait_closed(timeout=5) - left_at <= 2.5 + LATE
    gateway.wait_status(1, in_flight=0)


def test_an_abandoned_call_that_never_ends_is_free(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-23: after the grace the prompt estimate is charged."""
    upstream.default = [Hang()]
    model = gateway.add_channel(upstream.url, clocks={"first_byte": 30})
    gateway.set_price(model)
    with gateway.asking(model):
        upstream.wait_requests(1)
    upstream.wait_closed(timeout=5)
    record = the_record(gateway, model)
    assert ("client_gone", "estimated", 0) == (record.outcome, record.usage_source, record.completion_tokens)
    assert record.prompt_tokens > 0
    assert record.charge_nano > 0


def test_a_client_leaving_after_the_usage_chunk_is_charged_an_estimate(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-24: between usage chunk and `[DONE]`: true usage."""
    chunks = chat_chunks("one two")
    upstream.default = hanging_after(chunks)
    model = serve(upstream.url)
    leave_after(gateway, model, len(chunks) - 1, RawConnection.close, stream_options={"include_usage": True})
    record = the_record(gateway, model)
    assert ("upstream", USAGE["completion_tokens"]) == (record.usage_source, record.completion_tokens)


def test_a_client_leaving_at_finish_reason_is_charged_an_estimate(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-24: AnythingLLM leaves there: the gateway reads on for the usage."""
    gate = Gate()
    upstream.default = sse(*chat_chunks("one two", usage=None), Wait(gate), usage_chunk())
    model = serve(upstream.url)
    with gateway.stream(model) as stream:
        for event in stream.events():
            if b'"finish_reason":"stop"' in event.data:
                break
    gate.wait_reached()
    gate.open()
    record = the_record(gateway, model)
    assert ("upstream", USAGE["completion_tokens"]) == (record.usage_source, record.completion_tokens)


def test_waiting_for_usage_has_no_end(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-24: an upstream that never sends its usage is left after the grace (1 s)."""
    upstream.default = hanging_after(chat_chunks("one two", usage=None))
    with gateway.stream(serve(upstream.url)) as stream:
        for event in stream.events():
            if b'"finish_reason":"stop"' in event.data:
                break
    left_at = time.monotonic()
    assert upstream.wait_closed() - left_at <= 1.3 + LATE
