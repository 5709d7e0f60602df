"""The registry as a whole: what is changed is checked, lasting and seen at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.channel import Offer
from aihub_lite.domain.clock import SystemClock
from aihub_lite.domain.token import Token
from aihub_lite.errors import NotFound, StorageUnavailable
from aihub_lite.gateway.state.registry import Registry
from aihub_lite.storage.sqlite.database import Database
from tests.gateway.state.registries import PRICE, add, no_prices, opened, run
from tests.support.storage import refusing


def test_everything_is_the_same_after_a_restart(tmp_path: Path) -> None:
    async def story() -> tuple[Any, Any]:
        async with opened(tmp_path) as registry:
            await registry.tokens.create("alice", lambda token: attrs.evolve(token, rpm=5, models=("gpt-*",)))
            channel = await add(registry)
            await registry.channels.disable_key(channel.id, "k1", "refused")
            await registry.models.set_alias("fast", "m")
            await registry.models.set_price("m", PRICE)
            await registry.models.set_tier_price("m", "flex", PRICE.rates)
            before = snapshot(registry)
            prices = registry.catalog.models["m"].candidates[0].price
        async with opened(tmp_path) as registry:
            return (before, prices), (snapshot(registry), registry.catalog.models["m"].candidates[0].price)

    before, after = asyncio.run(story())
    assert before == after


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        for attempt in (
            registry.tokens.rotate("x"),
            registry.tokens.delete("x"),
            registry.channels.enable("x"),
            registry.channels.delete("x"),
            registry.models.delete_alias("x"),
            registry.models.delete_price("x"),
        ):
            with pytest.raises(NotFound):
                await attempt

    run(tmp_path, story)


# Every change in turn: checked, then stored, then in memory


async def prepared(database: Database) -> Registry:
    """A registry with one of everything."""
    registry = Registry.over(database, SystemClock(), no_prices)
    await registry.load()
    await registry.tokens.create("alice")
    channel = await add(registry)
    await registry.channels.edit(channel.id, lambda each: attrs.evolve(each, discovered=True))
    await add(registry, "off", "n")
    await registry.channels.disable("off", "by hand")
    await registry.models.set_alias("fast", "m")
    await registry.models.set_price("m", PRICE)
    await registry.models.set_tier_price("m", "flex", PRICE.rates)
    await registry.models.set_strategy("m", "sticky")
    return registry


CHANGES: dict[str, Callable[[Registry], Awaitable[object]]] = {
    "create a token": lambda registry: registry.tokens.create("bob"),
    "edit a token": lambda registry: registry.tokens.edit("alice", lambda token: attrs.evolve(token, rpm=7)),
    "rotate a token": lambda registry: registry.tokens.rotate("alice"),
    "delete a token": lambda registry: registry.tokens.delete("alice"),
    "create a channel": lambda registry: add(registry, "two", "other"),
    "edit a channel": lambda registry: registry.channels.edit("one", lambda each: attrs.evolve(each, weight=7)),
    "enable a channel": lambda registry: registry.channels.enable("off"),
    "disable a channel": lambda registry: registry.channels.disable("one", "by hand"),
    "disable a key": lambda registry: registry.channels.disable_key(registry.channels.get("one").id, "k1", "refused"),
    "set offers": lambda registry: registry.channels.set_offers(
        registry.channels.get("one").id, (Offer("new", "new"),)
    ),
    "delete a channel": lambda registry: registry.channels.delete("one"),
    "set an alias": lambda registry: registry.models.set_alias("slow", "m"),
    "delete an alias": lambda registry: registry.models.delete_alias("fast"),
    "set a price": lambda registry: registry.models.set_price("n", PRICE),
    "delete a price": lambda registry: registry.models.delete_price("m"),
    "set a price of a tier": lambda registry: registry.models.set_tier_price("m", "batch", PRICE.rates),
    "delete a price of a tier": lambda registry: registry.models.delete_tier_price("m", "flex"),
    "set a strategy": lambda registry: registry.models.set_strategy("n", "fastest"),
    "delete a strategy": lambda registry: registry.models.delete_strategy("m"),
}


def snapshot(registry: Registry) -> tuple[object, ...]:
    """Everything that changes change."""
    return (
        dict(registry.tokens.by_digest),
        dict(registry.channels.by_id),
        dict(registry.models.aliases),
        dict(registry.models.prices),
        {model: dict(tiers) for model, tiers in registry.models.tier_prices.items()},
        dict(registry.models.strategies),
    )


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_that_the_disk_refuses_is_not_in_memory_either(
    tmp_path: Path, change: Callable[[Registry], Awaitable[object]]
) -> None:
    async def story() -> None:
        async with await Database.open(tmp_path / "test.db") as database:
            registry = await prepared(database)
            before = snapshot(registry)
            catalog = registry.catalog
            async with refusing(database):
                with pytest.raises(StorageUnavailable):
                    await change(registry)
            assert before == snapshot(registry)
            assert catalog is registry.catalog
            await change(registry)
            assert before != snapshot(registry)

    asyncio.run(story())


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("waits", [1, 2, 3])
def test_a_change_whose_caller_is_cancelled_is_whole_in_memory_and_in_storage(
    tmp_path: Path, change: Callable[[Registry], Awaitable[object]], waits: int
) -> None:
    async def story() -> None:
        async with await Database.open(tmp_path / "test.db") as database:
            registry = await prepared(database)
            caller = asyncio.ensure_future(change(registry))
            for _ in range(waits):
                await asyncio.sleep(0)
            caller.cancel()
            await asyncio.wait({caller})
            await registry.models.set_alias("later", "m")  # takes its turn after the change
            memory = snapshot(registry)
        async with await Database.open(tmp_path / "test.db") as database:
            registry = Registry.over(database, SystemClock(), no_prices)
            await registry.load()
            assert memory == snapshot(registry)

    asyncio.run(story())


def test_changes_of_tokens_channels_and_models_take_turns(tmp_path: Path) -> None:
    async def story() -> None:
        async with await Database.open(tmp_path / "test.db") as database:
            registry = await prepared(database)
            gate = asyncio.Event()

            async def listener(_: Token | None, __: Token | None) -> None:
                await gate.wait()

            registry.tokens.on_change.append(listener)
            creating = asyncio.create_task(registry.tokens.create("bob"))
            others = [
                asyncio.create_task(registry.models.set_alias("slow", "m")),
                asyncio.create_task(registry.channels.enable("off")),
            ]
            for _ in range(3):  # whatever they had written by now would be committed
                await database.write(("DELETE FROM holds WHERE request_id = ''", ()))
            assert [False, False] == [task.done() for task in others]
            gate.set()
            await asyncio.gather(creating, *others)

    asyncio.run(story())


def test_a_catalog_that_a_request_holds_does_not_change_under_it(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await add(registry)
        catalog = registry.catalog
        await registry.models.set_alias("fast", "m")
        await registry.channels.disable("one", "by hand")
        assert (None, True) == (catalog.resolve("fast"), catalog.resolve("m") is not None)
        assert registry.catalog.resolve("m") is None

    run(tmp_path, story)
