"""The hour after a finding or a resume, in which only what is far faster counts, goes on behind a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.token import Token
from aihub_lite.gateway.people.audit import Who
from aihub_lite.gateway.people.watch import collecting
from tests.gateway.safety.test_breaker import DOLLAR, found
from tests.gateway.safety.test_persons import Room, play
from tests.support.inprocess import whole

BOSS = Who(via="session", by="Boss", address="127.0.0.1")
HOUR = 3600
SPENT = {"token": (8, 0, 0), "person": (3, 3, 2)}
"""Dollars of Ada's tokens at which they are found: one of hers, or she with all of them."""
each_holder = pytest.mark.parametrize("holder", SPENT)


def held_by(room: Room, holder: str) -> Token | Person:
    if holder == "token":
        return room.tokens[0]
    return room.ada


async def resume(room: Room, holder: str) -> None:
    """As a request of the admin API does: the audit log says so."""
    gateway = room.house.gateway
    with collecting() as changes:
        await gateway.pauses.resume(held_by(room, holder))
    await gateway.pauses.audit.add(BOSS, f"resume_{holder}", changes)


async def found_and_resumed(room: Room, holder: str, idle: float = 0) -> None:
    await room.spend(*SPENT[holder])
    assert [finding.holder for finding in await found(room.house)] == [holder]
    room.clock.advance(idle)
    await resume(room, holder)


@each_holder
@pytest.mark.parametrize("idle", [0, 600, 10 * HOUR], ids=["at once", "soon", "long after"])
def test_who_was_resumed_is_left_alone_behind_a_restart(tmp_path: Path, holder: str, idle: float) -> None:
    """It was kept in memory alone: the first request behind a restart was held against all that they had done since
    they were resumed, and paused them again."""

    async def before(room: Room) -> None:
        await found_and_resumed(room, holder, idle)
        await room.spend(*SPENT[holder])

    async def after(room: Room) -> None:
        await room.spend(*SPENT[holder])
        await room.spend(*SPENT[holder])
        assert len(await found(room.house)) == 1

    play(tmp_path, before, after, after, breaker="on")


@each_holder
def test_who_was_found_and_goes_far_faster_is_found_behind_a_restart_too(tmp_path: Path, holder: str) -> None:
    async def before(room: Room) -> None:
        await room.spend(*SPENT[holder])

    async def after(room: Room) -> None:
        dear = {name: 100 * count for name, count in DOLLAR.items()}
        room.house.upstream.default = lambda _: whole(usage=dear)
        # The first that is far faster has the past read, and the next is judged by it.
        await room.spend(3)
        again, _ = await found(room.house)
        assert (again.holder, again.runaway.minutes) == ("token", 5)

    play(tmp_path, before, after)


@each_holder
@pytest.mark.parametrize("idle", [0, 10 * HOUR], ids=["at once", "long after"])
def test_who_is_resumed_behind_a_restart_may_go_on_at_the_pace_they_were_found_at(
    tmp_path: Path, holder: str, idle: float
) -> None:
    """Eight dollars in a minute, which may be forty in five, and four times that."""

    async def before(room: Room) -> None:
        await room.spend(*SPENT[holder])
        room.clock.advance(idle)

    async def after(room: Room) -> None:
        await resume(room, holder)
        await room.spend(*(5 * dollars for dollars in SPENT[holder]))
        assert len(await found(room.house)) == 1

    play(tmp_path, before, after, breaker="on")


@each_holder
def test_who_was_only_watched_is_found_once_an_hour_over_a_restart(tmp_path: Path, holder: str) -> None:
    async def before(room: Room) -> None:
        await room.spend(*SPENT[holder])
        assert len(await found(room.house)) == 1

    async def after(room: Room) -> None:
        await room.spend(*(4 * dollars for dollars in SPENT[holder]))
        assert len(await found(room.house)) == 1

    play(tmp_path, before, after)


@each_holder
def test_what_was_done_within_the_hour_does_not_count_after_it_behind_a_restart(tmp_path: Path, holder: str) -> None:
    async def before(room: Room) -> None:
        await found_and_resumed(room, holder)
        room.clock.advance(HOUR // 2)
        for _ in range(8):
            await room.spend(*SPENT[holder])
            room.clock.advance(60)
        room.clock.advance(HOUR)

    async def after(room: Room) -> None:
        assert len(await found(room.house)) == 1
        await room.spend(1, 1, 1)
        detectors = room.house.gateway.breaker.detectors
        dearest = max(watched.spend.in_day for watched in detectors.tokens.watched.values())
        assert dearest < 2_000_000_000

    play(tmp_path, before, after, breaker="on")


@each_holder
def test_who_was_found_is_judged_again_once_the_hour_is_over_behind_a_restart(tmp_path: Path, holder: str) -> None:
    async def before(room: Room) -> None:
        await room.spend(*SPENT[holder])

    async def after(room: Room) -> None:
        room.clock.advance(HOUR)
        await room.spend(*(3 * dollars for dollars in SPENT[holder]))
        assert len(await found(room.house)) > 1

    play(tmp_path, before, after)
