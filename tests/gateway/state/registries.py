"""Registries over a real database, opened as at a start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs

from aihub_lite.domain.channel import Channel, Offer, keys_of
from aihub_lite.domain.clock import SystemClock
from aihub_lite.domain.money import Price, Rates
from aihub_lite.gateway.state.live_catalog import PriceKey
from aihub_lite.gateway.state.registry import Registry
from aihub_lite.storage.sqlite.database import Database

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
        registry = Registry.over(database, SystemClock(), look_up)
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
    return await registry.channels.create(
        name, "openai", "https://example.com/v1/", lambda each: attrs.evolve(each, offers=offers, keys=keys_of(keys))
    )
