"""Changes run one after the other, each to its end."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from aihub_lite.gateway.state.changes import Changes, serialized


@attrs.define(eq=False)
class Diary:
    """Writes down when its changes begin and end."""

    gate: asyncio.Event = attrs.field(factory=asyncio.Event)
    entries: list[str] = attrs.field(factory=list)
    changes: Changes = attrs.field(factory=Changes)

    @serialized
    async def change(self, name: str) -> str:
        self.entries.append(f"{name} begins")
        await self.gate.wait()
        self.entries.append(f"{name} ends")
        return name

    @serialized
    async def fail(self) -> None:
        raise KeyError


def test_a_change_begins_when_the_one_before_has_ended() -> None:
    async def story() -> list[str]:
        diary = Diary()
        changes = asyncio.gather(diary.change("first"), diary.change("second"))
        await asyncio.sleep(0)
        diary.gate.set()
        assert ["first", "second"] == [*await changes]
        return diary.entries

    assert ["first begins", "first ends", "second begins", "second ends"] == asyncio.run(story())


@pytest.mark.parametrize("waits", range(4))
def test_a_change_whose_caller_is_cancelled_is_finished(waits: int) -> None:
    async def story() -> list[str]:
        diary = Diary()
        caller = asyncio.create_task(diary.change("first"))
        for _ in range(waits + 1):
            await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        diary.gate.set()
        await diary.change("second")
        return diary.entries

    assert ["first begins", "first ends", "second begins", "second ends"] == asyncio.run(story())


def test_a_change_that_fails_lets_its_caller_know_and_the_next_one_run() -> None:
    async def story() -> str:
        diary = Diary()
        diary.gate.set()
        failing = asyncio.create_task(diary.fail())
        changing = asyncio.create_task(diary.change("next"))
        with pytest.raises(KeyError):
            await failing
        return await changing

    assert "next" == asyncio.run(story())
