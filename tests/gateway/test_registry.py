"""The registry: what an operator changes is checked, lasting and seen at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.channel import Channel, Offer, keys_of
from aihub_lite.domain.clock import SystemClock
from aihub_lite.domain.money import Price, Rates
from aihub_lite.domain.token import Token, digest_of
from aihub_lite.errors import ClientFault, Conflict, InvalidRequest, NotFound
from aihub_lite.gateway.registry import PriceKey, Registry
from aihub_lite.storage.database import Database

PRICE = Price(Rates(1, 2), source="test")


async def no_prices(_: Sequence[PriceKey]) -> Mapping[PriceKey, Price | None]:
    return {}


@asynccontextmanager
async def opened(
    directory: Path,
    look_up: Callable[[Sequence[PriceKey]], Coroutine[Any, Any, Mapping[PriceKey, Price | None]]] = no_prices,
) -> AsyncIterator[Registry]:
    """A registry as after a start on this directory."""
    async with await Database.open(directory / "test.db") as database:
        registry = Registry(database=database, clock=SystemClock(), look_up=look_up)
        await registry.load()
        yield registry


def run(directory: Path, story: Callable[[Registry], Coroutine[Any, Any, None]]) -> None:
    """Play a story on a fresh registry."""

    async def play() -> None:
        async with opened(directory) as registry:
            await story(registry)

    asyncio.run(play())


async def add(registry: Registry, name: str = "one", *models: str, keys: tuple[str, ...] = ("sk-a", "sk-b")) -> Channel:
    """A channel with these models."""
    offers = tuple(Offer(model, model) for model in models or ("m",))
    return await registry.create_channel(
        name, "openai", "https://example.com/v1/", lambda each: attrs.evolve(each, offers=offers, keys=keys_of(keys))
    )


def test_everything_is_the_same_after_a_restart(tmp_path: Path) -> None:
    async def story() -> tuple[Any, Any]:
        async with opened(tmp_path) as registry:
            await registry.create_token("alice", lambda token: attrs.evolve(token, rpm=5, models=("gpt-*",)))
            channel = await add(registry)
            await registry.disable_key(channel.id, "k1", "refused")
            await registry.set_alias("fast", "m")
            await registry.set_price("m", PRICE)
            before = (registry.tokens, registry.channels, registry.aliases, registry.prices)
        async with opened(tmp_path) as registry:
            return before, (registry.tokens, registry.channels, registry.aliases, registry.prices)

    before, after = asyncio.run(story())
    assert before == after


def test_a_key_opens_its_token_until_it_is_rotated(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        _, old = await registry.create_token("alice")
        assert "alice" == registry.tokens_by_digest[digest_of(old)].name
        _, new = await registry.rotate_token("alice")
        assert {digest_of(new)} == set(registry.tokens_by_digest)

    run(tmp_path, story)


def test_a_token_without_a_name_of_its_own_is_refused(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await registry.create_token("alice")
        with pytest.raises(Conflict):
            await registry.create_token("Alice")
        assert ["alice"] == [token.name for token in registry.tokens]

    run(tmp_path, story)


@pytest.mark.parametrize(
    "name", ["", " a", "a\n", "a\x1b[0m", "x" * 65, "a/b", "tok_1", "../x", "ｆｕｌｌ", "a\u202eb"]
)
def test_a_name_that_a_table_or_path_could_not_show_is_refused(tmp_path: Path, name: str) -> None:
    async def story(registry: Registry) -> None:
        with pytest.raises(InvalidRequest, match="name:"):
            await registry.create_token(name)

    run(tmp_path, story)


def test_two_edits_at_once_lose_neither(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await registry.create_token("alice")
        await asyncio.gather(
            registry.edit_token("alice", lambda token: attrs.evolve(token, rpm=1)),
            registry.edit_token("alice", lambda token: attrs.evolve(token, tpm=2)),
        )
        token = registry.token("alice")
        assert (1, 2) == (token.rpm, token.tpm)

    run(tmp_path, story)


def test_a_change_whose_caller_is_cancelled_is_in_memory_as_in_storage(tmp_path: Path) -> None:
    async def story() -> tuple[list[Token], list[Token]]:
        async with opened(tmp_path) as registry:
            await registry.create_token("alice")
            edit = asyncio.create_task(registry.edit_token("alice", lambda token: attrs.evolve(token, rpm=7)))
            await asyncio.sleep(0)
            edit.cancel()
            await registry.create_token("bob")  # takes its turn after the edit
            memory = registry.tokens
        async with opened(tmp_path) as registry:
            return memory, registry.tokens

    memory, stored = asyncio.run(story())
    assert (7, memory) == (memory[0].rpm, stored)


def test_the_ledger_knows_every_token_that_a_request_can_see(tmp_path: Path) -> None:
    heard: list[tuple[str | None, str | None, int]] = []

    async def story(registry: Registry) -> None:
        async def listen(before: Token | None, after: Token | None) -> None:
            known = len(registry.tokens_by_digest)
            heard.append((before.name if before else None, after.name if after else None, known))

        registry.on_token.append(listen)
        await registry.create_token("alice")
        await registry.edit_token("alice", lambda token: attrs.evolve(token, name="bob"))
        await registry.delete_token("bob")

    run(tmp_path, story)
    assert [(None, "alice", 0), ("alice", "bob", 1), ("bob", None, 0)] == heard


def test_a_model_is_priced_when_it_becomes_visible(tmp_path: Path) -> None:
    async def story() -> Price:
        async def look_up(keys: Sequence[PriceKey]) -> Mapping[PriceKey, Price | None]:
            assert registry.catalog.resolve("m") is None
            return dict.fromkeys(keys, PRICE)

        async with opened(tmp_path, look_up) as registry:
            channel = await add(registry, "one", "first")
            await registry.edit_channel(channel.id, lambda each: attrs.evolve(each, discovered=True))
            await registry.set_offers(channel.id, (Offer("m", "m"),))
            found = registry.catalog.resolve("m")
            assert found is not None
            return found[0].candidates[0].price

    assert PRICE == asyncio.run(story())


def test_models_that_a_person_chose_are_not_replaced_by_the_upstreams_list(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        channel = await add(registry, "one", "chosen")
        await registry.set_offers(channel.id, (Offer("listed", "listed"),))
        assert ["chosen"] == [offer.model for offer in registry.channel("one").offers]

    run(tmp_path, story)


def test_enabling_a_channel_brings_back_its_keys(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        channel = await add(registry)
        assert await registry.disable_key(channel.id, "k1", "refused")
        await registry.disable_channel("one", "by hand")
        assert registry.catalog.resolve("m") is None
        await registry.enable_channel("one")
        assert ["", ""] == [key.disabled for key in registry.channel("one").keys]
        assert registry.catalog.resolve("m") is not None

    run(tmp_path, story)


def test_a_late_refusal_of_a_replaced_key_does_not_disable_the_new_one(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        channel = await add(registry, keys=("sk-old",))
        await registry.edit_channel("one", lambda each: attrs.evolve(each, keys=keys_of(["sk-new"], each.keys)))
        assert not await registry.disable_key(channel.id, "k1", "refused")
        assert [""] == [key.disabled for key in registry.channel("one").keys]

    run(tmp_path, story)


def test_a_second_refusal_of_a_key_writes_nothing(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        channel = await add(registry)
        first = await registry.disable_key(channel.id, "k1", "refused")
        second = await registry.disable_key(channel.id, "k1", "refused again")
        assert (True, False) == (first, second)
        assert "refused" == registry.channel("one").keys[0].disabled

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
            await registry.create_channel("one", "openai", base_url)
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
        await registry.enable_channel("one")

    run(tmp_path, story)
    assert "canary" not in caplog.text


def test_alias_loops_are_refused(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await registry.set_alias("a", "b")
        await registry.set_alias("b", "c")
        for alias, target in [("c", "a"), ("x", "x"), ("c", "openai/a"), ("b", "a")]:
            with pytest.raises(InvalidRequest):
                await registry.set_alias(alias, target)
        assert {"a": "b", "b": "c"} == registry.aliases

    run(tmp_path, story)


def test_an_alias_that_could_never_apply_is_refused(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await add(registry, "one", "m")
        with pytest.raises(Conflict):
            await registry.set_alias("m", "other")

    run(tmp_path, story)


def test_a_built_in_alias_applies_again_when_the_operators_is_deleted(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await add(registry, "one", "claude-sonnet-4-6", "other")
        await registry.set_alias("claude-sonnet-4.6", "other")
        await registry.delete_alias("claude-sonnet-4.6")
        found = registry.catalog.resolve("claude-sonnet-4.6")
        assert found is not None
        assert "claude-sonnet-4-6" == found[0].id

    run(tmp_path, story)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        for attempt in (
            registry.rotate_token("x"),
            registry.delete_token("x"),
            registry.enable_channel("x"),
            registry.delete_channel("x"),
            registry.delete_alias("x"),
            registry.delete_price("x"),
        ):
            with pytest.raises(NotFound):
                await attempt

    run(tmp_path, story)


@pytest.mark.parametrize(
    "change",
    [{"rpm": -1}, {"concurrency": 0}, {"allow_ips": ("300.1.1.1",)}, {"models": ("a b",)}, {"group": ""}],
)
def test_a_limit_that_means_nothing_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    async def story(registry: Registry) -> None:
        with pytest.raises(ClientFault):
            await registry.create_token("alice", lambda token: attrs.evolve(token, **change))

    run(tmp_path, story)


def test_an_operators_price_wins_at_every_channel(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await add(registry, "one", "m")
        await registry.set_price("m", PRICE)
        found = registry.catalog.resolve("m")
        assert found is not None
        assert PRICE == found[0].candidates[0].price

    run(tmp_path, story)
