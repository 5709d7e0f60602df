"""What a load balancer is told of a gateway whose disk takes nothing (T-55)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from aihub_lite.web.app import create_app
from tests.support.inprocess import House, open_house
from tests.support.storage import refusing
from tests.web.console.visitor import Shifted

pytestmark = pytest.mark.attack("T-55")

Story = Callable[[House, Shifted], Awaitable[None]]


def play(directory: Path, story: Story) -> None:
    async def run() -> None:
        clock = Shifted()
        async with open_house(directory, create_app, clock) as house:
            await story(house, clock)

    asyncio.run(run())


async def answered(house: House, path: str) -> tuple[int, str]:
    call = await house.get(path)
    return call.status, call.json()["status"]


def test_readyz_says_that_nothing_can_be_booked_before_the_first_request_fails(tmp_path: Path) -> None:
    """`/readyz` was 200 on a full disk, so that a balancer went on sending paid requests, which were all 503."""

    async def story(house: House, clock: Shifted) -> None:
        assert (200, "ready") == await answered(house, "/readyz")
        async with refusing(house.gateway.database):
            clock.ahead += 1
            assert (503, "storage_unavailable") == await answered(house, "/readyz")
            assert (200, "ok") == await answered(house, "/healthz")
        clock.ahead += 1
        assert (200, "ready") == await answered(house, "/readyz")

    play(tmp_path, story)


def test_readyz_waits_for_what_the_disk_has_refused(tmp_path: Path) -> None:
    """There is room again, but until the last requests are booked no new one starts."""

    async def story(house: House, clock: Shifted) -> None:
        await house.add_channel()
        _, key = await house.add_token()
        async with refusing(house.gateway.database):
            assert 503 == (await house.ask(key).served()).status
        clock.ahead += 1
        seen = [await answered(house, "/readyz")]
        while seen[-1][0] == 503:
            await asyncio.sleep(0.05)
            seen.append(await answered(house, "/readyz"))
        assert ((503, "storage_unavailable"), (200, "ready")) == (seen[0], seen[-1])

    play(tmp_path, story)


def test_strangers_who_ask_often_do_not_write_often(tmp_path: Path) -> None:
    async def story(house: House, clock: Shifted) -> None:
        async def changes() -> int:
            rows = await house.gateway.database._writer._connection.run(lambda each: each.total_changes)
            return int(rows)

        before = await changes()
        await asyncio.gather(*(answered(house, "/readyz") for _ in range(20)))
        assert 1 == await changes() - before

    play(tmp_path, story)
