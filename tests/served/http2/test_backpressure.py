"""A client that does not take its answer: whoever writes it waits, and soon is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import attrs
import msgspec
import pytest
from h2.errors import ErrorCodes

from tests.support.gateway import CHAT, Gateway, chat_body, eventually
from tests.support.http2 import Http2Client
from tests.support.upstream.answers import SSE_HEAD, chat_answer, chat_chunk, chat_stream, chunked, sse_event
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Line, Script, Send, Step

PIECE = chunked(sse_event(chat_chunk({"content": "x" * 32_000})))
WHOLE = 200 * 2**20
PAUSED = 24 * 2**20
"""Bytes that an upstream may have sent: the kernel's buffers on its side and ours take some."""
GROWTH_KB = 24 * 1024
PER_STREAM_KB = 512
"""T-33 allows eight times as much, and an answer that is held has 200 MB. A read of 64 KiB is held some five times: as
it came and as the next one, as events, as what is written, and in the stream's buffer."""


@attrs.frozen
class Again:
    """The same bytes, over and over."""

    data: bytes
    times: int

    async def play(self, line: Line) -> None:
        for _ in range(self.times):
            await line.send(self.data)


def huge() -> Script:
    return [Send(SSE_HEAD), Send(PIECE), Again(PIECE, WHOLE // len(PIECE)), Close()]


def ask(client: Http2Client, gateway: Gateway, model: str) -> int:
    return client.ask("POST", CHAT, gateway.headers(), msgspec.json.encode(chat_body(model, stream=True)))


def tasks(gateway: Gateway) -> int:
    count: int = gateway.status()["tasks"]
    return count


def closed_window(gateway: Gateway) -> Http2Client:
    """A client none of whose streams takes a byte."""
    return Http2Client(gateway.url, window=0)


def open_window(gateway: Gateway) -> Http2Client:
    """A client whose window is wide open, and which does not read its socket."""
    client = Http2Client(gateway.url, window=2**31 - 1)
    client.h2.increment_flow_control_window(2**31 - 1 - 65_535)
    client.flush()
    return client


@pytest.mark.attack("T-33")
@pytest.mark.parametrize("connect", [closed_window, open_window], ids=["window of 0", "full pipe"])
@pytest.mark.parametrize("streams", [1, 20])
def test_an_answer_that_is_not_taken_is_not_held(
    gateway: Gateway, upstream: Upstream, connect: Callable[[Gateway], Http2Client], streams: int
) -> None:
    """T-33: a window of 0 on a stream of 200 MB held 202 MB, and a hundred of them 1.7 GB.

    The upstream is paused, and the client cut off after the write timeout (1 s), as on HTTP/1.1.
    """
    upstream.default = huge()
    model = gateway.add_channel(upstream.url)
    before = gateway.resting_kb()
    with ExitStack() as stack:
        client = stack.enter_context(connect(gateway))
        for _ in range(streams):
            ask(client, gateway, model)
        upstream.wait_requests(streams)
        gateway.wait_status(10, in_flight=0, open_holds=0)
        grown = gateway.process.rss_kb() - before
    assert max(connection.sent for connection in upstream.connections) < PAUSED
    assert grown < GROWTH_KB + PER_STREAM_KB * streams
    assert {"client_gone"} == {record.outcome for record in gateway.books.records(model)}


@pytest.fixture
def full_pipe(gateway: Gateway, upstream: Upstream) -> Iterator[Http2Client]:
    """A connection on which not a byte more can leave: an answer has filled it, and has been cut off."""
    upstream.default = huge()
    model = gateway.add_channel(upstream.url)
    with open_window(gateway) as client:
        ask(client, gateway, model)
        upstream.wait_requests(1)
        gateway.wait_status(10, in_flight=0)
        yield client


@pytest.mark.attack("T-33")
@pytest.mark.parametrize(("answer", "outcome"), [(chat_stream, "client_gone"), (chat_answer, "ok")])
def test_a_full_pipe_that_does_not_take_the_head_of_an_answer_is_cut_off(
    gateway: Gateway, upstream: Upstream, full_pipe: Http2Client, answer: Callable[[], list[Step]], outcome: str
) -> None:
    """T-33: the write timeout was for pieces of the body alone, and who waited to send a head waited for ever."""
    upstream.default = answer()
    model = gateway.add_channel(upstream.url)
    body = chat_body(model, stream=answer is chat_stream)
    full_pipe.ask("POST", CHAT, gateway.headers(), msgspec.json.encode(body))
    upstream.wait_requests(2)
    gateway.wait_status(10, in_flight=0, open_holds=0)
    assert [outcome] == [record.outcome for record in gateway.books.records(model)]


@pytest.mark.attack("T-33")
def test_an_answer_that_a_stranger_does_not_take_is_reset(gateway: Gateway) -> None:
    """Nothing of the line's: nobody else would cut it off, and with it went a place on the connection for ever."""
    with Http2Client(gateway.url, window=0) as client:
        stream = client.ask("GET", "/healthz", {})
        assert [ErrorCodes.CANCEL] == [event.error_code for event in client.resets(1) if event.stream_id == stream]


@pytest.mark.attack("T-33")
def test_a_pipe_that_stays_full_is_closed(gateway: Gateway, full_pipe: Http2Client) -> None:
    before = tasks(gateway)
    full_pipe.ask("POST", CHAT, {}, b"{}")
    full_pipe.ask("GET", "/healthz", {})
    eventually(lambda: tasks(gateway) < before, lambda: f"{tasks(gateway)} tasks, {before} before")


def test_a_client_that_takes_its_answer_slowly_gets_all_of_it(gateway: Gateway, upstream: Upstream) -> None:
    """Window by window of 1,000 bytes."""
    upstream.default = [Send(SSE_HEAD), Again(PIECE, 3), Send(chunked(b"data: [DONE]\n\n") + b"0\r\n\r\n")]
    model = gateway.add_channel(upstream.url)
    with Http2Client(gateway.url, window=1000) as client:
        stream = ask(client, gateway, model)
        while b"[DONE]" not in (body := client.body_of(stream)):
            client.next_data(stream)
            client.give(stream, 1000)
    assert 3 == body.count(b"x" * 32_000)


def test_one_stream_that_is_not_taken_holds_up_no_other(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = huge()
    model = gateway.add_channel(upstream.url)
    with closed_window(gateway) as client:
        ask(client, gateway, model)
        upstream.wait_requests(1)
        other = client.ask("GET", "/healthz", {})
        assert 200 == client.status_of(other)
        client.give(other, 1000)
        client.end_of(other)
        assert b'{"status":"ok"}' == client.body_of(other)
    eventually(lambda: not upstream.open_connections, lambda: "the upstream is still asked")
