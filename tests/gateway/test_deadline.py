"""The deadline that moves: it cuts what is silent, and nothing else. Time passes only by the sleeps that stand here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from aihub_lite.gateway.deadline import TICK, Deadline
from tests.gateway import virtual_time
from tests.gateway.virtual_time import VirtualTimeLoop

FOREVER = 60.0


def play(story: Callable[[], Coroutine[Any, Any, object]]) -> float:
    """How long a story took, in seconds of its loop."""
    return virtual_time.run(story())


def test_silence_has_an_end() -> None:
    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with Deadline(0.02):
                await asyncio.sleep(FOREVER)

    assert 0.02 <= play(story) <= 0.02 + TICK


def test_what_keeps_coming_is_not_cut_off() -> None:
    async def story() -> None:
        async with Deadline(0.04) as deadline:
            for _ in range(8):
                await asyncio.sleep(0.03)
                deadline.give(0.04)

    assert pytest.approx(0.24) == play(story)


def test_a_deadline_brought_forward_rings_at_its_new_time() -> None:
    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with Deadline(FOREVER) as deadline:
                deadline.give(0.02)
                await asyncio.sleep(FOREVER)

    assert 0.02 <= play(story) <= 0.02 + TICK


def test_more_time_never_goes_beyond_the_end_of_the_whole() -> None:
    async def story() -> None:
        until = asyncio.get_running_loop().time() + 0.03
        with pytest.raises(TimeoutError):
            async with Deadline(0.02) as deadline:
                while True:
                    deadline.give(0.02, until)
                    await asyncio.sleep(0.005)

    assert 0.03 <= play(story) <= 0.03 + TICK + 0.005


def test_a_resting_deadline_does_not_ring() -> None:
    async def story() -> None:
        async with Deadline(0.01) as deadline:
            deadline.rest()
            await asyncio.sleep(0.04)

    play(story)


def test_a_deadline_that_rested_rings_again() -> None:
    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with Deadline(0.01) as deadline:
                deadline.rest()
                await asyncio.sleep(0.03)  # its timer rang meanwhile, and was put off
                deadline.give(0.01)
                await asyncio.sleep(FOREVER)

    assert 0.04 <= play(story) <= 0.04 + TICK


def test_a_past_deadline_rings_in_its_block_alone() -> None:
    async def story() -> None:
        async with Deadline(0.01):
            pass
        await asyncio.sleep(0.03)

    play(story)


def test_an_error_stays_what_it_is() -> None:
    async def story() -> None:
        with pytest.raises(KeyError):
            async with Deadline(FOREVER):
                raise KeyError

    play(story)


@pytest.mark.parametrize("first", ["deadline", "cancellation"])
def test_a_cancellation_at_the_moment_of_the_deadline_stays_a_cancellation(first: str) -> None:
    async def silent() -> None:
        async with Deadline(0.01 if first == "deadline" else FOREVER) as deadline:
            if first == "cancellation":
                asyncio.get_running_loop().call_later(0.01, deadline.expire)
                deadline.at = 0.0
            await asyncio.sleep(FOREVER)

    async def story() -> None:
        task = asyncio.create_task(silent())
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.call_later(0.01, task.cancel)
        loop.pass_time(2 * TICK)  # both ring in one turn of the loop
        await asyncio.wait({task})
        assert task.cancelled()

    play(story)


@pytest.mark.parametrize("inner", [0.01, FOREVER])
def test_an_inner_deadline_takes_the_outer_ones_place(inner: float) -> None:
    raised: list[str] = []

    async def story() -> None:
        try:
            async with Deadline(0.5):
                try:
                    async with Deadline(inner):
                        await asyncio.sleep(FOREVER)
                except TimeoutError:
                    raised.append("inner")
                await asyncio.sleep(FOREVER)
        except TimeoutError:
            raised.append("outer")
        task = asyncio.current_task()
        assert task is not None
        assert 0 == task.cancelling()

    play(story)
    assert (["inner", "outer"] if inner == 0.01 else ["outer"]) == raised


def test_a_large_deadline_breaks_nothing() -> None:
    async def story() -> None:
        async with Deadline(10.0**9) as deadline:
            deadline.give(10.0**12)
            await asyncio.sleep(0)

    play(story)
