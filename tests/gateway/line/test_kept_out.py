"""What a record says of the channels and keys that a request was not tried on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from aihub_lite.domain.limits import Limits
from aihub_lite.domain.route import NamedRoute, RouteStep
from aihub_lite.gateway.routing.account_limits import Demand
from aihub_lite.gateway.routing.key_rests import SPENT
from aihub_lite.gateway.state.flight import MOST_LANES
from aihub_lite.storage.requests.filters import RecordFilter
from aihub_lite.storage.usage import Usages
from aihub_lite.web.admin.records import full_record_json
from tests.gateway.line.test_waiting import waiting
from tests.support.clock import ManualClock
from tests.support.inprocess import AT_REST, MODEL, House, open_house

Story = Callable[[House, str, ManualClock], Awaitable[None]]
TOLD = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "60s",
}


def play(directory: Path, story: Story, **settings: Any) -> None:
    clock = ManualClock()

    async def run() -> None:
        async with open_house(directory, clock=clock, **{"queue_timeout": 0, **settings}) as house:
            _, key = await house.add_token()
            await story(house, key, clock)
            assert AT_REST == await house.at_rest()

    asyncio.run(run())


async def lanes(house: House) -> list[tuple[int | None, str | None, str | int]]:
    """Of the latest record: place, channel, and why it was kept out or what it answered."""
    await house.flushed()
    ((_, record),) = await Usages(house.gateway.database).records(RecordFilter(), limit=1)
    rows = full_record_json(record)["lanes"]
    return [(row["place"], row["channel"], row["why"] or row["status"]) for row in rows]


async def down(house: House, channel_id: str) -> None:
    for _ in range(5):
        house.gateway.health.failed(channel_id, "server")


def test_a_request_whose_channels_were_all_well_lists_its_attempts_alone(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel(priority=2)
        await house.add_channel()
        assert 200 == (await house.ask(key).served()).status
        assert [(1, "channel-2", 200)] == await lanes(house)
        assert [None] == [record["passed"] for record in await house.records()]

    play(tmp_path, story)


def test_every_kind_of_what_kept_channels_out_is_there_in_the_order_of_trying(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        cooling = await house.add_channel(priority=9, keys=("sk-1",))
        full = await house.add_channel(priority=8, keys=("sk-2",), limits=Limits(rpm=1))
        asked = await house.add_channel(priority=7, keys=("sk-3",))
        spent = await house.add_channel(priority=6, keys=("sk-4",))
        told = await house.add_channel(priority=5, keys=("sk-5",))
        await house.add_channel(priority=4, keys=("sk-6",))
        behind = await house.add_channel(priority=3, keys=("sk-7",))
        health = house.gateway.health
        limits = house.gateway.line.router.limits
        await down(house, cooling.id)
        limits.reserve((full.id, "k1", "m"), Demand())
        health.rate_limit(asked.id, "k1", 7.0)
        health.rests.begin((spent.id, "k1"), SPENT)
        limits.learn((told.id, "k1", f"{MODEL}-upstream"), TOLD)
        await down(house, behind.id)
        assert 200 == (await house.ask(key).served()).status
        assert [
            (None, "channel-2", "cooling down for 30 s after 5 faults in a row (server)"),
            (None, "channel-3", "at its limit of 1 requests per minute: 60 s left"),
            (None, "channel-4", "its upstream asked to wait (429): 7 s left"),
            (None, "channel-5", "its key rests for 300 s more: the account is spent"),
            (None, "channel-6", "at its limit of 60 requests per minute, as its upstream told: 2 s left"),
            (1, "channel-7", 200),
            (None, "channel-8", "cooling down for 30 s after 5 faults in a row (server)"),
        ] == await lanes(house)

    play(tmp_path, story)


def test_what_was_kept_out_stands_before_the_attempt_that_it_would_have_been(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel(priority=9)
        between = await house.add_channel(priority=8)
        await house.add_channel(priority=7)
        await down(house, between.id)
        house.upstream.queue.append((500, [b"{}"]))
        assert 200 == (await house.ask(key).served()).status
        assert [(1, "channel-2", 500), (None, "channel-3"), (2, "channel-4")] == [
            (await lanes(house))[0],
            *(row[:2] for row in (await lanes(house))[1:]),
        ]

    play(tmp_path, story)


def test_a_request_that_got_no_channel_says_what_kept_each_out(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        channel = await house.add_channel(keys=("sk-1", "sk-2"))
        for key_id in ("k1", "k2"):
            house.gateway.health.rate_limit(channel.id, key_id, 7.0)
        assert 429 == (await house.ask(key).served()).status
        (record,) = await house.records()
        passed = [(each["channel"], each["key"], each["before"]) for each in msgspec.json.decode(record["passed"])]
        assert [("channel-2", "k1", 1), ("channel-2", "k2", 1)] == passed

    play(tmp_path, story)


def test_what_a_request_waited_for_stays_in_its_record(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        channel = await house.add_channel()
        house.gateway.health.rate_limit(channel.id, "-", 5.0)
        call = await waiting(house, key)
        clock.advance(5)
        house.gateway.queue.look()
        assert 200 == (await call.served()).status
        why = "its upstream asked to wait (429): 5 s left"
        assert [(None, "channel-2", why), (1, "channel-2", 200)] == await lanes(house)

    play(tmp_path, story, queue_timeout=20)


def test_a_record_lists_a_bounded_number_of_them(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        channel = await house.add_channel(priority=1, keys=[f"sk-{number}" for number in range(200)])
        await down(house, channel.id)
        await house.add_channel()
        assert 200 == (await house.ask(key).served()).status
        (record,) = await house.records()
        passed = msgspec.json.decode(record["passed"])
        assert (MOST_LANES + 1, f"{200 - MOST_LANES} more lanes were kept out") == (len(passed), passed[-1]["why"])
        assert [(None, None, passed[-1]["why"])] == (await lanes(house))[-1:]

    play(tmp_path, story)


def test_lanes_of_a_named_route_stand_beside_its_models(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        first = await house.add_channel()
        await house.add_channel("second")
        steps = (RouteStep(model=MODEL), RouteStep(model="second"))
        await house.gateway.registry.routes.create(NamedRoute(name="both", steps=steps, on=("down",)))
        await down(house, first.id)
        assert 200 == (await house.ask(key, model="both").served()).status
        ((_, record),) = await Usages(house.gateway.database).records(RecordFilter(), limit=1)
        shown = full_record_json(record)
        assert [(None, MODEL, "channel-2"), (1, "second", "channel-3")] == [
            (row["place"], row["model"], row["channel"]) for row in shown["lanes"]
        ]
        assert [MODEL] == [passed["model"] for passed in shown["passed"]]

    play(tmp_path, story)


def test_a_record_of_an_earlier_release_shows_its_attempts(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel()
        assert 200 == (await house.ask(key).served()).status
        await house.flushed()
        before = """[{"model": "gone", "why": "no channel offers it"}]"""
        await house.gateway.database.write(("UPDATE usage_records SET passed = ?", (before,)))
        assert [(1, "channel-2", 200)] == await lanes(house)

    play(tmp_path, story)
