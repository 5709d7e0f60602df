"""What a list of models says of each beside its price."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from aihub_lite.domain.catalog import TableEntry
from aihub_lite.domain.channel import ModelFacts, Offer
from aihub_lite.web.app import create_app
from tests.support.inprocess import PRICE, House, open_house

WIDE = ModelFacts(
    name="A Model", context_length=200_000, max_output_tokens=64_000, input_modalities=("text", "image", "file")
)
NARROW = ModelFacts(name="The Same", context_length=32_000, max_output_tokens=8192, input_modalities=("text", "image"))


def play(directory: Path, story: Callable[[House, str], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_house(directory, create_app) as house:
            _, key = await house.add_token()
            await story(house, key)

    asyncio.run(run())


async def offer(house: House, *facts: ModelFacts | None) -> None:
    """One channel for each, all with the same model."""
    for each in facts:
        await house.add_channel(offers=(Offer("model", "model-upstream", each),))


async def entry(house: House, key: str, **headers: str) -> dict[str, Any]:
    """The model in the list, which is the same as the model by itself."""
    said = [(name.replace("_", "-"), value) for name, value in headers.items()]
    listed = (await house.get("/v1/models", key, headers=said)).json()["data"]
    (found,) = [model for model in listed if model["id"] == "model"]
    assert found == (await house.get("/v1/models/model", key, headers=said)).json()
    return dict(found)


def test_a_model_is_listed_with_what_its_upstream_says_of_it(tmp_path: Path) -> None:
    """LibreChat, ChatBox and Cherry Studio read these, and assumed the smallest window and no pictures."""

    async def story(house: House, key: str) -> None:
        await offer(house, WIDE)
        said = await entry(house, key)
        assert ("A Model", 200_000, 64_000) == (said["name"], said["context_length"], said["max_output_tokens"])
        assert {"input_modalities": ["text", "image", "file"]} == said["architecture"]
        assert {"prompt", "completion"} == set(said["pricing"])

    play(tmp_path, story)


def test_of_several_channels_the_least_counts(tmp_path: Path) -> None:
    """A request may go to any of them."""

    async def story(house: House, key: str) -> None:
        await offer(house, WIDE, None, NARROW)
        said = await entry(house, key)
        assert ("A Model", 32_000, 8192) == (said["name"], said["context_length"], said["max_output_tokens"])
        assert {"input_modalities": ["text", "image"]} == said["architecture"]

    play(tmp_path, story)


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    """A null costs some clients the whole list."""

    async def story(house: House, key: str) -> None:
        await offer(house, None)
        said = await entry(house, key)
        assert not {"name", "context_length", "max_output_tokens", "architecture"} & set(said)
        assert None not in said.values()

    play(tmp_path, story)


def test_the_price_table_fills_in_what_the_upstream_leaves_out(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        registry = house.gateway.registry.channels
        keys = [("openai", name) for name in ("told", "untold")]
        registry.live_catalog.default_prices.update(dict.fromkeys(keys, PRICE))
        for key_ in keys:
            house.gateway.prices.entries[key_] = TableEntry(PRICE, 128_000, "GPT")
        for name, facts in (("told", ModelFacts(context_length=64_000)), ("untold", None)):
            change = partial(attrs.evolve, offers=(Offer(name, name, facts),))
            await registry.create(name, "openai", "https://a.example/v1", change)
        listed = (await house.get("/v1/models", key)).json()["data"]
        assert [("told", "GPT", 64_000), ("untold", "GPT", 128_000)] == [
            (model["id"], model["name"], model["context_length"]) for model in listed
        ]

    play(tmp_path, story)


def test_what_is_known_is_the_same_after_a_restart(tmp_path: Path) -> None:
    async def run() -> list[object]:
        seen: list[object] = []
        async with open_house(tmp_path, create_app) as house:
            _, key = await house.add_token()
            await offer(house, WIDE)
            seen.append(await entry(house, key))
        async with open_house(tmp_path, create_app) as house:
            seen.append(await entry(house, key))
        return seen

    first, second = asyncio.run(run())
    assert first == second


def test_an_anthropic_client_reads_the_name_too(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await offer(house, WIDE)
        assert "A Model" == (await entry(house, key, anthropic_version="2023-06-01"))["display_name"]

    play(tmp_path, story)


def test_an_alias_says_of_itself_what_its_model_does(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await offer(house, WIDE)
        await house.gateway.registry.models.set_alias("fast", "model")
        assert 200_000 == (await house.get("/v1/models/fast", key)).json()["context_length"]

    play(tmp_path, story)
