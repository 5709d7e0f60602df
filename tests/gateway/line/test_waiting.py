"""Requests that wait for a lane: what their clients see, and what they leave behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.limits import Limits
from aihub_lite.domain.route import NamedRoute, RouteStep
from aihub_lite.gateway.upkeep.explain import explain
from tests.support.asgi import Call
from tests.support.clock import ManualClock
from tests.support.inprocess import AT_REST, MODEL, House, healthy, open_house

Story = Callable[[House, str, ManualClock, asyncio.Event], Awaitable[None]]
EITHER = pytest.mark.parametrize("stream", [False, True])


def play(directory: Path, story: Story, limits: Limits = Limits(concurrency=1), **settings: Any) -> None:  # noqa: B008
    """A story beside a channel whose upstream has one request of another token, until the story sets the event."""
    clock = ManualClock()

    async def run() -> None:
        async with open_house(directory, clock=clock, **settings) as house:
            await house.add_channel(keys=("sk-first",), limits=limits)
            _, first_key = await house.add_token()
            _, key = await house.add_token()
            done = asyncio.Event()
            house.upstream.queue.append((200, [done, *healthy({})]))
            first = house.ask(first_key)
            await until(lambda: bool(house.upstream.requests))
            await story(house, key, clock, done)
            done.set()
            assert 200 == (await first.served()).status
            assert AT_REST == await house.at_rest()

    asyncio.run(run())


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0)


async def waiting(house: House, key: str, **fields: Any) -> Call:
    """A request that waits."""
    before = house.gateway.queue.waiting
    call = house.ask(key, **fields)
    await until(lambda: house.gateway.queue.waiting > before)
    return call


@EITHER
def test_a_request_is_served_as_soon_as_another_one_ends(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        call = await waiting(house, key, stream=stream)
        assert 1 == len(house.upstream.requests)
        clock.advance(3.0)
        done.set()
        assert 200 == (await call.served()).status
        record = (await house.records())[-1]
        assert (3000, "ok") == (record["waited_ms"], record["outcome"])
        assert (0, 1, 0) == (house.gateway.queue.waiting, house.gateway.queue.waited, house.gateway.queue.refused)

    play(tmp_path, story)


@EITHER
def test_a_client_that_leaves_while_it_waits_costs_nothing(tmp_path: Path, stream: bool) -> None:
    """One that is not streamed goes on without its client otherwise, for its usage."""

    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        call = await waiting(house, key, stream=stream)
        call.leave()
        await call.served()
        assert (0, 1) == (house.gateway.queue.waiting, len(house.upstream.requests))
        (record,) = await house.records()
        assert ("client_gone", 0, "none", "[]") == tuple(
            record[field] for field in ("outcome", "cost_nano", "usage_source", "attempts")
        )

    play(tmp_path, story)


@EITHER
def test_who_has_waited_in_vain_is_told_when_to_come_back(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        call = await waiting(house, key, stream=stream)
        clock.advance(20.0)
        await call.served()
        assert (429, "1") == (call.status, call.answer_headers["retry-after"])
        (record,) = await house.records()
        assert ("error", "rate_limit_exceeded", 20_000) == tuple(
            record[field] for field in ("outcome", "error_code", "waited_ms")
        )

    play(tmp_path, story)


def test_a_stream_is_kept_alive_while_it_waits(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        call = await waiting(house, key, stream=True)
        async with asyncio.timeout(20):
            await until_slowly(lambda: bool(call.pieces))
        assert (200, True) == (call.status, call.pieces[0].startswith(b":"))
        done.set()
        await call.served()
        assert b"".join(call.pieces).endswith(b"data: [DONE]\n\n")

    play(tmp_path, story, keepalive_after=0.05)


async def until_slowly(holds: Callable[[], bool]) -> None:
    """Time has to pass here: what is waited for has a clock of its own."""
    while not holds():
        await asyncio.sleep(0.01)


@EITHER
def test_a_request_that_waits_has_no_hold_on_the_disk(tmp_path: Path, stream: bool) -> None:
    """Killed, it would be billed for a prompt that nobody has read."""

    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        call = await waiting(house, key, stream=stream)
        await house.flushed()
        assert 1 == len(await house.gateway.database.read("SELECT 1 FROM holds"))
        assert 2 == len(house.gateway.ledger.open_holds)
        done.set()
        await call.served()

    play(tmp_path, story)


@EITHER
def test_an_operator_can_stop_what_waits(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        call = await waiting(house, key, stream=stream)
        (flight,) = [flight for flight in house.gateway.flights.open.values() if flight.waiting]
        flight.cut("stopped")
        assert 503 == (await call.served()).status
        assert [("stopped", 0)] == [(record["outcome"], record["cost_nano"]) for record in await house.records()]

    play(tmp_path, story)


@EITHER
def test_a_limit_that_is_raised_lets_those_in_who_wait(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        call = await waiting(house, key, stream=stream)
        await house.gateway.registry.channels.edit("channel-1", unlimited)
        assert 200 == (await call.served()).status

    play(tmp_path, story)


def unlimited(channel: Channel) -> Channel:
    return attrs.evolve(channel, limits=Limits())


@EITHER
def test_a_named_route_waits_for_its_first_model_where_all_are_full(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        await house.add_channel("second", limits=Limits(concurrency=1))
        steps = (RouteStep(model=MODEL), RouteStep(model="second"))
        await house.gateway.registry.routes.create(NamedRoute(name="both", steps=steps, on=("down", "rate")))
        never = asyncio.Event()
        house.upstream.queue.append((200, [never, *healthy({})]))
        second = house.ask(key, model="second")
        await until(lambda: 2 == len(house.upstream.requests))
        call = await waiting(house, key, model="both", stream=stream)
        done.set()
        assert 200 == (await call.served()).status
        assert MODEL == call.answer_headers["x-aihub-model"]
        never.set()
        await second.served()

    play(tmp_path, story)


def test_an_explanation_says_that_a_request_would_wait(tmp_path: Path) -> None:
    """It said 429, as if there were no queue."""

    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        explanation = explain(house.gateway, MODEL, None)
        assert (None, 0.0) == (explanation.refusal, explanation.waits)
        assert explanation.channels[0].place is None
        done.set()

    play(tmp_path, story)


def test_an_explanation_says_for_how_long_a_request_would_wait(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        explanation = explain(house.gateway, MODEL, None)
        assert (None, 60.0) == (explanation.refusal, explanation.waits)
        done.set()

    play(tmp_path, story, Limits(rpm=1), queue_timeout=61)


@pytest.mark.parametrize(
    ("limits", "settings"),
    [
        pytest.param(Limits(concurrency=1), {"queue_timeout": 0}, id="no queue"),
        pytest.param(Limits(concurrency=1), {"queue_length": 0}, id="no room"),
        pytest.param(Limits(rpm=1), {"queue_timeout": 0.5}, id="no lane in time"),
    ],
)
def test_an_explanation_says_429_where_a_request_would_not_wait(
    tmp_path: Path, limits: Limits, settings: dict[str, Any]
) -> None:
    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        explanation = explain(house.gateway, MODEL, None)
        assert explanation.refusal is not None
        assert (429, None) == (explanation.refusal.status, explanation.waits)
        done.set()

    play(tmp_path, story, limits, **settings)


def test_an_explanation_of_a_named_route_says_that_a_request_would_wait(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock, done: asyncio.Event) -> None:
        route = NamedRoute(name="named", steps=(RouteStep(model=MODEL),), on=("down", "rate"))
        await house.gateway.registry.routes.create(route)
        explanation = explain(house.gateway, "named", None)
        assert (None, 0.0) == (explanation.refusal, explanation.waits)
        done.set()

    play(tmp_path, story)
