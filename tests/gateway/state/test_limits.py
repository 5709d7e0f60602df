"""Limits: exactly what was promised passes, whatever the clocks do."""

from __future__ import annotations

import pytest

from aihub_lite.config import Settings
from aihub_lite.domain.token import Token
from aihub_lite.errors import RateLimited, Unauthenticated
from aihub_lite.gateway.state.limits import MAX_BUCKETS, Bucket, Buckets, MemoryLimiter, TooManyRequests, whole_seconds
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.settings import StoredSettings
from tests.support.clock import ManualClock

TOKEN = Token(id="tok_1", name="one", digest="", hint="", created_at=0)


def token(**fields: object) -> Token:
    return Token(**{"id": "tok_1", "name": "one", "digest": "", "hint": "", "created_at": 0, **fields})  # type: ignore[arg-type]


def limiter(clock: ManualClock, rpm: int = 180, auth_failures: int = 20) -> MemoryLimiter:
    settings = Settings(rpm=rpm, auth_failures_per_minute=auth_failures)
    return MemoryLimiter(clock, LiveSettings(settings, StoredSettings(None)))  # type: ignore[arg-type]


def passing(limits: MemoryLimiter, who: Token, count: int) -> int:
    """How many of `count` requests at this moment pass."""
    passed = 0
    for _ in range(count):
        try:
            limits.request(who)
        except TooManyRequests:
            continue
        passed += 1
    return passed


@pytest.mark.attack("T-50")
@pytest.mark.parametrize("rpm", [1, 7, 180, 999])
def test_a_burst_passes_exactly_the_limit(rpm: int) -> None:
    assert rpm == passing(limiter(ManualClock(), rpm), TOKEN, 1000)


def test_a_token_may_have_a_limit_of_its_own() -> None:
    limits = limiter(ManualClock())
    assert 3 == passing(limits, token(rpm=3), 1000)


def test_zero_requests_per_minute_is_no_limit() -> None:
    assert limiter(ManualClock()).request(token(rpm=0)) is None


@pytest.mark.parametrize(("seconds", "passed"), [(0.3, 0), (1 / 3, 1), (30, 90), (60, 180), (3600, 180)])
def test_waiting_refills_the_limit_evenly(seconds: float, passed: int) -> None:
    clock = ManualClock()
    limits = limiter(clock)
    passing(limits, TOKEN, 180)
    clock.advance(seconds)
    assert passed == passing(limits, TOKEN, 1000)


def test_steady_use_at_the_limit_always_passes() -> None:
    clock = ManualClock()
    limits = limiter(clock)
    passing(limits, TOKEN, 180)
    passed = 0
    for _ in range(3600):
        clock.advance(1 / 3)
        passed += passing(limits, TOKEN, 1)
    assert 3600 == passed


def test_refused_requests_do_not_count_against_the_limit() -> None:
    clock = ManualClock()
    limits = limiter(clock)
    passing(limits, TOKEN, 1000)
    clock.advance(60)
    assert 180 == passing(limits, TOKEN, 1000)


@pytest.mark.attack("T-50", "T-63")
@pytest.mark.parametrize("jump", [-86_400, -3600, 3600, 86_400])
def test_setting_the_wall_clock_changes_no_limit(jump: float) -> None:
    clock = ManualClock()
    limits = limiter(clock)
    passing(limits, TOKEN, 100)
    clock.jump(jump)
    assert 80 == passing(limits, TOKEN, 1000)


def test_headers_tell_the_limit_what_remains_and_when_it_is_reset() -> None:
    limits = limiter(ManualClock())
    limits.request(TOKEN)
    left = limits.request(TOKEN)
    assert left is not None
    assert [
        (b"x-ratelimit-limit-requests", b"180"),
        (b"x-ratelimit-remaining-requests", b"178"),
        (b"x-ratelimit-reset-requests", b"0.667s"),
    ] == left.headers()


def test_each_request_of_a_burst_is_told_how_many_are_left() -> None:
    limits = limiter(ManualClock(), 5)
    remaining = [left.remaining for _ in range(5) if (left := limits.request(TOKEN))]
    assert [4, 3, 2, 1, 0] == remaining


def test_a_refusal_says_when_the_next_request_passes() -> None:
    clock = ManualClock()
    limits = limiter(clock, 20)
    passing(limits, TOKEN, 20)
    with pytest.raises(TooManyRequests) as caught:
        limits.request(TOKEN)
    assert (3, 0) == (caught.value.retry_after, caught.value.left.remaining)
    clock.advance(3)
    assert 1 == passing(limits, TOKEN, 10)


def test_the_reset_header_of_a_refusal_says_when_the_whole_limit_is_back() -> None:
    clock = ManualClock()
    limits = limiter(clock, 20)
    passing(limits, TOKEN, 20)
    with pytest.raises(TooManyRequests) as caught:
        limits.request(TOKEN)
    clock.advance(caught.value.left.reset)
    assert 20 == passing(limits, TOKEN, 1000)


@pytest.mark.parametrize(("wait", "seconds"), [(0.01, 1), (1.0, 1), (1.2, 2), (59.9, 60), (400.0, 60)])
def test_retry_after_is_one_second_to_a_minute(wait: float, seconds: int) -> None:
    assert seconds == whole_seconds(wait)


def test_a_token_does_not_use_up_anothers_limit() -> None:
    limits = limiter(ManualClock(), 5)
    passing(limits, TOKEN, 5)
    assert 5 == passing(limits, token(id="tok_2"), 10)


def test_a_lowered_limit_counts_at_once() -> None:
    limits = limiter(ManualClock())
    passing(limits, TOKEN, 90)  # half of the minute is used
    assert 5 == passing(limits, token(rpm=10), 1000)


@pytest.mark.attack("T-50")
def test_a_scan_of_addresses_does_not_grow_memory_without_end() -> None:
    buckets = Buckets()
    for number in range(MAX_BUCKETS + 10):
        buckets.get(str(number))
    assert MAX_BUCKETS == len(buckets)


def test_idle_buckets_are_forgotten_before_the_one_in_use() -> None:
    buckets = Buckets()
    used = buckets.get("used")
    for number in range(MAX_BUCKETS - 1):
        buckets.get(str(number))
    buckets.get("used")
    buckets.get("one more")
    assert buckets.get("used") is used


def test_a_bucket_never_holds_more_than_its_size() -> None:
    bucket = Bucket()
    bucket.take(60, 10, 0.0)
    bucket.put(60, -50, 0.0)
    assert 60 == bucket.left(60, 0.0)


# Tokens per minute


def test_an_estimate_is_replaced_by_what_was_used() -> None:
    clock = ManualClock()
    limits = limiter(clock)
    who = token(tpm=1000)
    with limits.tokens(who, 900) as counted:
        counted.used = 100
    with limits.tokens(who, 900) as counted:
        counted.used = 900
    with pytest.raises(RateLimited), limits.tokens(who, 1):
        pass


def test_what_was_used_beyond_the_estimate_counts() -> None:
    clock = ManualClock()
    limits = limiter(clock)
    who = token(tpm=60)
    with limits.tokens(who, 1) as counted:
        counted.used = 90
    clock.advance(29)
    with pytest.raises(RateLimited), limits.tokens(who, 1):
        pass
    clock.advance(2)
    with limits.tokens(who, 1):
        pass


def test_a_request_larger_than_the_limit_passes_with_a_full_bucket() -> None:
    limits = limiter(ManualClock())
    who = token(tpm=100)
    with limits.tokens(who, 5000) as counted:
        counted.used = 100
    with pytest.raises(RateLimited), limits.tokens(who, 1):
        pass


def test_a_failed_request_gives_its_estimate_back() -> None:
    limits = limiter(ManualClock())
    who = token(tpm=100)
    with pytest.raises(KeyError), limits.tokens(who, 100):
        raise KeyError
    with limits.tokens(who, 100):
        pass


def test_requests_under_way_count_with_their_estimates() -> None:
    limits = limiter(ManualClock())
    who = token(tpm=100)
    with limits.tokens(who, 60), pytest.raises(RateLimited), limits.tokens(who, 60):
        pass


# Requests at once


def test_a_failed_request_gives_its_slot_back() -> None:
    limits = limiter(ManualClock())
    who = token(concurrency=1)
    with pytest.raises(KeyError), limits.slot(who):
        raise KeyError
    with limits.slot(who):
        pass


def test_no_more_requests_run_at_once_than_allowed() -> None:
    limits = limiter(ManualClock())
    who = token(concurrency=2)
    with limits.slot(who), limits.slot(who), pytest.raises(RateLimited) as caught, limits.slot(who):
        pass
    assert 1 == caught.value.retry_after


def test_a_refused_request_takes_no_slot() -> None:
    limits = limiter(ManualClock())
    who = token(concurrency=1)
    with limits.slot(who), pytest.raises(RateLimited), limits.slot(who):
        pass
    with limits.slot(who):
        pass


def test_an_idle_token_leaves_no_counter_behind() -> None:
    limits = limiter(ManualClock())
    who = token(concurrency=1)
    with limits.slot(who):
        pass
    assert {} == limits._running


# Failed authentication


def test_guessing_is_refused_after_twenty_tries() -> None:
    limits = limiter(ManualClock())
    refusals = [limits.authentication_failed("192.0.2.1") for _ in range(30)]
    assert [Unauthenticated] * 20 + [RateLimited] * 10 == [type(each) for each in refusals]


def test_a_guesser_may_try_again_at_the_time_it_was_told() -> None:
    clock = ManualClock()
    limits = limiter(clock)
    for _ in range(20):
        limits.authentication_failed("192.0.2.1")
    clock.advance(limits.authentication_failed("192.0.2.1").retry_after or 0)
    assert isinstance(limits.authentication_failed("192.0.2.1"), Unauthenticated)


def test_an_address_does_not_lock_out_another() -> None:
    limits = limiter(ManualClock(), auth_failures=1)
    limits.authentication_failed("192.0.2.1")
    assert isinstance(limits.authentication_failed("192.0.2.2"), Unauthenticated)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", False),
        ("fe80::1", "fe80::2", False),
        ("unix", "unix", True),
        ("", "unix", False),
    ],
)
def test_addresses_of_one_subscribers_network_share_a_limit(one: str, other: str, together: bool) -> None:
    limits = limiter(ManualClock(), auth_failures=1)
    limits.authentication_failed(one)
    assert together is isinstance(limits.authentication_failed(other), RateLimited)


def test_a_gateway_without_a_limit_on_guesses_limits_none() -> None:
    limits = limiter(ManualClock(), auth_failures=0)
    assert all(isinstance(limits.authentication_failed("a"), Unauthenticated) for _ in range(100))
