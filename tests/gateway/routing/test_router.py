"""Routing: whose turn it is, and what the client is told when it is nobody's."""

from __future__ import annotations

import random
from collections import Counter

import attrs
import pytest

from aihub_lite.domain.catalog import Candidate, Model
from aihub_lite.domain.channel import Channel, ChannelKey, Secret, keys_of
from aihub_lite.domain.money import UNPRICED
from aihub_lite.errors import ChannelsCoolingDown, ChannelsDisabled, ChannelsDown, NoChannel
from aihub_lite.gateway.routing.health import Health, HealthPolicy, Obstacle
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.gateway.routing.route import Route, route_of
from aihub_lite.gateway.routing.router import Router
from tests.support.clock import ManualClock

ENVIRON = {"KEY": " sk-from-env "}


def channel(name: str, keys: tuple[str, ...] = ("sk-x",), **fields: object) -> Channel:
    made = Channel(
        id=name, name=name, provider="openai", base_url="http://127.0.0.1/v1", created_at=0, keys=keys_of(keys)
    )
    return attrs.evolve(made, **fields)  # type: ignore[arg-type]


def model(*channels: Channel) -> Model:
    return Model("m", frozenset({"m"}), tuple(Candidate(each, "m", UNPRICED) for each in channels))


def router(seed: int = 1) -> tuple[Router, ManualClock]:
    clock = ManualClock()
    return Router(Health(clock, HealthPolicy(5, 30.0, 300.0)), ENVIRON, random.Random(seed)), clock


def route(by: Router, *channels: Channel) -> Route:
    return route_of(model(*channels), "default", "m", by)


def order(by: Router, *channels: Channel, count: int = 3) -> list[str]:
    """Which lanes a route hands out, as channel or channel/key."""
    way = route(by, *channels)
    taken = [way.next() for _ in range(count)]
    several = {each.id for each in channels if len(each.keys) > 1}
    return [f"{lane.channel_id}/{lane.key_id}" if lane.channel_id in several else lane.channel_id for lane in taken]


def break_down(by: Router, channel_id: str) -> None:
    for _ in range(5):
        by.health.failed(channel_id, "server")


def test_a_higher_priority_is_tried_before_a_lower_one() -> None:
    for seed in range(20):
        by, _ = router(seed)
        way = order(by, channel("low"), channel("high", priority=5), channel("mid", priority=2))
        assert ["high", "mid", "low"] == way


def test_the_whole_of_a_tier_is_tried_before_the_next() -> None:
    for seed in range(50):
        by, _ = router(seed)
        way = order(by, channel("a", priority=1), channel("b", priority=1), channel("c", weight=1000))
        assert {"a", "b"} == set(way[:2])


def test_weights_decide_how_often() -> None:
    by, _ = router()
    heavy, light = channel("heavy", weight=9), channel("light", weight=1)
    counts = Counter(route(by, heavy, light).next().channel_id for _ in range(2000))
    assert 1740 < counts["heavy"] < 1860


def test_many_keys_give_a_channel_no_more_than_its_weight() -> None:
    by, _ = router()
    many, one = channel("many", keys=tuple(f"sk-{n}" for n in range(9))), channel("one")
    counts = Counter(route(by, many, one).next().channel_id for _ in range(2000))
    assert 900 < counts["one"] < 1100


def test_several_keys_share_the_load() -> None:
    by, _ = router()
    counts = Counter(route(by, channel("a", keys=("sk-1", "sk-2"))).next().key_id for _ in range(1000))
    assert 430 < counts["k1"] < 570


def test_another_channel_comes_before_another_key_of_a_failed_one() -> None:
    for seed in range(50):
        by, _ = router(seed)
        way = route(by, channel("two", keys=("sk-1", "sk-2"), weight=100), channel("one"))
        assert {"one", "two"} == {way.next().channel_id, way.next().channel_id}


def test_one_bad_key_leaves_its_channel_in() -> None:
    by, _ = router()
    keys = (ChannelKey(id="k1", ref=Secret("sk-1"), disabled="refused"), ChannelKey(id="k2", ref=Secret("sk-2")))
    assert ["k2"] == [lane.key_id for lane in by.lanes(model(attrs.evolve(channel("a"), keys=keys)).candidates)]


def test_a_key_from_the_environment_is_found() -> None:
    by, _ = router()
    assert "sk-from-env" == route(by, channel("a", keys=("env:KEY",))).next().secret


def test_a_channel_whose_variable_is_unset_is_not_tried() -> None:
    by, _ = router()
    with pytest.raises(ChannelsDisabled):
        route(by, channel("a", keys=("env:NOT_SET",))).next()


def test_a_channel_without_keys_is_tried() -> None:
    by, _ = router()
    lane = route(by, channel("local", keys=())).next()
    assert (NO_KEY, "") == (lane.key_id, lane.secret)


def test_a_lane_never_shows_its_key() -> None:
    by, _ = router()
    assert "sk-secret" not in repr(route(by, channel("a", keys=("sk-secret",))).next())


def test_only_its_own_group_may_use_a_channel() -> None:
    by, _ = router()
    with pytest.raises(NoChannel) as caught:
        route_of(model(channel("a", group="vip")), "default", "asked/m", by)
    assert "No available channel for model asked/m under group default" == caught.value.message


def test_a_well_channel_is_tried_before_a_cooling_one() -> None:
    by, _ = router()
    break_down(by, "high")
    assert "low" == route(by, channel("high", priority=5), channel("low")).next().channel_id


def test_a_cooling_channel_is_not_tried_when_another_failed() -> None:
    by, _ = router()
    break_down(by, "cooling")
    way = route(by, channel("cooling"), channel("well"))
    way.next()
    assert way.exhausted


def test_the_last_channel_of_a_model_is_never_left_out() -> None:
    by, _ = router()
    break_down(by, "only")
    assert "only" == route(by, channel("only")).next().channel_id


def test_with_all_channels_out_the_one_that_returns_first_is_tried() -> None:
    by, clock = router()
    break_down(by, "a")
    clock.advance(5)
    break_down(by, "b")
    assert "a" == route(by, channel("b"), channel("a")).next().channel_id


def test_a_key_that_waits_after_a_429_is_no_last_resort() -> None:
    by, _ = router()
    by.health.rate_limit("a", "k1", 7.0)
    with pytest.raises(ChannelsCoolingDown):
        route(by, channel("a")).next()


def test_the_other_key_is_used_after_a_429() -> None:
    by, _ = router()
    by.health.rate_limit("a", "k1", 7.0)
    assert "k2" == route(by, channel("a", keys=("sk-1", "sk-2"))).next().key_id


@pytest.mark.parametrize(("waits", "retry_after"), [((7.0, 9.0), 7), ((0.2, 9.0), 1), ((200.0, 300.0), 60)])
def test_clients_are_told_the_shortest_wait(waits: tuple[float, float], retry_after: int) -> None:
    by, _ = router()
    for name, wait in zip("ab", waits, strict=True):
        by.health.rate_limit(name, "k1", wait)
    with pytest.raises(ChannelsCoolingDown) as caught:
        route(by, channel("a"), channel("b")).next()
    assert retry_after == caught.value.retry_after


def test_a_model_whose_keys_are_all_disabled_waits_for_its_operator() -> None:
    """Clients were told to come back in 5 s, for ever."""
    by, _ = router()
    keys = (ChannelKey(id="k1", ref=Secret("sk-1"), disabled="refused"),)
    with pytest.raises(ChannelsDisabled) as caught:
        route(by, attrs.evolve(channel("a"), keys=keys)).next()
    refusal = caught.value
    assert (503, "channel_unavailable") == (refusal.status, refusal.code)
    assert (None, False, True) == (refusal.retry_after, refusal.should_retry, "operator" in refusal.message)


def test_a_disabled_key_does_not_hide_how_long_the_other_one_waits() -> None:
    by, _ = router()
    one = attrs.evolve(channel("a"), keys=(ChannelKey(id="k1", ref=Secret("sk-1"), disabled="refused"),))
    by.health.rate_limit("b", "k1", 7.0)
    with pytest.raises(ChannelsCoolingDown) as caught:
        route(by, one, channel("b")).next()
    assert 7 == caught.value.retry_after


def test_channels_that_cool_down_say_for_how_long() -> None:
    by, clock = router()
    break_down(by, "a")
    clock.advance(10)
    lanes = route(by, channel("a")).lanes
    refusal = by.out_of_lanes(lanes, "m", "default")
    assert (503, "channel_unavailable", 20) == (refusal.status, refusal.code, refusal.retry_after)


def test_a_lane_is_handed_out_once() -> None:
    by, _ = router()
    lanes = order(by, channel("a", keys=("sk-1", "sk-2")), channel("b"), count=3)
    assert {"a/k1", "a/k2", "b"} == set(lanes)


def test_a_route_ends_when_nothing_is_left() -> None:
    by, _ = router()
    way = route(by, channel("a"))
    way.next()
    with pytest.raises(ChannelsDown):
        way.next()


def test_ranked_lanes_stand_in_the_order_of_trying_with_what_keeps_the_others_out() -> None:
    by, clock = router()
    break_down(by, "down")
    by.health.rate_limit("waits", "k1", 7.0)
    names = {"light": 5, "low": 0, "heavy": 5, "down": 9, "waits": 3}
    channels = [channel(name, priority=each, weight=3 if name == "heavy" else 1) for name, each in names.items()]
    clock.advance(2.0)
    ranked = by.ranked(by.lanes(model(*channels).candidates))
    assert ["heavy", "light", "low", "down", "waits"] == [each.lane.channel_id for each in ranked]
    assert [0.75, 0.25, 1.0, 0.0, 0.0] == [each.share for each in ranked]
    assert [None] * 3 + [Obstacle("cooldown", 28.0, 5, "server"), Obstacle("rate_limit", 5.0)] == [
        each.obstacle for each in ranked
    ]


def test_with_every_lane_out_the_last_resort_alone_is_ranked_as_tried() -> None:
    by, clock = router()
    break_down(by, "first")
    clock.advance(5)
    break_down(by, "second")
    ranked = by.ranked(by.lanes(model(channel("second", priority=9), channel("first")).candidates))
    assert [("first", 1.0), ("second", 0.0)] == [(each.lane.channel_id, each.share) for each in ranked]


@pytest.mark.parametrize("seed", range(50))
def test_a_request_tries_the_lanes_of_distinct_ranks_as_they_are_ranked(seed: int) -> None:
    by, _ = router(seed)
    chance = random.Random(seed)
    channels = [channel(name, priority=chance.randrange(4), weight=chance.randint(1, 3)) for name in "abcdef"]
    for name in chance.sample("abcdef", 2):
        break_down(by, name)
    left = by.ranked(by.lanes(model(*channels).candidates))
    way = route(by, *channels)
    while not way.exhausted:
        foremost = {each.lane.channel_id for each in left if each.share and each.rank == left[0].rank}
        taken = way.next().channel_id
        assert taken in foremost
        left = [each for each in left if each.lane.channel_id != taken]
    assert {0.0} == {each.share for each in left}
