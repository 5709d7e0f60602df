"""Large bodies are taken apart beside the loop, one at a time for each token."""

from __future__ import annotations

import asyncio
import threading

import attrs
import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.line.parsing import LARGE, Parsing
from tests.storage.facts import TOKEN

OTHER = "tok_other"


@attrs.define(eq=False)
class Slow:
    """A parser that takes as long as the test wants, and knows who is at work."""

    go_on: threading.Event = attrs.field(factory=threading.Event)
    begun: list[str] = attrs.field(factory=list)

    def __call__(self, body: str) -> str:
        self.begun.append(body)
        assert self.go_on.wait(60)
        return body.upper()


async def until_begun(slow: Slow, *bodies: str) -> None:
    async with asyncio.timeout(5):
        while sorted(slow.begun) != sorted(bodies):
            await asyncio.sleep(0.001)


def test_a_token_has_one_large_body_at_a_time_in_work_and_nobody_waits_for_it() -> None:
    """One body of 31 MB of tiny items held everybody up for 2.6 to 8.3 s."""

    async def story() -> None:
        parsing, slow = Parsing(), Slow()
        bodies = [("a", TOKEN.id), ("b", TOKEN.id), ("c", OTHER)]
        tasks = [asyncio.create_task(parsing.parsed(slow, body, LARGE + 1, token)) for body, token in bodies]
        await until_begun(slow, "a", "c")
        assert "SMALL" == await parsing.parsed(str.upper, "small", LARGE, TOKEN.id)
        await asyncio.sleep(0.02)  # time enough for the second to begin, if it did
        assert ["a", "c"] == sorted(slow.begun)
        slow.go_on.set()
        assert ["A", "B", "C"] == await asyncio.gather(*tasks)
        del tasks
        assert not parsing._turns

    asyncio.run(story())


@pytest.mark.parametrize("size", [0, LARGE + 1])
def test_a_refusal_comes_through_and_leaves_the_turn_free(size: int) -> None:
    def refuse(_: str) -> None:
        raise InvalidRequest("no")

    async def story() -> None:
        parsing = Parsing()
        for _ in range(2):
            with pytest.raises(InvalidRequest, match="no"):
                await parsing.parsed(refuse, "a", size, TOKEN.id)

    asyncio.run(story())
