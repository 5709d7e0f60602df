"""From the genai-prices data to the steps of a price."""

from __future__ import annotations

from datetime import UTC, date, time
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from aihub_lite.domain.modal import MODALITIES
from aihub_lite.upstream.price_table import MODAL, context_of, price_of, steps_of

DAY = date(2026, 10, 1)
LOW, HIGH = (
    ModelPrice(input_mtok=Decimal("0.1"), output_mtok=Decimal(1)),
    ModelPrice(input_mtok=Decimal("0.2"), output_mtok=Decimal(2)),
)


def model(prices: ModelPrice | list[ConditionalPrice]) -> ModelInfo:
    return ModelInfo(id="m", match=ClauseEquals(equals="m"), prices=prices)


def tiered(base: str, **tiers: str) -> TieredPrices:
    return TieredPrices(
        base=Decimal(base), tiers=[Tier(int(start[1:]), Decimal(price)) for start, price in tiers.items()]
    )


def test_tiers_that_start_at_different_lengths_are_merged() -> None:
    price = ModelPrice(
        input_mtok=tiered("1", a100="2"), output_mtok=tiered("5", a200="6"), cache_read_mtok=Decimal("0.5")
    )
    assert [
        {"above": 0, "rates": {"input": "1", "output": "5", "cache_read": "0.5"}},
        {"above": 100, "rates": {"input": "2", "output": "5", "cache_read": "0.5"}},
        {"above": 200, "rates": {"input": "2", "output": "6", "cache_read": "0.5"}},
    ] == steps_of(model(price), DAY)


@pytest.mark.parametrize(
    ("prices", "rates"),
    [
        ({"input_audio_hours": "0.36"}, {"input": "0", "output": "0", "minute": "0.006"}),
        ({"input_mchars": "15"}, {"input": "0", "output": "0", "characters": "15"}),
        ({"input_mtok": "0.02"}, {"input": "0.02", "output": "0"}),
        ({"input_document_kpages": "1"}, None),
    ],
    ids=str,
)
def test_what_is_not_priced_by_the_token_has_no_price(prices: dict[str, str], rates: dict[str, str] | None) -> None:
    steps = steps_of(model(ModelPrice(**{name: Decimal(text) for name, text in prices.items()})), DAY)
    assert (None if rates is None else [{"above": 0, "rates": rates}]) == steps


def test_tokens_that_are_no_text_cost_what_text_would() -> None:
    kinds = {"input_mtok": "5", "output_mtok": "10"}
    own = {
        f"{kind}_{part}": f"{first}{kind}{last}_mtok"
        for kind in MODALITIES
        for part, first, last in (("input", "input_", ""), ("cache_read", "cache_", "_read"), ("output", "output_", ""))
    }
    costs = {name: str(number) for number, name in enumerate(own, 20)}
    price = ModelPrice(
        **{kind: Decimal(text) for kind, text in (kinds | {own[name]: costs[name] for name in own}).items()}
    )
    assert [{"above": 0, "rates": {"input": "5", "output": "10", **costs}}] == steps_of(model(price), DAY)


def test_sound_in_a_long_prompt_costs_what_it_does_in_a_short_one() -> None:
    price = ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(5), input_audio_mtok=tiered("3", a100="6"))
    assert ["3", "6"] == [step["rates"]["audio_input"] for step in steps_of(model(price), DAY) or ()]


def test_the_table_has_a_rate_for_sound_or_pictures_that_is_not_asked_for() -> None:
    named = {
        key
        for provider in get_snapshot().providers
        for each in provider.models
        for price in ([each.prices] if isinstance(each.prices, ModelPrice) else [one.prices for one in each.prices])
        for key, value in vars(price).items()
        if value is not None and key.endswith("_mtok") and any(kind in key for kind in MODALITIES)
    }
    assert set() == named - {*MODAL.values()}
    assert len(named) > 7


@pytest.mark.parametrize(("day", "rate"), [(date(2026, 8, 20), "0.1"), (date(2026, 8, 21), "0.2")])
def test_price_of_the_day_is_taken(day: date, rate: str) -> None:
    changed = model(
        [ConditionalPrice(prices=LOW), ConditionalPrice(StartDateConstraint(date(2026, 8, 21)), prices=HIGH)]
    )
    assert [{"above": 0, "rates": {"input": rate, "output": str(int(rate[-1]))}}] == steps_of(changed, day)


@pytest.mark.parametrize("hours", [(9, 17), (17, 9)], ids=["by-day", "over-midnight"])
def test_price_that_changes_with_the_hour_is_the_highest_of_the_day(hours: tuple[int, int]) -> None:
    start, end = (time(hour, 30, tzinfo=UTC) for hour in hours)
    hourly = model([ConditionalPrice(prices=LOW), ConditionalPrice(TimeOfDateConstraint(start, end), prices=HIGH)])
    assert [{"above": 0, "rates": {"input": "0.2", "output": "2"}}] == steps_of(hourly, DAY)


def test_embedding_model_has_no_price_for_output() -> None:
    price = ModelPrice(input_mtok=Decimal("0.02"))
    assert [{"above": 0, "rates": {"input": "0.02", "output": "0"}}] == steps_of(model(price), DAY)


@pytest.mark.parametrize("price", [ModelPrice(), ModelPrice(audio_hours=Decimal(1))])
def test_model_without_a_price_per_token_is_unknown(price: ModelPrice) -> None:
    assert None is steps_of(model(price), DAY)


@pytest.mark.parametrize(
    ("provider", "name", "same_as"),
    [
        ("openai", "gpt-4o-2024-11-20", ("openai", "gpt-4o")),
        ("google", "models/gemini-2.5-pro", ("google", "gemini-2.5-pro")),
        ("anthropic", "claude-sonnet-4-5-20250929", ("anthropic", "claude-sonnet-4-5")),
        (None, "gpt-4o", ("openai", "gpt-4o")),
        (None, "openai/gpt-4o", ("openai", "gpt-4o")),
        (None, "proxy/team/gpt-4o", ("openai", "gpt-4o")),
        ("openai", "GPT-4o", ("openai", "gpt-4o")),
    ],
)
def test_id_with_date_prefix_or_vendor_is_found(provider: str | None, name: str, same_as: tuple[str, str]) -> None:
    price = price_of(*same_as, DAY)
    assert None is not price
    assert price == price_of(provider, name, DAY)


def test_vendor_prefix_is_part_of_the_name_where_the_provider_has_it_so() -> None:
    assert None is not price_of("fireworks", "accounts/fireworks/models/gpt-oss-120b", DAY)


def test_a_context_window_is_found_by_the_same_names() -> None:
    names = [("openai", "gpt-4o"), (None, "openai/gpt-4o"), ("openai", "nope")]
    assert [128_000, 128_000, None] == [context_of(*each) for each in names]


def test_free_model_costs_nothing() -> None:
    assert [{"above": 0, "rates": {"input": "0", "output": "0"}}] == price_of(
        "openrouter", "deepseek/deepseek-r1:free", DAY
    )


@pytest.mark.parametrize(("provider", "name"), [("openai", "nope"), (None, "demo"), ("nowhere", "gpt-4o"), (None, "/")])
def test_what_is_not_in_the_data_is_unknown(provider: str | None, name: str) -> None:
    assert None is price_of(provider, name, DAY)
