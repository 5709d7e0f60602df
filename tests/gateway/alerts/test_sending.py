"""Alerts arrive beside everything else, late rather than never, and cost nothing but their own destination."""

from __future__ import annotations

import asyncio
from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.alerts.destination import AlertDestination
from aihub_lite.domain.alerts.events import Alert
from aihub_lite.gateway.alerts.outbox import MOST_TRIES, MOST_WAITING, pause_after
from aihub_lite.storage.alerts.messages import Message, Queued
from tests.gateway.alerts.watched import Watched, address, receiver, titles, watched
from tests.support.clock import MONDAY, ManualClock
from tests.support.upstream.answers import json_answer
from tests.support.upstream.scripted import Upstream

HOUR = 3600


def alert(title: str) -> Alert:
    return Alert(event="disk", title=title, advice="", page="", at=0)


async def queue(room: Watched, destination: AlertDestination, *names: str) -> None:
    """Alerts for a destination, due now."""
    now = int(room.clock.wall())
    queued = [Queued(destination_id=destination.id, alert=alert(name), due=now) for name in names]
    await room.gateway.alerts.outbox.tell([], [], queued)


async def latest(room: Watched, destination: AlertDestination) -> list[Message]:
    return await room.gateway.alerts.outbox.store.latest(destination.id, 200)


def test_what_comes_up_in_quiet_hours_is_sent_together_at_their_end(tmp_path: Path) -> None:
    async def story() -> None:
        clock = ManualClock(wall_now=MONDAY + 21.5 * HOUR)  # 22:30 in Berlin
        with receiver() as upstream:
            async with watched(tmp_path, clock) as room:
                await room.to(upstream, quiet="22:00-07:00@Europe/Berlin")
                await room.token(0.9, "ann")
                await room.look()
                await room.token(1.0, "bob")
                for _ in range(16):
                    clock.advance(HOUR / 2)
                    await room.look()
                assert [] == upstream.requests
            # A restart in the night keeps them.
            async with watched(tmp_path, clock) as room:
                clock.advance(HOUR / 2)
                await room.gateway.alerts.outbox.deliver_due()
            (told,) = titles(upstream.requests)
            assert ["ann has used 80 % of a limit", "bob has used all of a limit"] == told

    asyncio.run(story())


def test_critical_alerts_pass_the_quiet_hours_if_that_is_set(tmp_path: Path) -> None:
    async def story() -> None:
        clock = ManualClock(wall_now=MONDAY + 21.5 * HOUR)
        with receiver() as upstream:
            async with watched(tmp_path, clock) as room:
                await room.to(upstream, quiet="22:00-07:00@Europe/Berlin", urgent=True)
                await room.token(0.9, "ann")
                await room.token(1.0, "bob")
                await room.look()
                assert [["bob has used all of a limit"]] == titles(upstream.requests)

    asyncio.run(story())


def test_a_destination_that_hangs_costs_no_other_anything(tmp_path: Path) -> None:
    async def story() -> None:
        with Upstream([]) as silent, receiver() as upstream:
            async with watched(tmp_path) as room:
                outbox = room.gateway.alerts.outbox
                hanging = await room.to(silent, "hanging")
                await room.to(upstream, "well")
                await room.token(1.0)
                await room.watch.look()
                sending = asyncio.create_task(outbox.deliver_due())
                await asyncio.to_thread(upstream.wait_requests, 1)
                await asyncio.to_thread(silent.wait_requests, 1)
                assert not sending.done()
                await outbox.finish(0.05)
                await sending
                (message,) = await latest(room, hanging)
                assert ("waiting", 0) == (message.state, message.tries)

    asyncio.run(story())


def test_what_a_run_did_not_get_away_the_next_one_sends(tmp_path: Path) -> None:
    async def story() -> None:
        clock = ManualClock()
        with receiver() as upstream:
            upstream.enqueue([])
            async with watched(tmp_path, clock) as room:
                await room.to(upstream)
                await room.token(1.0)
                await room.watch.look()
                await room.gateway.alerts.outbox.finish(0.05)
            async with watched(tmp_path, clock) as room:
                await room.gateway.alerts.outbox.deliver_due()
                (destination,) = room.gateway.alerts.destinations.by_id.values()
                assert ["sent"] == [message.state for message in await latest(room, destination)]
            assert titles(upstream.requests)[-1] == ["bob has used all of a limit"]

    asyncio.run(story())


def test_an_end_sends_what_is_due(tmp_path: Path) -> None:
    async def story() -> None:
        with receiver() as upstream:
            async with watched(tmp_path) as room:
                destination = await room.to(upstream)
                await queue(room, destination, "last words")
                await room.gateway.alerts.outbox.finish(20)
            assert [["last words"]] == titles(upstream.requests)

    asyncio.run(story())


def test_a_429_is_obeyed(tmp_path: Path) -> None:
    async def story() -> None:
        with receiver() as upstream:
            upstream.enqueue(json_answer(429, {}, [("retry-after", "120")]))
            async with watched(tmp_path) as room:
                destination = await room.to(upstream)
                outbox = room.gateway.alerts.outbox
                await queue(room, destination, "one")
                for wait in (0, 60, 59):
                    room.clock.advance(wait)
                    await outbox.deliver_due()
                    assert 1 == len(upstream.requests)
                room.clock.advance(1)
                await outbox.deliver_due()
                assert [["one"], ["one"]] == titles(upstream.requests)
                ids = {request.header("webhook-id") for request in upstream.requests}
                assert 1 == len(ids)
                (message,) = await latest(room, destination)
                assert ("sent", 2, "") == (message.state, message.tries, message.error)

    asyncio.run(story())


def test_faults_that_may_pass_are_tried_again_ever_more_seldom_and_then_given_up(tmp_path: Path) -> None:
    async def story() -> None:
        with Upstream(json_answer(503, {})) as upstream:
            async with watched(tmp_path) as room:
                destination = await room.to(upstream)
                await queue(room, destination, "one")
                for tries in range(1, MOST_TRIES + 1):
                    await room.gateway.alerts.outbox.deliver_due()
                    assert tries == len(upstream.requests)
                    room.clock.advance(pause_after(tries) - 1)
                    await room.gateway.alerts.outbox.deliver_due()
                    assert tries == len(upstream.requests)
                    room.clock.advance(1)
                (message,) = await latest(room, destination)
                assert ("failed", MOST_TRIES, "webhook answered 503") == (message.state, message.tries, message.error)
                await room.gateway.alerts.outbox.deliver_due()
                assert MOST_TRIES == len(upstream.requests)

    asyncio.run(story())


def test_a_refusal_for_good_is_not_tried_again(tmp_path: Path) -> None:
    async def story() -> None:
        with Upstream(json_answer(404, {})) as upstream:
            async with watched(tmp_path) as room:
                destination = await room.to(upstream)
                await queue(room, destination, "one")
                for _ in range(2):
                    await room.gateway.alerts.outbox.deliver_due()
                    room.clock.advance(HOUR)
                assert 1 == len(upstream.requests)
                assert ["failed"] == [message.state for message in await latest(room, destination)]

    asyncio.run(story())


def test_a_queue_is_bounded_and_its_oldest_give_way(tmp_path: Path) -> None:
    async def story() -> None:
        with receiver() as upstream:
            async with watched(tmp_path) as room:
                destination = await room.to(upstream, enabled=False)
                names = [f"alert {number}" for number in range(MOST_WAITING + 5)]
                await queue(room, destination, *names)
                states = [message.state for message in await latest(room, destination)]
                assert (MOST_WAITING, 5) == (states.count("waiting"), states.count("failed"))
                await room.gateway.alerts.destinations.edit("ops", _enabled)
                for _ in range(3):
                    await room.gateway.alerts.outbox.deliver_due()
                assert names[5:] == [title for told in titles(upstream.requests) for title in told]

    asyncio.run(story())


def _enabled(destination: AlertDestination) -> AlertDestination:
    return attrs.evolve(destination, enabled=True)


def test_what_waits_for_a_destination_goes_with_it(tmp_path: Path) -> None:
    async def story() -> None:
        with receiver() as upstream:
            async with watched(tmp_path) as room:
                destination = await room.to(upstream)
                await queue(room, destination, "one")
                await room.gateway.alerts.destinations.delete("ops")
                await room.gateway.alerts.outbox.deliver_due()
                assert ([], []) == (upstream.requests, await latest(room, destination))

    asyncio.run(story())


def test_the_outbox_sends_by_itself_what_is_due(tmp_path: Path) -> None:
    async def story() -> None:
        with receiver() as upstream:
            async with watched(tmp_path) as room:
                destination = await room.to(upstream)
                task = asyncio.create_task(room.gateway.alerts.outbox.run())
                await queue(room, destination, "one")
                await asyncio.to_thread(upstream.wait_requests, 1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await room.gateway.alerts.outbox.finish(20)

    asyncio.run(story())


def test_an_address_of_nobody_is_a_fault_that_may_pass(tmp_path: Path) -> None:
    async def story() -> None:
        with receiver() as upstream:
            gone = address(upstream)
        async with watched(tmp_path) as room:
            destination = await room.gateway.alerts.destinations.add("ops", gone, "", {})
            await queue(room, destination, "one")
            await room.gateway.alerts.outbox.deliver_due()
            (message,) = await latest(room, destination)
            assert ("waiting", 1) == (message.state, message.tries)
            assert message.error.startswith("could not connect")

    asyncio.run(story())
