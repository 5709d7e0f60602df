"""Models that come to an upstream's list and go, beside a scripted upstream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.channel import UNCHANGED, ListChange
from aihub_lite.domain.money import Price, Rates
from aihub_lite.domain.route import NamedRoute, RouteStep
from aihub_lite.errors import UpstreamBroken
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.state.channels import NEWS_FOR
from aihub_lite.gateway.upkeep.model_refresh import relist, wait_until_due
from tests.gateway.upkeep.test_bootstrap import at, offered, run
from tests.support.clock import ManualClock
from tests.support.upstream.answers import error_answer, models_list
from tests.support.upstream.scripted import Upstream

PRICE = Price(Rates(1, 2), "operator")
POINTERS: dict[str, Callable[[Gateway], Awaitable[object]]] = {
    "alias fast": lambda gateway: gateway.registry.models.set_alias("fast", "old"),
    "route coding": lambda gateway: gateway.registry.routes.create(
        NamedRoute(name="coding", steps=(RouteStep(model="demo"), RouteStep(model="old")))
    ),
    "price": lambda gateway: gateway.registry.models.set_price("old", PRICE),
    "strategy": lambda gateway: gateway.registry.models.set_strategy("old", "cheapest"),
    "token bob": lambda gateway: gateway.registry.tokens.create(
        "bob", lambda token: attrs.evolve(token, models=("old", "gpt-*"))
    ),
}


@pytest.mark.parametrize("pointer", POINTERS)
def test_a_vanished_model_stays_while_something_points_at_it(tmp_path: Path, upstream: Upstream, pointer: str) -> None:
    """An alias, or a token that may use nothing else, was broken by an upstream's list that was cut short."""
    upstream.enqueue(models_list("old", "other"), models_list("new"), models_list("new"))

    async def story(gateway: Gateway) -> None:
        channel = await at(gateway, upstream.url)
        assert UNCHANGED == await relist(gateway, channel)
        await POINTERS[pointer](gateway)
        change = await relist(gateway, channel)
        assert ListChange(new=("new",), vanished=("other",), kept=("old",)) == change
        assert gateway.registry.catalog.resolve("old") is not None

    async def behind_a_restart(gateway: Gateway) -> None:
        assert UNCHANGED == await relist(gateway, gateway.registry.channels.get("openai"))
        assert ["new", "old"] == offered(gateway)
        (news,) = gateway.registry.news.latest
        assert ("openai", ("old",)) == (news.channel, news.change.kept)

    run(tmp_path, story, behind_a_restart)


def test_a_pattern_keeps_nothing(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("old", "new"), models_list("new"))

    async def story(gateway: Gateway) -> None:
        channel = await at(gateway, upstream.url)
        await relist(gateway, channel)
        await gateway.registry.tokens.create("bob", lambda token: attrs.evolve(token, models=("ol*",)))
        await relist(gateway, channel)
        assert ["new"] == offered(gateway)

    run(tmp_path, story)


def test_a_list_that_cannot_be_read_changes_nothing_and_is_no_news(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("old"), error_answer(500, "oops"))

    async def story(gateway: Gateway) -> None:
        channel = await at(gateway, upstream.url)
        await relist(gateway, channel)
        with pytest.raises(UpstreamBroken):
            await relist(gateway, channel)
        assert (["old"], []) == (offered(gateway), gateway.registry.news.latest)

    run(tmp_path, story)


def test_news_end_after_a_week(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("old"), models_list("new"))

    async def story(gateway: Gateway) -> None:
        channel = await at(gateway, upstream.url)
        await relist(gateway, channel)
        await relist(gateway, channel)
        board = gateway.registry.news
        clock = ManualClock(wall_now=gateway.clock.wall() + NEWS_FOR - 60)
        assert 1 == len(attrs.evolve(board, clock=clock).latest)
        clock.advance(120)
        assert [] == attrs.evolve(board, clock=clock).latest

    run(tmp_path, story)


def test_lists_are_due_as_soon_as_the_setting_says_so(tmp_path: Path) -> None:
    """A change would have counted from the next round on, up to six hours later."""

    async def story(gateway: Gateway) -> None:
        clock = ManualClock()
        waiting = asyncio.create_task(wait_until_due(attrs.evolve(gateway, clock=clock), None))
        await asyncio.sleep(0)
        clock.advance(2 * 3600)
        await gateway.live_settings.change({"model_refresh_hours": 3})
        await asyncio.sleep(0)
        assert not waiting.done()
        await gateway.live_settings.change({"model_refresh_hours": 1})
        await asyncio.wait_for(waiting, 10)

    run(tmp_path, story)


def test_no_hours_are_for_ever_but_a_list_that_failed_is_asked_for_again(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        await gateway.live_settings.change({"model_refresh_hours": 0})
        waiting = asyncio.create_task(wait_until_due(gateway, None))
        retrying = asyncio.create_task(wait_until_due(gateway, 0.001))
        await asyncio.wait_for(retrying, 10)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    run(tmp_path, story)
