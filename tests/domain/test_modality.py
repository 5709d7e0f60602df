"""Tokens that are no text, and what they cost."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.domain.modality import MODAL, MODALITIES, Modal
from aihub_lite.domain.money import MODAL_RATES, ModalRates, Price, Rates, Tier, cost_of
from aihub_lite.domain.usage import Usage

counts = st.integers(min_value=0, max_value=10**6)
modals = st.builds(Modal, **dict.fromkeys(MODAL, counts))
texts = st.builds(Usage.clamped, *[counts] * 5)
usages = st.builds(Usage.with_modal, texts, modals)
rate = st.integers(min_value=0, max_value=10**9)
maybe = st.none() | rate
modal_rates = st.builds(ModalRates, **dict.fromkeys(MODAL_RATES, maybe))
rates = st.builds(Rates, rate, rate, maybe, maybe, maybe, modal=modal_rates)

MILLION = 1_000_000
AUDIO = {"audio_input": 32, "audio_cache_read": 3, "audio_output": 64}


def cost(usage: Usage, model_rates: Rates) -> int:
    return cost_of(usage, Price(model_rates, source="test"))


def rates_per_token(
    text: int,
    written: int,
    cache_read: int | None = None,
    cache_write: int | None = None,
    reasoning: int | None = None,
    **modal: int,
) -> Rates:
    """Rates in nano-USD per token."""
    read, stored, thought = (None if part is None else part * MILLION for part in (cache_read, cache_write, reasoning))
    own = ModalRates(**{name: value * MILLION for name, value in modal.items()})
    return Rates(text * MILLION, written * MILLION, read, stored, thought, modal=own)


def test_every_count_has_a_rate() -> None:
    assert MODAL == MODAL_RATES


@given(usage=usages)
def test_parts_are_never_larger_than_their_whole(usage: Usage) -> None:
    modal = attrs.asdict(usage.modal or Modal())
    sums = {part: sum(modal[f"{kind}_{part}"] for kind in MODALITIES) for part in ("input", "cache_read", "output")}
    assert sums["cache_read"] <= usage.cache_read_tokens
    assert (
        sums["input"] - sums["cache_read"] <= usage.prompt_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    )
    assert sums["output"] <= usage.completion_tokens - usage.reasoning_tokens
    assert all(modal[f"{kind}_cache_read"] <= modal[f"{kind}_input"] for kind in MODALITIES)


@given(usage=usages, model_rates=rates)
def test_rates_equal_to_those_of_text_leave_the_cost_as_it_is(usage: Usage, model_rates: Rates) -> None:
    cached = model_rates.input if model_rates.cache_read is None else model_rates.cache_read
    text = {"input": model_rates.input, "cache_read": cached, "output": model_rates.output}
    named = {name: text[part] for name in MODAL_RATES for part in text if name.endswith(part)}
    plain = attrs.evolve(model_rates, modal=None)
    assert cost(usage, plain) == cost(usage, attrs.evolve(model_rates, modal=ModalRates(**named)))


@given(usage=usages, model_rates=rates)
def test_a_model_without_rates_by_modality_charges_as_for_text(usage: Usage, model_rates: Rates) -> None:
    plain = attrs.evolve(model_rates, modal=None)
    assert cost(attrs.evolve(usage, modal=None), plain) == cost(usage, plain)
    assert cost(usage, plain) == cost(usage, attrs.evolve(model_rates, modal=ModalRates()))


@given(usage=usages, model_rates=rates)
def test_no_request_costs_less_than_nothing(usage: Usage, model_rates: Rates) -> None:
    assert cost(usage, model_rates) >= 0


@pytest.mark.parametrize(
    ("usage", "model_rates", "expected"),
    [
        (Usage(100, 10, modal=Modal(audio_input=90)), rates_per_token(2, 8, **AUDIO), 10 * 2 + 90 * 32 + 10 * 8),
        (Usage(100, 10, modal=Modal(audio_output=9)), rates_per_token(2, 8, **AUDIO), 100 * 2 + 9 * 64 + 8),
        (
            Usage(100, 10, 50, modal=Modal(audio_input=60, audio_cache_read=40)),
            rates_per_token(2, 8, 1, **AUDIO),
            30 * 2 + 10 * 1 + 20 * 32 + 40 * 3 + 10 * 8,
        ),
        (
            Usage(100, 10, 50, modal=Modal(audio_input=60, audio_cache_read=40)),
            rates_per_token(2, 8, 1, audio_input=32),
            30 * 2 + 50 * 1 + 20 * 32 + 10 * 8,
        ),
        (
            Usage(100, 10, 50, modal=Modal(audio_input=60, audio_cache_read=40)),
            rates_per_token(2, 8, audio_input=32),
            40 * 2 + 60 * 32 + 10 * 8,
        ),
        (
            Usage(100, 10, 50, modal=Modal(audio_input=60, audio_cache_read=40)),
            rates_per_token(2, 8, **AUDIO),
            40 * 2 + 20 * 32 + 40 * 3 + 10 * 8,
        ),
        (
            Usage(100, 50, 0, 20, 30, modal=Modal(image_input=30, video_input=40, image_output=20)),
            rates_per_token(2, 8, None, 5, 9, image_input=7, video_input=11, image_output=40),
            10 * 2 + 20 * 5 + 30 * 7 + 40 * 11 + 30 * 9 + 20 * 40,
        ),
        (Usage(100, 10, modal=Modal(audio_input=90)), rates_per_token(2, 8, image_input=1), 100 * 2 + 80),
    ],
    ids=["in", "out", "cached", "cached-as-text", "cached-as-audio", "no-cached-text", "beside-others", "other-kind"],
)
def test_tokens_are_charged_at_the_rate_of_their_own_kind(usage: Usage, model_rates: Rates, expected: int) -> None:
    assert expected == cost(usage, model_rates)


def test_a_long_prompt_pays_the_rate_of_its_tier_for_sound() -> None:
    long = rates_per_token(4, 8, audio_input=64)
    price = Price(rates_per_token(2, 8, **AUDIO), "test", (Tier(MILLION, long),))
    usage = Usage(2 * MILLION, modal=Modal(audio_input=MILLION))
    assert (4 + 64) * MILLION == cost_of(usage, price)


def test_a_usage_without_such_tokens_has_no_modal_counts() -> None:
    assert Usage(5, 5) == Usage(5, 5).with_modal(Modal())
    assert Usage(0, 5) == Usage(0, 5).with_modal(Modal(audio_input=5))
