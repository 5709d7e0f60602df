"""Upstreams that break off inside an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import pytest

from tests.served.faults import LATE, QUICK
from tests.support.gateway import Gateway
from tests.support.rawclient import Event, Stream
from tests.support.upstream.answers import END_OF_BODY, chat_body, chat_chunks, chunked, head, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Gate, Hang, Reset, Script, Send, Step, Wait

Serve = Callable[..., str]
WORDS = "one two three four five six"
BREAKS: dict[str, tuple[Sequence[Step], float, float]] = {
    "hang": ([Hang()], 1.0, 1.3),
    "reset": ([Reset()], 0.0, 0.2),
    "close": ([Close()], 0.0, 0.2),
    "clean end": ([END_OF_BODY], 0.0, 0.2),
}
"""How a stream stops after its third chunk, and when the client is told, at the earliest and at the latest."""
every_break = pytest.mark.parametrize(("end", "earliest", "latest"), BREAKS.values(), ids=BREAKS)
"""T-06, T-07 and T-08; a close inside a chunked body lies between the last two."""


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    return QUICK


def broken_after_three(end: Sequence[Step]) -> Script:
    return sse(*chat_chunks(WORDS)[:4], done=False, end=end)


def read(gateway: Gateway, model: str) -> tuple[Stream, list[Event]]:
    with gateway.stream(model) as stream:
        return stream, [event for event in stream.events() if event.payload]


@pytest.mark.attack("T-06", "T-07", "T-08")
@every_break
def test_a_truncated_stream_ends_with_an_error_and_without_done(
    gateway: Gateway, serve: Serve, upstream: Upstream, end: Script, earliest: float, latest: float
) -> None:
    """T-06, T-07, T-08: an error event, no `[DONE]`, no finish_reason, and a body that ends as it should."""
    upstream.default = broken_after_three(end)
    stream, events = read(gateway, serve(upstream.url))
    assert ("new_api_error", True) == (events[-1].json()["error"]["type"], stream.clean)
    assert b"".join(event.data for event in events).count(b"[DONE]") == 0
    assert b'"finish_reason":"' not in b"".join(event.data for event in events)


@pytest.mark.attack("T-06", "T-07", "T-08")
@every_break
def test_what_came_before_the_break_reaches_the_client(
    gateway: Gateway, serve: Serve, upstream: Upstream, end: Script, earliest: float, latest: float
) -> None:
    """T-06, T-07, T-08: everything before the break has reached the client."""
    upstream.default = broken_after_three(end)
    _, events = read(gateway, serve(upstream.url))
    words = [event.json()["choices"][0]["delta"].get("content") or "" for event in events[:-1]]
    assert "one two three " == "".join(words)


@pytest.mark.attack("T-06", "T-07", "T-08")
@every_break
def test_a_break_is_told_in_time(
    gateway: Gateway, serve: Serve, upstream: Upstream, end: Script, earliest: float, latest: float
) -> None:
    """T-06: 1.0 to 1.3 s after the last chunk; T-07, T-08: within 0.2 s."""
    upstream.default = broken_after_three(end)
    _, events = read(gateway, serve(upstream.url))
    assert earliest - 0.01 <= events[-1].at - events[-2].at <= latest + LATE


@pytest.mark.attack("T-06", "T-07", "T-08")
@every_break
def test_a_broken_stream_is_not_begun_again_elsewhere(
    gateway: Gateway, serve: Serve, upstream: Upstream, end: Script, earliest: float, latest: float
) -> None:
    """T-06, T-07, T-08: no failover after content."""
    with Upstream(broken_after_three(end)) as broken:
        read(gateway, serve(broken.url, upstream.url))
    assert [] == upstream.requests


@pytest.mark.attack("T-06", "T-07", "T-08")
@every_break
def test_a_broken_stream_is_charged_for_what_was_relayed(
    gateway: Gateway, serve: Serve, upstream: Upstream, end: Script, earliest: float, latest: float
) -> None:
    """T-06, T-07, T-08: what was relayed is charged, by estimate."""
    upstream.default = broken_after_three(end)
    model = serve(upstream.url)
    read(gateway, model)
    (record,) = gateway.books.records(model)
    assert ("cut_off", "estimated") == (record.outcome, record.usage_source)
    assert 3 <= record.completion_tokens <= 4
    assert record.charge_nano > 0


@pytest.mark.attack("T-08")
@pytest.mark.parametrize("end", [[Close()], [Reset()]], ids=["close", "reset"])
def test_a_whole_answer_stays_whole_however_its_connection_ends(
    gateway: Gateway, serve: Serve, upstream: Upstream, end: Script
) -> None:
    """T-08: all of it came, `[DONE]` too; only the transfer was not ended as it should: nobody needs to know.

    Many times over, because what arrived together with the close is what gets lost.
    """
    upstream.default = sse(*chat_chunks(WORDS), end=end)
    model = serve(upstream.url)
    endings = [read(gateway, model)[1][-1].payload for _ in range(40)]
    assert {b"[DONE]"} == set(endings)


def test_a_stream_whose_chunks_break_ends_at_once(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """The upstream goes on without chunks and keeps the connection: its client waited for the idle clock, two minutes.

    What was relayed before is charged, as with every break.
    """
    gate = Gate()
    upstream.default = broken_after_three([Wait(gate), Send(b"data: {}\n\n"), Hang()])
    model = serve(upstream.url)
    with gateway.stream(model) as stream:
        events = (event for event in stream.events() if event.payload)
        begun = [next(events) for _ in range(4)]
        gate.open()
        opened_at = time.monotonic()
        (last,) = events
    assert ("new_api_error", True) == (last.json()["error"]["type"], stream.clean)
    assert b"three" in begun[-1].data
    assert last.at - opened_at <= 0.2 + LATE
    (record,) = gateway.books.records(model)
    assert ("cut_off", "estimated") == (record.outcome, record.usage_source)
    assert 3 <= record.completion_tokens <= 4


def test_a_whole_answer_whose_chunks_break_is_tried_elsewhere(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """Not streamed, it was waited for until the idle clock ended it as well."""
    fields = [("content-type", "application/json"), ("transfer-encoding", "chunked")]
    with Upstream([Send(head(200, fields) + chunked(b"{") + b"zz\r\n"), Hang()]) as broken:
        answer = gateway.chat(serve(broken.url, upstream.url))
        assert 1 == len(broken.chats)
    assert (200, chat_body()["choices"]) == (answer.status, answer.json()["choices"])
    assert answer.seconds <= 0.5 + LATE


def cut_short() -> Script:
    return [Send(head(200, [("content-type", "application/json"), ("content-length", "1000")]) + b"{" * 400), Close()]


@pytest.mark.attack("T-09")
def test_a_body_cut_short_is_a_free_502(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-09: 400 of 1000 bytes, then a close: 502, nothing charged."""
    upstream.default = cut_short()
    model = serve(upstream.url)
    answer = gateway.chat(model)
    assert (502, "upstream_error") == (answer.status, answer.error["code"])
    assert [0] == [record.charge_nano for record in gateway.books.records(model)]


@pytest.mark.attack("T-09")
def test_a_body_cut_short_is_tried_elsewhere(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-09: with B healthy, B answers."""
    with Upstream(cut_short()) as broken:
        answer = gateway.chat(serve(broken.url, upstream.url))
        assert 1 == len(broken.chats)
    assert (200, chat_body()["choices"]) == (answer.status, answer.json()["choices"])
