"""What comes back, well or badly framed, wherever the network cuts it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from aihub_lite.upstream.http1.client import HttpClient
from aihub_lite.upstream.http1.faults import Disconnected, Garbled
from tests.support.upstream.answers import SSE_HEAD, chunked, json_answer
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Gate, Hang, Reset, Send, Slice, Step, Wait
from tests.upstream.http1.asking import Loop, answered, ask, both_loops, fetch, read, run, seen

OK = b"HTTP/1.1 200 OK\r\n"
WHOLE: dict[str, tuple[bytes, bytes, bool]] = {
    "length": (OK + b"content-length: 5\r\n\r\nhello", b"hello", True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "not modified, with the length that it would have": (
        b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
        b"",
        True,
    ),
    "length nought": (OK + b"content-length: 0\r\n\r\n", b"", True),
    "chunks": (OK + b"transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello", True),
    "chunks in capitals": (OK + b"Transfer-Encoding: Chunked\r\n\r\nA\r\nhellohello\r\n0\r\n\r\n", b"hellohello", True),
    "extensions and a trailer": (
        OK + b"transfer-encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0;c\r\nx-sum: 1\r\n\r\n",
        b"hello",
        True,
    ),
    "blanks after a size": (OK + b"transfer-encoding: chunked\r\n\r\n5  \r\nhello\r\n0\r\n\r\n", b"hello", True),
    "bare line feeds": (b"HTTP/1.1 200 OK\ncontent-length: 5\n\nhello", b"hello", True),
    "no reason": (b"HTTP/1.1 200\r\ncontent-length: 5\r\n\r\nhello", b"hello", True),
    "provisional answers first": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\ncontent-length: 3\r\n\r\n"
        + OK
        + b"content-length: 5\r\n\r\nhello",
        b"hello",
        True,
    ),
    "a close that is said": (OK + b"connection: close\r\ncontent-length: 5\r\n\r\nhello", b"hello", False),
    "an older version": (b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello", b"hello", False),
    "an older version that keeps": (
        b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello",
        b"hello",
        True,
    ),
}
"""What is sent, its body, and whether the connection can be used again."""


@both_loops
@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(("sent", "body", "kept"), WHOLE.values(), ids=WHOLE)
def test_an_answer_is_read_wherever_it_is_cut(loop: Loop, sent: bytes, body: bytes, kept: bool, size: int) -> None:
    async def steps(client: HttpClient) -> None:
        assert body == await fetch(client, upstream.url)
        while client.busy:
            await asyncio.sleep(0)
        await fetch(client, upstream.url)

    with Upstream([Slice(sent, size)]) as upstream:
        run(loop, steps)
        assert [0, 0 if kept else 1] == [request.connection for request in upstream.requests]


@both_loops
def test_fields_are_found_by_a_name_in_any_case_and_the_first_of_two_counts(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        async with answered(client, upstream.url) as answer:
            assert (429, "7") == (answer.status, answer.fields["RETRY-AFTER"])
            assert ("7", None) == (answer.fields.get("Retry-After"), answer.fields.get("x-none"))
            assert {"content-type", "content-length", "retry-after", "x-odd"} == set(answer.fields)
            assert "\udcff" == answer.fields["x-odd"]

    fields = [("Retry-After", "7"), ("retry-after", "9"), ("x-odd", "\xff")]
    with Upstream(json_answer(429, {}, fields)) as upstream:
        run(loop, steps)


@both_loops
def test_a_field_of_a_provisional_answer_or_a_trailer_is_none_of_the_answer(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        async with answered(client, upstream.url) as answer:
            await read(answer)
            assert {"transfer-encoding"} == set(answer.fields)

    hint = b"HTTP/1.1 103 Early Hints\r\nretry-after: 1\r\n\r\n"
    body = b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nretry-after: 2\r\n\r\n"
    with Upstream([Send(hint + OK + body)]) as upstream:
        run(loop, steps)


@both_loops
@pytest.mark.parametrize("fields", [b"content-length: 5\r\n", b"", b"transfer-encoding: chunked\r\n"])
def test_an_answer_to_head_has_no_body(loop: Loop, fields: bytes) -> None:
    async def steps(client: HttpClient) -> None:
        assert b"" == await fetch(client, upstream.url, method="HEAD")
        upstream.default = json_answer(200, {})
        assert b"{}" == await fetch(client, upstream.url)

    with Upstream([Send(OK + fields + b"\r\n")]) as upstream:
        run(loop, steps)


@both_loops
def test_a_body_without_a_length_ends_with_the_connection(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        assert b"hello" == await fetch(client, upstream.url)

    with Upstream([Send(OK + b"\r\nhel"), Send(b"lo"), Close()]) as upstream:
        run(loop, steps)


CUT: dict[str, tuple[bytes, Step]] = {
    "before any byte": (b"", Close()),
    "inside the status line": (b"HTTP/1.1 2", Close()),
    "inside the head": (OK + b"content-type: te", Close()),
    "after the head": (OK + b"content-length: 5\r\n\r\n", Close()),
    "inside the length": (OK + b"content-length: 5\r\n\r\nhell", Close()),
    "inside the length, a close said": (OK + b"connection: close\r\ncontent-length: 5\r\n\r\nhell", Close()),
    "between two chunks": (OK + b"transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n", Close()),
    "inside a chunk": (OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhe", Close()),
    "before the last line": (OK + b"transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\n", Close()),
    "by a reset, without a length": (OK + b"\r\nhello", Reset()),
    "by a reset, inside the length": (OK + b"content-length: 5\r\n\r\nhell", Reset()),
}


@both_loops
@pytest.mark.parametrize(("sent", "end"), CUT.values(), ids=CUT)
def test_an_answer_that_is_cut_short_is_not_taken_for_whole(loop: Loop, sent: bytes, end: Step) -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(Disconnected):
            await fetch(client, upstream.url)

    with Upstream([Send(sent), end]) as upstream:
        run(loop, steps)


@both_loops
def test_what_came_before_a_cut_is_handed_out_and_the_fault_stays(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        async with answered(client, upstream.url) as answer:
            await seen(upstream, lambda: not upstream.open_connections, "the close")
            assert b"hell" == await anext(answer)
            for _ in range(2):
                with pytest.raises(Disconnected):
                    await anext(answer)

    with Upstream([Send(OK + b"content-length: 5\r\n\r\nhell"), Close()]) as upstream:
        run(loop, steps)


NONSENSE: dict[str, bytes] = {
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "HTTP 2": bytes.fromhex("000012040000000000"),
    "a switch of protocols that nobody asked for": b"HTTP/1.1 101 S\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello",
    "two lengths": OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    "a length that is no number": OK + b"content-length: 5x\r\n\r\nhello",
    "a length over 64 bits": OK + b"content-length: 99999999999999999999\r\n\r\n",
    "a length beside chunks": OK + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "another transfer coding": OK + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a provisional answer with a body": b"HTTP/1.1 150 P\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\n\r\n"
    + OK
    + b"content-length: 3\r\n\r\nllo",
    "a long field": OK + b"x: " + b"y" * 8190 + b"\r\n\r\n",
    "many fields": OK + b"x: y\r\n" * 129 + b"\r\n",
    "a status line without end": b"HTTP/1.1 200 " + b"x" * 2**17,
    "a head without end": OK + b"x: " + b"y" * 2**17,
    "provisional answers without end": b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * 3000,
}


@both_loops
@pytest.mark.attack("T-19b")
@pytest.mark.parametrize("sent", NONSENSE.values(), ids=NONSENSE)
def test_what_is_no_answer_is_noticed_at_once_and_closed(loop: Loop, sent: bytes) -> None:
    """The upstream keeps its connection: nothing but the bytes themselves tells."""

    async def steps(client: HttpClient) -> None:
        with pytest.raises(Garbled):
            await ask(client, upstream.url)
        await seen(upstream, lambda: not upstream.open_connections, "the close")

    with Upstream([Send(sent), Hang()]) as upstream:
        run(loop, steps)


ENDLESS: dict[str, bytes] = {
    "an extension of a chunk": b"1;" + b"x" * 2**20,
    "a trailer": b"0\r\nx: " + b"y" * 2**20,
    "fields of a trailer": b"0\r\n" + b"x: y\r\n" * 2**18,
}


@both_loops
@pytest.mark.attack("T-18")
@pytest.mark.parametrize("sent", ENDLESS.values(), ids=ENDLESS)
def test_what_never_becomes_a_body_is_not_kept_for_ever(loop: Loop, sent: bytes) -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(Garbled):
            await fetch(client, upstream.url)
        await seen(upstream, lambda: not upstream.open_connections, "the close")

    with Upstream([Send(SSE_HEAD + chunked(b"data: 1\n\n") + sent), Hang()]) as upstream:
        run(loop, steps)


@both_loops
@pytest.mark.parametrize("beside_the_head", [True, False], ids=["beside the head", "later"])
def test_the_head_and_the_chunks_before_a_broken_one_are_given(loop: Loop, beside_the_head: bool) -> None:
    """All in one segment: its status and what could be read were lost with it."""

    async def steps(client: HttpClient) -> None:
        async with answered(client, upstream.url) as answer:
            gate.open()
            assert (200, "text/event-stream") == (answer.status, answer.fields["content-type"])
            assert b"data: 1\n\n" == await anext(answer)
            with pytest.raises(Garbled):
                await anext(answer)
        await seen(upstream, lambda: not upstream.open_connections, "the close")

    gate = Gate()
    broken = chunked(b"data: 1\n\n") + b"zz\r\n"
    script: Sequence[Step] = [Send(SSE_HEAD), Wait(gate), Send(broken), Hang()]
    if beside_the_head:
        script = [Send(SSE_HEAD + broken), Hang()]
    with Upstream(script) as upstream:
        run(loop, steps)


@both_loops
def test_chunks_of_http_1_0_end_the_connection(loop: Loop) -> None:
    """RFC 9112, 6.1: where such an answer ends is not certain."""

    async def steps(client: HttpClient) -> None:
        for _ in range(2):
            assert b"hello" == await fetch(client, upstream.url)

    fields = b"connection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n"
    with Upstream([Send(b"HTTP/1.0 200 OK\r\n" + fields + b"5\r\nhello\r\n0\r\n\r\n")]) as upstream:
        run(loop, steps)
        assert [0, 1] == [request.connection for request in upstream.requests]


@both_loops
def test_a_close_that_a_trailer_says_ends_the_connection(loop: Loop) -> None:
    """The next answer on it was not HTTP, whatever it was."""

    async def steps(client: HttpClient) -> None:
        for _ in range(2):
            assert b"hello" == await fetch(client, upstream.url)

    sent = OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nconnection: close\r\n\r\n"
    with Upstream([Send(sent)]) as upstream:
        run(loop, steps)
        assert [0, 1] == [request.connection for request in upstream.requests]


EXTRA = [b"x", b"\r\nx", OK + b"content-length: 0\r\n\r\n", b"HTTP/1.1 200"]


@both_loops
@pytest.mark.parametrize("extra", EXTRA)
@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
def test_more_than_the_answer_is_not_taken_for_the_next_one(loop: Loop, extra: bytes, later: bool) -> None:
    """Whoever answers before it is asked may be answering somebody else."""

    async def steps(client: HttpClient) -> None:
        assert b"{}" == await fetch(client, upstream.url)
        gate.open()
        await seen(upstream, lambda: not upstream.open_connections, "the close")
        assert b"{}" == await fetch(client, upstream.url)

    (whole,) = json_answer(200, {})
    assert isinstance(whole, Send)
    gate = Gate()
    script: Sequence[Step] = [whole, Wait(gate), Send(extra), Hang()]
    if not later:
        script = [Send(whole.data + extra), Hang()]
    with Upstream([whole]) as upstream:
        upstream.enqueue(script)
        run(loop, steps)
        assert [0, 1] == [request.connection for request in upstream.requests]


@both_loops
def test_each_piece_arrives_before_the_next_is_sent(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        async with answered(client, upstream.url) as answer:
            for number, gate in enumerate(gates):
                assert b"event %d" % number == await asyncio.wait_for(anext(answer), 5)
                gate.open()

    gates = [Gate(f"after {number}") for number in range(3)]
    parts = [step for number, gate in enumerate(gates) for step in (Send(chunked(b"event %d" % number)), Wait(gate))]
    with Upstream([Send(SSE_HEAD), *parts, Hang()]) as upstream:
        run(loop, steps)
