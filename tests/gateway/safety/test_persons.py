"""The breaker over a whole gateway, of a person whose tokens each do little: found, paused, resumed, restored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.safety.spans import QUARTER
from aihub_lite.domain.token import Token
from aihub_lite.gateway.people.ownership import given_to
from aihub_lite.storage.people.audit import AuditFilter, AuditLog
from aihub_lite.storage.reports.cells import Cells
from aihub_lite.storage.safety.pasts import MANY
from tests.gateway.safety.test_breaker import DIME, DOLLAR, ask, found
from tests.support.clock import ManualClock
from tests.support.inprocess import House, open_house, whole

DAY = 86_400
DEAR = 1_000_100_000
"""Nano-USD of one request."""


@attrs.define(eq=False)
class Room:
    """A gateway with a channel whose answers cost a dollar, and Ada, who has three tokens."""

    house: House
    clock: ManualClock
    ada: Person
    tokens: list[Token]
    keys: list[str]

    async def spend(self, *dollars: int) -> None:
        """So many requests that differ by each of the tokens; each may have pasts read meanwhile."""
        for key, times in zip(self.keys, dollars, strict=False):
            for number in range(times):
                await ask(self.house, key, f"request {number}")
                await self.house.gateway.breaker.act()

    async def statuses(self) -> list[int]:
        """What each token's next request is answered with."""
        return [(await self.house.ask(key).served()).status for key in self.keys]


def play(directory: Path, *stories: Callable[[Room], Awaitable[None]], **settings: Any) -> None:
    """Each story behind a restart of the one before."""

    async def played() -> None:
        clock = ManualClock()
        room = None
        for story in stories:
            async with open_house(directory, clock=clock, **settings) as house:
                house.upstream.default = lambda _: whole(usage=DOLLAR)
                if room is None:
                    room = await furnished(house, clock)
                room.house = house
                await story(room)
            clock.advance(60)

    asyncio.run(played())


async def furnished(house: House, clock: ManualClock) -> Room:
    await house.add_channel()
    ada = await house.gateway.people.create_person("Ada")
    made = [await house.add_token(person_id=ada.id) for _ in range(3)]
    return Room(house, clock, ada, [token for token, _ in made], [key for _, key in made])


def test_a_person_is_written_down_by_name_whose_tokens_each_spend_little(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.spend(2, 2, 2)
        assert await found(room.house) == []
        await room.spend(1, 1, 1)
        (finding,) = await found(room.house)
        assert (finding.holder, finding.holder_id, finding.name) == ("person", room.ada.id, "Ada")
        assert (finding.paused, finding.runaway.kind) == (False, "spend")
        assert finding.runaway.seen > finding.runaway.usual == 7_500_000_000
        assert await room.statuses() == [200, 200, 200]

    play(tmp_path, story)


def test_where_it_is_on_the_person_is_paused_with_all_of_theirs_until_resumed(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        gateway = room.house.gateway
        _, other = await room.house.add_token()
        await room.spend(3, 3, 2)
        (finding,) = await found(room.house)
        assert finding.paused
        pause = gateway.pauses.of_person(room.ada.id)
        assert pause is not None
        assert (pause.kind, pause.seen, pause.minutes) == ("spend", finding.runaway.seen, 5)
        assert await room.statuses() == [402, 402, 402]
        await ask(room.house, other, "nobody's token goes on")
        await gateway.pauses.resume(room.ada)
        await room.spend(9, 9, 9)
        assert len(await found(room.house)) == 1, "for an hour nobody is paused again who was let go on"
        assert await room.statuses() == [200, 200, 200]

    play(tmp_path, story, breaker="on")


def test_the_refusal_says_that_all_are_paused_and_names_no_figures(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.spend(3, 3, 2)
        call = await room.house.ask(room.keys[0]).served()
        message = call.json()["error"]["message"]
        assert "with all others of the person whose it is" in message
        assert "aihub-lite person resume NAME" in message
        assert "$" not in message

    play(tmp_path, story, breaker="on")


def test_the_audit_log_says_who_was_paused_and_for_what(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.spend(3, 3, 2)
        (_, entry), *_ = await AuditLog(room.house.gateway.database).page(AuditFilter(), limit=1)
        assert (entry.by, entry.action, entry.change.name) == ("gateway", "pause_person", "Ada")
        (_, why) = entry.change.fields["paused"]
        assert str(why).startswith("their tokens spent $8.00 within 5 min, usually $7.50 at most")

    play(tmp_path, story, breaker="on")


def test_a_token_that_was_found_is_the_only_finding_for_what_it_spent(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.spend(8, 5, 0)
        assert [finding.holder for finding in await found(room.house)] == ["token"]
        assert await room.statuses() == [402, 200, 200]

    play(tmp_path, story, breaker="on")


def test_what_a_persons_tokens_spent_before_a_restart_still_counts(tmp_path: Path) -> None:
    """Whether or not statistics have summed it up."""

    async def before(room: Room) -> None:
        await room.spend(3, 0, 0)
        await Cells(room.house.gateway.database).sum_up_all()
        await room.spend(0, 2, 1)

    async def after(room: Room) -> None:
        watched = room.house.gateway.breaker.detectors.persons.watched[room.ada.id]
        assert (watched.spend.in_hour, watched.requests.in_hour) == (6 * DEAR, 6)

    play(tmp_path, before, after)


@pytest.mark.parametrize(("spent", "holder"), [((8, 1, 0), "token"), ((3, 3, 2), "person")])
def test_what_somebody_was_found_for_does_not_count_again_behind_a_restart(
    tmp_path: Path, spent: tuple[int, ...], holder: str
) -> None:
    async def before(room: Room) -> None:
        await room.spend(*spent)
        assert [finding.holder for finding in await found(room.house)] == [holder]

    async def after(room: Room) -> None:
        await room.spend(0, 0, 5)
        assert len(await found(room.house)) == 1

    play(tmp_path, before, after)


def test_what_another_did_with_a_token_is_not_restored_for_who_has_it_now(tmp_path: Path) -> None:
    async def before(room: Room) -> None:
        gateway = room.house.gateway
        bo = await gateway.people.create_person("Bo")
        await room.house.add_token(person_id=bo.id)
        await room.spend(4, 0, 0)
        await gateway.registry.tokens.edit(room.tokens[0].id, lambda token: given_to(gateway.people, token, "Bo", None))

    async def after(room: Room) -> None:
        gateway = room.house.gateway
        persons = gateway.breaker.detectors.persons.watched
        assert gateway.people.person("Bo").id not in persons
        assert persons[room.ada.id].spend.in_day == 4 * DEAR

    play(tmp_path, before, after)


@pytest.mark.parametrize("idle", [0, MANY], ids=["of a few tokens", "of many tokens"])
def test_a_past_is_what_a_person_did_or_what_their_tokens_did_whichever_is_more(tmp_path: Path, idle: int) -> None:
    """A token that was deleted took nothing with it; one that was given brings what it does."""

    async def story(room: Room) -> None:
        gateway = room.house.gateway
        for _ in range(idle):
            await room.house.add_token(person_id=room.ada.id)
        quarter = int(room.clock.wall()) // QUARTER
        given, key = await room.house.add_token()
        await ask(room.house, key, "nobody's")
        await ask(room.house, key, "nobody's as well")
        room.clock.advance(QUARTER)
        await room.spend(3, 1, 0)
        await Cells(gateway.database).sum_up_all()
        await gateway.registry.tokens.delete(room.tokens[0].id)
        await gateway.registry.tokens.edit(given.id, lambda token: given_to(gateway.people, token, "Ada", None))
        past = await gateway.breaker.pasts.of_person(room.ada.id, quarter - 5, quarter + 5)
        assert past == {quarter: (2 * DEAR, 2), quarter + 1: (4 * DEAR, 4)}

    play(tmp_path, story)


def test_the_same_conversation_by_several_tokens_is_their_persons(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.house.upstream.default = lambda _: whole(usage=DIME)
        for number in range(30):
            await ask(room.house, room.keys[number % 3], "the same")
            room.clock.advance(5)
        (finding,) = await found(room.house)
        assert (finding.holder, finding.runaway.kind) == ("person", "repeated")
        assert 12 <= finding.runaway.seen <= 24

    play(tmp_path, story)


def test_nothing_is_summed_of_persons_while_it_is_off(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.spend(4, 4, 4)
        detectors = room.house.gateway.breaker.detectors
        assert (await found(room.house), detectors.tokens.watched, detectors.persons.watched) == ([], {}, {})

    play(tmp_path, story, breaker="off")


def test_what_is_known_of_a_person_goes_with_them(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.spend(2, 2, 2)
        detectors = room.house.gateway.breaker.detectors
        assert room.ada.id in detectors.persons.watched
        await room.house.gateway.people.delete_person(room.ada.id)
        assert (detectors.tokens.watched, detectors.persons.watched, detectors.tokens_of) == ({}, {}, {})
        assert not (detectors.tokens.wanted or detectors.persons.wanted)

    play(tmp_path, story)
