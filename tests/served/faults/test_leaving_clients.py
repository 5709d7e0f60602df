"""Clients that leave before they have everything."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.served.faults import LATE
from tests.support.books import Record
from tests.support.gateway import Gateway, eventually
from tests.support.rawclient import RawConnection, request_bytes
from tests.support.upstream.answers import USAGE, chat_answer, chat_chunks, error_answer, sse, usage_chunk
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Gate, Hang, Script, Wait

Serve = Callable[..., str]
PROSE = "the quick brown fox jumps over the lazy dog again and again until nobody is left to count its many leaps"
EARLY = [
    pytest.param(b"\r\n", id="an empty line"),
    pytest.param(b"\r\n\r\n", id="two empty lines"),
    pytest.param(request_bytes("GET", "/healthz"), id="a request"),
]
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


@pytest.mark.attack("T-20")
@leave_either_way
def test_an_upstream_is_left_soon_after_its_client_leaves(
    gateway: Gateway, serve: Serve, upstream: Upstream, leave: Callable[[RawConnection], None]
) -> None:
    """T-20: the client leaves in mid-stream: the upstream sees the close within 0.5 s."""
    upstream.default = hanging_after(chat_chunks(PROSE)[:-2])
    left_at = leave_after(gateway, serve(upstream.url), 20, leave)
    assert upstream.wait_closed() - left_at <= 0.5 + LATE


@pytest.mark.attack("T-20")
@leave_either_way
def test_a_request_without_a_client_is_soon_out_of_flight(
    gateway: Gateway, serve: Serve, upstream: Upstream, leave: Callable[[RawConnection], None]
) -> None:
    """T-20: in flight 0 within 1 s."""
    upstream.default = hanging_after(chat_chunks(PROSE)[:-2])
    leave_after(gateway, serve(upstream.url), 3, leave)
    gateway.wait_status(1.0 + LATE, in_flight=0, open_holds=0)


@pytest.mark.attack("T-20")
@leave_either_way
def test_a_client_leaving_mid_stream_is_charged_for_what_was_relayed(
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


@pytest.mark.attack("T-35")
@leave_either_way
@pytest.mark.parametrize("early", EARLY)
def test_nothing_that_follows_a_request_hides_that_its_client_left(
    gateway: Gateway, serve: Serve, upstream: Upstream, early: bytes, leave: Callable[[RawConnection], None]
) -> None:
    """T-35: an empty line or a second request came after the first; the upstream wrote on after its client had left."""
    upstream.default = hanging_after(chat_chunks(PROSE)[:-2])
    model = serve(upstream.url)
    with gateway.asking(model, stream=True) as connection:
        upstream.wait_requests(1)
        connection.send(early)
        head = connection.read_head()
        next(connection.pieces(head))
        leave(connection)
        left_at = time.monotonic()
    assert upstream.wait_closed() - left_at <= 0.5 + LATE
    gateway.wait_status(1.0 + LATE, in_flight=0, open_holds=0)
    assert [1] == [len(upstream.requests)]


@pytest.mark.parametrize("early", EARLY)
def test_what_follows_a_request_early_is_answered_after_it(
    gateway: Gateway, serve: Serve, upstream: Upstream, early: bytes
) -> None:
    """A client that sends an empty line after its body got a 400 after its answer, and its next request none."""
    gate = Gate()
    upstream.default = [Wait(gate), *chat_answer()]
    with gateway.asking(serve(upstream.url)) as connection:
        gate.wait_reached()
        connection.send(early)
        later = request_bytes("GET", "/healthz")
        if not early.strip():
            connection.send(later)
        gate.open()
        statuses = []
        for _ in range(2):
            head = connection.read_head()
            b"".join(piece.data for piece in connection.pieces(head))
            statuses.append(head.status)
    assert [200, 200] == statuses


@pytest.mark.attack("T-20")
@pytest.mark.slow
@leave_either_way
def test_two_hundred_leaving_clients_leave_nothing_behind(
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


@pytest.mark.attack("T-21")
@leave_either_way
@pytest.mark.parametrize("script", [[Hang()], hanging_after([])], ids=["no headers", "headers"])
def test_a_client_leaving_before_any_content_is_charged_its_prompt(
    gateway: Gateway, serve: Serve, upstream: Upstream, leave: Callable[[RawConnection], None], script: Script
) -> None:
    """T-21: it leaves while the upstream is silent: closed within 0.5 s, and the upstream has read the prompt."""
    upstream.default = script
    model = serve(upstream.url)
    with gateway.asking(model, stream=True) as connection:
        upstream.wait_requests(1)
        leave(connection)
        left_at = time.monotonic()
    assert upstream.wait_closed() - left_at <= 0.5 + LATE
    record = the_record(gateway, model)
    assert ("client_gone", "estimated", 0) == (record.outcome, record.usage_source, record.completion_tokens)
    assert record.prompt_tokens > 0
    assert record.charge_nano > 0


@pytest.mark.attack("T-21")
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("scheme", "size", "charged"),
    [
        pytest.param("http", 1000, True, id="sent"),
        pytest.param("http", 12_000_000, False, id="half sent"),
        pytest.param("https", 1000, False, id="not connected"),
    ],
)
def test_a_prompt_is_charged_once_it_was_sent_whole(
    gateway: Gateway, scheme: str, size: int, charged: bool, stream: bool
) -> None:
    """T-21: an upstream that takes connections and reads nothing: what it does not have, it cannot bill."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/v1"
        model = gateway.add_channel(url, clocks={"first_byte": 30, "connect": 30})
        gateway.set_price(model)
        messages = [{"role": "user", "content": "x" * size}]
        with gateway.asking(model, stream=stream, messages=messages):
            connection, _ = listener.accept()
            if charged:
                assert connection.recv(2**16, socket.MSG_PEEK)
        with connection:
            record = the_record(gateway, model)
    assert ("client_gone", charged) == (record.outcome, record.charge_nano > 0)


@pytest.mark.attack("T-21")
def test_only_the_upstream_that_has_the_prompt_is_paid_for_it(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-21, in a failover: the first channel refused, and the client leaves the second one: the prompt, once."""
    upstream.default = error_answer(503, "down")
    with Upstream([Hang()]) as second:
        model = serve(upstream.url, second.url)
        alone = serve(second.url)
        for number, each in enumerate((model, alone), start=1):
            with gateway.asking(each, stream=True):
                second.wait_requests(number)
        charges = [the_record(gateway, each).charge_nano for each in (model, alone)]
    assert charges[0] == charges[1] > 0


@pytest.mark.attack("T-23")
@leave_either_way
def test_a_client_leaving_a_whole_answer_is_charged_its_true_usage(
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


@pytest.mark.attack("T-23")
def test_an_abandoned_call_is_cancelled_when_its_grace_is_over(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-23: an upstream that sends its head and never ends is cancelled when the grace (2 s) is over."""
    upstream.default = [Hang()]
    model = gateway.add_channel(upstream.url, clocks={"answer": 30})
    gateway.set_price(model)
    with gateway.asking(model):
        upstream.wait_requests(1)
    left_at = time.monotonic()
    assert 2.0 - 0.1 <= upstream.wait_closed(timeout=5) - left_at <= 2.5 + LATE
    gateway.wait_status(1, in_flight=0)


@pytest.mark.attack("T-23")
def test_an_abandoned_call_that_never_ends_is_charged_for_its_prompt(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-23: after the grace the prompt estimate is charged."""
    upstream.default = [Hang()]
    model = gateway.add_channel(upstream.url, clocks={"answer": 30})
    gateway.set_price(model)
    with gateway.asking(model):
        upstream.wait_requests(1)
    upstream.wait_closed(timeout=5)
    record = the_record(gateway, model)
    assert ("client_gone", "estimated", 0) == (record.outcome, record.usage_source, record.completion_tokens)
    assert record.prompt_tokens > 0
    assert record.charge_nano > 0


@pytest.mark.attack("T-24")
def test_a_client_leaving_after_the_usage_chunk_is_charged_the_true_usage(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """T-24: between usage chunk and `[DONE]`: true usage."""
    chunks = chat_chunks("one two")
    upstream.default = hanging_after(chunks)
    model = serve(upstream.url)
    leave_after(gateway, model, len(chunks) - 1, RawConnection.close, stream_options={"include_usage": True})
    record = the_record(gateway, model)
    assert ("upstream", USAGE["completion_tokens"]) == (record.usage_source, record.completion_tokens)


@pytest.mark.attack("T-24")
def test_a_client_leaving_at_finish_reason_is_charged_the_true_usage(
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


@pytest.mark.attack("T-24")
def test_waiting_for_usage_ends_with_its_grace(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-24: an upstream that never sends its usage is left after the grace (1 s)."""
    upstream.default = hanging_after(chat_chunks("one two", usage=None))
    with gateway.stream(serve(upstream.url)) as stream:
        for event in stream.events():
            if b'"finish_reason":"stop"' in event.data:
                break
    left_at = time.monotonic()
    assert upstream.wait_closed() - left_at <= 1.3 + LATE
