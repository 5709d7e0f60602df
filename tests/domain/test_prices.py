"""Prices that change with the day, the hour and the prompt's length."""

from __future__ import annotations

import attrs
import pytest

from aihub_lite.domain.hours import HourSpan, InForce
from aihub_lite.domain.money import Hours, Later, ModalRates, Price, Rates, Tier, TierRates, cost_of, dearest_cost
from aihub_lite.domain.usage import Usage
from aihub_lite.storage.sqlite.columns import from_json, to_json
from tests.support.clock import MONDAY

MILLION = 10**6
DAY = 86_400
HOUR = 3600
LOW, HIGH, DEAR = (Rates(rate * MILLION, 2 * rate * MILLION) for rate in (1, 2, 9))
PEAKS = (HourSpan.of("01:00-04:00"), HourSpan.of("06:00-10:00"))
HOURLY = Price(LOW, "table", hours=tuple(Hours(span, HIGH, (Tier(100, DEAR),)) for span in PEAKS))
NIGHT = Price(HIGH, "table", hours=(Hours(HourSpan.of("16:30-00:30"), LOW),))
DATED = Price(
    LOW, "table", later=(Later(int(MONDAY) + DAY, HIGH), Later(int(MONDAY) + 2 * DAY, LOW, hours=HOURLY.hours))
)
SOME = Usage(10, 5)


@pytest.mark.parametrize(
    ("hour", "rates", "outside", "level", "spans"),
    [
        (0, LOW, True, "off_peak", PEAKS),
        (1, HIGH, False, "peak", PEAKS[:1]),
        (4, LOW, True, "off_peak", PEAKS),
        (9.99, HIGH, False, "peak", PEAKS[1:]),
    ],
)
def test_the_rates_of_the_hour_are_in_force(
    hour: float, rates: Rates, outside: bool, level: str, spans: tuple[HourSpan, ...]
) -> None:
    price = HOURLY.at(MONDAY + hour * HOUR)
    assert (rates, InForce(spans=spans, outside=outside, level=level)) == (price.rates, price.in_force)  # type: ignore[arg-type]
    assert ((), ()) == (price.hours, price.later)


@pytest.mark.parametrize(("hour", "rates"), [(16.4, HIGH), (16.5, LOW), (24, LOW), (24.4, LOW), (24.5, HIGH)])
def test_hours_go_on_over_midnight(hour: float, rates: Rates) -> None:
    assert rates == NIGHT.at(MONDAY + hour * HOUR).rates


@pytest.mark.parametrize(
    ("hour", "rates"), [(-1, LOW), (23.99, LOW), (24, HIGH), (47.99, HIGH), (48, LOW), (49, HIGH), (1000, LOW)]
)
def test_the_rates_of_the_day_are_in_force(hour: float, rates: Rates) -> None:
    """A price once looked up was kept until the table was a new one."""
    assert rates == DATED.at(MONDAY + hour * HOUR).rates


def test_a_price_of_a_day_keeps_what_comes_later() -> None:
    on = DATED.on(MONDAY + DAY)
    assert (HIGH, DATED.later[1:]) == (on.rates, on.later)
    assert DATED.at(MONDAY + 49 * HOUR) == on.at(MONDAY + 49 * HOUR)


def test_a_price_that_never_changes_is_the_same_at_any_time() -> None:
    price = Price(LOW, "table", (Tier(100, HIGH),))
    assert price is price.at(MONDAY)


def test_long_prompts_have_rates_of_their_own_at_some_hours() -> None:
    costs = [cost_of(Usage(101), HOURLY.at(MONDAY + hour * HOUR)) for hour in (0, 1)]
    assert [101, 909] == costs


def test_rates_that_cost_the_same_are_neither_peak_nor_off_peak() -> None:
    price = Price(LOW, "table", hours=(Hours(PEAKS[0], LOW),)).at(MONDAY)
    assert price.in_force is not None
    assert "" == price.in_force.level


@pytest.mark.parametrize(
    ("price", "usage", "cost"),
    [
        pytest.param(Price(LOW, "t"), SOME, 20, id="a flat price"),
        pytest.param(HOURLY, SOME, 40, id="at the dearest hour"),
        pytest.param(NIGHT, SOME, 40, id="where that is most of the day"),
        pytest.param(Price(LOW, "t", (Tier(100, HIGH),)), Usage(80), 80, id="a prompt that is short in any case"),
        pytest.param(Price(LOW, "t", (Tier(100, HIGH),)), Usage(81), 162, id="one that may be long"),
        pytest.param(Price(LOW, "t", (Tier(100, HIGH),)), Usage(200), 400, id="one that is long"),
        pytest.param(Price(HIGH, "t", (Tier(100, LOW),)), Usage(110), 220, id="long prompts that cost less"),
        pytest.param(HOURLY, Usage(100), 900, id="long prompts at some hours"),
        pytest.param(
            attrs.evolve(HOURLY, services=(TierRates("flex", LOW),)), attrs.evolve(SOME, tier="flex"), 20, id="flex"
        ),
    ],
)
def test_the_most_that_a_request_may_cost_is_at_the_dearest_rates_that_may_apply(
    price: Price, usage: Usage, cost: int
) -> None:
    assert cost == dearest_cost(usage, price)


@pytest.mark.parametrize(
    "price", [HOURLY, NIGHT, DATED, HOURLY.at(MONDAY)], ids=["hours", "night", "dates", "in force"]
)
def test_a_price_that_changes_is_the_same_after_a_restart(price: Price) -> None:
    again = from_json(to_json(price), Price)
    assert (price, hash(price)) == (again, hash(again))
    assert price.at(MONDAY + HOUR) == again.at(MONDAY + HOUR)


SOUND = attrs.evolve(HIGH, modal=ModalRates(audio_input=9))


@pytest.mark.parametrize(
    ("price", "has"),
    [
        (Price(SOUND, "t"), True),
        (Price(LOW, "t"), False),
        (Price(LOW, "t", (Tier(5, HIGH), Tier(9, SOUND))), True),
        (Price(LOW, "t", hours=(Hours(PEAKS[0], SOUND),)), True),
        (Price(LOW, "t", hours=(Hours(PEAKS[0], LOW, (Tier(5, SOUND),)),)), True),
        (HOURLY, False),
    ],
)
def test_sound_is_counted_apart_where_any_of_the_rates_does_so(price: Price, has: bool) -> None:
    assert has == price.has_modal
