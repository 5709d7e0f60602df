"""Bodies on their way out and in: what waits where, and what a cancel leaves."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator

import pytest

from aihub_lite.upstream.http1.answer import HttpAnswer
from aihub_lite.upstream.http1.client import HttpClient
from aihub_lite.upstream.http1.connection import HIGH_WATER, ONE_READ, ONE_WRITE
from aihub_lite.upstream.http1.faults import Disconnected
from aihub_lite.upstream.http1.request import Parcel
from tests.support.upstream.answers import SSE_HEAD, chunked, head, json_answer
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Gate, Hang, Send, Wait
from tests.upstream.http1.asking import (
    Loop,
    answered,
    ask,
    both_loops,
    everything_is_full,
    fetch,
    little_at_once,
    read,
    run,
    seen,
)

MIB = 2**20
KERNEL = 16 * MIB
"""Bytes that the kernel's buffers of both ends may hold at most."""


class Form:
    """A body in pieces, as a form with a file is."""

    def __init__(self, size: int) -> None:
        self.pieces = [b"--x\r\n", *[b"y" * ONE_WRITE] * (size // ONE_WRITE), b"\r\n--x--\r\n"]

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)


async def half_sent(
    client: HttpClient, url: str, listener: socket.socket
) -> tuple[asyncio.Task[HttpAnswer], socket.socket]:
    """A request whose body is longer than what the kernel takes, on its way; and where it arrives."""
    asking = asyncio.create_task(ask(client, url, b"x" * 2 * KERNEL))
    accepted, _ = await asyncio.to_thread(listener.accept)
    await asyncio.to_thread(accepted.recv, 1)
    return asking, accepted


Listening = Callable[[HttpClient, str, socket.socket], Awaitable[None]]


def run_raw(loop: Loop, steps: Listening) -> None:
    """Steps against a listening socket, whose every read and write the test does itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        run(loop, lambda client: steps(client, url, listener))


@both_loops
@pytest.mark.parametrize("size", [0, 1, ONE_WRITE, ONE_WRITE + 1, 4 * MIB])
def test_a_body_arrives_as_it_is_whatever_its_size(loop: Loop, size: int) -> None:
    async def steps(client: HttpClient) -> None:
        for _ in range(2):
            assert b"{}" == await fetch(client, upstream.url, body)

    body = bytes(range(251)) * (size // 251) + b"z" * (size % 251)
    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps)
        request = upstream.requests[1]
        assert (body, str(size), None, 0) == (
            request.body,
            request.header("content-length"),
            request.header("transfer-encoding"),
            request.connection,
        )


@both_loops
@pytest.mark.parametrize("size", [0, 4 * MIB])
def test_a_form_arrives_piece_for_piece(loop: Loop, size: int) -> None:
    async def steps(client: HttpClient) -> None:
        assert b"{}" == await fetch(client, upstream.url, form)

    form = Form(size)
    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps)
        assert b"".join(form.pieces) == upstream.requests[0].body


@both_loops
def test_a_small_request_leaves_in_one_segment(loop: Loop) -> None:
    """Head and body apart, each would cost a system call, and some servers a delayed acknowledgement."""

    async def steps(client: HttpClient, url: str, listener: socket.socket) -> None:
        asking = asyncio.create_task(ask(client, url, b"x" * 1000))
        accepted, _ = await asyncio.to_thread(listener.accept)
        with accepted:
            got = await asyncio.to_thread(accepted.recv, MIB)
            assert got.startswith(b"POST /v1 HTTP/1.1\r\n")
            assert got.endswith(b"x" * 1000)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    run_raw(loop, steps)


@both_loops
def test_a_long_body_is_not_copied(loop: Loop) -> None:
    """The file of a form is held once, by whoever has it; its upstream reads nothing of it here."""

    async def steps(client: HttpClient, url: str, listener: socket.socket) -> None:
        tracemalloc.start()
        asking = asyncio.create_task(ask(client, url, body))
        accepted, _ = await asyncio.to_thread(listener.accept)
        with accepted:
            await asyncio.to_thread(accepted.recv, 1)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            assert peak < MIB

    body = b"x" * 2 * KERNEL
    run_raw(loop, steps)


@both_loops
@pytest.mark.parametrize("size", [100, 2 * KERNEL], ids=["in one piece", "in pieces"])
def test_a_request_is_sent_once_its_upstream_can_have_all_of_it(loop: Loop, size: int) -> None:
    async def steps(client: HttpClient, url: str, listener: socket.socket) -> None:
        sent = asyncio.Event()
        parcel = Parcel(on_sent=sent.set)
        asking = asyncio.create_task(ask(client, url, b"x" * size, parcel=parcel))
        accepted, _ = await asyncio.to_thread(listener.accept)
        with accepted:
            await asyncio.to_thread(accepted.recv, 1)
            assert (size == 100) == parcel.sent
            reading = asyncio.create_task(asyncio.to_thread(to_the_end, accepted))
            await sent.wait()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await reading

    run_raw(loop, steps)


def to_the_end(sock: socket.socket) -> int:
    """Reads until the peer's close, and says how much came; raises TimeoutError if it does not come."""
    sock.settimeout(10)
    size = 0
    try:
        while data := sock.recv(MIB):
            size += len(data)
    except ConnectionError:
        pass
    return size


@both_loops
@pytest.mark.parametrize("status", [302, 401, 413, 500])
def test_a_refusal_before_the_body_is_sent_is_read_and_the_rest_stays_here(loop: Loop, status: int) -> None:
    """A 413 says at once what a gigabyte more would not change."""

    async def steps(client: HttpClient, url: str, listener: socket.socket) -> None:
        parcel = Parcel()
        asking = asyncio.create_task(ask(client, url, b"x" * size, parcel=parcel))
        accepted, _ = await asyncio.to_thread(listener.accept)
        with accepted:
            await asyncio.to_thread(accepted.recv, 1)
            accepted.sendall(head(status, [("content-length", "8")]) + b"too ")
            answer = await asking
            accepted.sendall(b"long")
            assert (status, b"too long", False) == (answer.status, await read(answer), parcel.sent)
            assert await asyncio.to_thread(to_the_end, accepted) < size
        assert 0 == client.size

    size = 4 * KERNEL
    run_raw(loop, steps)


class Dawdling(Form):
    """A body whose second piece is there only when the upstream has closed, and whose sending therefore fails."""

    def __init__(self, closed: threading.Event) -> None:
        super().__init__(2 * ONE_WRITE)
        self.closed = closed

    def __iter__(self) -> Iterator[bytes]:
        for number, piece in enumerate(self.pieces):
            if number == 2:
                assert self.closed.wait(60)
            yield piece


@both_loops
def test_a_refusal_is_read_though_sending_fails_first(loop: Loop) -> None:
    """A close with something unread is a reset, and loops give a socket up when they cannot write to it.

    Hypercorn's 413 was lost every other time.
    """

    async def steps(client: HttpClient, url: str, listener: socket.socket) -> None:
        def refuse() -> None:
            accepted, _ = listener.accept()
            accepted.recv(1)
            accepted.sendall(head(413, [("content-length", "8")]) + b"too long")
            accepted.close()
            closed.set()

        closed = threading.Event()
        refusing = asyncio.create_task(asyncio.to_thread(refuse))
        answer = await ask(client, url, Dawdling(closed))
        assert (413, b"too long") == (answer.status, await read(answer))
        await refusing

    run_raw(loop, steps)


@both_loops
def test_an_answer_may_begin_before_the_body_is_sent(loop: Loop) -> None:
    """Node's `request.pipe(response)` sends back what it has while it reads."""

    async def steps(client: HttpClient, url: str, listener: socket.socket) -> None:
        parcel = Parcel()
        asking = asyncio.create_task(ask(client, url, b"x" * size, parcel=parcel))
        accepted, _ = await asyncio.to_thread(listener.accept)
        with accepted:
            await asyncio.to_thread(accepted.recv, 1)
            accepted.sendall(head(200, [("content-length", "5")]))
            answer = await asking
            assert not parcel.sent
            await asyncio.to_thread(exactly, accepted, size)
            accepted.sendall(b"hello")
            assert (b"hello", True) == (await read(answer), parcel.sent)
            assert (1, 0) == (client.size, client.busy)

    size = 2 * KERNEL
    run_raw(loop, steps)


def exactly(sock: socket.socket, size: int) -> None:
    """Reads so many bytes."""
    sock.settimeout(10)
    while size > 0:
        size -= len(sock.recv(min(size, MIB)))


@both_loops
def test_an_answer_that_is_over_before_the_body_is_sent_ends_the_connection(loop: Loop) -> None:
    """Nothing tells where the next request would begin."""

    async def steps(client: HttpClient, url: str, listener: socket.socket) -> None:
        asking = asyncio.create_task(ask(client, url, b"x" * size))
        accepted, _ = await asyncio.to_thread(listener.accept)
        with accepted:
            await asyncio.to_thread(accepted.recv, 1)
            accepted.sendall(head(200, [("content-length", "5")]) + b"hello")
            assert b"hello" == await read(await asking)
            assert await asyncio.to_thread(to_the_end, accepted) < size

    size = 4 * KERNEL
    run_raw(loop, steps)


@both_loops
def test_an_upstream_that_leaves_while_the_body_is_sent_is_noticed(loop: Loop) -> None:
    async def steps(client: HttpClient, url: str, listener: socket.socket) -> None:
        asking, accepted = await half_sent(client, url, listener)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()
        with pytest.raises(Disconnected):
            await asking

    run_raw(loop, steps)


@both_loops
def test_an_upstream_that_says_no_more_while_the_body_is_sent_is_not_waited_for(loop: Loop) -> None:
    """It closes its half only, and reads nothing: the rest of the body would never leave."""

    async def steps(client: HttpClient, url: str, listener: socket.socket) -> None:
        asking, accepted = await half_sent(client, url, listener)
        with accepted:
            accepted.shutdown(socket.SHUT_WR)
            with pytest.raises(Disconnected):
                await asking

    run_raw(loop, steps)


@both_loops
@pytest.mark.attack("T-33")
@pytest.mark.parametrize("coding", ["chunked", "length"])
def test_an_upstream_waits_for_a_reader_that_is_slow(loop: Loop, coding: str) -> None:
    """What nobody reads stays in the upstream and the kernel, not here; and all of it comes once it is read."""

    async def steps(client: HttpClient) -> None:
        async with answered(client, upstream.url) as answer:
            await everything_is_full(upstream, answer)
            assert answer.held <= HIGH_WATER + ONE_READ
            assert upstream.connections[0].sent < size
            assert size == len(await read(answer))
        assert (1, 0) == (client.size, client.busy)

    size = 4 * KERNEL
    piece = b"x" * MIB
    parts = [Send(chunked(piece))] * (size // MIB)
    script = [Send(SSE_HEAD), *parts, Send(b"0\r\n\r\n")]
    if coding == "length":
        script = [Send(head(200, [("content-length", str(size))])), *[Send(piece)] * (size // MIB)]
    with Upstream(script) as upstream:
        run(loop, steps)


@both_loops
@pytest.mark.attack("T-33")
def test_of_all_that_has_come_little_is_read_at_once(loop: Loop) -> None:
    """uvloop reads 256 KiB, and twenty answers that nobody takes held each of them several times."""
    size = 4 * KERNEL
    with Upstream([Send(SSE_HEAD), *[Send(chunked(b"x" * MIB))] * (size // MIB), Send(b"0\r\n\r\n")]) as upstream:
        run(loop, lambda client: little_at_once(client, upstream, upstream.url, size))


@both_loops
def test_an_end_that_comes_while_nothing_is_read_is_noticed_afterwards(loop: Loop) -> None:
    """The pause must not outlive its answer: the connection carries the next one."""

    async def steps(client: HttpClient) -> None:
        for _ in range(3):
            async with answered(client, upstream.url) as answer:
                while answer.held <= HIGH_WATER:
                    await asyncio.sleep(0)
                assert 3 * MIB == len(await read(answer))

    whole = SSE_HEAD + chunked(b"x" * 3 * MIB) + b"0\r\n\r\n"
    with Upstream([Send(whole)]) as upstream:
        run(loop, steps)
        assert 1 == len(upstream.connections)


@both_loops
def test_a_close_of_a_paused_answer_leaves_nothing(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        async with answered(client, upstream.url) as answer:
            while answer.held <= HIGH_WATER:
                await asyncio.sleep(0)
        await seen(upstream, lambda: not upstream.open_connections, "the close")

    with Upstream([Send(SSE_HEAD + chunked(b"x" * MIB)), Hang()]) as upstream:
        run(loop, steps)


@both_loops
@pytest.mark.attack("T-26")
@pytest.mark.parametrize("times", [1, 2])
def test_a_cancel_closes_wherever_it_strikes(loop: Loop, times: int) -> None:
    """While the head is waited for, and while the body is; once, and once more while the first is under way."""

    async def steps(client: HttpClient) -> None:
        for number in (1, 2):
            task = asyncio.create_task(fetch(client, upstream.url))
            await seen(upstream, lambda number=number: len(upstream.requests) == number, "a request")  # type: ignore[misc]
            for _ in range(times):
                task.cancel()
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await task
            await seen(upstream, lambda: not upstream.open_connections, "the close")
        assert 0 == client.size

    with Upstream([Hang()]) as upstream:
        upstream.enqueue([Hang()], [Send(SSE_HEAD), Hang()])
        run(loop, steps)


@both_loops
def test_a_cancel_while_a_long_body_is_sent_closes(loop: Loop) -> None:
    async def steps(client: HttpClient, url: str, listener: socket.socket) -> None:
        asking, accepted = await half_sent(client, url, listener)
        with accepted:
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert await asyncio.to_thread(to_the_end, accepted) < 2 * KERNEL

    run_raw(loop, steps)


@both_loops
def test_a_close_by_another_task_ends_whoever_reads(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        answer = await ask(client, upstream.url)
        reader = asyncio.create_task(read(answer))
        await asyncio.sleep(0)
        await answer.aclose()
        await answer.aclose()
        with pytest.raises(Disconnected):
            await reader

    with Upstream([Send(SSE_HEAD), Hang()]) as upstream:
        run(loop, steps)


@both_loops
def test_many_requests_at_once_have_a_connection_each(loop: Loop) -> None:
    many = 150

    async def steps(client: HttpClient) -> None:
        tasks = [asyncio.create_task(fetch(client, upstream.url)) for _ in range(many)]
        await asyncio.to_thread(gate.wait_reached, times=many, timeout=10)
        assert many == client.busy
        gate.open()
        await asyncio.gather(*tasks)
        assert (0, many) == (client.busy, client.size)

    gate = Gate()
    with Upstream([Wait(gate), *json_answer(200, {})]) as upstream:
        run(loop, steps)
