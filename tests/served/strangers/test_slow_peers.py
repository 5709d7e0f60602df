"""Clients and upstreams that send a byte now and then, or close their half of a connection."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from aihub_lite.server.http1.connection import KEEP_ALIVE
from tests.served.faults import LATE
from tests.support.gateway import Gateway
from tests.support.rawclient import RawConnection
from tests.support.upstream.answers import SSE_HEAD, chat_chunk, chat_chunks, chunked, sse, sse_event
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Dribble, Gate, Hang, Send, Wait

Serve = Callable[..., str]
SLOW_CLIENTS = 200
PACE = 0.2
"""Seconds between two bytes of an upstream: the idle clock is one second."""


def closed_at(sockets: list[socket.socket], within: float) -> dict[int, float]:
    """When each of them was closed by its peer, each sent a byte every second until then."""
    started = time.monotonic()
    closed: dict[int, float] = {}
    with selectors.DefaultSelector() as selector:
        for number, sock in enumerate(sockets):
            selector.register(sock, selectors.EVENT_READ, number)
        for second in range(1, int(within) + 1):
            while (left := started + second - time.monotonic()) > 0 and len(closed) < len(sockets):
                for key, _ in selector.select(left):
                    closed[key.data] = time.monotonic() - started
                    selector.unregister(key.fileobj)
            for number, sock in enumerate(sockets):
                if number not in closed:
                    try:
                        sock.send(b"a")
                    except ConnectionError:
                        closed[number] = time.monotonic() - started
                        selector.unregister(sock)
    return closed


@pytest.mark.slow
@pytest.mark.attack("T-31")
def test_heads_that_come_byte_by_byte_end_with_the_idle_timeout(gateway: Gateway) -> None:
    """T-31: two hundred of them, a byte a second: all closed after the keep-alive timeout (15 s)."""
    with ExitStack() as stack:
        connections = [stack.enter_context(RawConnection(gateway.url)) for _ in range(SLOW_CLIENTS)]
        for connection in connections:
            connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nx-slow: ")
        closed = closed_at([connection.sock for connection in connections], KEEP_ALIVE + 3)
    assert SLOW_CLIENTS == len(closed)
    assert max(closed.values()) <= KEEP_ALIVE + 1 + LATE


@pytest.mark.attack("T-31")
def test_others_are_served_beside_heads_that_come_byte_by_byte(gateway: Gateway) -> None:
    """T-31: /healthz below 100 ms at the 99th percentile."""
    with ExitStack() as stack:
        connections = [stack.enter_context(RawConnection(gateway.url)) for _ in range(SLOW_CLIENTS)]
        waits = []
        for connection in connections:
            connection.send(b"G")
            waits.append(gateway.get("/healthz").seconds)
    waits.sort()
    assert waits[len(waits) * 99 // 100 - 1] < 0.1 + LATE


@pytest.mark.attack("T-34")
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_a_client_that_closes_its_half_has_left(
    gateway: Gateway, serve: Serve, upstream: Upstream, streamed: bool
) -> None:
    """T-34: after its request, as `nc` does: taken for a client that leaves, since few that stay close anything."""
    gate = Gate()
    upstream.default = [Wait(gate), *sse(*chat_chunks("one two"), done=False, end=[Hang()])]
    with gateway.asking(serve(upstream.url), stream=streamed) as connection:
        gate.wait_reached()
        connection.half_close()
        gateway.wait_status(2.0 + 1.0 + LATE, in_flight=0, open_holds=0)  # a whole answer has the abort grace, 2 s
    upstream.wait_closed()
    gate.open()


@pytest.mark.attack("T-19c")
def test_an_upstream_that_dribbles_is_cut_by_the_clock_of_the_whole(gateway: Gateway, upstream: Upstream) -> None:
    """T-19c: a byte every 0.2 s never lets the idle clock (1 s) run out; the channel's whole clock (3 s) ends it."""
    event = chunked(sse_event(chat_chunk({"content": "word"})))
    upstream.default = [Send(SSE_HEAD + event), Dribble(event * 3, PACE)]
    model = gateway.add_channel(upstream.url, clocks={"total": 3})
    with gateway.stream(model) as stream:
        events = [event for event in stream.events() if event.payload]
    assert 3.0 <= stream.ended_at - stream.started <= 3.5 + LATE
    assert ("new_api_error", True) == (events[-1].json()["error"]["type"], stream.clean)


@pytest.mark.attack("T-19c")
def test_an_upstream_that_dribbles_to_its_end_is_read_to_its_end(gateway: Gateway, upstream: Upstream) -> None:
    """T-19c: an event that takes longer to come than the idle clock allows for silence."""
    event = chunked(sse_event(chat_chunk({"content": "word"}, "stop")))
    half = len(event) - 10
    upstream.default = [
        Send(SSE_HEAD + chunked(sse_event(chat_chunk({"role": "assistant"}))) + event[:half]),
        Dribble(event[half:], PACE),
        Send(chunked(b"data: [DONE]\n\n") + b"0\r\n\r\n"),
    ]
    with gateway.stream(gateway.add_channel(upstream.url)) as stream:
        payloads = [event.payload for event in stream.events() if event.payload]
    assert (b"[DONE]", True) == (payloads[-1], stream.clean)
