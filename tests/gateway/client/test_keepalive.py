"""The pulse: silence is broken in time, and a client that reads nothing is let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest

from aihub_lite.gateway.exchange import Exchange
from aihub_lite.gateway.presence import Cut, Presence
from aihub_lite.gateway.pulse import Pulse
from tests.gateway.test_presence import flight
from tests.support.asgi import Call

IDLE = b"data: {}\n\n"
COMMENT = b": keep-alive\n"
FOREVER = 60.0


@attrs.define
class Watched:
    call: Call
    exchange: Exchange
    pulse: Pulse


@asynccontextmanager
async def watched(
    *, comment: float = FOREVER, event: float = FOREVER, stall: float = FOREVER
) -> AsyncIterator[Watched]:
    """A stream under watch, with these figures."""
    call = Call("/")
    exchange = Exchange(call.scope, call.receive, call.send, "r", 0.0, "")
    pulse = Pulse(comment, event, stall)
    beating = asyncio.create_task(pulse.run())
    landing = flight()
    try:
        async with Presence(exchange, landing, lambda: 0.0):
            with pulse.watching(exchange, landing, lambda: IDLE):
                yield Watched(call, exchange, pulse)
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


def test_a_silent_stream_is_not_kept_alive() -> None:
    async def story() -> None:
        async with watched(comment=0.02) as it:
            await it.call.until(lambda: len(it.call.pieces) >= 2)
            assert (200, {COMMENT}) == (it.call.status, set(it.call.pieces))

    asyncio.run(story())


def test_comments_come_faster_than_asked() -> None:
    async def story() -> None:
        async with watched(comment=0.1) as it:
            began = asyncio.get_running_loop().time()
            await it.call.until(lambda: len(it.call.pieces) >= 2)
            assert 0.2 <= asyncio.get_running_loop().time() - began

    asyncio.run(story())


def test_a_talking_stream_is_interrupted_by_comments() -> None:
    async def story() -> None:
        async with watched(comment=0.06) as it:
            for _ in range(12):
                await it.exchange.start_stream()
                await it.exchange.write(b"x")
                await asyncio.sleep(0.01)
            assert {b"x"} == set(it.call.pieces)

    asyncio.run(story())


def test_a_long_silence_has_comments_only() -> None:
    async def story() -> None:
        async with watched(comment=0.02, event=0.1) as it:
            await it.call.until(lambda: it.call.pieces.count(IDLE) >= 2)
            first = it.call.pieces.index(IDLE)
            assert {COMMENT} == set(it.call.pieces[:first])

    asyncio.run(story())


def test_an_event_that_says_nothing_comes_after_one_that_says_something() -> None:
    async def story() -> None:
        async with watched(event=0.02) as it:
            await it.call.until(lambda: IDLE in it.call.pieces)
            it.exchange.last_event = 0.0  # silent since long ago, and looked at only now
            it.pulse._look_at(next(iter(it.pulse.watched)), asyncio.get_running_loop().time())
            count = it.call.pieces.count(IDLE)
            await it.exchange.write(b"x")  # before what was found due has its turn
            await asyncio.gather(*it.pulse._beats)
            assert (count, b"x") == (it.call.pieces.count(IDLE), it.call.pieces[-1])

    asyncio.run(story())


def test_a_client_that_reads_nothing_stays_for_ever() -> None:
    async def story() -> None:
        with pytest.raises(Cut) as caught:
            async with watched(stall=0.04) as it:
                await it.exchange.start_stream()
                it.call.stop_reading()
                await it.exchange.write(b"x")
        assert ("client_gone", True) == (caught.value.outcome, it.exchange.gone)

    asyncio.run(story())


def test_a_slow_reader_is_taken_for_a_stalled_one() -> None:
    async def story() -> None:
        async with watched(stall=0.08) as it:
            await it.exchange.start_stream()
            for _ in range(5):
                it.call.stop_reading()
                writing = asyncio.create_task(it.exchange.write(b"x"))
                await asyncio.sleep(0.03)
                it.call.read_again()
                await writing

    asyncio.run(story())


def test_a_stalled_client_gets_comments() -> None:
    async def story() -> None:
        async with watched(comment=0.01) as it:
            await it.exchange.start_stream()
            it.call.stop_reading()
            writing = asyncio.create_task(it.exchange.write(b"x"))
            await asyncio.sleep(0.05)
            it.call.read_again()
            await writing
            assert [b"x"] == it.call.pieces

    asyncio.run(story())


def test_a_finished_stream_gets_comments() -> None:
    async def story() -> None:
        async with watched(comment=0.01) as it:
            await it.exchange.start_stream()
            await it.exchange.finish(b"end")
            await asyncio.sleep(0.05)
            assert ([b"end"], []) == (it.call.pieces, it.call.violations)

    asyncio.run(story())


def test_an_answer_that_is_not_streamed_gets_a_comment_before_it() -> None:
    async def story() -> None:
        pulse, call = Pulse(0.01, 0.01, 1.0), Call("/")
        beat = asyncio.create_task(pulse.run())
        with pulse.watching(Exchange({}, call.receive, call.send, "r", 0.0, ""), flight(), None):
            await asyncio.sleep(0.05)
        beat.cancel()
        assert [] == call.pieces

    asyncio.run(story())
