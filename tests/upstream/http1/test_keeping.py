"""Which connection carries a request, how long one is kept, and what becomes of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence

import pytest

from aihub_lite.upstream.http1.client import HttpClient
from aihub_lite.upstream.http1.connection import HttpConnection
from aihub_lite.upstream.http1.dialing import Dialer
from aihub_lite.upstream.http1.faults import Disconnected, TransportFault
from aihub_lite.upstream.http1.request import Parcel, target_of
from tests.support.upstream.answers import END_OF_BODY, SSE_HEAD, body_answer, chunked, json_answer, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Gate, Hang, Reset, Send, Step, Wait
from tests.upstream.http1.asking import Loop, Wire, answered, ask, both_loops, fetch, read, run, seen

BODY = b'{"model": "m"}'


def held_by(gate: Gate) -> list[Step]:
    """An answer that ends when the gate opens."""
    return [Send(SSE_HEAD), Wait(gate), END_OF_BODY]


def carriers(upstream: Upstream) -> list[int]:
    """The connection that each request came on."""
    return [request.connection for request in upstream.requests]


@both_loops
def test_a_connection_is_used_again_once_its_answer_is_in_whole(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        unread = await ask(client, upstream.url)
        while not unread.complete:
            await asyncio.sleep(0)
        assert b"{}" == await fetch(client, upstream.url)
        assert b"{}" == await read(unread)

    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps)
        assert [0, 0] == carriers(upstream)


@both_loops
def test_the_connection_used_last_is_used_next(loop: Loop) -> None:
    """The others grow old, and a lull lets them go."""

    async def steps(client: HttpClient) -> None:
        first = await ask(client, upstream.url)
        second = await ask(client, upstream.url)
        third = await ask(client, upstream.url)
        for number, answer in ((1, second), (2, third), (0, first)):
            gates[number].open()
            await read(answer)
        for _ in range(2):
            await fetch(client, upstream.url)

    gates = [Gate() for _ in range(3)]
    with Upstream(json_answer(200, {})) as upstream:
        upstream.enqueue(*(held_by(gate) for gate in gates))
        run(loop, steps)
        assert [0, 1, 2, 0, 0] == carriers(upstream)


@both_loops
def test_a_connection_is_used_again_for_its_own_origin_only(loop: Loop) -> None:
    """Two names of the same address, and two ports, are four origins."""

    async def steps(client: HttpClient) -> None:
        for url in (one.url, one.url.replace("127.0.0.1", "localhost"), two.url, one.url):
            await fetch(client, url)

    with Upstream(json_answer(200, {})) as one, Upstream(json_answer(200, {})) as two:
        run(loop, steps)
        assert ([0, 1, 0], [0]) == (carriers(one), carriers(two))


@both_loops
@pytest.mark.parametrize("rest", [[Hang()], [Send(chunked(b"x" * 2**20)), Hang()]], ids=["silent", "in full flow"])
def test_a_connection_whose_answer_was_not_read_to_its_end_is_closed(loop: Loop, rest: Sequence[Step]) -> None:
    async def steps(client: HttpClient) -> None:
        async with answered(client, upstream.url) as answer:
            await anext(answer)
        await seen(upstream, lambda: not upstream.open_connections, "the close")
        with pytest.raises(Disconnected):
            await read(answer)
        await fetch(client, upstream.url)

    with Upstream(json_answer(200, {})) as upstream:
        upstream.enqueue(sse(b"data: {}\n\n", done=False, end=rest))
        run(loop, steps)
        assert [0, 1] == carriers(upstream)


@both_loops
def test_the_close_comes_before_the_first_await(loop: Loop) -> None:
    """Whoever is cancelled while it closes has closed all the same."""

    async def steps(client: HttpClient) -> None:
        answer = await ask(client, upstream.url)
        with pytest.raises(StopIteration):
            answer.aclose().send(None)
        await seen(upstream, lambda: not upstream.open_connections, "the close")

    with Upstream(sse(done=False, end=[Hang()])) as upstream:
        run(loop, steps)


@both_loops
def test_an_idle_connection_is_closed_after_its_time(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        await fetch(client, upstream.url)
        await seen(upstream, lambda: not upstream.open_connections, "the close")
        await fetch(client, upstream.url)

    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps, keepalive=0.05)
        assert [0, 1] == carriers(upstream)


@both_loops
def test_a_connection_that_is_used_does_not_grow_old(loop: Loop) -> None:
    """One timer looks at all of them: it must not close those that came back after it was set."""

    async def steps(client: HttpClient) -> None:
        until = asyncio.get_running_loop().time() + 0.5
        while asyncio.get_running_loop().time() < until:
            await fetch(client, upstream.url)
        await seen(upstream, lambda: not upstream.open_connections, "the close")

    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps, keepalive=0.2)
        connections = len(set(carriers(upstream)))
        assert connections < 5 < len(upstream.requests)


@both_loops
def test_of_too_many_idle_connections_the_longest_idle_is_closed(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        answers = [await ask(client, upstream.url) for _ in range(4)]
        for gate, answer in zip(gates, answers, strict=True):
            gate.open()
            await read(answer)
        await seen(upstream, lambda: upstream.open_connections == 2, "two closes")
        assert [0, 1] == [each.number for each in upstream.connections if each.closed_by]

    gates = [Gate() for _ in range(4)]
    with Upstream() as upstream:
        upstream.enqueue(*(held_by(gate) for gate in gates))
        run(loop, steps, max_idle=2)


@both_loops
def test_an_idle_connection_that_its_upstream_closes_is_let_go(loop: Loop) -> None:
    """Nothing is held for it until its time is over, and no request is tried on it."""

    async def steps(client: HttpClient) -> None:
        await fetch(client, upstream.url)
        while client.size:
            await asyncio.sleep(0)
        await fetch(client, upstream.url)

    (answer,) = json_answer(200, {})
    with Upstream([answer]) as upstream:
        upstream.enqueue([answer, Close()])
        run(loop, steps)
        assert [0, 1] == carriers(upstream)


@both_loops
@pytest.mark.parametrize("end", [Close(), Reset()], ids=["closed", "reset"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_on_a_dead_idle_connection_is_sent_once_more_on_a_new_one(loop: Loop, end: Step, method: str) -> None:
    async def steps(client: HttpClient) -> None:
        await fetch(client, upstream.url)
        parcel = Parcel()
        assert b'"again"' == await fetch(client, upstream.url, BODY, method=method, parcel=parcel)
        assert parcel.sent
        await fetch(client, upstream.url)

    with Upstream(json_answer(200, "again")) as upstream:
        upstream.enqueue(json_answer(200, "first"), [end])
        run(loop, steps)
        assert [0, 0, 1, 1] == carriers(upstream)
        assert BODY == upstream.requests[2].body


@both_loops
@pytest.mark.parametrize("end", [Close(), Reset()], ids=["closed", "reset"])
def test_a_request_whose_upstream_breaks_off_late_is_not_sent_again(loop: Loop, end: Step) -> None:
    """A proxy that ended long waits: the answer was made twice, and billed twice."""

    async def steps(client: HttpClient) -> None:
        await fetch(client, upstream.url)
        parcel = Parcel()
        with pytest.raises(Disconnected) as raised:
            await fetch(client, upstream.url, BODY, parcel=parcel)
        assert Disconnected is raised.type
        assert parcel.sent

    with Upstream([end]) as upstream:
        upstream.enqueue(json_answer(200, {}))
        run(loop, steps, told_within=0.0)
        assert [0, 0] == carriers(upstream)


@both_loops
def test_a_request_is_sent_once_more_on_a_new_connection_even_if_others_are_idle(loop: Loop) -> None:
    """An upstream that was restarted has closed them all."""

    async def steps(client: HttpClient) -> None:
        answers = [await ask(client, upstream.url) for _ in range(2)]
        for answer in answers:
            gate.open()
            await read(answer)
        assert b"{}" == await fetch(client, upstream.url)

    gate = Gate()
    kept = held_by(gate)
    with Upstream(json_answer(200, {})) as upstream:
        upstream.enqueue(kept, kept, [Close()])
        run(loop, steps)
        assert 2 == carriers(upstream)[-1]


@both_loops
@pytest.mark.parametrize("begun", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-ty"])
def test_a_request_whose_answer_had_begun_is_not_sent_again(loop: Loop, begun: bytes) -> None:
    async def steps(client: HttpClient) -> None:
        await fetch(client, upstream.url)
        with pytest.raises(TransportFault):
            await fetch(client, upstream.url)

    with Upstream([Send(begun), Close()]) as upstream:
        upstream.enqueue(json_answer(200, {}))
        run(loop, steps)
        assert [0, 0] == carriers(upstream)


@both_loops
@pytest.mark.parametrize("end", [Close(), Reset()], ids=["closed", "reset"])
def test_a_request_that_dies_on_a_new_connection_is_not_sent_again(loop: Loop, end: Step) -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(Disconnected):
            await fetch(client, upstream.url)

    with Upstream([end]) as upstream:
        run(loop, steps)
        assert [0] == carriers(upstream)


def test_a_connection_that_was_closed_a_moment_ago_carries_nothing_more() -> None:
    """Its loss is told in the next turn of the loop; who asks in this one gets another."""

    async def steps(client: HttpClient) -> None:
        wire = Wire()
        connection = HttpConnection(client, target_of(upstream.url).origin)
        connection.connection_made(wire)
        asking = asyncio.create_task(connection.ask("POST", b"first", None, Parcel()))
        await asyncio.sleep(0)
        connection.received(b"HTTP/1.1 204 No Content\r\n\r\n")
        await asking
        connection.received(b"more than was asked for")
        assert b"{}" == await fetch(client, upstream.url)
        assert (b"first", True) == (wire.written, wire.closing)

    with Upstream(json_answer(200, {})) as upstream:
        run(asyncio.new_event_loop, steps)


@both_loops
def test_closing_the_client_closes_what_is_idle_and_what_is_read_and_what_is_asked(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        idle = await ask(client, upstream.url)
        under_way = await ask(client, upstream.url)
        reader = asyncio.create_task(read(under_way))
        asking = asyncio.create_task(fetch(client, upstream.url))
        await seen(upstream, lambda: len(upstream.requests) == 3, "three requests")
        gate.open()
        await read(idle)
        await client.close()
        assert 0 == client.busy
        for task in (reader, asking):
            with pytest.raises(Disconnected):
                await task
        await seen(upstream, lambda: not upstream.open_connections, "the closes")
        with pytest.raises(Disconnected):
            await ask(client, upstream.url)

    gate = Gate()
    with Upstream([Hang()]) as upstream:
        upstream.enqueue(held_by(gate), [Send(SSE_HEAD), Hang()])
        run(loop, steps)


def test_many_idle_connections_have_one_timer_and_a_closed_client_has_none() -> None:
    """asyncio's own loop tells what is scheduled; a timer for each would be one more thing to do for every request."""

    def timers() -> int:
        return sum(not handle.cancelled() for handle in loop._scheduled)  # type: ignore[attr-defined]

    async def main() -> None:
        client = HttpClient(Dialer(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)))
        answers = [await ask(client, upstream.url) for _ in range(5)]
        gate.open()
        for answer in answers:
            await read(answer)
        assert 1 == timers()
        await client.close()
        assert 0 == timers()

    gate = Gate()
    with Upstream(held_by(gate)) as upstream, asyncio.Runner() as runner:
        loop = runner.get_loop()
        runner.run(main())


@both_loops
def test_a_large_answer_comes_whole_on_a_connection_that_is_kept(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        for _ in range(2):
            assert body == await fetch(client, upstream.url)

    body = bytes(range(256)) * 2**14
    with Upstream(body_answer(200, body, "audio/mpeg")) as upstream:
        run(loop, steps)
        assert [0, 0] == carriers(upstream)
