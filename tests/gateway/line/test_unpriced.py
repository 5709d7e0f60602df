"""Models whose price nobody knows: a quota or budget cannot end what costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.token import Budget
from aihub_lite.gateway.upkeep.explain import explain
from tests.support.inprocess import AT_REST, MODEL, PRICE, House, open_house

Story = Callable[[House], Awaitable[None]]
LIMITS: dict[str, dict[str, Any]] = {
    "quota": {"quota_nano": 10**9},
    "budget": {"budget": Budget(nano=10**9, period="day")},
    "both": {"quota_nano": 10**9, "budget": Budget(nano=10**9, period="month")},
}
any_limit = pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)


def play(directory: Path, story: Story, **settings: Any) -> None:
    async def run() -> None:
        async with open_house(directory, **settings) as house:
            await story(house)
            assert AT_REST == await house.at_rest()

    asyncio.run(run())


async def paid_channel(house: House, **fields: Any) -> Channel:
    """One of a provider that sends bills, whose price nobody has set."""
    return await house.add_channel(price=None, provider="siliconflow", **fields)


@any_limit
def test_a_model_without_a_price_is_refused_to_who_has_a_limit(tmp_path: Path, limit: dict[str, Any]) -> None:
    """A token with a quota of a dollar went on for weeks: its model at a reseller had no price, so it cost nothing."""

    async def story(house: House) -> None:
        await paid_channel(house)
        _, key = await house.add_token(**limit)
        call = await house.ask(key).served()
        assert (403, "model_unpriced") == (call.status, call.code)
        error = call.json()["error"]
        assert {"code", "message", "type", "param"} == error.keys()
        assert ("new_api_error", None) == (error["type"], error["param"])
        for hint in ("price set model --input", "settings set unpriced allow"):
            assert hint in error["message"]
        assert [] == house.upstream.requests

    play(tmp_path, story)


def test_who_has_no_limit_may_use_a_model_without_a_price(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await paid_channel(house)
        _, key = await house.add_token()
        assert 200 == (await house.ask(key).served()).status
        assert [0] == [row["cost_nano"] for row in await house.records()]

    play(tmp_path, story)


@any_limit
def test_a_price_of_the_operators_lets_the_model_in_at_once(tmp_path: Path, limit: dict[str, Any]) -> None:
    async def story(house: House) -> None:
        await paid_channel(house)
        _, key = await house.add_token(**limit)
        before = await house.ask(key).served()
        await house.gateway.registry.models.set_price(MODEL, PRICE)
        after = await house.ask(key).served()
        assert (403, 200) == (before.status, after.status)
        assert 0 < (await house.records())[0]["cost_nano"]

    play(tmp_path, story)


def test_the_setting_lets_them_count_as_free(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await paid_channel(house)
        _, key = await house.add_token(**LIMITS["quota"])
        statuses = []
        for value in ("allow", "refuse", "allow"):
            await house.gateway.live_settings.change({"unpriced": value})
            statuses.append((await house.ask(key).served()).status)
        assert [200, 403, 200] == statuses

    play(tmp_path, story)


@pytest.mark.parametrize("provider", ["demo", "ollama", "lmstudio", "vllm"])
def test_what_runs_here_is_known_to_cost_nothing(tmp_path: Path, provider: str) -> None:
    async def story(house: House) -> None:
        base_url = {"base_url": "demo://builtin/v1"} if provider == "demo" else {}
        await house.add_channel(price=None, provider=provider, **base_url)
        _, key = await house.add_token(**LIMITS["quota"])
        assert 200 == (await house.ask(key).served()).status
        assert [0] == [row["cost_nano"] for row in await house.records()]

    play(tmp_path, story)


@pytest.mark.parametrize("limited", [True, False])
def test_no_failover_leads_to_a_channel_without_a_price(tmp_path: Path, limited: bool) -> None:
    """A model that costs nothing on one's own machine may be at a reseller too, who sends a bill that nobody sees."""

    async def story(house: House) -> None:
        await house.add_channel(price=None, priority=1)
        await paid_channel(house)
        _, key = await house.add_token(**(LIMITS["quota"] if limited else {}))
        house.upstream.queue += [(500, [b"{}"])]
        call = await house.ask(key).served()
        assert 200 == call.status
        (record,) = await house.records()
        assert ("channel-1" if limited else "channel-2") == record["channel"]

    play(tmp_path, story)


def test_a_priced_channel_that_is_down_is_no_matter_of_prices(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        down = await house.add_channel(price=None, keys=["sk-a"])
        await house.gateway.registry.channels.disable_key(down.id, "k1", "refused")
        await paid_channel(house)
        _, key = await house.add_token(**LIMITS["quota"])
        call = await house.ask(key).served()
        assert (503, "channel_unavailable") == (call.status, call.code)

    play(tmp_path, story)


@pytest.mark.parametrize("setting", ["refuse", "allow"])
def test_the_explained_route_says_what_has_no_price(tmp_path: Path, setting: str) -> None:
    async def story(house: House) -> None:
        await paid_channel(house)
        limited, _ = await house.add_token(**LIMITS["budget"])
        unlimited, _ = await house.add_token()
        told = explain(house.gateway, MODEL, limited)
        refusal = told.refusal.code if told.refusal else None
        expected: tuple[object, ...] = (None, 1, "priority 0")
        if setting == "refuse":
            expected = ("model_unpriced", None, "it has no price, and the token has a quota or budget")
        assert expected == (refusal, told.channels[0].place, told.channels[0].why)
        assert explain(house.gateway, MODEL, unlimited).refusal is None

    play(tmp_path, story, unpriced=setting)


def test_who_has_a_limit_is_refused_unless_the_operator_says_otherwise() -> None:
    assert ("refuse", "allow") == (Settings().unpriced, attrs.evolve(Settings(), unpriced="allow").unpriced)
