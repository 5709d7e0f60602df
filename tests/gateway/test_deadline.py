"""The deadline that moves: it cuts what is silent, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from aihub_lite.gateway.deadline import Deadline

FOREVER = 60.0


def play(story: Callable[[], Awaitable[object]]) -> float:
    """How long a story took, in seconds."""

    async def run() -> None:
        await story()

    began = time.monotonic()
    asyncio.run(run())
    return time.monotonic() - began


def test_silence_has_no_end() -> None:
    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with Deadline(0.02):
                await asyncio.sleep(FOREVER)

    assert 0.02 <= play(story) < 1


def test_what_keeps_coming_is_cut_off() -> None:
    async def story() -> None:
        async with Deadline(0.04) as deadline:
            for _ in range(8):
                await asyncio.sleep(0.01)
                deadline.give(0.04)

    assert 0.08 <= play(story)


def test_a_deadline_brought_forward_rings_at_its_old_time() -> None:
    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with Deadline(FOREVER) as deadline:
                deadline.give(0.02)
                await asyncio.sleep(FOREVER)

    assert play(story) < 1


def test_more_time_goes_beyond_the_end_of_the_whole() -> None:
    async def story() -> None:
        until = asyncio.get_running_loop().time() + 0.03
        with pytest.raises(TimeoutError):
            async with Deadline(0.02) as deadline:
                while True:
                    deadline.give(0.02, until)
                    await asyncio.sleep(0.005)

    assert 0.03 <= play(story) < 1


def test_a_resting_deadline_rings() -> None:
    async def story() -> None:
        async with Deadline(0.01) as deadline:
            deadline.rest()
            await asyncio.sleep(0.04)

    play(story)


def test_a_deadline_that_rested_never_rings_again() -> None:
    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with Deadline(0.01) as deadline:
                deadline.rest()
                await asyncio.sleep(0.03)  # its timer rang meanwhile, and was put off
                deadline.give(0.01)
                await asyncio.sleep(FOREVER)

    assert play(story) < 1


def test_a_past_deadline_rings_beyond_its_block() -> None:
    async def story() -> None:
        async with Deadline(0.01):
            pass
        await asyncio.sleep(0.03)

    play(story)


def test_an_error_becomes_a_timeout() -> None:
    async def story() -> None:
        with pytest.raises(KeyError):
            async with Deadline(FOREVER):
                raise KeyError

    play(story)


@pytest.mark.parametrize("first", ["deadline", "cancellation"])
def test_a_cancellation_at_the_moment_of_the_deadline_becomes_a_timeout(first: str) -> None:
    async def silent() -> None:
        async with Deadline(0.01 if first == "deadline" else FOREVER) as deadline:
            if first == "cancellation":
                asyncio.get_running_loop().call_later(0.01, deadline.expire)
                deadline.at = 0.0
            await asyncio.sleep(FOREVER)

    async def story() -> None:
        task = asyncio.create_task(silent())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.01, task.cancel)
        time.sleep(0.02)  # both ring in one turn of the loop
        await asyncio.wait({task})
        assert task.cancelled()

    play(story)


@pytest.mark.parametrize("inner", [0.01, FOREVER])
def test_an_inner_deadline_takes_the_outer_ones_place(inner: float) -> None:
    raised: list[str] = []

    async def story() -> None:
        try:
            async with Deadline(0.03):
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


def test_a_large_deadline_breaks_the_loop() -> None:
    async def story() -> None:
        async with Deadline(10.0**9) as deadline:
            deadline.give(10.0**12)
            await asyncio.sleep(0)

    play(story)
