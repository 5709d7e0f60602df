"""Money for what is not a token, to the nano-dollar."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.domain.money import Price, Rates, UnitRates, cost_of, dollars, exact_dollars, plain, plain_usd, usd
from aihub_lite.domain.usage import Unit, Usage

RATES = Rates(2_500_000_001, 10_000_000_003, units=UnitRates(40_000_000, 6_000_001, 15_000_000_000, 2_000_000))
PRICE = Price(RATES, source="operator")
PER: dict[Unit, Fraction] = {
    "image": Fraction(40_000_000),
    "millisecond": Fraction(6_000_001, 60_000),
    "character": Fraction(15_000_000_000, 10**6),
    "search": Fraction(2_000_000),
}
counts = st.integers(min_value=0, max_value=10**9)


@given(prompt=counts, completion=counts, units=counts, unit=st.sampled_from(sorted(PER)))
def test_a_request_costs_exactly_what_its_counts_say_rounded_up(
    prompt: int, completion: int, units: int, unit: Unit
) -> None:
    tokens = Fraction(prompt * RATES.input + completion * RATES.output, 10**6)
    assert ceil(tokens + units * PER[unit]) == cost_of(Usage(prompt, completion, units=units, unit=unit), PRICE)


@pytest.mark.parametrize("unit", sorted(PER))
def test_a_model_priced_by_the_token_charges_nothing_for_units(unit: Unit) -> None:
    price = Price(Rates(1_000_000, 0), source="operator")
    assert 5 == cost_of(Usage(5, units=1000, unit=unit), price)


def test_a_model_priced_by_the_image_charges_for_images_alone() -> None:
    price = Price(Rates(0, 0, units=UnitRates(image=7)), source="operator")
    assert (14, 0) == (cost_of(Usage(units=2, unit="image"), price), cost_of(Usage(units=2, unit="character"), price))


@given(st.integers(-(2**62), 2**62))
def test_nano_usd_are_written_as_plainly_as_usd(nano: int) -> None:
    assert plain(usd(nano)) == plain_usd(nano)


@pytest.mark.parametrize(
    ("value", "rounded", "exact"),
    [(-1.25, "-$1.25", "-$1.25"), (-0.0002, "-$0.00020", "-$0.0002"), (-1234, "-$1,234.00", "-$1234.00")],
)
def test_the_minus_of_an_amount_stands_before_its_currency(value: float, rounded: str, exact: str) -> None:
    """What was overdrawn stood in statements as "$-0.0002"."""
    assert (rounded, exact) == (dollars(value), exact_dollars(value))
