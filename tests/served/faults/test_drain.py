"""SIGTERM while requests run."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.served.faults import LATE
from tests.support import rawclient
from tests.support.gateway import Gateway, eventually, running
from tests.support.process import SCALED, Home
from tests.support.rawclient import Event, Stream
from tests.support.upstream.answers import chat_chunks, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Gate, Hang, Wait

DRAIN = 2.0


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway to be stopped, whose other clocks do not interfere."""
    settings = {**SCALED, "drain_timeout": DRAIN, "idle_timeout": 60, "first_byte_timeout": 60, "total_timeout": 60}
    with running(Home(tmp_path / "data", settings)) as started:
        yield started


def opened(stack: ExitStack, gateway: Gateway, model: str, count: int) -> list[tuple[Stream, Iterator[Event]]]:
    """So many streams with their first event read."""
    streams = []
    for _ in range(count):
        stream = stack.enter_context(gateway.stream(model))
        events = stream.events()
        next(events)
        streams.append((stream, events))
    return streams


def ready_status(gateway: Gateway) -> int:
    return rawclient.request(gateway.url, path="/readyz").status


@pytest.mark.attack("T-61")
def test_a_stopping_gateway_says_it_is_not_ready(gateway: Gateway, upstream: Upstream) -> None:
    """T-61: `/readyz` 503 within 0.1 s, while a stream runs."""
    upstream.default = sse(*chat_chunks("one two")[:2], done=False, end=[Hang()])
    with ExitStack() as stack:
        opened(stack, gateway, gateway.add_channel(upstream.url), 1)
        assert 200 == ready_status(gateway)
        gateway.process.terminate()
        eventually(lambda: 503 == ready_status(gateway), lambda: "still ready", 0.1 + LATE)


@pytest.mark.attack("T-61")
def test_a_stopping_gateway_refuses_new_work_and_says_when_to_return(gateway: Gateway, upstream: Upstream) -> None:
    """T-61: 503 `overloaded` with `Retry-After` for what comes after SIGTERM."""
    upstream.default = sse(*chat_chunks("one two")[:2], done=False, end=[Hang()])
    with ExitStack() as stack:
        opened(stack, gateway, gateway.add_channel(upstream.url), 1)
        gateway.process.terminate()
        eventually(lambda: 503 == ready_status(gateway), lambda: "still ready", 0.1 + LATE)
        answer = gateway.chat("demo")
    assert (503, "overloaded") == (answer.status, answer.error["code"])
    assert int(answer.header("retry-after") or 0) > 0


@pytest.mark.attack("T-61")
@pytest.mark.slow
def test_streams_that_end_within_the_drain_end_well_and_all_are_booked(gateway: Gateway, upstream: Upstream) -> None:
    """T-61: of fifty streams those that end within the drain end well, and all are booked."""
    gate = Gate()
    chunks = chat_chunks("one two three")
    upstream.default = sse(*chunks[:2], Wait(gate), *chunks[2:])
    with ExitStack() as stack, Upstream(sse(*chunks[:2], done=False, end=[Hang()])) as endless:
        short = opened(stack, gateway, gateway.add_channel(upstream.url, "short"), 25)
        long = opened(stack, gateway, gateway.add_channel(endless.url, "long"), 25)
        gateway.process.terminate()
        stopped_at = time.monotonic()
        eventually(lambda: 503 == ready_status(gateway), lambda: "still ready", 0.1 + LATE)
        gate.open()
        assert {b"[DONE]"} == {list(events)[-1].payload for _, events in short}
        last = [list(events)[-1] for _, events in long]
        assert 0 == gateway.process.wait(DRAIN + 1.0)
    assert {"new_api_error"} == {event.json()["error"]["type"] for event in last}
    assert {True} == {stream.clean for stream, _ in (*short, *long)}
    assert DRAIN <= min(event.at for event in last) - stopped_at
    assert max(event.at for event in last) - stopped_at <= DRAIN + 0.5 + LATE
    assert (50, []) == (len(gateway.books.records("short") + gateway.books.records("long")), gateway.books.holds())


def test_a_stop_says_what_it_waits_for_and_how_to_end_the_wait(gateway: Gateway, upstream: Upstream) -> None:
    """Ctrl-C during a stream seemed to do nothing for half a minute."""
    upstream.default = sse(*chat_chunks("one two")[:2], done=False, end=[Hang()])
    log = gateway.process.stderr
    with ExitStack() as stack:
        opened(stack, gateway, gateway.add_channel(upstream.url), 1)
        gateway.process.signal(signal.SIGINT)
        told = "stopping: waiting up to 2 s for 1 request; a second signal (Ctrl-C) ends the wait"
        eventually(lambda: told in log.text, lambda: log.text)
        gateway.process.signal(signal.SIGINT)
        assert 0 == gateway.process.wait(DRAIN)
    assert "stopping at once: cutting off 1 request" in log.text


@pytest.mark.attack("T-61")
def test_a_stopped_stream_is_charged_for_what_was_relayed(gateway: Gateway, upstream: Upstream) -> None:
    """T-61: what was relayed before the drain ended is charged."""
    upstream.default = sse(*chat_chunks("one two")[:3], done=False, end=[Hang()])
    model = gateway.add_channel(upstream.url)
    gateway.set_price(model)
    with ExitStack() as stack:
        ((_, events),) = opened(stack, gateway, model, 1)
        gateway.process.terminate()
        list(events)
        gateway.process.wait(DRAIN + 1.0)
    (record,) = gateway.books.records(model)
    assert ("stopped", "estimated") == (record.outcome, record.usage_source)
    assert record.charge_nano > 0


@pytest.mark.attack("T-61")
@pytest.mark.parametrize("streams", [0, 1])
def test_a_second_sigterm_ends_at_once_with_everything_booked(
    gateway: Gateway, upstream: Upstream, streams: int
) -> None:
    """T-61: the first waits for what runs, the second ends within 0.5 s, with exit code 0 and everything booked."""
    upstream.default = sse(*chat_chunks("one two")[:2], done=False, end=[Hang()])
    model = gateway.add_channel(upstream.url)
    with ExitStack() as stack:
        opened(stack, gateway, model, streams)
        gateway.process.terminate()
        if streams:
            eventually(lambda: 503 == ready_status(gateway), lambda: "still ready", 0.1 + LATE)
            gateway.process.terminate()
        assert 0 == gateway.process.wait(0.5 + 2 * LATE)
    assert (streams, []) == (len(gateway.books.records(model)), gateway.books.holds())


@pytest.mark.attack("T-61")
def test_a_stop_leaves_no_traceback_and_a_sound_database(gateway: Gateway) -> None:
    """T-61: no traceback, nothing left in the WAL that the next start would need."""
    gateway.chat("demo")
    gateway.process.terminate()
    assert 0 == gateway.process.wait(2)
    assert "Traceback" not in gateway.process.output
    assert "ok" == gateway.books.integrity()
