"""What providers run themselves: by the thousand, exactly, and in no other price."""

from __future__ import annotations

import pytest

from aihub_lite.domain.catalog import price_at
from aihub_lite.domain.hosted import Hosted, HostedRates, hosted_of
from aihub_lite.domain.money import UNPRICED, Price, Rates, Tier, TierRates, cost_of, unpriced_in, with_fee
from aihub_lite.domain.usage import Usage

FREE = Rates(0, 0)
TABLE = Price(FREE, "table", hosted=HostedRates(web_search=10, request=4))
OWN = Price(Rates(1, 1), "operator")


@pytest.mark.parametrize(
    ("hosted", "nano"),
    [
        (None, 0),
        (Hosted(web_search=1), 1),
        (Hosted(web_search=100), 1),
        (Hosted(web_search=101), 2),
        (Hosted(file_search=1000), 0),
        (Hosted(request=1000), 4),
        (Hosted(request_low=1000), 4),
        (Hosted(web_search=1000, request_medium=1000), 14),
    ],
    ids=str,
)
def test_calls_are_billed_by_the_thousand_and_rounded_up_once(hosted: Hosted | None, nano: int) -> None:
    assert nano == cost_of(Usage(hosted=hosted), TABLE)


def test_tokens_and_calls_are_rounded_up_together() -> None:
    price = Price(Rates(400_000, 0), "table", hosted=HostedRates(web_search=600))

    assert 1 == cost_of(Usage(1, 0, hosted=Hosted(web_search=1)), price)


@pytest.mark.parametrize("tier", ["", "flex", "no such"])
def test_calls_cost_the_same_at_every_tier_and_length(tier: str) -> None:
    services = (TierRates("flex", FREE),)
    price = Price(FREE, "table", (Tier(5, FREE),), services=services, hosted=HostedRates(web_search=1000))

    assert 3 == cost_of(Usage(10, 10, tier=tier, hosted=Hosted(web_search=3)), price)


def test_units_and_calls_are_both_billed() -> None:
    assert 10 == cost_of(Usage(units=1, unit="image", hosted=Hosted(web_search=1000)), TABLE)


@pytest.mark.parametrize(
    ("own", "default", "hosted", "expected"),
    [
        (None, TABLE, None, TABLE.hosted),
        (OWN, TABLE, None, TABLE.hosted),
        (OWN, None, None, None),
        (OWN, TABLE, HostedRates(web_search=7), HostedRates(web_search=7, request=4)),
        (None, TABLE, HostedRates(web_search=0), HostedRates(web_search=0, request=4)),
        (OWN, None, HostedRates(web_search=7), HostedRates(web_search=7)),
        (None, None, HostedRates(web_search=7), None),
    ],
)
def test_what_the_operator_says_of_a_tool_counts_else_what_the_table_says(
    own: Price | None, default: Price | None, hosted: HostedRates | None, expected: HostedRates | None
) -> None:
    assert expected == price_at(own, default, {}, hosted).hosted


def test_a_model_without_a_price_stays_unpriced() -> None:
    assert UNPRICED == price_at(None, None, {}, HostedRates(web_search=7))


def test_a_fee_is_that_of_one_request_unless_the_upstream_names_it() -> None:
    named = Usage(1, 1, hosted=Hosted(web_search=2, request_low=1))

    assert Hosted(request=1) == with_fee(Usage(1, 1), TABLE).hosted
    assert named == with_fee(named, TABLE)
    assert Usage(1, 1) == with_fee(Usage(1, 1), OWN)


def test_kinds_without_a_rate_are_told() -> None:
    usage = Usage(hosted=Hosted(web_search=1, file_search=2, request_low=1))

    assert ["file_search"] == unpriced_in(usage, TABLE)
    assert [["web_search", "file_search", "request_low"]] * 2 == [unpriced_in(usage, price) for price in (OWN, None)]
    assert [] == unpriced_in(Usage(1, 1), TABLE)


def test_nothing_that_ran_is_nothing() -> None:
    assert (None, None) == (hosted_of({}), hosted_of({"web_search": 0}))
