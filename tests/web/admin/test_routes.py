"""Strategies and the explained route over the admin API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.money import Price, Rates
from aihub_lite.gateway.routing.latency import MEMORY
from tests.support.clock import ManualClock
from tests.web.admin.desk import Desk, at_desk


async def add(desk: Desk, name: str, **fields: Any) -> str:
    """A channel that offers `m`; its id."""
    body = {"name": name, "provider": "openai", "base_url": "https://x.example/v1", "models": ["m"], "keys": ["sk-1"]}
    channel = await desk.call("POST", "/channels", {**body, **fields}, status=201)
    return str(channel["id"])


async def channels(desk: Desk, query: str = "") -> list[tuple[int | None, str, str]]:
    """Place, channel and reason of each channel of `m`."""
    answer = await desk.call("GET", f"/route?model=m{query}")
    return [(channel["place"], channel["channel"], channel["why"]) for channel in answer["channels"]]


def price(desk: Desk, upstream_model: str, rate: int) -> None:
    """What the price table says, in USD per million tokens."""
    rates = Rates(rate * 10**9, rate * 10**9)
    desk.gateway.registry.live_catalog.default_prices["openai", upstream_model] = Price(rates, source="test")


def fail(desk: Desk, channel_id: str) -> None:
    for _ in range(5):
        desk.gateway.health.failed(channel_id, "server")


def test_strategies_are_set_listed_and_deleted(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        every = {"model": None, "strategy": "sticky", "offered": True}
        one = {"model": "org/m", "strategy": "cheapest", "offered": False}
        assert every == await desk.call("PUT", "/strategies", {"strategy": "sticky"})
        assert one == await desk.call("PUT", "/strategies", {"model": "org/m", "strategy": "cheapest"})
        assert [every, one] == await desk.call("GET", "/strategies")
        assert {"model": "org/m", "deleted": True} == await desk.call("DELETE", "/strategies/org/m")
        assert {"model": None, "deleted": True} == await desk.call("DELETE", "/strategies")
        assert [] == await desk.call("GET", "/strategies")
        await desk.refused("DELETE", "/strategies", status=404)
        await desk.refused("DELETE", "/strategies/org/m", status=404)

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"strategy": "quick"}, "strategy"),
        ({}, "strategy"),
        ({"strategy": "sticky", "model": ""}, "model"),
        ({"strategy": "sticky", "model": "a b"}, "model"),
        ({"strategy": "sticky", "modle": "m"}, "modle"),
    ],
)
def test_a_wrong_strategy_is_refused_by_its_field(tmp_path: Path, body: dict[str, str], field: str) -> None:
    async def story(desk: Desk) -> None:
        assert field in await desk.refused("PUT", "/strategies", body)
        assert [] == await desk.call("GET", "/strategies")

    at_desk(tmp_path, story)


def test_a_route_shows_priorities_and_shares(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "light")
        await add(desk, "heavy", weight=3)
        await add(desk, "first", priority=5)
        expected = [
            (1, "first", "priority 5"),
            (2, "heavy", "priority 0, by chance: 75 % of this priority"),
            (3, "light", "priority 0, by chance: 25 % of this priority"),
        ]
        assert expected == await channels(desk)
        await desk.call("PUT", "/strategies", {"strategy": "sticky"})
        assert "priority 0, by conversation: 75 % of this priority" == (await channels(desk))[1][2]

    at_desk(tmp_path, story)


def test_a_route_by_price_shows_costs(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        price(desk, "dear", 10)
        price(desk, "cheap", 1)
        await add(desk, "a", models=["m=dear"], priority=9)
        await add(desk, "b", models=["m=cheap"])
        desk.gateway.registry.live_catalog.default_prices["openai", "unknown"] = None
        await add(desk, "c", models=["m=unknown"])
        await add(desk, "d", provider="ollama")
        await desk.call("PUT", "/strategies", {"model": "m", "strategy": "cheapest"})
        answer = await desk.call("GET", "/route?model=openai/m")
        shown = [(channel["channel"], channel["cost_usd"], channel["why"]) for channel in answer["channels"]]
        expected = [
            ("d", 0.0, "it costs nothing"),
            ("b", 0.005096, "by price"),
            ("a", 0.05096, "by price"),
            ("c", None, "its price is unknown, so it comes last"),
        ]
        assert expected == shown
        assert ("m", "cheapest", "model", None) == tuple(
            answer[field] for field in ("model", "strategy", "set_for", "refusal")
        )
        assert {"prompt_tokens": 1000, "completion_tokens": 4096} == answer["assumed"]

    at_desk(tmp_path, story)


def test_a_route_by_speed_shows_averages(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        ids = {name: await add(desk, name) for name in ("slow", "fast", "new", "waiting")}
        latencies, clock = desk.gateway.line.router.latencies, ManualClock()
        latencies.clock = clock
        latencies.measured((ids["slow"], "m", True), 2.0)
        clock.advance(MEMORY)
        latencies.measured((ids["fast"], "m", True), 0.25)
        latencies.measured((ids["fast"], "m", False), 9.0)
        latencies.started((ids["waiting"], "m", True))
        await desk.call("PUT", "/strategies", {"strategy": "fastest"})
        answer = await desk.call("GET", "/route?model=m")
        expected = [
            ("new", None, None, "not measured yet, so it comes first"),
            ("fast", 250, 9000, "by time to first content"),
            ("slow", 2000, None, "not asked for a while, so its 2.00 s count as 0.74 s"),
            ("waiting", None, None, "being measured"),
        ]
        fields = ("channel", "first_content_ms", "whole_answer_ms", "why")
        assert expected == [tuple(channel[field] for field in fields) for channel in answer["channels"]]
        assert "all" == answer["set_for"]

    at_desk(tmp_path, story)


def test_a_route_says_what_keeps_each_channel_out(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "well")
        await add(desk, "team", group="team", priority=9)
        await add(desk, "off", priority=8)
        await desk.call("POST", "/channels/off/disable")
        fail(desk, await add(desk, "cooling", priority=7))
        desk.gateway.health.rate_limit(await add(desk, "waiting", priority=6), "k1", 7.0)
        await add(desk, "unset", keys=["env:NOT_SET"], priority=5)
        spent = await add(desk, "spent", priority=4)
        await desk.gateway.registry.channels.disable_key(spent, "k1", "refused")
        desk.gateway.health.rests.begin((await add(desk, "resting", priority=3), "k1"), "the account is spent")

        explained = await channels(desk)
        assert (1, "well", "priority 0") == explained[0]
        assert [
            (None, "team", "it serves group team, not default"),
            (None, "off", f"disabled: {desk.gateway.registry.channels.get('off').disabled}"),
            (None, "cooling", "cooling down for 30 s after 5 faults in a row (server)"),
            (None, "waiting", "its upstream asked to wait (429): 7 s left"),
            (None, "unset", "no key can be used: k1: NOT_SET is not set"),
            (None, "spent", "no key can be used: k1 is disabled: refused"),
            (None, "resting", "its key rests for 300 s more: the account is spent"),
        ] == explained[1:]

    at_desk(tmp_path, story)


def test_the_last_channel_is_shown_as_tried_while_it_cools_down(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        fail(desk, await add(desk, "one"))
        [(place, name, why)] = await channels(desk)
        assert (1, "one", True) == (place, name, why.endswith("tried all the same, as no other is left"))

    at_desk(tmp_path, story)


def test_a_tokens_route_is_that_of_its_group_and_models(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "ours", group="team")
        await add(desk, "theirs")
        await desk.call("POST", "/tokens", {"name": "bob", "group": "team"}, status=201)
        await desk.call("POST", "/tokens", {"name": "eve", "models": ["gpt-*"]}, status=201)
        await desk.call("POST", "/tokens", {"name": "old", "enabled": False}, status=201)
        assert (1, "ours", "priority 0") == (await channels(desk, "&token=bob"))[0]
        for name, status, why in (
            ("eve", 403, "the token may not use the model"),
            ("old", 401, "the token is disabled or has expired"),
        ):
            answer = await desk.call("GET", f"/route?model=m&token={name}")
            assert status == answer["refusal"]["status"]
            assert {(None, why)} == {(channel["place"], channel["why"]) for channel in answer["channels"]}

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"group": "team"}, "model_not_found"), ({"keys": ["env:NOT_SET"]}, "channel_unavailable")],
)
def test_a_route_without_channels_shows_the_refusal_a_client_would_get(
    tmp_path: Path, fields: dict[str, Any], code: str
) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "one", **fields)
        answer = await desk.call("GET", "/route?model=m")
        assert (503, code) == (answer["refusal"]["status"], answer["refusal"]["code"])

    at_desk(tmp_path, story)


def test_a_model_that_only_a_disabled_channel_offers_is_explained(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "one")
        await desk.call("POST", "/channels/one/disable")
        answer = await desk.call("GET", "/route?model=m")
        assert ("channel_unavailable", [None]) == (
            answer["refusal"]["code"],
            [channel["place"] for channel in answer["channels"]],
        )

    at_desk(tmp_path, story)


@pytest.mark.parametrize("query", ["model=nope", "model=m&token=nobody"])
def test_an_unknown_model_or_token_has_no_route(tmp_path: Path, query: str) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "one")
        await desk.refused("GET", f"/route?{query}", status=404)

    at_desk(tmp_path, story)


def test_a_route_without_a_model_is_refused(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.refused("GET", "/route")

    at_desk(tmp_path, story)


def test_explaining_a_route_changes_nothing_of_the_next_choice(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "one")
        await add(desk, "two")
        await desk.call("PUT", "/strategies", {"strategy": "fastest"})
        router = desk.gateway.line.router
        before = router.random.getstate()
        first = await channels(desk)
        assert first == await channels(desk)
        assert (before, {}) == (router.random.getstate(), router.latencies._latencies)

    at_desk(tmp_path, story)
