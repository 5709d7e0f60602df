"""What caches save."""

from __future__ import annotations

import pytest

from aihub_lite.domain.modality import Modal
from aihub_lite.domain.money import UNPRICED, ModalRates, Price, Rates, cost_of
from aihub_lite.domain.reports.savings import saved_by_cache
from aihub_lite.domain.usage import Usage

PRICE = Price(Rates(input=1_000_000, output=5_000_000, cache_read=100_000, cache_write=1_250_000), source="a table")


def test_what_was_read_from_a_cache_would_have_cost_as_much_as_the_rest() -> None:
    assert 100 * 9 // 10 == saved_by_cache(Usage(200, 50, cache_read_tokens=100), PRICE)


def test_what_was_written_to_a_cache_cost_more() -> None:
    assert -25 == saved_by_cache(Usage(200, 50, cache_write_tokens=100), PRICE)


@pytest.mark.parametrize("usage", [Usage(), Usage(200, 50)])
def test_without_a_cache_nobody_says_that_it_saved_nothing(usage: Usage) -> None:
    assert saved_by_cache(usage, PRICE) is None


def test_without_a_price_nobody_knows() -> None:
    assert saved_by_cache(Usage(200, 50, cache_read_tokens=100), UNPRICED) is None


def test_pictures_read_from_a_cache_would_have_cost_as_much_as_pictures() -> None:
    modal = ModalRates(image_input=2_000_000, image_cache_read=500_000)
    price = Price(Rates(input=1_000_000, output=0, cache_read=100_000, modal=modal), source="a table")
    usage = Usage(200, 0, cache_read_tokens=100, modal=Modal(image_input=100, image_cache_read=100))
    assert 150 == saved_by_cache(usage, price)
    assert 100 + 50 == cost_of(usage, price)
