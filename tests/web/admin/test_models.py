"""Models over the admin API: what clients may ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aihub_lite.domain.money import Price, Rates
from tests.web.admin.desk import Desk, at_desk


async def add(desk: Desk, name: str, *models: str, **fields: Any) -> None:
    """A channel that offers these models."""
    body = {"name": name, "provider": "openai", "base_url": "https://x.example/v1", "models": models, "keys": ["sk-1"]}
    await desk.call("POST", "/channels", {**body, **fields}, status=201)


def know(desk: Desk, upstream_model: str, rate: int | None) -> None:
    """What the price table says, in USD per million tokens."""
    price = None if rate is None else Price(Rates(rate * 10**9, rate * 10**9), source="table", as_of="2026-10-01")
    desk.gateway.registry.live_catalog.default_prices["openai", upstream_model] = price


async def ids(desk: Desk, query: str = "") -> list[str]:
    return [model["id"] for model in (await desk.call("GET", f"/models{query}"))["models"]]


def test_models_are_listed_by_id_with_the_demo_last(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for model in ("b", "Z", "a"):
            know(desk, model, None)
        await add(desk, "c", "b", "Z", "a")
        await add(desk, "d", "a-demo", provider="demo", base_url="demo://demo")
        assert ["a", "b", "Z", "a-demo"] == await ids(desk)

    at_desk(tmp_path, story)


def test_a_tokens_list_holds_only_models_it_may_use(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for model in ("a", "b", "c"):
            know(desk, model, None)
        await add(desk, "ours", "a", "b", group="team")
        await add(desk, "theirs", "c")
        await desk.call("POST", "/tokens", {"name": "bob", "group": "team", "models": ["b", "c"]}, status=201)
        assert ["b"] == await ids(desk, "?token=bob")
        await desk.refused("GET", "/models?token=nobody", status=404)

    at_desk(tmp_path, story)


def test_a_model_is_shown_with_its_other_names_by_any_of_them(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        know(desk, "gpt-4.1", 1)
        know(desk, "openai/gpt-4.1", 1)
        await add(desk, "plain", "gpt-4.1")
        await add(desk, "prefixed", "openai/gpt-4.1")
        await add(desk, "elsewhere", "claude-opus-4-1", provider="ollama")
        await desk.call("POST", "/aliases", {"alias": "team/best", "model": "gpt-4.1"})
        for name in ("gpt-4.1", "team/best", "openai%2Fgpt-4.1"):
            shown = await desk.call("GET", f"/models/{name}")
            assert ("gpt-4.1", ["openai/gpt-4.1"], ["team/best"]) == (shown["id"], shown["names"], shown["aliases"])
        assert "claude-opus-4.1" in (await desk.call("GET", "/models/claude-opus-4-1"))["builtin_aliases"]
        await desk.refused("GET", "/models/nope", status=404)

    at_desk(tmp_path, story)


def test_an_operators_price_counts_and_the_tables_is_still_shown(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        know(desk, "m", 3)
        await add(desk, "c", "m")
        before = await desk.call("GET", "/models/m")
        assert (None, "table", "2026-10-01") == (
            before["priced_as"],
            before["channels"][0]["price"]["source"],
            before["channels"][0]["price"]["as_of"],
        )
        await desk.call("POST", "/prices", {"model": "m", "input": "1", "output": "2"})
        after = await desk.call("GET", "/models/m")
        (channel,) = after["channels"]
        assert ("m", 1.0, 3.0, "operator") == (
            after["priced_as"],
            channel["price"]["input"],
            channel["table_price"]["input"],
            channel["price"]["source"],
        )
        assert 10 == len(channel["price"]["as_of"])

    at_desk(tmp_path, story)


def test_a_price_is_shown_with_the_name_it_was_set_under(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        know(desk, "ai21/jamba", None)
        await add(desk, "c", "ai21/jamba")
        await desk.call("POST", "/prices", {"model": "ai21/jamba", "input": "1", "output": "2"})
        shown = await desk.call("GET", "/models/jamba")
        assert ("jamba", "ai21/jamba") == (shown["id"], shown["priced_as"])

    at_desk(tmp_path, story)


def test_an_unpriced_model_and_a_free_one_are_marked_as_such(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        know(desk, "unknown", None)
        await add(desk, "paid", "unknown")
        await add(desk, "box", "llama", provider="ollama")
        shown = (await desk.call("GET", "/models"))["models"]
        flags = [(model["id"], model["unpriced"], model["channels"][0]["price"]["free"]) for model in shown]
        assert [("llama", False, True), ("unknown", True, False)] == flags

    at_desk(tmp_path, story)


def test_a_models_context_is_the_smallest_known_of_its_channels(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "long", "m=gpt-4.1")
        await add(desk, "short", "m=gpt-4o")
        await add(desk, "box", "m=gpt-4", provider="ollama")
        shown = await desk.call("GET", "/models/m")
        windows = {channel["channel"]: channel["context_window"] for channel in shown["channels"]}
        assert (128_000, None, True) == (shown["context_window"], windows["box"], windows["long"] > 900_000)

    at_desk(tmp_path, story)


def test_a_models_channels_stand_in_the_order_of_their_priority(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        know(desk, "m", None)
        know(desk, "up", None)
        await add(desk, "second", "m")
        await add(desk, "first", "m=up", priority=5, group="team")
        await desk.call("PUT", "/strategies", {"model": "m", "strategy": "cheapest"})
        shown = await desk.call("GET", "/models/m")
        channels = [(channel["channel"], channel["upstream_model"], channel["group"]) for channel in shown["channels"]]
        assert [("first", "up", "team"), ("second", "m", "default")] == channels
        assert ("cheapest", True) == (shown["strategy"], shown["strategy_set"])

    at_desk(tmp_path, story)
