"""The three first steps: there for who begins, ticked one by one by what is their own, and then gone for good."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.gateway.upkeep.bootstrap import create_known_channels
from tests.web.console.test_overview import ticked
from tests.web.console.test_requests import book
from tests.web.console.visitor import Visitor, at_console, console_of

OWN = {"name": "house", "provider": "demo", "models": ["m"]}


async def steps(visitor: Visitor) -> int | None:
    """How many of the steps are ticked; None once they are gone."""
    await create_known_channels(visitor.gateway)
    await visitor.sign_in()
    return ticked(await visitor.page("/console"))


def behind_a_restart(
    directory: Path, before: Callable[[Visitor], Awaitable[None]], after: Callable[[Visitor], Awaitable[None]]
) -> None:
    """Play two stories at one gateway, with a restart between them."""

    async def play() -> None:
        for story in (before, after):
            async with console_of(directory) as visitor:
                await story(visitor)

    asyncio.run(play())


async def begun(visitor: Visitor) -> None:
    """Channel, token and a call that the one has answered to the other."""
    await visitor.call("POST", "/channels", OWN, status=201)
    await visitor.call("POST", "/tokens", {"name": "ann"}, status=201)
    await book(visitor, "r1", channel="house", token="ann")


@pytest.mark.parametrize(
    "call",
    [{"channel": "demo", "token": "ann"}, {"channel": "house", "token": "console"}, {"channel": "", "token": "ann"}],
)
def test_no_call_of_the_demo_or_of_the_console_and_none_that_nobody_answered_ends_them(
    tmp_path: Path, call: dict[str, Any]
) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/tokens", {"name": "ann"}, status=201)
        await book(visitor, "r1", **call)
        assert 1 == await steps(visitor)
        await visitor.call("POST", "/channels", OWN, status=201)
        assert 2 == await steps(visitor)
        await book(visitor, "r2", channel="house", token="ann")
        assert await steps(visitor) is None

    at_console(tmp_path, story)


def test_what_the_demo_answered_counts_as_little_once_it_has_another_name(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert 0 == await steps(visitor)
        await book(visitor, "r1", channel="demo", token="ann")
        await visitor.call("PATCH", "/channels/demo", {"name": "toy"})
        await book(visitor, "r2", channel="toy", token="ann")
        assert 0 == await steps(visitor)

    at_console(tmp_path, story)


def test_they_are_the_same_behind_a_restart(tmp_path: Path) -> None:
    async def before(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", OWN, status=201)
        await book(visitor, "r1", channel="demo", token="ann")
        assert 1 == await steps(visitor)

    async def after(visitor: Visitor) -> None:
        assert 1 == await steps(visitor)

    behind_a_restart(tmp_path, before, after)


def test_they_do_not_return_when_all_is_deleted_nor_behind_a_restart(tmp_path: Path) -> None:
    async def before(visitor: Visitor) -> None:
        await begun(visitor)
        assert await steps(visitor) is None
        await visitor.call("DELETE", "/channels/house")
        await visitor.call("DELETE", "/tokens/ann")
        assert await steps(visitor) is None

    async def after(visitor: Visitor) -> None:
        assert await steps(visitor) is None

    behind_a_restart(tmp_path, before, after)
