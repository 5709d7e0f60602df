"""Lanes at a limit are passed over, and nothing is lost by it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from aihub_lite.domain.channel import Channel, ChannelKey, Secret
from aihub_lite.domain.limits import Limits
from aihub_lite.domain.token import Budget
from aihub_lite.errors import ChannelsFull
from aihub_lite.gateway.routing.account_limits import (
    MOST_LEARNED,
    NOTHING,
    AccountLimits,
    Demand,
    Full,
    Reservation,
)
from aihub_lite.gateway.routing.latency import MOST, Latencies
from tests.gateway.routing.test_router import channel, route, router
from tests.support.clock import ManualClock

A = ("a", "k1", "m")
CENT = 10_000_000
"""Nano-USD."""

LAST_ONE = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "60s",
}


def limited(name: str = "a", **limits: Any) -> Channel:
    return channel(name, limits=Limits(**limits))


def metered(**limits: Any) -> tuple[AccountLimits, ManualClock]:
    """The meters of one channel with one key, account `A`."""
    clock = ManualClock()
    meters = AccountLimits(clock)
    meters.follow(limited(**limits))
    return meters, clock


def reserved(meters: AccountLimits, demand: Demand = NOTHING) -> Reservation:
    """What an attempt takes that fits."""
    assert None is meters.full(A, demand)
    reservation = meters.reserve(A, demand)
    assert reservation is not None
    return reservation


def test_a_channel_at_its_limit_is_passed_over_for_a_lesser_one() -> None:
    by, _ = router()
    preferred = channel("preferred", priority=5, limits=Limits(rpm=2))
    by.limits.follow(preferred)
    names = [route(by, preferred, channel("other")).next().channel_id for _ in range(3)]
    assert ["preferred", "preferred", "other"] == names
    assert 0 == by.health.of("preferred").faults


def test_with_every_channel_at_its_limit_the_client_is_told_when_to_come_back() -> None:
    by, _ = router()
    only = limited(rpm=2)
    by.limits.follow(only)
    for _ in range(2):
        way = route(by, only)
        way.next()
        assert way.reserved is not None
        way.reserved.settle()
    with pytest.raises(ChannelsFull) as caught:
        route(by, only).next()
    assert (429, 30) == (caught.value.status, caught.value.retry_after)


def test_a_channel_at_its_limit_is_no_last_resort() -> None:
    by, _ = router()
    down = channel("down")
    full = limited("full", concurrency=1)
    by.limits.follow(full)
    assert "full" == route(by, full).next().channel_id
    for _ in range(5):
        by.health.failed("down", "server")
    assert "down" == route(by, down, full).next().channel_id


def test_a_key_has_limits_beside_those_of_its_channel() -> None:
    keys = (
        ChannelKey(id="k1", ref=Secret("sk-1"), limits=Limits(rpm=1)),
        ChannelKey(id="k2", ref=Secret("sk-2"), limits=Limits(rpm=5)),
    )
    by, _ = router()
    two = attrs.evolve(limited(rpm=4), keys=keys)
    by.limits.follow(two)
    taken = [route(by, two).next().key_id for _ in range(4)]
    assert taken.count("k1") <= 1
    with pytest.raises(ChannelsFull):
        route(by, two).next()


def test_requests_at_once_are_let_in_as_others_end() -> None:
    meters, _ = metered(concurrency=2)
    first = reserved(meters)
    reserved(meters)
    assert Full("2 requests at once", 0.0) == meters.full(A, NOTHING)
    first.answered()
    assert meters.full(A, NOTHING)
    first.settle()
    assert None is meters.full(A, NOTHING)


def test_what_is_settled_twice_is_given_back_once() -> None:
    meters, _ = metered(concurrency=1)
    first = reserved(meters)
    first.settle()
    reserved(meters)
    first.settle()
    assert meters.full(A, NOTHING)


@pytest.mark.parametrize("told", [{}, {"x-ratelimit-limit-tokens": "900", "x-ratelimit-remaining-tokens": "900"}])
@pytest.mark.parametrize("tokens", [0, 100, 700, 1200])
def test_an_answer_that_comes_whole_counts_as_one_that_began_first(told: dict[str, str], tokens: int) -> None:
    """It is settled in the moment in which it is known to be one."""
    waits = []
    for begins in (True, False):
        meters, clock = metered(rpm=60, tpm=1000, concurrency=1)
        meters.learn(A, {**LAST_ONE, **told})
        clock.advance(60.0)
        first = reserved(meters, Demand(tokens=700))
        clock.advance(2.0)
        if begins:
            first.answered()
        first.settle(tokens=tokens)
        waits.append([meters.full(A, Demand(tokens=asked)) for asked in (0, 200, 500, 900)])
        first.answered()
        waits[-1].append(meters.full(A, Demand(tokens=900)))
    assert waits[0] == waits[1]


def test_what_is_learned_of_an_answer_does_not_count_its_request_twice() -> None:
    meters, _ = metered(rpm=60)
    first = reserved(meters)
    meters.learn(A, {**LAST_ONE, "x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "59s"}, first)
    assert None is meters.full(A, NOTHING)


def test_tokens_count_as_asked_for_until_it_is_known_how_many_were_used() -> None:
    meters, clock = metered(tpm=1000)
    first = reserved(meters, Demand(tokens=800))
    assert meters.full(A, Demand(tokens=300))
    first.settle(tokens=100)
    assert None is meters.full(A, Demand(tokens=900))
    assert meters.full(A, Demand(tokens=1000))
    clock.advance(6.0)
    assert None is meters.full(A, Demand(tokens=1000))


@pytest.mark.parametrize("used", [1000, 5000])
def test_with_all_tokens_used_not_even_a_request_for_none_is_let_in(used: int) -> None:
    meters, _ = metered(tpm=1000)
    reserved(meters, Demand(tokens=800)).settle(tokens=used)
    assert (used > 1000) == bool(meters.full(A, NOTHING))
    assert meters.full(A, Demand(tokens=1))


def test_a_budget_ends_for_the_day_and_is_there_again_the_next() -> None:
    meters, clock = metered(budget=Budget(nano=3 * CENT, period="day"))
    for _ in range(2):
        reserved(meters, Demand(amount=CENT)).settle(cost=CENT, started=clock.wall())
    under_way = reserved(meters, Demand(amount=CENT))
    assert Full("its budget per day", 0.0) == meters.full(A, Demand(amount=1))
    under_way.settle(cost=CENT, started=clock.wall())
    assert Full("its budget per day", 12 * 3600.0) == meters.full(A, NOTHING)
    clock.advance(12 * 3600)
    assert None is meters.full(A, Demand(amount=3 * CENT))


def test_a_budget_is_spent_by_one_request_that_may_cost_more_than_all_of_it() -> None:
    """It would wait for ever, as no budget is ever large enough."""
    meters, clock = metered(budget=Budget(nano=CENT, period="day"))
    reserved(meters, Demand(amount=5 * CENT)).settle(cost=CENT // 2, started=clock.wall())
    assert meters.full(A, Demand(amount=5 * CENT))
    assert None is meters.full(A, Demand(amount=CENT // 2))


def test_a_limit_that_is_changed_keeps_what_was_used() -> None:
    meters, _ = metered(rpm=10, concurrency=3)
    for _ in range(3):
        reserved(meters).answered()
    meters.follow(limited(rpm=4, concurrency=4))
    reserved(meters).answered()
    assert meters.full(A, NOTHING)
    meters.follow(limited())
    assert None is meters.full(A, NOTHING)
    assert {} == meters.by_account


def test_a_deleted_channel_leaves_nothing() -> None:
    meters, _ = metered(rpm=1)
    under_way = reserved(meters)
    meters.forget("a")
    under_way.settle()
    assert ({}, {}) == (meters.by_account, meters.meters_of(limited()))


def test_a_key_that_has_nothing_left_is_passed_over_before_its_upstream_refuses_it() -> None:
    by, clock = router()
    two = channel("two", keys=("sk-1", "sk-2"))
    by.limits.learn(("two", "k1", "m"), LAST_ONE)
    assert {"k2"} == {route(by, two).next().key_id for _ in range(20)}
    clock.advance(1.1)
    assert "k1" in {route(by, two).next().key_id for _ in range(20)}


def test_what_is_told_of_one_model_keeps_no_other_model_out() -> None:
    by, _ = router()
    by.limits.learn(("a", "k1", "large"), LAST_ONE)
    assert "a" == route(by, channel("a")).next().channel_id


def test_an_upstream_with_plenty_left_is_not_counted() -> None:
    """Its requests cost what they cost without limits."""
    meters, _ = metered()
    plenty = {**LAST_ONE, "x-ratelimit-limit-requests": "30000", "x-ratelimit-remaining-requests": "29999"}
    meters.learn(A, plenty)
    assert not meters.in_use


def test_what_was_told_is_void_once_a_person_changed_the_channel() -> None:
    meters, _ = metered()
    meters.learn(A, LAST_ONE)
    told = "60 requests per minute, as its upstream told"
    assert (True, told) == (meters.in_use, getattr(meters.full(A, NOTHING), "limit", ""))
    meters.follow(limited())
    assert (False, None) == (meters.in_use, meters.full(A, NOTHING))


def test_of_models_that_clients_make_up_a_bounded_number_is_kept() -> None:
    """A pattern offers whatever they ask for, and every name would be kept for ever."""
    meters, _ = metered()
    for number in range(MOST_LEARNED + 10):
        meters.learn(("a", "k1", f"made-up-{number}"), LAST_ONE)
    assert (MOST_LEARNED, True) == (len(meters.learned), ("a", "k1", f"made-up-{number}") in meters.learned)
    latencies = Latencies(ManualClock())
    for number in range(MOST + 10):
        latencies.started(("a", f"made-up-{number}", True))
        latencies.measured(("a", f"made-up-too-{number}", True), 1.0)
    assert MOST == len(latencies._latencies)
