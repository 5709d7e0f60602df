"""One request to one upstream over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from aihub_lite import __version__
from aihub_lite.config import Settings
from aihub_lite.upstream.http1.faults import (
    AnswerTooLarge,
    ConnectFailed,
    ConnectTimedOut,
    Disconnected,
    Garbled,
    TransportFault,
    Unsendable,
)
from aihub_lite.upstream.http1.request import Parcel
from aihub_lite.upstream.transport import Response, Transport
from tests.support.upstream.answers import SSE_HEAD, body_answer, chunked, json_answer, sse
from tests.support.upstream.scripted import Upstream, black_hole, refused
from tests.support.upstream.steps import Close, Gate, Hang, Reset, Send, Wait

LIMIT = 2**20
BODY = b'{"model": "m"}'


@asynccontextmanager
async def open_answer(
    transport: Transport, base: str, body: bytes | None = BODY, connect_timeout: float = 2.0
) -> AsyncIterator[Response]:
    """A POST's answer, closed at the end."""
    headers = [(b"content-type", b"application/json")]
    response = await transport.send("POST", base + "/chat/completions", headers, body, connect_timeout)
    try:
        yield response
    finally:
        await response.aclose()


async def fetch(transport: Transport, base: str, body: bytes | None = BODY) -> bytes:
    async with open_answer(transport, base, body) as response:
        return await response.read(LIMIT)


def run(steps: Callable[[Transport], Awaitable[object]]) -> None:
    async def main() -> None:
        async with Transport(Settings(data_dir=Path())) as transport:
            await steps(transport)

    asyncio.run(main())


async def cancel(task: asyncio.Task[object]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_status_headers_and_body_arrive_as_sent() -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            assert (429, "7", b'{"a":1}') == (
                response.status,
                response.headers["Retry-After"],
                await response.read(LIMIT),
            )

    with Upstream(json_answer(429, {"a": 1}, [("retry-after", "7")])) as upstream:
        run(steps)


def test_upstream_sees_our_name_and_no_library_header() -> None:
    with Upstream(json_answer(200, {})) as upstream:
        run(lambda transport: fetch(transport, upstream.url))
        names = {name for name, _ in upstream.requests[0].headers}
        assert f"aihub-lite/{__version__}" == upstream.requests[0].header("user-agent")
        assert "identity" == upstream.requests[0].header("accept-encoding")
        assert {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length"} == names


def test_caller_cannot_ask_for_compression() -> None:
    async def steps(transport: Transport) -> None:
        headers = [(b"Accept-Encoding", b"br"), (b"Accept", b"text/event-stream")]
        await (await transport.send("GET", upstream.url, headers, None)).aclose()

    with Upstream(json_answer(200, {})) as upstream:
        run(steps)
        assert "identity" == upstream.requests[0].header("accept-encoding")
        assert "text/event-stream" == upstream.requests[0].header("accept")


def test_large_body_is_not_sent_in_chunked_encoding() -> None:
    body = bytes(range(256)) * 2**15
    with Upstream(json_answer(200, {})) as upstream:
        run(lambda transport: fetch(transport, upstream.url, body))
        request = upstream.requests[0]
        assert (str(len(body)), None) == (request.header("content-length"), request.header("transfer-encoding"))
        assert body == request.body


@pytest.mark.attack("T-16")
def test_redirect_is_an_answer_and_is_not_followed() -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            assert 302 == response.status

    with Upstream(json_answer(200, {})) as canary, Upstream() as upstream:
        upstream.default = json_answer(302, {}, [("location", canary.url)])
        run(steps)
        assert 0 == len(canary.connections)


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Upstream(json_answer(200, {})) as proxy, Upstream(json_answer(200, {})) as upstream:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        run(lambda transport: fetch(transport, upstream.url))
        assert (0, 1) == (len(proxy.connections), len(upstream.requests))


def test_cookie_of_one_answer_is_not_sent_with_the_next_request() -> None:
    async def steps(transport: Transport) -> None:
        await fetch(transport, upstream.url)
        await fetch(transport, upstream.url)

    with Upstream(json_answer(200, {}, [("set-cookie", "session=1")])) as upstream:
        run(steps)
        assert None is upstream.requests[1].header("cookie")


def test_more_than_a_hundred_requests_run_at_once() -> None:
    many = 150

    async def steps(transport: Transport) -> None:
        tasks = [asyncio.create_task(fetch(transport, upstream.url)) for _ in range(many)]
        await asyncio.to_thread(gate.wait_reached, times=many, timeout=10)
        gate.open()
        await asyncio.gather(*tasks)

    gate = Gate()
    with Upstream([Wait(gate), *json_answer(200, {})]) as upstream:
        run(steps)


def test_each_chunk_arrives_before_the_next_is_sent() -> None:
    """The second gate opens only when the first chunk is here: anything that buffers would wait for ever."""

    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            for number, gate in enumerate(gates):
                assert b"chunk %d" % number == await asyncio.wait_for(anext(response), 2)
                gate.open()

    gates = [Gate(f"after {number}") for number in range(5)]
    parts = [step for number, gate in enumerate(gates) for step in (b"chunk %d" % number, Wait(gate))]
    with Upstream(sse(*parts, done=False)) as upstream:
        run(steps)


def test_connection_is_kept_for_the_next_request() -> None:
    async def steps(transport: Transport) -> None:
        await fetch(transport, upstream.url)
        await fetch(transport, upstream.url)

    with Upstream(json_answer(200, {})) as upstream:
        run(steps)
        assert 1 == len(upstream.connections)


@pytest.mark.parametrize("end", [Close(), Reset()], ids=["closed", "reset"])
def test_request_that_dies_on_a_reused_connection_is_sent_again_on_a_fresh_one(end: Close | Reset) -> None:
    async def steps(transport: Transport) -> None:
        await fetch(transport, upstream.url)
        assert b'"again"' == await fetch(transport, upstream.url)

    with Upstream(json_answer(200, "again")) as upstream:
        upstream.enqueue(json_answer(200, "first"), [end])
        run(steps)
        assert [0, 0, 1] == [request.connection for request in upstream.requests]
        assert BODY == upstream.requests[-1].body


def test_large_request_that_dies_on_a_reused_connection_is_sent_again_whole() -> None:
    async def steps(transport: Transport) -> None:
        await fetch(transport, upstream.url)
        await fetch(transport, upstream.url, body)

    body = b"x" * 2**21
    with Upstream(json_answer(200, {})) as upstream:
        upstream.enqueue(json_answer(200, {}), [Close()])
        run(steps)
        assert body == upstream.requests[-1].body


def test_request_is_sent_again_only_once() -> None:
    async def steps(transport: Transport) -> None:
        await fetch(transport, upstream.url)
        with pytest.raises(Disconnected):
            await fetch(transport, upstream.url)

    with Upstream([Close()]) as upstream:
        upstream.enqueue(json_answer(200, {}))
        run(steps)
        assert 3 == len(upstream.requests)


@pytest.mark.parametrize("end", [Close(), Reset()], ids=["closed", "reset"])
def test_request_that_dies_on_a_fresh_connection_is_not_sent_again(end: Close | Reset) -> None:
    async def steps(transport: Transport) -> None:
        with pytest.raises(Disconnected):
            await fetch(transport, upstream.url)

    with Upstream([end]) as upstream:
        run(steps)
        assert 1 == len(upstream.requests)


@pytest.mark.parametrize("begun", [b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\ncontent-ty"])
def test_request_whose_answer_had_begun_is_not_sent_again(begun: bytes) -> None:
    async def steps(transport: Transport) -> None:
        await fetch(transport, upstream.url)
        with pytest.raises(TransportFault):
            await fetch(transport, upstream.url)

    with Upstream([Send(begun), Close()]) as upstream:
        upstream.enqueue(json_answer(200, {}))
        run(steps)
        assert 2 == len(upstream.requests)


def test_refused_connection_is_named() -> None:
    async def steps(transport: Transport) -> None:
        with pytest.raises(ConnectFailed, match="Connection refused"):
            await fetch(transport, base)

    with refused() as base:
        run(steps)


@pytest.mark.attack("T-72")
def test_unknown_name_is_named() -> None:
    async def steps(transport: Transport) -> None:
        with pytest.raises(ConnectFailed, match="name"):
            await fetch(transport, "http://upstream.invalid/v1")

    run(steps)


def test_plain_server_behind_an_https_url_is_a_connect_failure() -> None:
    async def steps(transport: Transport) -> None:
        with pytest.raises(ConnectFailed):
            await fetch(transport, upstream.url.replace("http:", "https:"))

    with Upstream(on_accept=[Send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Close()]) as upstream:
        run(steps)


@pytest.mark.attack("T-03")
def test_black_hole_ends_at_the_connect_timeout() -> None:
    async def steps(transport: Transport) -> None:
        started = time.monotonic()
        with pytest.raises(ConnectTimedOut):
            async with open_answer(transport, base, connect_timeout=0.3):
                pass
        assert 0.3 <= time.monotonic() - started < 5

    with black_hole() as base:
        run(steps)


def test_connect_timeout_does_not_cut_a_slow_answer() -> None:
    async def steps(transport: Transport) -> None:
        async def answer() -> None:
            async with open_answer(transport, upstream.url, connect_timeout=0.05) as response:
                await response.read(LIMIT)

        task = asyncio.create_task(answer())
        await asyncio.to_thread(gate.wait_reached)
        done, _ = await asyncio.wait([task], timeout=0.2)
        assert set() == done
        gate.open()
        await task

    gate = Gate()
    with Upstream([Wait(gate), *json_answer(200, {})]) as upstream:
        run(steps)


def test_cancel_while_connecting_closes_the_socket() -> None:
    async def steps(transport: Transport) -> None:
        before = len(list(Path("/proc/self/fd").iterdir()))
        task = asyncio.create_task(fetch(transport, base))
        while len(list(Path("/proc/self/fd").iterdir())) == before:
            await asyncio.sleep(0)
        await cancel(task)
        await asyncio.sleep(0)
        assert before == len(list(Path("/proc/self/fd").iterdir()))

    with black_hole() as base:
        run(steps)


def test_cancel_while_waiting_for_the_head_closes_the_connection() -> None:
    async def steps(transport: Transport) -> None:
        task = asyncio.create_task(fetch(transport, upstream.url))
        await asyncio.to_thread(upstream.wait_requests, 1)
        await cancel(task)
        await asyncio.to_thread(upstream.wait_closed, timeout=0.5)

    with Upstream([Hang()]) as upstream:
        run(steps)


def test_cancel_while_sending_the_body_closes_the_connection() -> None:
    async def steps(transport: Transport) -> None:
        task = asyncio.create_task(fetch(transport, base, b"x" * 2**25))
        accepted, _ = await asyncio.to_thread(listener.accept)
        with accepted:
            await asyncio.to_thread(accepted.recv, 2**16)
            await cancel(task)
            await asyncio.to_thread(read_to_the_end, accepted)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        run(steps)


def read_to_the_end(sock: socket.socket) -> None:
    """Reads until the peer's close; raises TimeoutError if it does not come."""
    sock.settimeout(2)
    try:
        while sock.recv(2**20):
            pass
    except ConnectionError:
        return


def test_cancel_mid_body_closes_the_connection() -> None:
    async def steps(transport: Transport) -> None:
        async def consume() -> None:
            async with open_answer(transport, upstream.url) as response:
                async for _ in response:
                    seen.set()

        seen = asyncio.Event()
        task = asyncio.create_task(consume())
        await seen.wait()
        await cancel(task)
        await asyncio.to_thread(upstream.wait_closed, timeout=0.5)

    with Upstream(sse(b"data: {}\n\n", Hang())) as upstream:
        run(steps)


def test_an_answer_is_complete_once_its_last_byte_is_here() -> None:
    """A stream that is passed on whole then has no transfer whose end must be waited for."""

    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            await anext(response)
            before = response.complete
            gate.open()
            while not response.complete:
                await asyncio.sleep(0)
            assert (False, 0) == (before, transport.busy)
            assert b"data: 2\n\n" == await response.read(LIMIT)

    gate = Gate()
    with Upstream(sse(b"data: 1\n\n", Wait(gate), b"data: 2\n\n", done=False)) as upstream:
        run(steps)


def test_closing_early_closes_the_connection() -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            await anext(response)
        await asyncio.to_thread(upstream.wait_closed, timeout=0.5)

    with Upstream(sse(b"data: {}\n\n", Hang())) as upstream:
        run(steps)


def test_closing_from_another_task_ends_the_reader() -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            await anext(response)
            reader = asyncio.create_task(response.read(LIMIT))
            await asyncio.sleep(0)
            await response.aclose()
            with pytest.raises(Disconnected):
                await reader

    with Upstream(sse(b"data: {}\n\n", Hang())) as upstream:
        run(steps)


def test_closing_twice_does_nothing_more() -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            await response.aclose()

    with Upstream(json_answer(200, {})) as upstream:
        run(steps)


@pytest.mark.attack("T-26")
def test_connection_is_usable_after_two_hundred_cancelled_requests() -> None:
    async def steps(transport: Transport) -> None:
        for _ in range(200):
            task = asyncio.create_task(fetch(transport, upstream.url))
            await asyncio.sleep(0)
            await cancel(task)
        upstream.default = json_answer(200, {})
        assert b"{}" == await fetch(transport, upstream.url)
        await asyncio.to_thread(upstream.wait_for, lambda: 1 >= upstream.open_connections, "the closes")

    with Upstream([Hang()]) as upstream:
        run(steps)


@pytest.mark.parametrize("end", [Close(), Reset()], ids=["closed", "reset"])
def test_answer_that_breaks_off_is_not_taken_for_whole(end: Close | Reset) -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            assert b"data: {}\n\n" == await anext(response)
            with pytest.raises(Disconnected):
                await anext(response)

    gate = Gate()
    gate.open()
    with Upstream([Send(SSE_HEAD + chunked(b"data: {}\n\n")), end]) as upstream:
        run(steps)


def test_answer_shorter_than_its_length_is_not_taken_for_whole() -> None:
    async def steps(transport: Transport) -> None:
        with pytest.raises(Disconnected):
            await fetch(transport, upstream.url)

    with Upstream([Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b"x" * 400), Close()]) as upstream:
        run(steps)


@pytest.mark.attack("T-19b")
@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 2**16 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    ],
    ids=["not-http", "64-KiB-header", "10000-headers", "two-lengths"],
)
def test_nonsense_instead_of_a_head_is_a_fault(sent: bytes) -> None:
    async def steps(transport: Transport) -> None:
        with pytest.raises(TransportFault):
            await fetch(transport, upstream.url)

    with Upstream([Send(sent), Close()]) as upstream:
        run(steps)


BROKEN_CHUNKS = {
    "size is no number": b"zz\r\nabc\r\n",
    "size is negative": b"-3\r\nabc\r\n",
    "size is empty": b"\r\n",
    "size over 64 bits": b"f" * 17 + b"\r\n",
    "size ends in LF": b"3\nabc\n",
    "chunk longer than its size": b"1\r\nabc\r\n",
    "NUL in an extension": b"3;\x00\r\nabc\r\n",
    "NUL in a trailer": b"0\r\n\x00\r\n\r\n",
    "event without a chunk": b"data: {}\n\n",
}


@pytest.mark.attack("T-19b")
@pytest.mark.parametrize("broken", BROKEN_CHUNKS.values(), ids=BROKEN_CHUNKS)
def test_broken_chunked_coding_is_noticed_at_once(broken: bytes) -> None:
    """The upstream keeps the connection: a client waited two minutes, for the idle clock, to hear of it."""

    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            assert b"data: 1\n\n" == await anext(response)
            gate.open()
            with pytest.raises(Garbled):
                await asyncio.wait_for(response.read(LIMIT), 5)

    gate = Gate()
    with Upstream([Send(SSE_HEAD + chunked(b"data: 1\n\n")), Wait(gate), Send(broken), Hang()]) as upstream:
        run(steps)
        upstream.wait_closed()


def test_broken_chunked_coding_beside_the_head_is_a_fault() -> None:
    async def steps(transport: Transport) -> None:
        with pytest.raises(Garbled):
            await asyncio.wait_for(fetch(transport, upstream.url), 5)

    with Upstream([Send(SSE_HEAD + b"zz\r\nhello\r\n"), Hang()]) as upstream:
        run(steps)


def test_what_came_with_broken_chunked_coding_is_handed_out_first() -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            gate.open()
            assert b"data: 1\n\n" == await anext(response)
            with pytest.raises(Garbled):
                await asyncio.wait_for(anext(response), 5)

    gate = Gate()
    with Upstream([Send(SSE_HEAD), Wait(gate), Send(chunked(b"data: 1\n\n") + b"zz\r\n"), Hang()]) as upstream:
        run(steps)


@pytest.mark.parametrize(("url", "header"), [("http://", b"x"), ("ftp://127.0.0.1/", b"x"), ("", b"x\r\ny: z")])
def test_a_url_or_header_that_http_does_not_allow_is_never_sent(url: str, header: bytes) -> None:
    async def steps(transport: Transport) -> None:
        with pytest.raises(Unsendable):
            await transport.send("POST", url or upstream.url, [(b"x-a", header)], BODY)

    with Upstream() as upstream:
        run(steps)
        assert [] == upstream.requests


def test_answer_beyond_the_limit_is_not_read_on() -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            with pytest.raises(AnswerTooLarge):
                await response.read(9)

    with Upstream(body_answer(200, b"x" * 10, "text/plain")) as upstream:
        run(steps)


def test_answer_of_exactly_the_limit_is_read() -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            assert b"x" * 10 == await response.read(10)

    with Upstream(body_answer(200, b"x" * 10, "text/plain")) as upstream:
        run(steps)


@pytest.mark.attack("T-17")
@pytest.mark.parametrize(
    ("coding", "compress"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("GZIP", gzip.compress)],
)
def test_compressed_answer_is_decoded_though_identity_was_asked(
    coding: str, compress: Callable[[bytes], bytes]
) -> None:
    async def steps(transport: Transport) -> None:
        assert b"hello" * 100 == await fetch(transport, upstream.url)

    body = compress(b"hello" * 100)
    with Upstream(body_answer(200, body, "text/plain", [("content-encoding", coding)])) as upstream:
        run(steps)


def test_compressed_event_arrives_before_the_next_is_sent() -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            assert b"first" == await asyncio.wait_for(anext(response), 2)
            gate.open()
            assert b"second" == await response.read(LIMIT)

    packer, gate = zlib.compressobj(wbits=31), Gate()
    first = packer.compress(b"first") + packer.flush(zlib.Z_SYNC_FLUSH)
    second = packer.compress(b"second") + packer.flush()
    head = SSE_HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n")
    with Upstream([Send(head + chunked(first)), Wait(gate), Send(chunked(second) + b"0\r\n\r\n")]) as upstream:
        run(steps)


def test_unknown_content_coding_is_a_fault_when_the_body_is_read() -> None:
    async def steps(transport: Transport) -> None:
        async with open_answer(transport, upstream.url) as response:
            assert 200 == response.status
            with pytest.raises(Garbled):
                await response.read(LIMIT)

    with Upstream(body_answer(200, b"hello", "text/plain", [("content-encoding", "br")])) as upstream:
        run(steps)


def test_connect_timeout_of_the_settings_is_taken_when_none_is_given() -> None:
    async def main() -> None:
        async with Transport(Settings(data_dir=Path(), connect_timeout=0.2)) as transport:
            with pytest.raises(ConnectTimedOut):
                await transport.send("GET", base, [], None)

    with black_hole() as base:
        asyncio.run(main())


@pytest.mark.parametrize("size", [len(BODY), 2**25], ids=["in one piece", "in pieces"])
def test_a_request_is_sent_once_its_upstream_can_have_all_of_it(size: int) -> None:
    """What is not sent whole is not billed, and may be sent to another upstream."""

    async def steps(transport: Transport) -> None:
        sent = asyncio.Event()
        parcel = Parcel(on_sent=sent.set)
        sending = asyncio.create_task(transport.send("POST", base, [], b"x" * size, 2.0, parcel))
        accepted, _ = await asyncio.to_thread(listener.accept)
        with accepted:
            await asyncio.to_thread(accepted.recv, 2**16)
            assert (size == len(BODY)) == sent.is_set()
            reading = asyncio.create_task(asyncio.to_thread(read_to_the_end, accepted))
            await sent.wait()
            await cancel(sending)
            await reading

    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        run(steps)
