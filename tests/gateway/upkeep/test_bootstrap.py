"""What appears by itself, beside a scripted upstream instead of the real providers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import attrs
import pytest

from aihub_lite.config import Settings
from aihub_lite.domain.channel import BY_OPERATOR, Channel, switched_off
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.upkeep.bootstrap import (
    automatic_channel,
    create_known_channels,
    discovering,
    keep_discovering,
)
from aihub_lite.gateway.upkeep.model_refresh import refresh
from aihub_lite.upstream.providers import PROVIDERS
from tests.support.upstream.answers import error_answer, models_list
from tests.support.upstream.scripted import Upstream, refused
from tests.support.upstream.steps import Hang

KEY = "sk-environment-0123456789"
ENVIRON = {"OPENAI_API_KEY": KEY}
Story = Callable[[Gateway], Awaitable[None]]


def run(directory: Path, *stories: Story, environ: Mapping[str, str] | None = None) -> None:
    """Each story on a gateway started anew on the same directory."""

    async def play() -> None:
        for story in stories:
            settings = Settings(data_dir=directory, discover_local=False)
            async with open_gateway(settings, ENVIRON if environ is None else environ) as gateway:
                await story(gateway)

    asyncio.run(play())


async def at(gateway: Gateway, url: str) -> Channel:
    """The channel of the environment's key, moved to a scripted upstream."""
    await create_known_channels(gateway)
    return await gateway.registry.channels.edit("openai", lambda each: attrs.evolve(each, base_url=url))


def offered(gateway: Gateway, name: str = "openai") -> list[str]:
    return [offer.model for offer in gateway.registry.channels.get(name).offers]


def test_with_nothing_configured_there_is_the_demo_and_nothing_else(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        async with discovering(gateway):
            assert ["demo"] == list(gateway.registry.catalog.models)

    run(tmp_path, story, environ={})


def test_a_key_in_the_environment_is_never_copied_to_the_database(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        await create_known_channels(gateway)
        assert "env:OPENAI_API_KEY" == gateway.registry.channels.get("openai").keys[0].ref.value

    run(tmp_path, story)
    assert not [path for path in tmp_path.iterdir() if KEY.encode() in path.read_bytes()]


def test_an_application_in_the_environment_is_a_channels_key(tmp_path: Path) -> None:
    application = {"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": KEY}

    async def story(gateway: Gateway) -> None:
        await create_known_channels(gateway)
        channel = gateway.registry.channels.get("azure")
        assert "https://name.openai.azure.com/openai/v1" == channel.base_url
        assert [PROVIDERS["azure"].credential] == [key.ref.value for key in channel.keys]

    run(tmp_path, story, environ={"AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com", **application})
    assert not [path for path in tmp_path.iterdir() if KEY.encode() in path.read_bytes()]


def test_a_second_start_makes_nothing_twice_and_keeps_what_was_changed(tmp_path: Path) -> None:
    async def first(gateway: Gateway) -> None:
        await create_known_channels(gateway)
        await gateway.registry.channels.edit("openai", lambda each: attrs.evolve(each, name="mine", priority=9))
        await gateway.registry.channels.disable("demo", "by hand")

    async def second(gateway: Gateway) -> None:
        await create_known_channels(gateway)
        channels = {channel.name: (channel.priority, channel.enabled) for channel in gateway.registry.channels.all}
        assert {"mine": (9, True), "demo": (0, False)} == channels

    run(tmp_path, first, second)


def test_a_name_that_is_taken_does_not_keep_a_channel_from_appearing(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        await gateway.registry.channels.create("OpenAI", "openai", "https://x.example")
        await create_known_channels(gateway)
        channel = automatic_channel(gateway.registry, "env", "openai")
        assert channel is not None
        assert "openai-2" == channel.name

    run(tmp_path, story)


def test_models_come_from_the_upstreams_own_list(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("gpt-4o-mini", "new-model"))

    async def story(gateway: Gateway) -> None:
        assert await refresh(gateway, await at(gateway, upstream.url))
        assert ["gpt-4o-mini", "new-model"] == offered(gateway)
        resolved = gateway.registry.catalog.resolve("gpt-4o-mini")
        assert resolved is not None
        assert "genai-prices" in resolved[0].candidates[0].price.source

    run(tmp_path, story)
    assert f"Bearer {KEY}" == upstream.requests[0].header("authorization")


def test_default_prices_outlive_a_restart_without_another_look_up(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("gpt-4o-mini"))

    async def first(gateway: Gateway) -> None:
        await refresh(gateway, await at(gateway, upstream.url))

    async def second(gateway: Gateway) -> None:
        resolved = gateway.registry.catalog.resolve("gpt-4o-mini")
        assert resolved is not None
        assert "unpriced" != resolved[0].candidates[0].price.source
        assert 128_000 == gateway.prices.facts_of(resolved[0].candidates[0]).context_length

    run(tmp_path, first, second)


def test_a_key_that_a_person_disabled_is_not_brought_back_by_a_start(tmp_path: Path, upstream: Upstream) -> None:
    """Its variable holds a key that the upstream takes: one that the gateway took out would be used again."""

    async def first(gateway: Gateway) -> None:
        await at(gateway, upstream.url)
        await gateway.registry.channels.edit(
            "openai", lambda each: attrs.evolve(each, keys=tuple(switched_off(key) for key in each.keys))
        )

    async def second(gateway: Gateway) -> None:
        task = asyncio.create_task(keep_discovering(gateway))
        while not gateway.registry.channels.list_errors:
            await asyncio.sleep(0)
        task.cancel()
        assert [BY_OPERATOR] == [key.disabled for key in gateway.registry.channels.get("openai").keys]

    run(tmp_path, first, second)
    assert [] == upstream.requests


def test_a_failing_list_keeps_the_old_models_and_is_shown_without_the_key(
    tmp_path: Path, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.enqueue(models_list("old"), error_answer(401, f"Incorrect API key provided: {KEY}"))

    async def story(gateway: Gateway) -> None:
        channel = await at(gateway, upstream.url)
        assert await refresh(gateway, channel)
        assert not await refresh(gateway, channel)
        assert ["old"] == offered(gateway)
        assert "refused the key" in gateway.registry.channels.list_errors[channel.id]

    run(tmp_path, story)
    assert "refused the key" in caplog.text
    assert KEY not in caplog.text


def test_a_list_that_works_again_clears_its_error(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(error_answer(500, "oops"))

    async def story(gateway: Gateway) -> None:
        channel = await at(gateway, upstream.url)
        refreshed = [await refresh(gateway, channel), await refresh(gateway, channel)]
        assert ([False, True], {}) == (refreshed, gateway.registry.channels.list_errors)

    run(tmp_path, story)


def test_models_that_an_operator_chose_are_not_listed_over(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        with refused() as url:
            channel = await at(gateway, url)
        chosen = await gateway.registry.channels.edit(channel.id, lambda each: attrs.evolve(each, discovered=False))
        assert await refresh(gateway, chosen)

    run(tmp_path, story)


def test_a_removed_variable_makes_its_channel_unusable_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def first(gateway: Gateway) -> None:
        await create_known_channels(gateway)

    async def second(gateway: Gateway) -> None:
        unset = attrs.evolve(gateway, environ={})
        await create_known_channels(unset)
        assert not await refresh(unset, unset.registry.channels.get("openai"))
        (error,) = unset.registry.channels.list_errors.values()
        assert "OPENAI_API_KEY is not set" in error

    run(tmp_path, first, second)
    assert "channel openai: OPENAI_API_KEY is not set" in caplog.text


def test_a_new_key_in_the_variable_of_a_refused_one_is_used_again(tmp_path: Path, upstream: Upstream) -> None:
    async def story(gateway: Gateway) -> None:
        channel = await at(gateway, upstream.url)
        await gateway.registry.channels.disable_key(channel.id, "k1", "refused")
        looking = asyncio.create_task(keep_discovering(gateway))
        async with asyncio.timeout(10):
            while not offered(gateway):
                await asyncio.sleep(0.005)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        assert "" == gateway.registry.channels.get("openai").keys[0].disabled

    run(tmp_path, story)


def test_leaving_ends_a_look_up_that_hangs(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue([Hang()])

    async def story(gateway: Gateway) -> None:
        await at(gateway, upstream.url)
        async with discovering(gateway):
            async with asyncio.timeout(10):
                while not upstream.requests:
                    await asyncio.sleep(0.005)
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "discovery"]

    run(tmp_path, story)
