"""The keepalive: silence is broken in time, and a client that reads nothing is let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest

from aihub_lite.gateway.client.cancellation import Cancellation, Cut
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.client.keepalive import KeepAlive
from tests.gateway.client.test_cancellation import flight
from tests.support.asgi import Call

IDLE = b"data: {}\n\n"
COMMENT = b": keep-alive\n"
FOREVER = 60.0


@attrs.define
class WatchedAnswer:
    call: Call
    exchange: Exchange
    keepalive: KeepAlive


@asynccontextmanager
async def watched(
    *, comment: float = FOREVER, event: float = FOREVER, stall: float = FOREVER
) -> AsyncIterator[WatchedAnswer]:
    """A stream under watch, with these figures."""
    call = Call("/")
    exchange = Exchange(call.scope, call.receive, call.send, "r", 0.0, "")
    keepalive = KeepAlive(comment, event, stall)
    beating = asyncio.create_task(keepalive.run())
    landing = flight()
    try:
        async with Cancellation(exchange, landing, lambda: 0.0):
            with keepalive.watching(exchange, landing, lambda: IDLE):
                yield WatchedAnswer(call, exchange, keepalive)
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


def test_a_silent_stream_is_kept_alive() -> None:
    async def story() -> None:
        async with watched(comment=0.02) as it:
            await it.call.until(lambda: len(it.call.pieces) >= 2)
            assert (200, {COMMENT}) == (it.call.status, set(it.call.pieces))

    asyncio.run(story())


def test_comments_come_no_faster_than_asked() -> None:
    async def story() -> None:
        async with watched(comment=0.1) as it:
            began = asyncio.get_running_loop().time()
            await it.call.until(lambda: len(it.call.pieces) >= 2)
            assert 0.2 <= asyncio.get_running_loop().time() - began

    asyncio.run(story())


def test_a_talking_stream_is_not_interrupted_by_comments() -> None:
    async def story() -> None:
        async with watched(comment=0.5) as it:
            for _ in range(12):
                await it.exchange.start_stream()
                await it.exchange.write(b"x")
                await asyncio.sleep(0.05)  # the upstream's own pace
            assert {b"x"} == set(it.call.pieces)

    asyncio.run(story())


def test_a_long_silence_has_comments_first_and_then_events() -> None:
    async def story() -> None:
        async with watched(comment=0.02, event=1) as it:  # so far apart that a busy machine does not miss one
            await it.call.until(lambda: it.call.pieces.count(IDLE) >= 2)
            first = it.call.pieces.index(IDLE)
            assert {COMMENT} == set(it.call.pieces[:first])

    asyncio.run(story())


def test_an_event_that_says_nothing_is_left_out_once_another_said_something() -> None:
    async def story() -> None:
        async with watched(event=0.02) as it:
            await it.call.until(lambda: IDLE in it.call.pieces)
            it.exchange.last_event = 0.0  # silent since long ago, and looked at only now
            it.keepalive._look_at(next(iter(it.keepalive.watched)), asyncio.get_running_loop().time())
            count = it.call.pieces.count(IDLE)
            await it.exchange.write(b"x")  # before what was found due has its turn
            await asyncio.gather(*it.keepalive._beats)
            assert (count, b"x") == (it.call.pieces.count(IDLE), it.call.pieces[-1])

    asyncio.run(story())


@pytest.mark.attack("T-33")
def test_a_client_that_reads_nothing_is_cut_off() -> None:
    async def story() -> None:
        with pytest.raises(Cut) as caught:
            async with watched(stall=0.04) as it:
                await it.exchange.start_stream()
                it.call.stop_reading()
                await it.exchange.write(b"x")
        assert ("client_gone", True) == (caught.value.outcome, it.exchange.gone)

    asyncio.run(story())


def test_a_slow_reader_is_not_taken_for_a_stalled_one() -> None:
    async def story() -> None:
        async with watched(stall=0.08) as it:
            await it.exchange.start_stream()
            for _ in range(5):
                it.call.stop_reading()
                writing = asyncio.create_task(it.exchange.write(b"x"))
                await asyncio.sleep(0.03)  # the client's own pace
                it.call.read_again()
                await writing

    asyncio.run(story())


def test_a_stalled_client_gets_no_comments() -> None:
    async def story() -> None:
        async with watched(comment=0.01) as it:
            await it.exchange.start_stream()
            it.call.stop_reading()
            writing = asyncio.create_task(it.exchange.write(b"x"))
            await asyncio.sleep(0.05)  # time for several comments, of which none may come
            it.call.read_again()
            await writing
            assert [b"x"] == it.call.pieces

    asyncio.run(story())


def test_a_finished_stream_gets_no_comments() -> None:
    async def story() -> None:
        async with watched(comment=0.01) as it:
            await it.exchange.start_stream()
            await it.exchange.finish(b"end")
            await asyncio.sleep(0.05)  # time for several comments, of which none may come
            assert ([b"end"], []) == (it.call.pieces, it.call.violations)

    asyncio.run(story())


def test_an_answer_that_is_not_streamed_gets_no_comment_before_it() -> None:
    async def story() -> None:
        keepalive, call = KeepAlive(0.01, 0.01, 1.0), Call("/")
        beat = asyncio.create_task(keepalive.run())
        with keepalive.watching(Exchange({}, call.receive, call.send, "r", 0.0, ""), flight(), None):
            await asyncio.sleep(0.05)  # time for several comments, of which none may come
        beat.cancel()
        assert [] == call.pieces

    asyncio.run(story())
