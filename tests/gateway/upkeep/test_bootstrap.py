"""What appears by itself, beside a scripted upstream instead of the real providers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import attrs
import pytest

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Channel
from aihub_lite.gateway.bootstrap import appearing, keep_looking, made_by, make_certain, refresh
from aihub_lite.gateway.core import Gateway, open_gateway
from tests.support.answers import error_answer, models_list
from tests.support.scripted import Upstream, refused
from tests.support.steps import Hang

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
    await make_certain(gateway)
    return await gateway.registry.edit_channel("openai", lambda each: attrs.evolve(each, base_url=url))


def offered(gateway: Gateway, name: str = "openai") -> list[str]:
    return [offer.model for offer in gateway.registry.channel(name).offers]


def test_with_nothing_configured_there_is_the_demo_and_nothing_else(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        async with appearing(gateway):
            assert ["demo"] == list(gateway.registry.catalog.models)

    run(tmp_path, story, environ={})


def test_a_key_in_the_environment_is_never_copied_to_the_database(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        await make_certain(gateway)
        assert "env:OPENAI_API_KEY" == gateway.registry.channel("openai").keys[0].ref.value

    run(tmp_path, story)
    assert not [path for path in tmp_path.iterdir() if KEY.encode() in path.read_bytes()]


def test_a_second_start_makes_nothing_twice_and_keeps_what_was_changed(tmp_path: Path) -> None:
    async def first(gateway: Gateway) -> None:
        await make_certain(gateway)
        await gateway.registry.edit_channel("openai", lambda each: attrs.evolve(each, name="mine", priority=9))
        await gateway.registry.disable_channel("demo", "by hand")

    async def second(gateway: Gateway) -> None:
        await make_certain(gateway)
        found = {channel.name: (channel.priority, channel.enabled) for channel in gateway.registry.channels.values()}
        assert {"mine": (9, True), "demo": (0, False)} == found

    run(tmp_path, first, second)


def test_a_name_that_is_taken_does_not_keep_a_channel_from_appearing(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        await gateway.registry.create_channel("OpenAI", "openai", "https://x.example")
        await make_certain(gateway)
        found = made_by(gateway.registry, "env", "openai")
        assert found is not None
        assert "openai-2" == found.name

    run(tmp_path, story)


def test_models_come_from_the_upstreams_own_list(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("gpt-4o-mini", "new-model"))

    async def story(gateway: Gateway) -> None:
        assert await refresh(gateway, await at(gateway, upstream.url))
        assert ["gpt-4o-mini", "new-model"] == offered(gateway)
        found = gateway.registry.catalog.resolve("gpt-4o-mini")
        assert found is not None
        assert "genai-prices" in found[0].candidates[0].price.source

    run(tmp_path, story)
    assert f"Bearer {KEY}" == upstream.requests[0].header("authorization")


def test_default_prices_outlive_a_restart_without_another_look_up(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("gpt-4o-mini"))

    async def first(gateway: Gateway) -> None:
        await refresh(gateway, await at(gateway, upstream.url))

    async def second(gateway: Gateway) -> None:
        found = gateway.registry.catalog.resolve("gpt-4o-mini")
        assert found is not None
        assert "unpriced" != found[0].candidates[0].price.source
        assert 128_000 == gateway.prices.context_window("openai", "gpt-4o-mini")

    run(tmp_path, first, second)


def test_a_failing_list_keeps_the_old_models_and_is_shown_without_the_key(
    tmp_path: Path, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.enqueue(models_list("old"), error_answer(401, f"Incorrect API key provided: {KEY}"))

    async def story(gateway: Gateway) -> None:
        channel = await at(gateway, upstream.url)
        assert await refresh(gateway, channel)
        assert not await refresh(gateway, channel)
        assert ["old"] == offered(gateway)
        assert "refused the key" in gateway.registry.list_errors[channel.id]

    run(tmp_path, story)
    assert "refused the key" in caplog.text
    assert KEY not in caplog.text


def test_a_list_that_works_again_clears_its_error(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(error_answer(500, "oops"))

    async def story(gateway: Gateway) -> None:
        channel = await at(gateway, upstream.url)
        found = [await refresh(gateway, channel), await refresh(gateway, channel)]
        assert ([False, True], {}) == (found, gateway.registry.list_errors)

    run(tmp_path, story)


def test_models_that_an_operator_chose_are_not_listed_over(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        with refused() as url:
            channel = await at(gateway, url)
        chosen = await gateway.registry.edit_channel(channel.id, lambda each: attrs.evolve(each, discovered=False))
        assert await refresh(gateway, chosen)

    run(tmp_path, story)


def test_a_removed_variable_makes_its_channel_unusable_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def first(gateway: Gateway) -> None:
        await make_certain(gateway)

    async def second(gateway: Gateway) -> None:
        unset = attrs.evolve(gateway, environ={})
        await make_certain(unset)
        assert not await refresh(unset, unset.registry.channel("openai"))
        (error,) = unset.registry.list_errors.values()
        assert "OPENAI_API_KEY is not set" in error

    run(tmp_path, first, second)
    assert "channel openai: OPENAI_API_KEY is not set" in caplog.text


def test_a_new_key_in_the_variable_of_a_refused_one_is_used_again(tmp_path: Path, upstream: Upstream) -> None:
    async def story(gateway: Gateway) -> None:
        channel = await at(gateway, upstream.url)
        await gateway.registry.disable_key(channel.id, "k1", "refused")
        looking = asyncio.create_task(keep_looking(gateway))
        async with asyncio.timeout(10):
            while not offered(gateway):
                await asyncio.sleep(0.005)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        assert "" == gateway.registry.channel("openai").keys[0].disabled

    run(tmp_path, story)


def test_leaving_ends_a_look_up_that_hangs(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue([Hang()])

    async def story(gateway: Gateway) -> None:
        await at(gateway, upstream.url)
        async with appearing(gateway):
            async with asyncio.timeout(10):
                while not upstream.requests:
                    await asyncio.sleep(0.005)
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "discovery"]

    run(tmp_path, story)
