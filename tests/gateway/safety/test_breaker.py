"""The breaker over a whole gateway: what is written down of a runaway, and what of everybody else is not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.safety.findings import BreakerFinding
from tests.support.clock import ManualClock
from tests.support.inprocess import House, open_house, whole
from tests.support.storage import refusing

DOLLAR = {"prompt_tokens": 10, "completion_tokens": 50_000, "total_tokens": 50_010}
"""What an answer of 1.0001 USD reports."""
DIME = {"prompt_tokens": 10, "completion_tokens": 5_000, "total_tokens": 5_010}


async def ready(house: House, usage: dict[str, int] = DOLLAR) -> str:
    """A channel whose answers all cost as much, and the key of a token."""
    house.upstream.default = lambda _: whole(usage=usage)
    await house.add_channel()
    _, key = await house.add_token()
    return key


async def ask(house: House, key: str, text: str, **fields: Any) -> None:
    """One request that is answered."""
    call = await house.ask(key, messages=[{"role": "user", "content": text}], **fields).served()
    assert call.status == 200


async def found(house: House) -> list[BreakerFinding]:
    """What is written down once all that is due is done."""
    await house.gateway.breaker.act()
    await house.gateway.breaker.act()
    return await house.gateway.breaker.findings.latest()


async def spend(house: House, key: str, dollars: int) -> None:
    """As many requests that differ, at a dollar each; each may have its past read meanwhile."""
    for number in range(dollars):
        await ask(house, key, f"request {number}")
        await house.gateway.breaker.act()


def test_a_token_that_spends_far_beyond_what_a_new_one_may_is_written_down(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_house(tmp_path, clock=ManualClock()) as house:
            key = await ready(house)
            await spend(house, key, 7)
            assert await found(house) == []
            await spend(house, key, 2)
            (finding,) = await found(house)
            assert (finding.holder, finding.name, finding.paused) == ("token", "token-2", False)
            assert finding.runaway.kind == "spend"
            assert finding.runaway.seen > finding.runaway.usual == 7_500_000_000
            await ask(house, key, "it was only watched, and goes on")

    asyncio.run(story())


def test_where_it_is_on_the_token_is_paused_and_goes_on_once_it_is_resumed(tmp_path: Path) -> None:
    async def story() -> None:
        clock = ManualClock()
        async with open_house(tmp_path, clock=clock, breaker="on") as house:
            key = await ready(house)
            await spend(house, key, 8)
            (finding,) = await found(house)
            assert finding.paused
            (token,) = house.gateway.registry.tokens.all
            pause = house.gateway.pauses.of(token)
            assert pause is not None
            assert (pause.kind, pause.seen, pause.minutes) == ("spend", finding.runaway.seen, 5)
            refused = await house.ask(key).served()
            assert refused.status == 402
            await house.gateway.pauses.resume(token)
            await spend(house, key, 10)
            assert len(await found(house)) == 1, "for an hour nobody is paused again who was let go on"

    asyncio.run(story())


def test_a_token_that_goes_far_faster_after_it_was_resumed_is_paused_again(tmp_path: Path) -> None:
    """It was free for an hour, whatever it did: a runaway that somebody resumed by mistake had that hour."""

    async def story() -> None:
        clock = ManualClock()
        async with open_house(tmp_path, clock=clock, breaker="on") as house:
            key = await ready(house)
            await spend(house, key, 8)
            (token,) = house.gateway.registry.tokens.all
            await house.gateway.pauses.resume(token)
            clock.advance(60)
            house.upstream.default = lambda _: whole(usage={name: 100 * count for name, count in DOLLAR.items()})
            await spend(house, key, 2)
            again, first = await found(house)
            assert (first.paused, again.paused, again.runaway.minutes) == (True, True, 5)
            assert (await house.ask(key).served()).status == 402

    asyncio.run(story())


def test_what_had_begun_before_a_pause_is_no_finding_of_its_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_house(tmp_path, clock=ManualClock(), breaker="on") as house:
            key = await ready(house)
            gate = asyncio.Event()
            dear = {name: 100 * count for name, count in DOLLAR.items()}
            for _ in range(3):
                house.upstream.queue.append((200, [gate, *whole(usage=dear)]))
            calls = [house.ask(key, messages=[{"role": "user", "content": f"dear {number}"}]) for number in range(3)]
            await calls[-1].until(lambda: len(house.upstream.requests) == len(calls))
            await spend(house, key, 8)
            gate.set()
            for call in calls:
                await call.served()
            assert [finding.paused for finding in await found(house)] == [True]

    asyncio.run(story())


def test_who_is_resumed_behind_a_restart_has_their_hour(tmp_path: Path) -> None:
    async def story() -> None:
        clock = ManualClock()
        async with open_house(tmp_path, clock=clock, breaker="on") as house:
            key = await ready(house)
            await spend(house, key, 8)
        async with open_house(tmp_path, clock=clock, breaker="on") as house:
            house.upstream.default = lambda _: whole(usage=DOLLAR)
            (token,) = house.gateway.registry.tokens.all
            await house.gateway.pauses.resume(token)
            await spend(house, key, 25)
            assert len(await found(house)) == 1

    asyncio.run(story())


def test_a_pause_that_the_disk_took_late_is_written_down_as_one(tmp_path: Path) -> None:
    """The second try found the token paused, and wrote that it had only been watched."""

    async def story() -> None:
        async with open_house(tmp_path, clock=ManualClock(), breaker="on") as house:
            key = await ready(house)
            await spend(house, key, 7)
            await ask(house, key, "the last one")
            async with refusing(house.gateway.database):
                with pytest.raises(StorageUnavailable):
                    await house.gateway.breaker.act()
            (finding,) = await found(house)
            assert finding.paused
            (token,) = house.gateway.registry.tokens.all
            assert house.gateway.pauses.of(token) is not None

    asyncio.run(story())


def test_who_is_paused_is_paused_still_behind_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_house(tmp_path, clock=ManualClock(), breaker="on") as house:
            key = await ready(house)
            await spend(house, key, 8)
            assert len(await found(house)) == 1
        async with open_house(tmp_path, clock=ManualClock(), breaker="on") as house:
            assert (await house.ask(key).served()).status == 402

    asyncio.run(story())


def test_what_was_spent_before_a_restart_still_counts(tmp_path: Path) -> None:
    async def story() -> None:
        clock = ManualClock()
        async with open_house(tmp_path, clock=clock) as house:
            key = await ready(house)
            await spend(house, key, 7)
        clock.advance(60)
        async with open_house(tmp_path, clock=clock) as house:
            (watched,) = house.gateway.breaker.detectors.tokens.watched.values()
            assert watched.spend.in_hour == 7 * 1_000_100_000
            assert key

    asyncio.run(story())


def test_findings_are_still_there_after_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_house(tmp_path, clock=ManualClock()) as house:
            key = await ready(house)
            await spend(house, key, 9)
            before = await found(house)
        async with open_house(tmp_path, clock=ManualClock()) as house:
            assert before
            assert await found(house) == before

    asyncio.run(story())


def test_the_same_conversation_again_and_again_is_written_down(tmp_path: Path) -> None:
    async def story() -> None:
        clock = ManualClock()
        async with open_house(tmp_path, clock=clock) as house:
            key = await ready(house, DIME)
            for _ in range(30):
                await ask(house, key, "the same")
                clock.advance(5)
            (finding,) = await found(house)
            assert finding.runaway.kind == "repeated"
            assert 12 <= finding.runaway.seen <= 24

    asyncio.run(story())


def test_as_many_conversations_that_differ_are_not(tmp_path: Path) -> None:
    async def story() -> None:
        clock = ManualClock()
        async with open_house(tmp_path, clock=clock) as house:
            key = await ready(house, DIME)
            for number in range(30):
                await ask(house, key, f"text {number:02} of a batch")
                clock.advance(5)
            assert await found(house) == []

    asyncio.run(story())


def test_nothing_is_looked_at_while_it_is_off(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_house(tmp_path, clock=ManualClock(), breaker="off") as house:
            key = await ready(house)
            await spend(house, key, 12)
            assert await found(house) == []
            assert not house.gateway.breaker.detectors.tokens.watched

    asyncio.run(story())


def test_a_floor_that_is_set_while_it_runs_counts_from_the_next_request_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_house(tmp_path, clock=ManualClock()) as house:
            key = await ready(house)
            await spend(house, key, 3)
            await house.gateway.live_settings.change({"breaker_floor_usd": "0.5"})
            await spend(house, key, 2)
            (finding,) = await found(house)
            assert finding.runaway.usual == 2_500_000_000

    asyncio.run(story())


def test_what_is_known_of_a_token_goes_with_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_house(tmp_path, clock=ManualClock()) as house:
            key = await ready(house)
            await spend(house, key, 2)
            (token,) = house.gateway.registry.tokens.all
            await house.gateway.registry.tokens.delete(token.id)
            assert not house.gateway.breaker.detectors.tokens.watched

    asyncio.run(story())


@pytest.mark.parametrize("count", [1001])
def test_the_latest_thousand_findings_are_kept(tmp_path: Path, count: int) -> None:
    async def story() -> None:
        async with open_house(tmp_path) as house:
            findings = house.gateway.breaker.findings
            for number in range(count):
                await findings.add(BreakerFinding(number, "token", "t", "name", Runaway("requests", 2, 1, 0), False))
            kept = await findings.latest(2000)
            assert [kept[0].at_ms, kept[-1].at_ms, len(kept)] == [1000, 1, 1000]

    asyncio.run(story())


def test_no_text_of_a_conversation_is_on_the_disk(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_house(tmp_path, clock=ManualClock()) as house:
            key = await ready(house, DIME)
            for _ in range(20):
                await ask(house, key, "an unmistakable canary")
            await found(house)

    asyncio.run(story())
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert b"unmistakable" not in file.read_bytes()
