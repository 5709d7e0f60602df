"""From the genai-prices data to the steps of a price."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
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

from aihub_lite.domain.hours import HourSpan
from aihub_lite.domain.modality import MODALITIES
from aihub_lite.upstream.price_table import MODAL, Dated, Step, dated_prices, facts_of, guess_of, price_of, steps_of

DAY = date(2026, 10, 1)
LOW, MIDDLE, HIGH = (
    ModelPrice(input_mtok=Decimal("0.1"), output_mtok=Decimal(1)),
    ModelPrice(input_mtok=Decimal("0.15"), output_mtok=Decimal("1.5")),
    ModelPrice(input_mtok=Decimal("0.2"), output_mtok=Decimal(2)),
)


def model(prices: ModelPrice | list[ConditionalPrice]) -> ModelInfo:
    return ModelInfo(id="m", match=ClauseEquals(equals="m"), prices=prices)


def first(info: ModelInfo, on: date) -> Dated:
    """What holds from a day on."""
    return (dated_prices("p", info, on) or [])[0]


def flat(rate: str) -> list[Step]:
    """The steps of LOW, MIDDLE or HIGH."""
    return [{"above": 0, "rates": {"input": rate, "output": str((Decimal(rate) * 10).normalize())}}]


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
    ] == steps_of(price)


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
def test_prices_by_hour_and_character_are_read_and_others_are_unknown(
    prices: dict[str, str], rates: dict[str, str] | None
) -> None:
    steps = steps_of(ModelPrice(**{name: Decimal(text) for name, text in prices.items()}))
    assert (None if rates is None else [{"above": 0, "rates": rates}]) == steps


def test_tokens_that_are_no_text_have_rates_of_their_own() -> None:
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
    assert [{"above": 0, "rates": {"input": "5", "output": "10", **costs}}] == steps_of(price)


def test_sound_has_tiers_of_its_own() -> None:
    price = ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(5), input_audio_mtok=tiered("3", a100="6"))
    assert ["3", "6"] == [step["rates"]["audio_input"] for step in steps_of(price) or ()]


def test_every_rate_for_sound_and_pictures_in_the_table_is_read() -> None:
    fields = {
        key
        for provider in get_snapshot().providers
        for entry in provider.models
        for price in ([entry.prices] if isinstance(entry.prices, ModelPrice) else [one.prices for one in entry.prices])
        for key, value in vars(price).items()
        if value is not None and key.endswith("_mtok") and any(kind in key for kind in MODALITIES)
    }
    assert set() == fields - {*MODAL.values()}
    assert len(fields) > 7


@pytest.mark.parametrize(("day", "rate"), [(date(2026, 8, 20), "0.1"), (date(2026, 8, 21), "0.2")])
def test_price_of_the_day_is_taken(day: date, rate: str) -> None:
    changed = model(
        [ConditionalPrice(prices=LOW), ConditionalPrice(StartDateConstraint(date(2026, 8, 21)), prices=HIGH)]
    )
    assert (flat(rate), []) == (first(changed, day)["steps"], first(changed, day)["hours"])


def hourly(*windows: tuple[str, str], since: date | None = None) -> ModelInfo:
    """Dear in these windows, each from and to a time of the day with its zone."""
    prices = [ConditionalPrice(prices=LOW)]
    if since is not None:
        prices.append(ConditionalPrice(StartDateConstraint(since), prices=MIDDLE))
    for window in windows:
        start, end = map(time.fromisoformat, window)
        prices.append(ConditionalPrice(TimeOfDateConstraint(start, end), prices=HIGH))
    return model(prices)


@pytest.mark.parametrize(
    ("windows", "base", "others"),
    [
        pytest.param([("09:30Z", "17:30Z")], "0.1", [(570, 1050, "0.2")], id="by day"),
        pytest.param([("17:30Z", "01:30Z")], "0.1", [(1050, 90, "0.2")], id="over midnight"),
        pytest.param([("00:30Z", "16:30Z")], "0.2", [(990, 30, "0.1")], id="most of the day"),
        pytest.param([("22:00Z", "00:00Z")], "0.1", [(1320, 0, "0.2")], id="until midnight"),
        pytest.param([("09:00+08:00", "12:00+08:00")], "0.1", [(60, 240, "0.2")], id="in another zone"),
        pytest.param([("09:00", "12:00")], "0.1", [(540, 720, "0.2")], id="in none"),
        pytest.param(
            [("01:00Z", "04:00Z"), ("06:00Z", "10:00Z")], "0.1", [(60, 240, "0.2"), (360, 600, "0.2")], id="twice a day"
        ),
    ],
)
def test_a_price_that_changes_with_the_hour_is_that_of_most_hours_and_of_the_others(
    windows: list[tuple[str, str]], base: str, others: list[tuple[int, int, str]]
) -> None:
    found = first(hourly(*windows), DAY)
    hours = [{"start": start, "end": end, "weekdays": False, "steps": flat(rate)} for start, end, rate in others]
    assert (flat(base), hours) == (found["steps"], found["hours"])


@pytest.mark.parametrize("day", [date(2026, 10, 1) + timedelta(days) for days in range(3)])
@pytest.mark.parametrize("window", [("01:00Z", "04:00Z"), ("23:00Z", "02:00Z"), ("02:00Z", "23:00Z")], ids=str)
def test_every_minute_costs_what_the_table_says(day: date, window: tuple[str, str]) -> None:
    info = hourly(window, since=date(2026, 10, 3))
    dated = [one for one in dated_prices("p", info, date(2026, 10, 1)) or () if one["since"] <= day.isoformat()][-1]
    midnight = datetime.combine(day, time(0), UTC)
    moments = [midnight + timedelta(minutes=minute) for minute in range(24 * 60)]
    assert [steps_of(info.get_prices(moment)) for moment in moments] == [steps_at(dated, moment) for moment in moments]


def steps_at(dated: Dated, moment: datetime) -> list[Step]:
    for hours in dated["hours"]:
        if HourSpan(hours["start"], hours["end"]).covers(moment.timestamp()):
            return list(hours["steps"])
    return list(dated["steps"])


def test_a_price_that_changes_on_a_later_day_is_known_before() -> None:
    changed = hourly(since=date(2026, 12, 1))
    dated = dated_prices("p", changed, DAY)
    assert [("2026-10-01", flat("0.1")), ("2026-12-01", flat("0.15"))] == [
        (one["since"], one["steps"]) for one in dated or ()
    ]


@pytest.mark.parametrize(
    ("provider", "window", "weekdays"),
    [
        ("deepseek", ("01:00Z", "04:00Z"), True),
        ("deepseek", ("00:30Z", "16:30Z"), False),
        ("elsewhere", ("01:00Z", "04:00Z"), False),
    ],
)
def test_deepseeks_dear_hours_are_none_of_a_weekend(provider: str, window: tuple[str, str], weekdays: bool) -> None:
    """On Saturdays and Sundays it costs off peak all day, by its own page; the table has no word for that."""
    (dated,) = dated_prices(provider, hourly(window), DAY) or [{}]
    assert [weekdays] == [hours["weekdays"] for hours in dated["hours"]]


def test_output_without_a_price_costs_nothing() -> None:
    price = ModelPrice(input_mtok=Decimal("0.02"))
    assert [{"above": 0, "rates": {"input": "0.02", "output": "0"}}] == steps_of(price)


@pytest.mark.parametrize("price", [ModelPrice(), ModelPrice(audio_hours=Decimal(1))])
def test_model_without_a_price_per_token_is_unknown(price: ModelPrice) -> None:
    assert None is steps_of(price)


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
    assert [128_000, 128_000, None] == [facts_of(*name)[0] for name in names]


def test_a_models_name_is_as_people_write_it() -> None:
    names = [("anthropic", "claude-sonnet-4-5"), ("openrouter", "anthropic/claude-sonnet-4.5"), (None, "nobody-has-it")]
    assert ["Claude Sonnet 4.5", "Claude Sonnet 4.5", None] == [facts_of(*name)[1] for name in names]


def test_free_model_costs_nothing() -> None:
    (dated,) = price_of("openrouter", "deepseek/deepseek-r1:free", DAY) or [{}]
    assert [{"above": 0, "rates": {"input": "0", "output": "0"}}] == dated["steps"]


@pytest.mark.parametrize(("provider", "name"), [("openai", "nope"), (None, "demo"), ("nowhere", "gpt-4o"), (None, "/")])
def test_what_is_not_in_the_data_is_unknown(provider: str | None, name: str) -> None:
    assert None is price_of(provider, name, DAY)


@pytest.mark.parametrize(
    ("at_reseller", "maker", "model"),
    [
        ("claude-sonnet-4.5", "anthropic", "claude-sonnet-4-5"),
        ("anthropic/claude-opus-4-1", "anthropic", "claude-opus-4-1"),
        ("grok-4", "x-ai", "grok-4"),
        ("mistral-large-latest", "mistral", "mistral-large-latest"),
        ("deepseek-chat", "deepseek", "deepseek-chat"),
        ("sonar-pro", "perplexity", "sonar-pro"),
        ("Kimi-K2", "moonshotai", "kimi-k2"),
        ("gemini-2.5-pro", "google", "gemini-2.5-pro"),
    ],
)
def test_a_model_at_a_reseller_is_guessed_to_cost_what_its_maker_asks(at_reseller: str, maker: str, model: str) -> None:
    """Fourteen of twenty models behind one reseller had no price, so no quota ever ended them."""
    price = price_of(maker, model, DAY)
    assert price is not None
    assert price == guess_of(at_reseller, DAY)


def test_a_free_model_that_the_table_does_not_know_is_guessed_to_be_free() -> None:
    assert guess_of("deepseek/deepseek-chat:free", DAY) == price_of("openrouter", "deepseek/deepseek-chat:free", DAY)


@pytest.mark.parametrize("name", ["llama-3.3-70b-instruct", "qwen3-max", "my-own-model", "", "claudette"])
def test_a_model_of_many_makers_or_of_none_is_not_guessed(name: str) -> None:
    assert guess_of(name, DAY) is None


@pytest.mark.parametrize(
    ("at_bedrock", "input_rate"),
    [
        ("anthropic.claude-opus-4-6-v1", "5.5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "3.3"),
        ("global.anthropic.claude-sonnet-4-6", "3"),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "3.3",
        ),
        ("openai.gpt-oss-120b-1:0", "0.15"),
    ],
)
def test_a_model_at_bedrock_has_the_price_that_it_has_there(at_bedrock: str, input_rate: str) -> None:
    """Of one region it is a tenth dearer than of all."""
    (dated,) = price_of("aws", at_bedrock, DAY) or [{}]
    assert input_rate == dated["steps"][0]["rates"]["input"]
