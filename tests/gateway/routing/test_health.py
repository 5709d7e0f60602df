"""Health: when a channel is left out, for how long, and how it comes back."""

from __future__ import annotations

import pytest

from aihub_lite.gateway.health import Health, HealthPolicy
from tests.support.clock import ManualClock

POLICY = HealthPolicy(fault_threshold=5, fault_cooldown=30.0, max_cooldown=300.0)
C, K = "chn_1", "k1"


def healthy() -> tuple[Health, ManualClock]:
    clock = ManualClock()
    return Health(clock, POLICY), clock


def fail(health: Health, times: int = 1) -> None:
    for _ in range(times):
        probe = health.started(C)
        health.failed(C, "server")
        health.ended(C, probe)


def test_an_unknown_channel_is_left_out() -> None:
    health, _ = healthy()
    assert (True, 0.0) == (health.fit(C), health.waits(C, K))


def test_a_channel_is_left_out_before_five_faults() -> None:
    health, _ = healthy()
    fail(health, 4)
    assert health.fit(C)


def test_a_channel_stays_in_after_five_faults() -> None:
    health, _ = healthy()
    fail(health, 5)
    assert not health.fit(C)


def test_a_success_between_faults_is_not_counted() -> None:
    health, _ = healthy()
    fail(health, 4)
    health.succeeded(C)
    fail(health, 4)
    assert health.fit(C)


@pytest.mark.parametrize("round_", [1, 2, 3, 10, 12])
def test_the_cooldown_does_not_grow_with_each_one_in_a_row(round_: int) -> None:
    health, clock = healthy()
    fail(health, 4)
    for number in range(1, round_):
        fail(health)
        clock.advance(30.0 * min(number, 10))
    fail(health)
    length = 30.0 * min(round_, 10)
    clock.advance(length - 0.1)
    before = health.fit(C)
    clock.advance(0.1)
    assert (False, True) == (before, health.fit(C))


def test_faults_during_a_cooldown_prolong_it() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.advance(29)
    fail(health, 20)
    clock.advance(1)
    assert health.fit(C)


def test_two_requests_probe_at_once() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.advance(30)
    health.started(C)
    assert not health.fit(C)


def test_a_probe_without_a_verdict_blocks_the_next_one() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.advance(30)
    health.ended(C, health.started(C))
    assert health.fit(C)


def test_a_good_probe_is_not_enough() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.advance(30)
    health.started(C)
    health.succeeded(C)
    fail(health, 4)
    assert health.fit(C)


def test_a_good_probe_forgives_the_faults_but_not_the_cooldowns() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.advance(30)
    health.succeeded(C)
    fail(health, 5)
    clock.advance(30)
    assert health.fit(C)


@pytest.mark.parametrize("end", ["ended", "rate_limit"])
def test_an_old_attempt_that_ends_lets_a_second_probe_in(end: str) -> None:
    health, clock = healthy()
    old = health.started(C)  # long before the faults, and still under way
    fail(health, 5)
    clock.advance(30)
    health.started(C)  # the probe
    if end == "ended":
        health.ended(C, old)
    else:
        health.rate_limit(C, K, 1.0)
    assert not health.fit(C)


def test_setting_the_wall_clock_ends_a_cooldown() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.jump(86_400)
    assert not health.fit(C)


@pytest.mark.parametrize(
    ("asked", "waits"), [(7.0, 7.0), (0.0, 0.0), (-5.0, 0.0), (3600.0, 300.0), (float("inf"), 300.0)]
)
def test_a_429_is_not_obeyed_or_believed_without_end(asked: float, waits: float) -> None:
    health, _ = healthy()
    health.rate_limit(C, K, asked)
    assert waits == health.waits(C, K)


def test_a_429_for_one_key_stops_the_others() -> None:
    health, _ = healthy()
    health.rate_limit(C, "k1", 7.0)
    assert 0.0 == health.waits(C, "k2")


def test_a_429_never_ends() -> None:
    health, clock = healthy()
    health.rate_limit(C, K, 7.0)
    clock.advance(7)
    assert 0.0 == health.waits(C, K)


def test_a_429_counts_as_a_fault() -> None:
    health, _ = healthy()
    for _ in range(10):
        health.rate_limit(C, K, 0.0)
    assert health.fit(C)


def test_429s_without_a_time_are_repeated_at_the_same_pace() -> None:
    health, clock = healthy()
    waits = []
    for _ in range(8):
        health.rate_limit(C, K, None)
        waits.append(health.waits(C, K))
        clock.advance(waits[-1])
    assert [1, 2, 4, 8, 16, 32, 32, 32] == waits


def test_an_answer_that_was_under_way_ends_the_wait_after_a_429() -> None:
    health, _ = healthy()
    health.started(C)
    health.rate_limit(C, K, 30.0)  # another request's
    health.succeeded(C)
    assert 30.0 == health.waits(C, K)


def test_a_channel_that_a_person_brought_back_stays_out() -> None:
    health, _ = healthy()
    fail(health, 5)
    health.rate_limit(C, K, 30.0)
    health.forget(C)
    assert (True, 0.0) == (health.fit(C), health.waits(C, K))
