"""Each trouble is told once, until it is over, across restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest

from aihub_lite.gateway.alerts.book import SETTLED
from aihub_lite.gateway.backups.desk import BackupNews
from aihub_lite.gateway.conditions.conditions import conditions_of
from tests.gateway.alerts.watched import PUBLIC_URL, Watched, receiver, titles, watched
from tests.support.clock import ManualClock
from tests.support.upstream.scripted import Upstream

NEAR = "bob has used 80 % of a limit"
SPENT = "bob has used all of a limit"


def play(directory: Path, story: Callable[[Watched, Upstream], Awaitable[None]]) -> None:
    async def played() -> None:
        with receiver() as upstream:
            async with watched(directory) as room:
                await story(room, upstream)

    asyncio.run(played())


def test_a_limit_is_told_of_at_80_and_at_100_percent_each_once(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        await room.to(upstream)
        token = await room.token(0.79)
        await room.look()
        assert [] == upstream.requests
        balance = room.gateway.ledger.balances[token.id]
        balance.charge(10**7, room.clock.wall())
        for _ in range(3):
            await room.look()
        assert [[NEAR]] == titles(upstream.requests)
        balance.charge(2 * 10**8, room.clock.wall())
        for _ in range(3):
            await room.look()
        assert [[NEAR], [SPENT]] == titles(upstream.requests)
        (alert,) = upstream.requests[1].json()["alerts"]
        assert f"{PUBLIC_URL}/console/tokens/{token.id}" == alert["link"]
        assert ("budget_100", "budget", True) == (alert["event"], alert["topic"], alert["critical"])
        assert "refused until" in alert["text"]

    play(tmp_path, story)


def test_a_limit_that_is_used_up_at_once_is_one_alert(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        await room.to(upstream)
        await room.token(1.0)
        await room.look()
        assert [[SPENT]] == titles(upstream.requests)

    play(tmp_path, story)


@pytest.mark.parametrize("who", ["person:Ada", "team:research", "gateway"])
def test_limits_of_people_teams_and_the_gateway_are_told_of(tmp_path: Path, who: str) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        people = room.gateway.people
        await people.create_team("research")
        await people.create_person("Ada")
        await room.to(upstream)
        key = room.gateway.pots.key_of(who)
        await room.gateway.pots.set_budgets(key, ("1/day",))
        pot = room.gateway.ledger.pots[key]
        pot.charge(9 * 10**8, room.clock.wall(), "m", ())
        await room.look()
        name = who.rpartition(":")[2]
        assert [[f"{name} has used 80 % of a limit"]] == titles(upstream.requests)

    play(tmp_path, story)


def test_a_restart_repeats_nothing(tmp_path: Path) -> None:
    clock = ManualClock()

    async def played() -> None:
        with receiver() as upstream:
            async with watched(tmp_path, clock) as room:
                await room.to(upstream)
                await room.gateway.registry.tokens.create("bob", lambda token: attrs.evolve(token, quota_nano=0))
                await room.look()
            assert [[SPENT]] == titles(upstream.requests)
            async with watched(tmp_path, clock) as room:
                await room.look()
                clock.advance(SETTLED + 1)
                await room.look()
            assert [[SPENT]] == titles(upstream.requests)

    asyncio.run(played())


@pytest.mark.parametrize("idle", [1.0, 10 * SETTLED], ids=["soon", "long after"])
def test_a_channel_that_was_told_to_be_down_is_not_told_again_behind_a_restart(tmp_path: Path, idle: float) -> None:
    """How channels did is in memory alone: a start knew of no fault, took that for well, and told it anew."""
    clock = ManualClock()

    async def played() -> None:
        with receiver() as upstream:
            async with watched(tmp_path, clock) as room:
                await room.to(upstream)
                channel = await room.channel()
                room.fail(channel.id)
                await room.look()
            async with watched(tmp_path, clock) as room:
                for wait in (0.0, idle):
                    clock.advance(wait)
                    await room.look()
                room.fail(channel.id)
                await room.look()
                assert [["Channel main is down"]] == titles(upstream.requests)
                room.gateway.health.succeeded(channel.id)
                for wait in (0.0, SETTLED):
                    clock.advance(wait)
                    await room.look()
                assert ["Channel main is well again: it is down no more"] == titles(upstream.requests)[1]
                room.fail(channel.id)
                await room.look()
                assert ["Channel main is down"] == titles(upstream.requests)[2]

    asyncio.run(played())


@pytest.mark.parametrize("well", ["answers", "was tested"])
def test_a_channel_that_is_well_behind_a_restart_is_told_to_be(tmp_path: Path, well: str) -> None:
    clock = ManualClock()

    async def played() -> None:
        with receiver() as upstream:
            async with watched(tmp_path, clock) as room:
                await room.to(upstream)
                channel = await room.channel()
                room.fail(channel.id)
                await room.look()
            async with watched(tmp_path, clock) as room:
                health = room.gateway.health
                health.forget(channel.id)
                for wait in (0.0, SETTLED):
                    clock.advance(wait)
                    await room.look()
                assert 1 == len(upstream.requests), "that somebody changed it makes nothing well"
                if well == "answers":
                    health.succeeded(channel.id)
                else:
                    health.tested(channel.id, "")
                for wait in (0.0, SETTLED - 1, 1.0):
                    assert 1 == len(upstream.requests)
                    clock.advance(wait)
                    await room.look()
                assert ["Channel main is well again: it is down no more"] == titles(upstream.requests)[1]

    asyncio.run(played())


def test_a_channel_that_has_been_asked_for_nothing_since_the_start_is_no_line_of_the_overview(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        await room.channel()
        conditions = await conditions_of(room.gateway)
        assert ([False], []) == ([each.sure for each in conditions], [each for each in conditions if each.shown])
        assert [] == upstream.requests

    play(tmp_path, story)


@pytest.mark.parametrize("room_again", [False, True])
def test_a_disk_that_was_told_to_be_full_is_looked_at_again_behind_a_restart(tmp_path: Path, room_again: bool) -> None:
    clock = ManualClock()
    told = [["The disk of the data directory is nearly full: 100 MiB left"]]
    if room_again:
        told.append(["The disk of the data directory has room again"])

    async def played() -> None:
        with receiver() as upstream:
            for start in range(2):
                async with watched(tmp_path, clock) as room:
                    if not start:
                        await room.to(upstream)
                    if not (start and room_again):
                        room.gateway.alerts.notices.post("disk", subject="100 MiB", figure="100 MiB")
                    for wait in (0.0, SETTLED):
                        clock.advance(wait)
                        room.watch._looked = clock.monotonic()
                        await room.look()
            assert told == titles(upstream.requests)

    asyncio.run(played())


def test_what_was_over_for_a_while_is_told_again(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        await room.to(upstream)
        token = await room.token(1.0)
        await room.look()
        balance = room.gateway.ledger.balances[token.id]
        for used, wait, told in ((0, 1, 1), (10**9, 1, 1), (0, 1, 1), (0, SETTLED, 1), (10**9, 1, 2)):
            balance.spent = used
            await room.look()
            room.clock.advance(wait)
            await room.look()
            assert told == len(upstream.requests)

    play(tmp_path, story)


def test_a_channel_that_is_down_is_told_once_and_that_it_is_well_again(tmp_path: Path) -> None:
    """It cools down and is tried again, over and over: that is one trouble, not a hundred."""

    async def story(room: Watched, upstream: Upstream) -> None:
        await room.to(upstream)
        channel = await room.channel()
        health = room.gateway.health
        for _ in range(10):
            for _ in range(health.policy.fault_threshold):
                health.failed(channel.id, "server")
            await room.look()
            room.clock.advance(400)
            await room.look()
        assert [["Channel main is down"]] == titles(upstream.requests)
        health.succeeded(channel.id)
        await room.look()
        assert 1 == len(upstream.requests)
        room.clock.advance(SETTLED)
        await room.look()
        assert ["Channel main is well again: it is down no more"] == titles(upstream.requests)[1]
        (alert,) = upstream.requests[1].json()["alerts"]
        assert (True, False) == (alert["over"], alert["critical"])

    play(tmp_path, story)


def test_a_key_that_was_refused_is_told_by_its_id_alone(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        await room.to(upstream)
        channel = await room.channel()
        await room.gateway.registry.channels.disable_key(
            channel.id, "k1", "the upstream refused it: sk-a-key-of-a-test-1"
        )
        await room.look()
        assert [["Key k1 of channel main is out of use"]] == titles(upstream.requests)
        assert b"of-a-test-1" not in upstream.requests[0].body

    play(tmp_path, story)


def test_a_destination_is_told_of_what_it_chose(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        await room.to(upstream, "all", "/all")
        await room.to(upstream, "disk", "/disk", topics=("disk", "key"))
        await room.to(upstream, "off", "/off", enabled=False)
        await room.token(1.0)
        await room.look()
        assert ["/all"] == [request.path for request in upstream.requests]

    play(tmp_path, story)


def test_the_first_destination_hears_of_what_held_before_it(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        await room.token(1.0)
        await room.look()
        await room.to(upstream)
        await room.look()
        assert [[SPENT]] == titles(upstream.requests)

    play(tmp_path, story)


def test_a_failed_backup_and_a_full_disk_are_told(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        await room.to(upstream)
        news = room.gateway.backups
        await news._remember(BackupNews(failed_at=room.clock.wall(), error="no space left"))
        room.watch._looked = room.clock.monotonic()
        room.gateway.alerts.notices.post("disk", subject="100 MiB", figure="100 MiB")
        await room.look()
        expected = ["The disk of the data directory is nearly full: 100 MiB left", "A backup failed"]
        assert [expected] == titles(upstream.requests)
        await news._remember(BackupNews(at=room.clock.wall()))
        await room.look()
        for wait, told in ((SETTLED - 1, 1), (1, 2)):
            room.clock.advance(wait)
            room.watch._looked = room.clock.monotonic()
            await room.look()
            assert told == len(upstream.requests)
        assert ["A backup succeeded again"] == titles(upstream.requests)[1]

    play(tmp_path, story)
