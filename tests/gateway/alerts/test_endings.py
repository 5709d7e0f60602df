"""What is said of a trouble that holds no more is true: not all that ends has become well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from aihub_lite.domain.channel import BY_OPERATOR
from aihub_lite.gateway.alerts.book import SETTLED
from aihub_lite.gateway.backups.desk import BackupNews
from tests.gateway.alerts.watched import PUBLIC_URL, Watched, receiver, titles, watched
from tests.support.clock import ManualClock

DOWN = ["Channel main is down"]
WELL = ["Channel main is well again: it is down no more"]
ENDS = {
    "deleted": ["Channel main, which was down, is deleted"],
    "disabled": ["Channel main, which was down, is disabled"],
}
CHANGES: dict[str, Callable[[Watched], Awaitable[object]]] = {
    "deleted": lambda room: room.gateway.registry.channels.delete("main"),
    "disabled": lambda room: room.gateway.registry.channels.disable("main", BY_OPERATOR),
}


@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "behind a restart"])
@pytest.mark.parametrize("end", CHANGES)
def test_a_channel_that_was_down_and_is_deleted_or_disabled_is_not_told_to_be_well(
    tmp_path: Path, end: str, restarted: bool
) -> None:
    """What was not down any more counted as well, and people went to look for a channel that answers."""
    clock = ManualClock()

    async def played() -> None:
        with receiver() as upstream:
            async with watched(tmp_path, clock) as room:
                await room.to(upstream)
                channel = await room.channel()
                room.fail(channel.id)
                await room.look()
                await CHANGES[end](room)
                if not restarted:
                    await room.settle()
            async with watched(tmp_path, clock) as room:
                await room.settle()
            assert [DOWN, ENDS[end]] == titles(upstream.requests)
            (alert,) = upstream.requests[1].json()["alerts"]
            pages = {"deleted": "/console/channels", "disabled": f"/console/channels/{channel.id}"}
            assert (True, PUBLIC_URL + pages[end]) == (alert["over"], alert["link"])

    asyncio.run(played())


def test_a_channel_that_was_disabled_for_a_moment_is_told_to_be_well_once_it_answers(tmp_path: Path) -> None:
    async def played() -> None:
        with receiver() as upstream:
            async with watched(tmp_path) as room:
                await room.to(upstream)
                channel = await room.channel()
                room.fail(channel.id)
                await room.look()
                await room.gateway.registry.channels.disable("main", BY_OPERATOR)
                await room.look()
                room.clock.advance(SETTLED - 1)
                await room.gateway.registry.channels.enable("main")
                await room.settle()
                assert [DOWN] == titles(upstream.requests)
                room.gateway.health.succeeded(channel.id)
                await room.settle()
                assert [DOWN, WELL] == titles(upstream.requests)

    asyncio.run(played())


def test_a_channel_whose_test_failed_is_not_well_for_having_no_key(tmp_path: Path) -> None:
    """Its failed test is told; that its key is then refused, or rests, makes it no better."""

    async def played() -> None:
        with receiver() as upstream:
            async with watched(tmp_path) as room:
                await room.to(upstream, topics=("channel",))
                channel = await room.channel()
                health = room.gateway.health
                health.succeeded(channel.id)
                health.tested(channel.id, "no answer in time")
                await room.look()
                await room.gateway.registry.channels.disable_key(channel.id, "k1", "the upstream refused it")
                await room.settle()
                assert [DOWN] == titles(upstream.requests)

    asyncio.run(played())


@pytest.mark.parametrize("keep", [0, 3], ids=["switched off", "made"])
def test_a_backup_is_told_to_have_succeeded_only_where_one_has(tmp_path: Path, keep: int) -> None:
    clock = ManualClock()
    ends = {0: "No backups are made each day any more: they are switched off", 3: "A backup succeeded again"}

    async def played() -> None:
        with receiver() as upstream:
            async with watched(tmp_path, clock) as room:
                await room.to(upstream, topics=("backup",))
                await room.gateway.backups._remember(BackupNews(failed_at=clock.wall(), error="no space left"))
                await room.look()
            async with watched(tmp_path, clock, backup_keep=keep) as room:
                if keep:
                    await room.gateway.backups._remember(BackupNews(at=clock.wall()))
                await room.settle()
            assert [["A backup failed"], [ends[keep]]] == titles(upstream.requests)

    asyncio.run(played())
