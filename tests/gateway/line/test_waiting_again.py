"""Requests that wait for a lane after an attempt that failed, or as upstreams asked them to with a 429."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aihub_lite.domain.limits import Limits
from aihub_lite.domain.route import NamedRoute, Reason, RouteStep
from tests.gateway.line.test_waiting import until, waiting
from tests.support.asgi import Call
from tests.support.clock import ManualClock
from tests.support.inprocess import AT_REST, MODEL, House, healthy, open_house

Story = Callable[[House, str, ManualClock], Awaitable[None]]
EITHER = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
SLOW_DOWN = (429, [b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}'])
BROKEN = (500, [b'{"error": {"message": "broken"}}'])


def play(directory: Path, story: Story, **settings: Any) -> None:
    clock = ManualClock()

    async def run() -> None:
        async with open_house(directory, clock=clock, **settings) as house:
            _, key = await house.add_token()
            await story(house, key, clock)
            assert AT_REST == await house.at_rest()

    asyncio.run(run())


def says(house: House, seconds: float) -> None:
    """How long the upstream asks to wait with its next 429, which headers of other answers say too."""
    house.upstream.headers["retry-after"] = str(seconds)


async def pass_time(house: House, clock: ManualClock, seconds: float) -> None:
    clock.advance(seconds)
    house.gateway.queue.look()
    await asyncio.sleep(0)


async def of(call: Call, house: House) -> tuple[int, list[int], int]:
    """How a request ended: its status, those of its attempts, and how long it waited in ms."""
    status = (await call.served()).status
    record = (await house.records())[-1]
    attempts = [attempt["status"] for attempt in msgspec.json.decode(record["attempts"])]
    return status, attempts, record["waited_ms"]


@EITHER
def test_a_request_waits_as_its_only_upstream_asks_it_to(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel()
        says(house, 7)
        house.upstream.queue.append(SLOW_DOWN)
        call = await waiting(house, key, stream=stream)
        await pass_time(house, clock, 6.9)
        assert (1, 1) == (house.gateway.queue.waiting, len(house.upstream.requests))
        await pass_time(house, clock, 0.2)
        assert (200, [429, 200], 7100) == await of(call, house)

    play(tmp_path, story)


@EITHER
def test_who_would_wait_for_too_long_is_told_at_once_for_how_long(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel()
        says(house, 21)
        house.upstream.queue.append(SLOW_DOWN)
        call = house.ask(key, stream=stream)
        assert (429, [429], 0) == await of(call, house)
        assert "21" == call.answer_headers["retry-after"]

    play(tmp_path, story)


def test_all_waits_of_a_request_together_are_no_longer_than_one(tmp_path: Path) -> None:
    """12 s, and then 12 s more of the 20 s."""

    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel()
        says(house, 12)
        house.upstream.queue += [SLOW_DOWN, SLOW_DOWN]
        call = await waiting(house, key)
        await pass_time(house, clock, 12)
        assert (429, [429, 429], 12_000) == await of(call, house)
        assert "12" == call.answer_headers["retry-after"]

    play(tmp_path, story)


def test_no_request_makes_more_attempts_for_all_its_waiting(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel()
        says(house, 2)
        house.upstream.queue += [SLOW_DOWN] * 3
        call = await waiting(house, key)
        await pass_time(house, clock, 2)
        await until(lambda: 2 == len(house.upstream.requests) and house.gateway.queue.waiting == 1)
        await pass_time(house, clock, 2)
        assert (429, [429] * 3, 4000) == await of(call, house)

    play(tmp_path, story)


@EITHER
def test_what_comes_while_an_upstream_asks_to_wait_waits_without_an_attempt(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        channel = await house.add_channel()
        house.gateway.health.rate_limit(channel.id, "-", 5.0)
        call = await waiting(house, key, stream=stream)
        assert [] == house.upstream.requests
        await pass_time(house, clock, 5)
        assert (200, [200], 5000) == await of(call, house)

    play(tmp_path, story)


@EITHER
def test_after_a_channel_has_failed_a_full_one_is_waited_for(tmp_path: Path, stream: bool) -> None:
    """It was told of the first one's fault, though the other would have answered a moment later."""

    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel(priority=5, keys=("sk-bad",))
        full = await house.add_channel(keys=("sk-full",), limits=Limits(concurrency=1))
        done = asyncio.Event()
        _, other = await house.add_token()
        house.upstream.queue += [BROKEN, (200, [done, *healthy({})])]
        first = house.ask(other)
        await until(lambda: 2 == len(house.upstream.requests))
        house.upstream.queue += [BROKEN, BROKEN]
        call = await waiting(house, key, stream=stream)
        done.set()
        assert 200 == (await first.served()).status
        status, attempts, _ = await of(call, house)
        # The one that failed is asked once more first: the fault may have passed.
        assert (200, [500, 500, 200]) == (status, attempts)
        assert full.name == (await house.records())[-1]["channel"]

    play(tmp_path, story)


@EITHER
def test_a_client_that_leaves_as_it_waits_again_costs_nothing(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel()
        says(house, 7)
        house.upstream.queue.append(SLOW_DOWN)
        call = await waiting(house, key, stream=stream)
        call.leave()
        await call.served()
        (record,) = await house.records()
        assert ("client_gone", 0, 0) == (record["outcome"], record["cost_nano"], house.gateway.queue.waiting)

    play(tmp_path, story)


def test_a_queue_that_is_switched_off_lets_nobody_wait_again(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel()
        says(house, 1)
        house.upstream.queue.append(SLOW_DOWN)
        assert (429, [429], 0) == await of(house.ask(key), house)

    play(tmp_path, story, queue_timeout=0)


def test_of_two_that_wait_for_an_upstream_the_first_goes_first(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        channel = await house.add_channel(keys=("sk-one",), limits=Limits(concurrency=1))
        house.gateway.health.rate_limit(channel.id, "k1", 5.0)
        _, other = await house.add_token()
        first = await waiting(house, key)
        second = await waiting(house, other)
        gate = asyncio.Event()
        house.upstream.queue.append((200, [gate, *healthy({})]))
        await pass_time(house, clock, 5)
        await until(lambda: 1 == len(house.upstream.requests))
        assert 1 == house.gateway.queue.waiting
        gate.set()
        assert [200, 200] == [(await call.served()).status for call in (first, second)]
        assert [5000, 5000] == [record["waited_ms"] for record in await house.records()]

    play(tmp_path, story)


# Named routes


async def add_two(house: House, on: tuple[Reason, ...], **second: Any) -> list[str]:
    """A route over two models, each at a channel of one request at once; the ids of the channels."""
    one = await house.add_channel(keys=("sk-one",), limits=Limits(concurrency=1))
    two = await house.add_channel("second", keys=("sk-two",), **{"limits": Limits(concurrency=1), **second})
    steps = (RouteStep(model=MODEL), RouteStep(model="second"))
    await house.gateway.registry.routes.create(NamedRoute(name="both", steps=steps, on=on))
    return [one.id, two.id]


async def occupied(house: House, key: str, model: str) -> tuple[Call, asyncio.Event]:
    """A request of somebody else that a model's channel is full of, until the event is set."""
    done = asyncio.Event()
    before = len(house.upstream.requests)
    house.upstream.queue.append((200, [done, *healthy({})]))
    call = house.ask(key, model=model)
    await until(lambda: len(house.upstream.requests) > before)
    return call, done


@EITHER
@pytest.mark.parametrize("freed", [MODEL, "second"])
def test_a_named_route_waits_for_whichever_of_its_models_is_free_first(
    tmp_path: Path, freed: str, stream: bool
) -> None:
    """It waited for the first, for twenty seconds beside a free second."""

    async def story(house: House, key: str, clock: ManualClock) -> None:
        await add_two(house, ("down", "rate"))
        _, other = await house.add_token()
        calls = {model: await occupied(house, other, model) for model in (MODEL, "second")}
        call = await waiting(house, key, model="both", stream=stream)
        calls[freed][1].set()
        assert 200 == (await call.served()).status
        assert freed == call.answer_headers["x-aihub-model"]
        for each, done in calls.values():
            done.set()
            await each.served()

    play(tmp_path, story)


def test_a_route_that_is_not_for_limits_waits_for_its_first_model_alone(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await add_two(house, ("down",))
        _, other = await house.add_token()
        first, done = await occupied(house, other, MODEL)
        call = await waiting(house, key, model="both")
        house.gateway.queue.look()
        assert 1 == house.gateway.queue.waiting
        done.set()
        assert [200, 200] == [(await each.served()).status for each in (first, call)]
        assert MODEL == call.answer_headers["x-aihub-model"]

    play(tmp_path, story)


def test_a_named_route_takes_no_lane_that_others_have_waited_for_longer(tmp_path: Path) -> None:
    """It took what was free at that moment, before those whose turn it was."""

    async def story(house: House, key: str, clock: ManualClock) -> None:
        channel, _ = await add_two(house, ("down", "rate"))
        _, other = await house.add_token()
        house.gateway.health.rate_limit(channel, "k1", 5.0)
        plain = await waiting(house, other, model=MODEL)
        clock.advance(5)  # the lane is free, and who waits is not awake yet
        call = house.ask(key, model="both")
        assert [200, 200] == [(await each.served()).status for each in (plain, call)]
        assert "second" == call.answer_headers["x-aihub-model"]

    play(tmp_path, story)


@EITHER
def test_a_named_route_goes_back_to_a_model_whose_upstream_only_asked_to_wait(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await add_two(house, ("down", "rate"), limits=Limits())
        says(house, 4)
        house.upstream.queue += [SLOW_DOWN, BROKEN]
        call = await waiting(house, key, model="both", stream=stream)
        await pass_time(house, clock, 4)
        assert (200, [429, 500, 200], 4000) == await of(call, house)
        assert MODEL == call.answer_headers["x-aihub-model"]

    play(tmp_path, story)


def test_what_is_held_is_that_of_the_model_that_answers_in_the_end(tmp_path: Path) -> None:
    async def story(house: House, other: str, clock: ManualClock) -> None:
        await add_two(house, ("down", "rate"))
        _, key = await house.add_token(quota_nano=10**12)
        calls = [await occupied(house, other, model) for model in (MODEL, "second")]
        call = await waiting(house, key, model="both")
        calls[1][1].set()
        assert 200 == (await call.served()).status
        record = next(each for each in await house.records() if each["asked"] == "both")
        assert ("second", "second-upstream") == (record["model"], record["upstream_model"])
        calls[0][1].set()
        for each, _done in calls:
            await each.served()

    play(tmp_path, story)
