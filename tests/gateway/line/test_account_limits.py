"""Limits of accounts on the line: nothing is sent beyond them, and every exit gives back what it took."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.domain.channel import keys_of
from aihub_lite.domain.limits import Learn, Limits
from aihub_lite.domain.token import Budget
from tests.support.clock import ManualClock
from tests.support.inprocess import AT_REST, COMPLETION_COST, PROMPT_COST, House, open_house
from tests.support.upstream.answers import USAGE

Story = Callable[[House, str, ManualClock], Awaitable[None]]
SERVER = (500, [b"{}"])
COST = USAGE["prompt_tokens"] * PROMPT_COST + USAGE["completion_tokens"] * COMPLETION_COST
EITHER = pytest.mark.parametrize("stream", [False, True])


def play(directory: Path, *stories: Story, **limits: Any) -> None:
    """Each story in a gateway of its own over the same data; the first finds a channel of these limits."""
    clock = ManualClock()

    async def run(story: Story, first: bool) -> None:
        async with open_house(directory, clock=clock, queue_timeout=0) as house:
            if first:
                await house.add_channel(keys=("sk-first",), priority=5, limits=Limits(**limits))
                _, key = await house.add_token()
                (directory / "key").write_text(key)
            await story(house, (directory / "key").read_text(), clock)
            assert AT_REST == await house.at_rest()

    for number, story in enumerate(stories):
        asyncio.run(run(story, not number))


async def statuses(house: House, key: str, count: int, **fields: Any) -> list[int]:
    """Of so many requests, one after the other."""
    return [(await house.ask(key, **fields).served()).status for _ in range(count)]


@EITHER
def test_no_more_goes_out_than_a_channel_may_be_asked(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        assert [200, 200, 429] == await statuses(house, key, 3, stream=stream)
        assert 2 == len(house.upstream.requests)
        clock.advance(30)
        assert [200, 429] == await statuses(house, key, 2, stream=stream)

    play(tmp_path, story, rpm=2)


@EITHER
def test_a_channel_at_its_limit_leaves_no_attempt_and_no_harm(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel(keys=("sk-second",))
        assert [200, 200] == await statuses(house, key, 2, stream=stream)
        records = await house.records()
        assert ["channel-1", "channel-3"] == [record["channel"] for record in records]
        assert ["channel-3"] == [attempt["channel"] for attempt in _attempts(records[1])]
        first = house.gateway.registry.channels.get("channel-1")
        assert (0, "") == (house.gateway.health.of(first.id).faults, house.gateway.health.of(first.id).last_fault)

    play(tmp_path, story, rpm=1)


def _attempts(record: dict[str, Any]) -> list[dict[str, Any]]:
    attempts: list[dict[str, Any]] = msgspec.json.decode(record["attempts"])
    return attempts


@EITHER
def test_a_failed_attempt_gives_its_place_back(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        house.upstream.queue += [SERVER, SERVER]
        assert [200, 200] == await statuses(house, key, 2, stream=stream)

    play(tmp_path, story, concurrency=1)


@EITHER
def test_a_client_that_leaves_gives_its_place_back(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        never = asyncio.Event()
        house.upstream.queue.append((200, [never]))
        leaving = house.ask(key, stream=stream)
        while not house.upstream.requests:
            await asyncio.sleep(0)
        assert [429] == await statuses(house, key, 1, stream=stream)
        house.gateway.flights.open[next(iter(house.gateway.flights.open))].cut("client_gone")
        await leaving.served()
        assert [200] == await statuses(house, key, 1, stream=stream)

    play(tmp_path, story, concurrency=1)


@EITHER
def test_a_budget_holds_over_a_restart(tmp_path: Path, stream: bool) -> None:
    async def spend(house: House, key: str, clock: ManualClock) -> None:
        assert [200, 200] == await statuses(house, key, 2, stream=stream, max_tokens=1)
        (channel,) = house.gateway.registry.channels.all
        assert {f"{channel.id}/k1"} == {record["account"] for record in await house.records()}

    async def later(house: House, key: str, clock: ManualClock) -> None:
        assert [429] == await statuses(house, key, 1, stream=stream, max_tokens=1)
        clock.advance(86_400)
        assert [200] == await statuses(house, key, 1, stream=stream, max_tokens=1)

    play(tmp_path, spend, later, budget=Budget(nano=2 * COST, period="day"))


def test_records_name_no_account_where_there_is_no_budget(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        assert [200] == await statuses(house, key, 1)
        assert [""] == [record["account"] for record in await house.records()]

    play(tmp_path, story, rpm=5)


@EITHER
@pytest.mark.parametrize(("learn", "expected"), [("on", [200, 429]), ("off", [200, 200])])
def test_an_upstream_that_says_that_nothing_is_left_is_believed(
    tmp_path: Path, stream: bool, learn: Learn, expected: list[int]
) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        (channel,) = house.gateway.registry.channels.all
        await house.gateway.registry.channels.edit(channel.id, lambda each: attrs.evolve(each, learn=learn))
        house.upstream.headers = {
            "x-ratelimit-limit-requests": "30",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "1m0s",
        }
        assert expected == await statuses(house, key, 2, stream=stream)
        clock.advance(2.1)
        assert [200] == await statuses(house, key, 1, stream=stream)

    play(tmp_path, story)


def test_a_new_key_does_not_begin_with_what_a_removed_one_has_spent_before_a_restart(tmp_path: Path) -> None:
    """Ids were counted from those that were left: the next key got the removed one's, and its spending."""

    async def spend_and_remove(house: House, key: str, clock: ManualClock) -> None:
        assert [200] == await statuses(house, key, 1)
        await house.gateway.registry.channels.edit("channel-1", lambda channel: attrs.evolve(channel, keys=()))

    async def later(house: House, key: str, clock: ManualClock) -> None:
        channels = house.gateway.registry.channels
        highest = channels.last_keys[channels.get("channel-1").id]
        fresh = keys_of(["sk-new"], (), highest)
        await channels.edit("channel-1", lambda channel: attrs.evolve(channel, keys=fresh))
        assert ["k2"] == [each.id for each in channels.get("channel-1").keys]

    play(tmp_path, spend_and_remove, later, budget=Budget(nano=10 * COST, period="day"))
