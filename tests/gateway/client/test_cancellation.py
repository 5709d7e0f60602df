"""Cancellation: a request ends when its client leaves or somebody ends it, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import Outcome
from aihub_lite.gateway.client.cancellation import Cancellation, Cut
from aihub_lite.gateway.client.exchange import JSON_HEADERS, Exchange
from aihub_lite.gateway.state.flight import Flight
from tests.support.asgi import Call

TOKEN = Token(id="tok_1", name="one", digest="", hint="", created_at=0)
FOREVER = 60.0


def flight() -> Flight:
    return Flight(
        request_id="r", token=TOKEN, surface="chat", model="m", streamed=True, client="", started=0.0, started_ms=0
    )


class Scene:
    """A client, its exchange and its flight; `during` runs inside the presence."""

    def __init__(self, grace: float = 0.0) -> None:
        self.call = Call("/")
        self.exchange = Exchange(self.call.scope, self.call.receive, self.call.send, "r", 0.0, "")
        self.flight = flight()
        self.grace = grace
        self.asked = 0

    def _grace(self) -> float:
        self.asked += 1
        return self.grace

    async def play(self, during: Callable[[], Awaitable[object]]) -> Outcome | str:
        """How the block ended: the outcome of a cut, or "whole"."""
        try:
            async with Cancellation(self.exchange, self.flight, self._grace):
                await during()
        except Cut as cut:
            return cut.outcome
        return "whole"


def test_a_request_ends_with_its_client() -> None:
    async def story() -> None:
        scene = Scene()
        scene.call.leave()
        assert "client_gone" == await scene.play(lambda: asyncio.sleep(FOREVER))
        assert scene.exchange.gone

    asyncio.run(story())


def test_a_request_in_its_grace_goes_on_without_its_client() -> None:
    async def story() -> None:
        scene = Scene(grace=FOREVER)
        scene.call.leave()
        assert "whole" == await scene.play(lambda: asyncio.sleep(0.01))  # the request's own work
        assert (True, 1) == (scene.exchange.gone, scene.asked)

    asyncio.run(story())


def test_grace_ends() -> None:
    async def story() -> None:
        scene = Scene(grace=0.01)
        scene.call.leave()
        assert "client_gone" == await scene.play(lambda: asyncio.sleep(FOREVER))

    asyncio.run(story())


def test_a_body_that_goes_on_is_no_departure() -> None:
    async def story() -> None:
        scene = Scene()
        scene.call.feed(b"late", more=True)
        scene.call.feed(b"r", more=False)
        assert "whole" == await scene.play(lambda: asyncio.sleep(0.01))  # the request's own work

    asyncio.run(story())


def test_a_request_can_be_ended_from_outside() -> None:
    async def story() -> None:
        scene = Scene()
        asyncio.get_running_loop().call_soon(lambda: scene.flight.cut("stopped"))
        assert "stopped" == await scene.play(lambda: asyncio.sleep(FOREVER))

    asyncio.run(story())


def test_the_first_cut_wins() -> None:
    async def story() -> None:
        scene = Scene()

        def twice() -> None:
            scene.flight.cut("stopped")
            scene.flight.cut("client_gone")

        asyncio.get_running_loop().call_soon(twice)
        assert "stopped" == await scene.play(lambda: asyncio.sleep(FOREVER))

    asyncio.run(story())


def test_a_cut_after_the_answer_changes_nothing() -> None:
    async def story() -> None:
        scene = Scene()

        async def answer() -> None:
            await scene.exchange.answer(200, JSON_HEADERS, b"{}")
            scene.flight.cut("stopped")
            scene.call.leave()
            await asyncio.sleep(0.01)  # the request goes on for a while

        assert "whole" == await scene.play(answer)
        assert not scene.exchange.gone

    asyncio.run(story())


def test_a_cut_that_comes_too_late_hits_nothing_that_follows() -> None:
    async def story() -> None:
        scene = Scene()

        async def cut_and_return() -> None:
            scene.flight.cut("stopped")

        assert "whole" == await scene.play(cut_and_return)
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        assert 0 == task.cancelling()

    asyncio.run(story())


@pytest.mark.parametrize("cut_first", [True, False])
def test_a_cancellation_by_somebody_else_stays_a_cancellation(cut_first: bool) -> None:
    async def story() -> None:
        scene = Scene()
        began = asyncio.Event()

        async def work() -> None:
            began.set()
            await asyncio.sleep(FOREVER)

        task = asyncio.create_task(scene.play(work))
        await began.wait()
        if cut_first:
            scene.flight.cut("stopped")
        task.cancel()
        scene.flight.cut("stopped")
        await asyncio.wait({task})
        assert task.cancelled()

    asyncio.run(story())


def test_a_timeout_inside_stays_a_timeout() -> None:
    async def story() -> None:
        scene = Scene()

        async def slow() -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await asyncio.sleep(FOREVER)

        assert "whole" == await scene.play(slow)

    asyncio.run(story())


def test_a_cut_inside_a_timeout_stays_a_cut() -> None:
    async def story() -> None:
        scene = Scene()

        async def slow() -> None:
            async with asyncio.timeout(FOREVER):
                scene.flight.cut("stopped")
                await asyncio.sleep(FOREVER)

        assert "stopped" == await scene.play(slow)

    asyncio.run(story())


def test_a_flight_that_landed_can_be_cut_no_more() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.play(lambda: asyncio.sleep(0))
        scene.flight.cut("stopped")
        await asyncio.sleep(0)

    asyncio.run(story())


def test_the_watch_ends_with_the_request() -> None:
    async def story() -> None:
        before = asyncio.all_tasks()
        await Scene().play(lambda: asyncio.sleep(0))
        await asyncio.sleep(0)
        assert before == asyncio.all_tasks()

    asyncio.run(story())
