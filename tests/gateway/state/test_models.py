"""Aliases and prices: what an operator changes is checked, lasting and seen at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from aihub_lite.domain.money import MAX_RATE_USD, NANO, ModalRates, Price, Rates, UnitRates
from aihub_lite.errors import Conflict, InvalidRequest
from aihub_lite.gateway.state.registry import Registry
from tests.gateway.state.registries import PRICE, add, run

MOST = MAX_RATE_USD * NANO


def test_alias_loops_are_refused(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await registry.models.set_alias("a", "b")
        await registry.models.set_alias("b", "c")
        for alias, target in [("c", "a"), ("x", "x"), ("c", "openai/a"), ("b", "a")]:
            with pytest.raises(InvalidRequest):
                await registry.models.set_alias(alias, target)
        assert {"a": "b", "b": "c"} == registry.models.aliases

    run(tmp_path, story)


def test_an_alias_that_could_never_apply_is_refused(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await add(registry, "one", "m")
        with pytest.raises(Conflict):
            await registry.models.set_alias("m", "other")

    run(tmp_path, story)


def test_a_built_in_alias_applies_again_when_the_operators_is_deleted(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await add(registry, "one", "claude-sonnet-4-6", "other")
        await registry.models.set_alias("claude-sonnet-4.6", "other")
        await registry.models.delete_alias("claude-sonnet-4.6")
        resolved = registry.catalog.resolve("claude-sonnet-4.6")
        assert resolved is not None
        assert "claude-sonnet-4-6" == resolved[0].id

    run(tmp_path, story)


def test_an_operators_price_wins_at_every_channel(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await add(registry, "one", "m")
        await registry.models.set_price("m", PRICE)
        resolved = registry.catalog.resolve("m")
        assert resolved is not None
        assert PRICE == resolved[0].candidates[0].price

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("rates", "field"),
    [
        (Rates(MOST + 1, 0), "input"),
        (Rates(0, MOST + 1), "output"),
        (Rates(0, 0, cache_read=MOST + 1), "cache_read"),
        (Rates(0, 0, units=UnitRates(image=MOST + 1)), "image"),
        (Rates(0, 0, modal=ModalRates(audio_output=MOST + 1)), "audio_output"),
    ],
)
def test_a_rate_that_nothing_costs_is_refused(tmp_path: Path, rates: Rates, field: str) -> None:
    """At a price near the largest that was taken, records overflowed SQLite and were lost."""

    async def story(registry: Registry) -> None:
        with pytest.raises(InvalidRequest, match=f"^{field}: must be at most 100000 USD"):
            await registry.models.set_price("m", Price(rates, source="operator"))
        await registry.models.set_price("m", Price(Rates(MOST, MOST), source="operator"))

    run(tmp_path, story)
