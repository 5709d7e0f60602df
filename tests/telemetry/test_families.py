"""Counts stay exact, and their labels bounded, whatever comes."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.telemetry.families import MOST_SERIES, OTHER, Counter, Histogram, HistogramSample, LabelNames
from aihub_lite.telemetry.prometheus import text_of
from tests.telemetry.watched import scrape_of

NANO = 1_000_000_000


@given(st.lists(st.integers(0, 4_000_000 * NANO), max_size=50))
def test_a_sum_in_nano_dollars_survives_its_way_through_text(costs: list[int]) -> None:
    counter = Counter("c", "help", ("model",), NANO)
    for cost in costs:
        counter.sums.clear()
        counter.add(("m",), cost)
        told = scrape_of(text_of([counter.family()]))
        assert cost == told.nano("c_total") == round(Fraction(told.total("c_total", model="m")) * NANO)


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_a_histogram_has_every_measurement_in_one_bucket(times: list[int]) -> None:
    histogram = Histogram("h", "help", (), (0.1, 1.0, 10.0))
    for ms in times:
        histogram.add((), ms)
    told = scrape_of(text_of([histogram.family()]))
    for bound in (0.1, 1.0, 10.0):
        assert sum(ms <= bound * 1000 for ms in times) == told.total("h_bucket", le=str(bound))
    assert len(times) == told.total("h_bucket", le="+Inf") == told.total("h_count")
    assert sum(times) == round(told.total("h_sum") * 1000)


@given(st.lists(st.text(), max_size=30))
def test_no_name_breaks_the_text(names: list[str]) -> None:
    known = LabelNames(1000)
    counter = Counter("c", "help", ("model",))
    for name in names:
        counter.add((known.label(name),))
    assert len(names) == scrape_of(text_of([counter.family()])).total("c_total")


def test_a_name_that_is_no_text_is_a_label_all_the_same() -> None:
    counter = Counter("c", "help", ("model",))
    counter.add((LabelNames(1).label('a\ud800\n"b\\'),))
    assert {'a?\n"b\\'} == scrape_of(text_of([counter.family()])).values_of("c_total", "model")


def test_names_beyond_the_most_are_counted_together() -> None:
    names = LabelNames(2)
    assert ["a", "b", OTHER, "a", OTHER] == [names.label(each) for each in ("a", "b", "c", "a", "d")]
    assert (True, False) == ("a" in names, "c" in names)


def test_series_beyond_the_most_are_counted_together_and_nothing_is_lost() -> None:
    counter = Counter("c", "help", ("a", "b"))
    histogram = Histogram("h", "help", ("a",), (1.0,))
    for number in range(MOST_SERIES + 100):
        counter.add((str(number), "x"))
        histogram.add((str(number),), 10)
    assert (MOST_SERIES + 1, 100) == (len(counter.sums), counter.sums[OTHER, OTHER])
    samples = dict(histogram.family().samples)
    others = samples[OTHER,]
    assert isinstance(others, HistogramSample)
    assert (MOST_SERIES + 1, 100) == (len(samples), sum(others.counts))
