"""A gauge never lets more go out than the upstream's own bucket takes."""

from __future__ import annotations

from collections import deque

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.gateway.routing.gauges import Allotment, Gauge
from aihub_lite.gateway.routing.told_limits import Told
from tests.support.examples import examples


class TokenBucket:
    """What an upstream counts by: `size` units, which refill evenly in a minute."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.left = float(size)
        self.at = 0.0

    def take(self, now: float) -> bool:
        """Whether a request that arrives now is served."""
        self.left = min(self.size, self.left + (now - self.at) * self.size / 60)
        self.at = now
        if self.left < 1 - 1e-6:
            return False
        self.left -= 1
        return True


def test_its_size_goes_out_at_once_and_then_one_as_each_is_back() -> None:
    gauge = Gauge(60)
    for _ in range(60):
        assert 0 == gauge.wait(1, 0.0)
        gauge.answered(gauge.sent(1), 0.0)
    assert 1.0 == round(gauge.wait(1, 0.0), 6)
    assert 0 == gauge.wait(1, 1.0)
    assert 60 == gauge.used(0.0)
    assert 30 == gauge.used(30.0)


def test_what_is_larger_than_the_whole_waits_for_a_full_one() -> None:
    gauge = Gauge(100)
    assert 0 == gauge.wait(5000, 0.0)
    gauge.answered(gauge.sent(5000), 0.0)
    assert 60.0 == round(gauge.wait(5000, 0.0), 6)


def test_what_was_counted_and_not_used_is_given_back() -> None:
    gauge = Gauge(100)
    gauge.answered(gauge.sent(100), 0.0)
    gauge.correct(-90, 0.0)
    assert 0 == gauge.wait(90, 0.0)
    assert gauge.wait(91, 0.0)


STEPS = ("send", "answer", "settle", "correct", "tell", "resize")


@settings(max_examples=examples(200))
@given(
    size=st.integers(1, 20),
    trips=st.lists(st.tuples(st.floats(0, 30), st.floats(0, 10), st.floats(0, 8)), min_size=1, max_size=80),
)
def test_no_network_makes_an_upstream_refuse_what_it_let_go(size: int, trips: list[tuple[float, float, float]]) -> None:
    """Counted as they left, requests that the network held up and then let through together were one too many."""
    gauge = Gauge(size)
    now = 0.0
    arrivals: list[float] = []
    under_way: deque[float] = deque()
    for pause, there, back in trips:
        now += pause
        answered = sorted(at for at in under_way if at <= now)
        for at in answered:
            gauge.answered(1, at)
            under_way.remove(at)
        if gauge.wait(1, now):
            continue
        gauge.sent(1)
        arrivals.append(now + there)
        under_way.append(now + there + back)
    bucket = TokenBucket(size)
    assert all(bucket.take(at) for at in sorted(arrivals))


@settings(max_examples=examples(200))
@given(
    size=st.integers(1, 20),
    steps=st.lists(st.tuples(st.floats(0, 90), st.sampled_from(STEPS), st.integers(0, 25)), max_size=60),
)
def test_what_surely_fits_does(size: int, steps: list[tuple[float, str, int]]) -> None:
    """Whatever was sent, answered and corrected since it was worked out, and however much time has passed."""
    gauge = Gauge(size)
    under_way: list[int] = []
    now = 0.0
    for pause, step, units in steps:
        now += pause
        if step == "send" and not gauge.wait(units, now):
            under_way.append(gauge.sent(units))
        elif step == "answer" and under_way:
            gauge.answered(under_way.pop(), now)
        elif step == "settle" and under_way:
            gauge.answered(under_way.pop(), now, units)
        elif step == "correct":
            gauge.correct(units - 12, now)
        elif step == "tell":
            gauge.told(Told("requests", size + units, units, 30.0, evenly=True), now)
        elif step == "resize":
            gauge.resize(units + 1)
        sure = gauge.sure
        if sure > 0:
            assert gauge.pending + sure <= gauge.size
            assert 0 == attrs.evolve(gauge).wait(sure, now)


@settings(max_examples=examples(200))
@given(
    size=st.integers(2, 20),
    trips=st.lists(st.tuples(st.floats(0, 30), st.floats(0, 10), st.floats(0, 8)), min_size=1, max_size=60),
)
def test_a_limit_that_was_told_once_is_never_exceeded(size: int, trips: list[tuple[float, float, float]]) -> None:
    """The upstream tells what is left with each answer; answers come in any order."""
    gauge = Gauge(size)
    bucket = TokenBucket(size)
    assert bucket.take(0.0)
    gauge.told(told_by(bucket), 0.0)
    now = 0.0
    events: list[tuple[float, int, Told | None]] = []
    for number, (pause, there, back) in enumerate(trips):
        now += pause
        while events and min(events)[0] <= now:
            happen(events, bucket, gauge)
        if not gauge.wait(1, now):
            gauge.sent(1)
            events.append((now + there, 2 * number, None))
            events.append((now + there + back, 2 * number + 1, None))
    while events:
        happen(events, bucket, gauge)


def happen(events: list[tuple[float, int, Told | None]], bucket: TokenBucket, gauge: Gauge) -> None:
    """The next of them: a request arrives, and what the bucket tells goes with its answer; or an answer arrives."""
    event = min(events, key=lambda each: each[:2])
    events.remove(event)
    at, number, told = event
    if number % 2 == 0:
        assert bucket.take(at)
        for index, (when, other, _) in enumerate(events):
            if other == number + 1:
                events[index] = (when, other, told_by(bucket))
    else:
        assert told is not None
        gauge.answered(1, at)
        gauge.told(told, at)


def told_by(bucket: TokenBucket) -> Told:
    left = int(bucket.left)
    return Told("requests", bucket.size, left, (bucket.size - bucket.left) * 60 / bucket.size, evenly=True)


def test_a_part_of_a_unit_that_is_told_as_a_whole_one_shortens_no_window() -> None:
    """A bucket of two that has 0.03 left says 0: reckoned from that, it would be full again a second too soon."""
    gauge = Gauge(2)
    gauge.told(Told("requests", 2, 1, 30.0, evenly=True), 0.0)
    gauge.told(Told("requests", 2, 0, 59.0, evenly=True), 31.0)
    assert gauge.window >= 60.0


def test_what_others_have_used_of_a_key_is_learned() -> None:
    gauge = Gauge(60)
    gauge.told(Told("requests", 60, 1, 59.0, evenly=True), 0.0)
    assert 0 == gauge.wait(1, 0.0)
    gauge.sent(1)
    assert 1.0 < gauge.wait(1, 0.0) < 1.1


def test_an_upstream_that_counts_in_windows_is_left_alone_until_the_next() -> None:
    allotment = Allotment(50)
    allotment.told(Told("requests", 50, 2, 40.0, evenly=False), 0.0)
    allotment.answered(allotment.sent(1), 1.0)
    allotment.sent(1)
    assert 39.0 == allotment.wait(1, 1.0)
    allotment.answered(1, 41.0)
    assert 0 == allotment.wait(50, 41.0)


def test_a_window_whose_answers_come_late_is_not_filled_up_by_them() -> None:
    allotment = Allotment(50)
    allotment.told(Told("requests", 50, 0, 40.0, evenly=False), 0.0)
    allotment.told(Told("requests", 50, 3, 39.5, evenly=False), 0.5)
    assert allotment.wait(1, 1.0)
