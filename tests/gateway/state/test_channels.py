"""Channels: what an operator or an upstream changes is checked, lasting and seen at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.channel import Offer, keys_of
from aihub_lite.domain.money import Price
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.state.live_catalog import PriceKey
from aihub_lite.gateway.state.registry import Registry
from tests.gateway.state.registries import PRICE, add, opened, run


def test_a_model_is_priced_when_it_becomes_visible(tmp_path: Path) -> None:
    async def story() -> Price:
        async def look_up(keys: Sequence[PriceKey]) -> Mapping[PriceKey, Price | None]:
            assert registry.catalog.resolve("m") is None
            return dict.fromkeys(keys, PRICE)

        async with opened(tmp_path, look_up) as registry:
            channel = await add(registry, "one", "first")
            await registry.channels.edit(channel.id, lambda each: attrs.evolve(each, discovered=True))
            await registry.channels.set_offers(channel.id, (Offer("m", "m"),))
            resolved = registry.catalog.resolve("m")
            assert resolved is not None
            return resolved[0].candidates[0].price

    assert PRICE == asyncio.run(story())


def test_models_that_a_person_chose_are_not_replaced_by_the_upstreams_list(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        channel = await add(registry, "one", "chosen")
        await registry.channels.set_offers(channel.id, (Offer("listed", "listed"),))
        assert ["chosen"] == [offer.model for offer in registry.channels.get("one").offers]

    run(tmp_path, story)


def test_enabling_a_channel_brings_back_its_keys(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        channel = await add(registry)
        assert await registry.channels.disable_key(channel.id, "k1", "refused")
        await registry.channels.disable("one", "by hand")
        assert registry.catalog.resolve("m") is None
        await registry.channels.enable("one")
        assert ["", ""] == [key.disabled for key in registry.channels.get("one").keys]
        assert registry.catalog.resolve("m") is not None

    run(tmp_path, story)


def test_a_late_refusal_of_a_replaced_key_does_not_disable_the_new_one(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        channel = await add(registry, keys=("sk-old",))
        await registry.channels.edit("one", lambda each: attrs.evolve(each, keys=keys_of(["sk-new"], each.keys)))
        assert not await registry.channels.disable_key(channel.id, "k1", "refused")
        assert [""] == [key.disabled for key in registry.channels.get("one").keys]

    run(tmp_path, story)


def test_a_second_refusal_of_a_key_writes_nothing(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        channel = await add(registry)
        first = await registry.channels.disable_key(channel.id, "k1", "refused")
        second = await registry.channels.disable_key(channel.id, "k1", "refused again")
        assert (True, False) == (first, second)
        assert "refused" == registry.channels.get("one").keys[0].disabled

    run(tmp_path, story)


@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://example.com",
        "example.com/v1",
        "https://user:secret@example.com/v1",
        "https://example.com/v1?x=1",
        "https://example.com#/v1",
        "https://",
        "https://example.com:99999/",
        "https://exa mple.com",
        "https://example.com\\@evil.example/",
    ],
)
def test_a_base_url_that_could_send_the_key_elsewhere_is_refused(tmp_path: Path, base_url: str) -> None:
    async def story(registry: Registry) -> None:
        with pytest.raises(InvalidRequest, match="base_url:") as refused:
            await registry.channels.create("one", "openai", base_url)
        assert "secret" not in str(refused.value)

    run(tmp_path, story)


def test_no_error_of_a_bad_key_repeats_it(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        with pytest.raises(InvalidRequest) as refused:
            await add(registry, keys=("sk-sécret",))
        assert "cret" not in refused.value.message

    run(tmp_path, story)


def test_no_log_of_any_level_holds_a_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def story(registry: Registry) -> None:
        await add(registry, keys=("sk-canary-0123456789",))
        await registry.channels.enable("one")

    run(tmp_path, story)
    assert "canary" not in caplog.text
