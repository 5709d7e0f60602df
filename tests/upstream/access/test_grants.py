"""What credentials are exchanged for: kept, renewed in time, and asked for once, whoever waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import attrs
import pytest

from aihub_lite.upstream.access.faults import AccessRefused, AccessTimedOut, NoAccess
from aihub_lite.upstream.access.grants import EARLY, FRESH, LAST, PAUSE, Grant, Grants
from tests.support.clock import ManualClock

HOUR = 3600.0


@attrs.define(eq=False)
class Office:
    """Gives grants, numbered, once the test lets it; or fails."""

    clock: ManualClock = attrs.field(factory=ManualClock)
    asked: list[str] = attrs.field(factory=list)
    ready: asyncio.Event = attrs.field(factory=asyncio.Event)
    fault: Exception | None = None
    seconds: float = HOUR

    def __attrs_post_init__(self) -> None:
        self.ready.set()

    def grants(self, **options: Any) -> Grants[str]:
        return Grants(self.clock, self.fetch, **options)

    async def fetch(self, credential: str) -> Grant[str]:
        self.asked.append(credential)
        await self.ready.wait()
        if self.fault is not None:
            raise self.fault
        return Grant(f"{credential}-{len(self.asked)}", self.seconds)


def played(story: Callable[[Office], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        await story(Office())

    asyncio.run(play())


def test_a_grant_is_kept_until_shortly_before_it_ends() -> None:
    async def story(office: Office) -> None:
        grants = office.grants()
        assert "key-1" == await grants.get("key")
        office.clock.advance(HOUR - EARLY - 1)
        assert "key-1" == await grants.get("key")
        assert ["key"] == office.asked

    played(story)


def test_a_grant_that_ends_soon_serves_on_while_the_next_is_fetched() -> None:
    async def story(office: Office) -> None:
        grants = office.grants()
        await grants.get("key")
        office.ready.clear()
        office.clock.advance(HOUR - EARLY + 1)
        assert ["key-1", "key-1"] == [await grants.get("key"), await grants.get("key")]
        await asyncio.sleep(0)
        assert ["key", "key"] == office.asked
        office.ready.set()
        await asyncio.gather(*grants._fetches.values())
        assert "key-2" == await grants.get("key")

    played(story)


def test_a_grant_that_has_ended_is_waited_for() -> None:
    async def story(office: Office) -> None:
        grants = office.grants()
        await grants.get("key")
        office.clock.advance(HOUR - LAST + 1)
        assert "key-2" == await grants.get("key")

    played(story)


def test_a_grant_of_half_a_minute_is_of_use_for_most_of_it() -> None:
    async def story(office: Office) -> None:
        office.seconds = 30
        grants = office.grants()
        await grants.get("key")
        office.clock.advance(20)
        assert "key-1" == await grants.get("key")
        assert 1 == len(office.asked)

    played(story)


def test_all_who_wait_for_a_credential_share_one_fetch() -> None:
    async def story(office: Office) -> None:
        office.ready.clear()
        grants = office.grants()
        waiting = [asyncio.create_task(grants.get(name)) for name in ("a", "a", "b", "a")]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        office.ready.set()
        assert ["a-2", "a-2", "b-2", "a-2"] == await asyncio.gather(*waiting)
        assert ["a", "b"] == office.asked

    played(story)


def test_who_gives_up_waiting_stops_nobody_elses_fetch() -> None:
    async def story(office: Office) -> None:
        office.ready.clear()
        grants = office.grants()
        impatient = asyncio.create_task(grants.get("key"))
        patient = asyncio.create_task(grants.get("key"))
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        office.ready.set()
        assert "key-1" == await patient
        assert ["key"] == office.asked

    played(story)


def test_a_fault_is_every_waiters_and_nobodys_after_it() -> None:
    async def story(office: Office) -> None:
        office.fault = AccessRefused("no", 401)
        grants = office.grants()
        faults = await asyncio.gather(grants.get("key"), grants.get("key"), return_exceptions=True)
        assert [office.fault, office.fault] == [*faults]
        assert 1 == len(office.asked)
        office.fault = None
        assert "key-2" == await grants.get("key")

    played(story)


def test_a_renewal_that_fails_is_tried_again_after_a_pause_while_the_grant_is_good() -> None:
    """Not at every request: hundreds a second would ask an endpoint that is down."""

    async def story(office: Office) -> None:
        grants = office.grants()
        await grants.get("key")
        office.fault = NoAccess("down")
        office.clock.advance(HOUR - EARLY + 1)
        for _ in range(5):
            assert "key-1" == await grants.get("key")
            await asyncio.gather(*grants._fetches.values(), return_exceptions=True)
        assert 2 == len(office.asked)
        office.clock.advance(PAUSE + 1)
        assert "key-1" == await grants.get("key")
        await asyncio.gather(*grants._fetches.values(), return_exceptions=True)
        assert 3 == len(office.asked)

    played(story)


def test_a_fetch_that_takes_too_long_is_given_up() -> None:
    async def story(office: Office) -> None:
        office.ready.clear()
        grants = office.grants(patience=0.01)
        with pytest.raises(AccessTimedOut):
            await grants.get("key")
        assert {} == grants._fetches

    played(story)


def test_a_grant_that_is_refused_after_a_while_is_exchanged_for_another() -> None:
    async def story(office: Office) -> None:
        grants = office.grants()
        value = await grants.get("key")
        office.clock.advance(FRESH + 1)
        assert grants.give_up("key", value)
        assert "key-2" == await grants.get("key")

    played(story)


def test_a_grant_that_is_refused_at_once_is_not_asked_for_again() -> None:
    """An account that may not get in would be asked for a token with every request, and let in with none of them."""

    async def story(office: Office) -> None:
        grants = office.grants()
        assert not grants.give_up("key", await grants.get("key"))
        assert "key-1" == await grants.get("key")

    played(story)


def test_a_refusal_of_the_grant_before_spares_the_one_that_has_come_since() -> None:
    async def story(office: Office) -> None:
        grants = office.grants()
        old = await grants.get("key")
        office.clock.advance(FRESH + 1)
        grants.give_up("key", old)
        new = await grants.get("key")
        assert grants.give_up("key", old)
        assert new == await grants.get("key")

    played(story)


def test_closing_ends_what_is_under_way() -> None:
    async def story(office: Office) -> None:
        office.ready.clear()
        grants = office.grants()
        waiting = asyncio.create_task(grants.get("key"))
        await asyncio.sleep(0)
        await grants.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    played(story)


def test_grants_of_credentials_that_nobody_has_any_more_are_forgotten() -> None:
    async def story(office: Office) -> None:
        grants = office.grants()
        for number in range(50):
            await grants.get(f"key {number}")
            office.clock.advance(HOUR / 10)
        assert len(grants._held) < 12

    played(story)


def test_a_grant_shows_nothing_of_itself() -> None:
    assert "secret" not in repr(Grant("secret", 1.0))
