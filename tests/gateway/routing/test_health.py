"""Health: when a channel is left out, for how long, and how it comes back."""

from __future__ import annotations

import pytest

from aihub_lite.gateway.routing.health import Health, HealthPolicy
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


def test_an_unknown_channel_is_well() -> None:
    health, _ = healthy()
    assert (True, 0.0) == (health.available(C), health.rate_limit_wait(C, K))


def test_a_channel_stays_in_before_five_faults() -> None:
    health, _ = healthy()
    fail(health, 4)
    assert health.available(C)


@pytest.mark.attack("T-27")
def test_a_channel_is_left_out_after_five_faults() -> None:
    health, _ = healthy()
    fail(health, 5)
    assert not health.available(C)


def test_a_success_between_faults_forgives_them() -> None:
    health, _ = healthy()
    fail(health, 4)
    health.succeeded(C)
    fail(health, 4)
    assert health.available(C)


@pytest.mark.attack("T-27")
@pytest.mark.parametrize("round_", [1, 2, 3, 10, 12])
def test_the_cooldown_grows_with_each_one_in_a_row(round_: int) -> None:
    health, clock = healthy()
    fail(health, 4)
    for number in range(1, round_):
        fail(health)
        clock.advance(30.0 * min(number, 10))
    fail(health)
    length = 30.0 * min(round_, 10)
    clock.advance(length - 0.1)
    before = health.available(C)
    clock.advance(0.1)
    assert (False, True) == (before, health.available(C))


def test_faults_during_a_cooldown_do_not_prolong_it() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.advance(29)
    fail(health, 20)
    clock.advance(1)
    assert health.available(C)


@pytest.mark.attack("T-27")
def test_one_request_at_a_time_probes() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.advance(30)
    health.started(C)
    assert not health.available(C)


def test_a_probe_without_a_verdict_leaves_room_for_the_next_one() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.advance(30)
    health.ended(C, health.started(C))
    assert health.available(C)


def test_a_good_probe_is_enough() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.advance(30)
    health.started(C)
    health.succeeded(C)
    fail(health, 4)
    assert health.available(C)


def test_a_good_probe_forgives_the_faults_but_not_the_cooldowns() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.advance(30)
    health.succeeded(C)
    fail(health, 5)
    clock.advance(30)
    assert health.available(C)


@pytest.mark.parametrize("end", ["ended", "rate_limit"])
def test_an_old_attempt_that_ends_lets_no_second_probe_in(end: str) -> None:
    health, clock = healthy()
    old = health.started(C)  # long before the faults, and still under way
    fail(health, 5)
    clock.advance(30)
    health.started(C)  # the probe
    if end == "ended":
        health.ended(C, old)
    else:
        health.rate_limit(C, K, 1.0)
    assert not health.available(C)


def test_setting_the_wall_clock_changes_no_cooldown() -> None:
    health, clock = healthy()
    fail(health, 5)
    clock.jump(86_400)
    assert not health.available(C)


@pytest.mark.parametrize(
    ("asked", "waits"), [(7.0, 7.0), (0.0, 0.0), (-5.0, 0.0), (3600.0, 300.0), (float("inf"), 300.0)]
)
def test_a_429_is_obeyed_within_bounds(asked: float, waits: float) -> None:
    health, _ = healthy()
    health.rate_limit(C, K, asked)
    assert waits == health.rate_limit_wait(C, K)


def test_a_429_for_one_key_leaves_the_others() -> None:
    health, _ = healthy()
    health.rate_limit(C, "k1", 7.0)
    assert 0.0 == health.rate_limit_wait(C, "k2")


def test_a_429_ends() -> None:
    health, clock = healthy()
    health.rate_limit(C, K, 7.0)
    clock.advance(7)
    assert 0.0 == health.rate_limit_wait(C, K)


def test_a_429_counts_as_no_fault() -> None:
    health, _ = healthy()
    for _ in range(10):
        health.rate_limit(C, K, 0.0)
    assert health.available(C)


def test_429s_without_a_time_are_repeated_at_a_slower_pace_each_time() -> None:
    health, clock = healthy()
    waits = []
    for _ in range(8):
        health.rate_limit(C, K, None)
        waits.append(health.rate_limit_wait(C, K))
        clock.advance(waits[-1])
    assert [1, 2, 4, 8, 16, 32, 32, 32] == waits


def test_an_answer_that_was_under_way_leaves_the_wait_after_a_429() -> None:
    health, _ = healthy()
    health.started(C)
    health.rate_limit(C, K, 30.0)  # another request's
    health.succeeded(C)
    assert 30.0 == health.rate_limit_wait(C, K)


def test_a_channel_that_a_person_brought_back_is_in() -> None:
    health, _ = healthy()
    fail(health, 5)
    health.rate_limit(C, K, 30.0)
    health.forget(C)
    assert (True, 0.0) == (health.available(C), health.rate_limit_wait(C, K))
