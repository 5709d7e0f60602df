"""One exchange: its credentials, its body, and the way back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import pytest

from aihub_lite.errors import (
    BodyTimeout,
    ChannelsDown,
    GatewayError,
    InvalidRequest,
    NoChannel,
    NotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestTooLarge,
    Unauthenticated,
)
from aihub_lite.gateway.client.exchange import JSON_HEADERS, SLICE, ClientGone, Exchange, file_headers, headers_of
from tests.support.asgi import Call

KEEP_ALIVE = b": keep-alive\n"


def exchange(call: Call) -> Exchange:
    async def receive() -> Mapping[str, Any]:
        return await call.receive()

    async def send(message: MutableMapping[str, Any]) -> None:
        await call.send(message)

    return Exchange(call.scope, receive, send, "r1", 0.0, "127.0.0.1")


def keys(*headers: tuple[str, str], query: str = "") -> list[str]:
    fields = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return list(exchange(Call("/", headers=fields, query=query)).credentials())


def play(story: Callable[[Call, Exchange], Awaitable[None]]) -> Call:
    """A story of one exchange; the call, to see what came of it."""
    call = Call("/")

    async def run() -> None:
        await story(call, exchange(call))

    asyncio.run(run())
    return call


# Credentials


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer sk-1"),
        ("authorization", "bearer sk-1"),
        ("authorization", "BEARER   sk-1  "),
        ("authorization", "  Bearer sk-1"),
        ("x-api-key", "sk-1"),
        ("x-api-key", " sk-1 "),
        ("api-key", "sk-1"),
        ("x-goog-api-key", "sk-1"),
    ],
)
def test_a_key_is_found_in_each_of_the_headers(name: str, value: str) -> None:
    assert ["sk-1"] == keys((name, value))


def test_a_key_is_found_in_the_query() -> None:
    assert ["sk-1"] == keys(query="alt=sse&key=sk-1")


def test_the_bearer_key_comes_before_the_others() -> None:
    found = keys(("x-api-key", "b"), ("authorization", "Bearer a"), ("api-key", "c"), query="key=d")
    assert ["a", "b", "c", "d"] == found


@pytest.mark.parametrize("value", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "", "sk-1"])
def test_what_is_no_bearer_key_is_not_taken_for_one(value: str) -> None:
    assert [] == keys(("authorization", value))


@pytest.mark.parametrize("query", ["key", "key=", "%", "key=%ff%00", "&&&==&"])
def test_a_broken_query_breaks_nothing(query: str) -> None:
    assert len(keys(query=query)) <= 1


def test_a_proxys_own_authorization_leaves_the_clients_key_to_be_found() -> None:
    assert ["sk-1"] == keys(("authorization", "Bearer sk-1"), ("authorization", "Basic dXNlcjpwYXNz"))


def test_an_exchange_never_shows_the_clients_key() -> None:
    it = exchange(Call("/", headers=[(b"authorization", b"Bearer sk-secret")], query="key=sk-secret"))
    assert "sk-secret" not in repr(it)


# The request's body


def body(*pieces: bytes, limit: int = 10, headers: tuple[tuple[bytes, bytes], ...] = ()) -> bytes | bytearray:
    async def read() -> bytes | bytearray:
        return await exchange(Call("/", headers=list(headers)).body(*pieces)).body(limit, 5.0)

    return asyncio.run(read())


def test_a_body_in_pieces_is_read_whole() -> None:
    assert b"0123456789" == body(b"012", b"", b"3456", b"789")


def test_a_body_at_the_limit_is_taken() -> None:
    assert b"0123456789" == body(b"0123456789", headers=((b"content-length", b"10"),))


def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    async def read() -> None:
        await exchange(Call("/", headers=[(b"content-length", b"11")])).body(10, 5.0)  # nothing is ever sent

    with pytest.raises(RequestTooLarge):
        asyncio.run(read())


def test_a_chunked_body_is_read_up_to_the_limit() -> None:
    async def read() -> int:
        call = Call("/")
        for _ in range(5):
            call.feed(b"012345", more=True)
        with pytest.raises(RequestTooLarge):
            await exchange(call).body(10, 5.0)
        return call._incoming.qsize()

    assert 3 == asyncio.run(read())


@pytest.mark.parametrize("length", [b"-1", b"ten", b"\xb2", b"9" * 5000, b""])
def test_an_odd_declared_length_breaks_nothing(length: bytes) -> None:
    try:
        assert b"ok" == body(b"ok", headers=((b"content-length", length),))
    except RequestTooLarge:
        assert b"9" * 5000 == length


@pytest.mark.attack("T-32")
def test_a_client_that_stops_in_its_body_is_timed_out() -> None:
    async def read() -> None:
        call = Call("/")
        call.feed(b"{", more=True)
        await exchange(call).body(10, 0.01)

    with pytest.raises(BodyTimeout):
        asyncio.run(read())


@pytest.mark.attack("T-32")
def test_a_dribbled_body_is_ended() -> None:
    async def read() -> None:
        call = Call("/")
        reading = asyncio.create_task(exchange(call).body(10**6, 0.02))
        for _ in range(40):
            call.feed(b"x", more=True)
            await asyncio.sleep(0.005)  # the client's own pace
            if reading.done():
                break
        reading.cancel()
        await reading

    with pytest.raises(BodyTimeout):
        asyncio.run(read())


def test_a_client_that_leaves_in_its_body_is_noticed() -> None:
    async def story(call: Call, it: Exchange) -> None:
        call.feed(b"{", more=True)
        call.leave()
        with pytest.raises(ClientGone):
            await it.body(10, 5.0)
        await it.refuse(InvalidRequest("nobody hears this"))

    assert 0 == play(story).status


# The way back


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("audio/mpeg", b"audio/mpeg"),
        ("text/plain; charset=utf-8", b"text/plain; charset=utf-8"),
        ("audio/\udcff", b"application/octet-stream"),
        ("audio/\u20ac", b"application/octet-stream"),
        ("audio/\xe9", b"application/octet-stream"),
        ("audio/a\r\nset-cookie: b", b"application/octet-stream"),
    ],
)
def test_an_upstreams_type_is_passed_on_where_a_header_can_say_it(said: str, sent: bytes) -> None:
    """Bytes that are no text in the type of an audio file were answered 500."""
    for head in (headers_of(said), file_headers(said)):
        assert sent == dict(head)[b"content-type"]


def test_a_refusal_is_json_in_the_public_shape() -> None:
    call = play(lambda _, it: it.refuse(InvalidRequest("'model' is missing.")))
    error = {"code": "invalid_request", "message": "'model' is missing.", "type": "new_api_error", "param": None}
    assert (400, {"error": error}) == (call.status, call.json())
    assert ("application/json", str(len(call.content))) == (
        call.answer_headers["content-type"],
        call.answer_headers["content-length"],
    )


def test_a_refusal_says_when_to_come_back() -> None:
    assert "7" == play(lambda _, it: it.refuse(RateLimited("slowly", 7))).answer_headers["retry-after"]


@pytest.mark.parametrize("refusal", [NoChannel("m", "g"), Unauthenticated(), QuotaExhausted(2, 1), NotFound("no")])
def test_clients_are_told_not_to_retry_what_cannot_succeed(refusal: GatewayError) -> None:
    assert "false" == play(lambda _, it: it.refuse(refusal)).answer_headers["x-should-retry"]


@pytest.mark.parametrize("refusal", [GatewayError(), RateLimited("slowly", 7), ChannelsDown("m", 5), Overloaded()])
def test_clients_are_not_kept_from_retrying_what_may_succeed(refusal: GatewayError) -> None:
    assert "x-should-retry" not in play(lambda _, it: it.refuse(refusal)).answer_headers


def test_collected_headers_are_on_a_refusal_too() -> None:
    async def story(_: Call, it: Exchange) -> None:
        it.extra_headers.append((b"x-ratelimit-limit-requests", b"180"))
        await it.refuse(RateLimited("slowly", 7))

    assert "180" == play(story).answer_headers["x-ratelimit-limit-requests"]


@pytest.mark.parametrize("size", [0, 1, SLICE - 1, SLICE, SLICE + 1, 3 * SLICE])
def test_a_large_answer_is_whole(size: int) -> None:
    body = bytes(size)
    call = play(lambda _, it: it.answer(200, JSON_HEADERS, body))
    assert (str(size), True, []) == (call.answer_headers["content-length"], call.complete, call.violations)
    assert body == call.content


def test_a_large_answer_is_not_copied_for_every_piece_of_it() -> None:
    began = time.process_time()
    play(lambda _, it: it.answer(200, JSON_HEADERS, bytes(64 * 2**20)))
    assert time.process_time() - began < 0.5


def test_a_refusal_after_the_head_is_an_error_event() -> None:
    async def story(_: Call, it: Exchange) -> None:
        await it.start_stream()
        await it.refuse(InvalidRequest("bad"))

    call = play(story)
    assert b'data: {"error":{"code":"invalid_request"' in call.content
    assert (200, True, []) == (call.status, call.complete, call.violations)


def test_a_refusal_after_the_end_is_nothing() -> None:
    async def story(_: Call, it: Exchange) -> None:
        await it.answer(200, JSON_HEADERS, b"{}")
        await it.refuse(InvalidRequest("late"))

    call = play(story)
    assert (b"{}", []) == (call.content, call.violations)


class Foreign:
    """Another provider's shape."""

    def body(self, error: GatewayError) -> bytes:
        return b"whole " + error.message.encode()

    def event(self, error: GatewayError) -> bytes:
        return b"event " + error.message.encode()


@pytest.mark.parametrize(("begun", "said"), [(False, b"whole bad"), (True, b"event bad")])
def test_a_client_of_another_api_is_refused_in_that_apis_shape(begun: bool, said: bytes) -> None:
    async def story(_: Call, it: Exchange) -> None:
        it.errors = Foreign()
        if begun:
            await it.start_stream()
        await it.refuse(InvalidRequest("bad"))

    assert said == play(story).content


def test_a_stream_may_neither_be_stored_nor_buffered_by_proxies() -> None:
    headers = play(lambda _, it: it.start_stream()).answer_headers
    assert ("text/event-stream; charset=utf-8", "no-cache", "no") == (
        headers["content-type"],
        headers["cache-control"],
        headers["x-accel-buffering"],
    )


def test_a_stream_has_one_head() -> None:
    async def story(_: Call, it: Exchange) -> None:
        await asyncio.gather(it.start_stream(), it.start_stream(), it.keep_alive(None))

    call = play(story)
    assert (200, []) == (call.status, call.violations)


def test_the_relay_and_the_keep_alive_write_in_turns() -> None:
    async def story(_: Call, it: Exchange) -> None:
        await it.start_stream()
        await asyncio.gather(it.write(b"a"), it.keep_alive(None), it.write(b"b"), it.keep_alive(lambda: b"e"))

    call = play(story)
    assert ([b"a", KEEP_ALIVE, b"b", b"e"], []) == (call.pieces, call.violations)


def test_an_event_that_says_nothing_is_made_in_its_turn() -> None:
    known: list[bytes] = []

    async def story(call: Call, it: Exchange) -> None:
        await it.start_stream()
        call.stop_reading()
        written = asyncio.create_task(it.write(b"a"))
        await call.until(lambda: call.blocked)
        beat = asyncio.create_task(it.keep_alive(lambda: known[-1]))
        await asyncio.sleep(0)
        known.append(b"e")
        call.read_again()
        await asyncio.gather(written, beat)

    assert [b"a", b"e"] == play(story).pieces


def test_a_surface_without_an_event_gets_comments_no_faster_than_asked() -> None:
    async def story(_: Call, it: Exchange) -> None:
        await it.start_stream()
        await it.keep_alive(lambda: None, comment=False)
        await it.keep_alive(lambda: None)

    assert [KEEP_ALIVE] == play(story).pieces


def test_the_last_piece_waits_for_a_keep_alive_that_is_being_written() -> None:
    async def story(call: Call, it: Exchange) -> None:
        await it.start_stream()
        call.stop_reading()
        beat = asyncio.create_task(it.keep_alive(None))
        await call.until(lambda: call.blocked)
        end = asyncio.create_task(it.finish(b"end"))
        await asyncio.sleep(0)
        call.read_again()
        await asyncio.gather(beat, end)

    assert [] == play(story).violations


def test_a_keep_alive_that_waited_for_its_turn_is_not_written_after_the_end() -> None:
    async def story(call: Call, it: Exchange) -> None:
        await it.start_stream()
        beat = asyncio.create_task(it.keep_alive(None))  # has not run yet when the stream ends
        await it.finish(b"end")
        await asyncio.gather(beat, return_exceptions=True)

    assert [] == play(story).violations


def test_a_refusal_waits_for_a_keep_alive_that_is_being_written() -> None:
    async def story(call: Call, it: Exchange) -> None:
        call.stop_reading()
        beat = asyncio.create_task(it.keep_alive(None))
        await call.until(lambda: call.blocked)
        refusal = asyncio.create_task(it.refuse(InvalidRequest("bad")))
        await asyncio.sleep(0)
        call.read_again()
        await asyncio.gather(beat, refusal)

    assert [] == play(story).violations


def test_a_client_that_left_is_not_written_to() -> None:
    async def story(_: Call, it: Exchange) -> None:
        it.gone = True
        await it.start_stream()
        await it.write(b"a")
        await it.finish(b"b")

    assert (0, []) == ((call := play(story)).status, call.pieces)
