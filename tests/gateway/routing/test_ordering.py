"""Strategies other than priority: whose turn it is by price, by speed and by conversation."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.catalog import Candidate, Model
from aihub_lite.domain.channel import Channel, Offer, keys_of
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import NANO, UNPRICED, Price, Rates
from aihub_lite.domain.overrides import Overrides, Param
from aihub_lite.domain.strategy import EVERY_MODEL, Strategy
from aihub_lite.domain.usage import Attempt, Usage
from aihub_lite.errors import ChannelsDown
from aihub_lite.gateway.routing.health import Health, HealthPolicy
from aihub_lite.gateway.routing.latency import FAULT_TIME, MEMORY
from aihub_lite.gateway.routing.ordering import ByConversation, ByLatency, ByPrice, Ordering, SizeAt
from aihub_lite.gateway.routing.route import Route, route_of
from aihub_lite.gateway.routing.router import Router
from aihub_lite.gateway.upkeep.explain import explain
from aihub_lite.wire.chat.conversation import conversation_of
from tests.support.clock import MONDAY, ManualClock
from tests.support.inprocess import MODEL, House, open_house, streamed

SIZE = Usage(1000, 1000)


def anywhere(size: Usage) -> SizeAt:
    """The same size at every channel."""
    return lambda _: size


def candidate(name: str, price: int | None = None, **fields: Any) -> Candidate:
    """A way at a channel of this name; `price` in USD per million tokens, None where nobody knows one."""
    keys = keys_of(fields.pop("keys", ("sk-x",)))
    made = Channel(id=name, name=name, provider="openai", base_url="http://127.0.0.1/v1", created_at=0, keys=keys)
    rates = Rates(0, 0) if price is None else Rates(price * 10**9, price * 10**9)
    return Candidate(attrs.evolve(made, **fields), "m", UNPRICED if price is None else Price(rates, source="test"))


def router(seed: int = 1) -> tuple[Router, ManualClock]:
    clock = ManualClock()
    return Router(Health(clock, HealthPolicy(5, 30.0, 300.0)), {}, random.Random(seed)), clock


def route(by: Router, ordering: Ordering, *candidates: Candidate) -> Route:
    way = route_of(Model("m", frozenset({"m"}), candidates), "default", "m", by)
    way.ordering = ordering
    return way


def order(by: Router, ordering: Ordering, *candidates: Candidate) -> list[str]:
    """The channels of all lanes, in the order in which one request would try them."""
    way = route(by, ordering, *candidates)
    return [way.next().channel_id for _ in range(len(way.lanes))]


def break_down(by: Router, channel_id: str) -> None:
    for _ in range(5):
        by.health.failed(channel_id, "server")


# cheapest


def test_a_cheaper_channel_is_tried_before_a_dearer_one() -> None:
    for seed in range(20):
        by, _ = router(seed)
        ways = [candidate("dear", 9, priority=10, weight=99), candidate("cheap", 1), candidate("mid", 4)]
        assert ["cheap", "mid", "dear"] == order(by, ByPrice(anywhere(SIZE), MONDAY), *ways)


def test_a_fee_for_each_request_makes_a_channel_dearer() -> None:
    by, _ = router()
    fee = candidate("fee", 1)
    fee = attrs.evolve(fee, price=attrs.evolve(fee.price, hosted=HostedRates(request=14 * NANO)))
    assert ["tokens", "fee"] == order(by, ByPrice(anywhere(SIZE), MONDAY), fee, candidate("tokens", 2))


def test_a_long_answer_goes_where_only_prompts_are_cheap() -> None:
    by, _ = router()
    prompts = Candidate(candidate("prompts").channel, "m", Price(Rates(1, 9), source="test"))
    answers = Candidate(candidate("answers").channel, "m", Price(Rates(9, 1), source="test"))
    firsts = [
        order(by, ByPrice(anywhere(size), MONDAY), prompts, answers)[0]
        for size in (Usage(10**9, 10**6), Usage(10**6, 10**9))
    ]
    assert ["prompts", "answers"] == firsts


def test_a_price_that_nobody_knows_comes_last() -> None:
    by, _ = router()
    assert ["dear", "unknown"] == order(
        by, ByPrice(anywhere(SIZE), MONDAY), candidate("unknown"), candidate("dear", 90)
    )


def test_a_server_of_ones_own_without_a_price_costs_nothing() -> None:
    by, _ = router()
    assert ["own", "cheap"] == order(
        by, ByPrice(anywhere(SIZE), MONDAY), candidate("cheap", 1), candidate("own", provider="ollama")
    )


def test_at_the_same_price_priority_decides() -> None:
    for seed in range(20):
        by, _ = router(seed)
        assert ["high", "low"] == order(
            by, ByPrice(anywhere(SIZE), MONDAY), candidate("low", 1), candidate("high", 1, priority=1)
        )


def test_at_the_same_price_and_priority_weights_decide() -> None:
    by, _ = router()
    ways = [candidate("heavy", 1, weight=9), candidate("light", 1)]
    counts = Counter(order(by, ByPrice(anywhere(SIZE), MONDAY), *ways)[0] for _ in range(2000))
    assert 1740 < counts["heavy"] < 1860


def test_the_cheapest_channel_is_not_tried_while_it_cools_down() -> None:
    by, _ = router()
    break_down(by, "cheap")
    assert (
        "dear"
        == route(by, ByPrice(anywhere(SIZE), MONDAY), candidate("cheap", 1), candidate("dear", 9)).next().channel_id
    )


def test_another_channel_is_tried_before_another_key_of_the_cheapest() -> None:
    by, _ = router()
    ways = [candidate("cheap", 1, keys=("sk-1", "sk-2")), candidate("dear", 9)]
    assert ["cheap", "dear", "cheap"] == order(by, ByPrice(anywhere(SIZE), MONDAY), *ways)


@pytest.mark.attack("T-27")
@pytest.mark.parametrize("ordering", [ByPrice(anywhere(SIZE), MONDAY), ByConversation(b"c")])
def test_no_strategy_leaves_out_the_last_channel(ordering: Ordering) -> None:
    by, clock = router()
    break_down(by, "a")
    clock.advance(5)
    break_down(by, "b")
    way = route(by, ordering, candidate("b", 1), candidate("a", 9))
    assert "a" == way.next().channel_id
    with pytest.raises(ChannelsDown):
        way.next()


# fastest


def report(by: Router, name: str, seconds: float, fault: str = "", *, streamed: bool = True) -> None:
    """An attempt at a channel, begun and over."""
    ordering = ByLatency(by.latencies, streamed)
    ordering.started(candidate(name))
    ordering.ended(candidate(name), Attempt(name, 200, fault, round(seconds * 1000)))


def fastest(by: Router, *names: str, streamed: bool = True) -> str:
    """Where a request would go, without its going there."""
    way = route(by, ByLatency(by.latencies, streamed), *(candidate(name) for name in names))
    lane = by.pick(way.lanes, (), way.ordering)
    assert lane is not None
    return lane.channel_id


def test_a_faster_channel_is_tried_before_a_slower_one() -> None:
    by, _ = router()
    for name, seconds in (("slow", 2.0), ("fast", 0.2), ("mid", 0.7)):
        report(by, name, seconds)
    assert ["fast", "mid", "slow"] == order(by, ByLatency(by.latencies, True), *map(candidate, ("slow", "fast", "mid")))


def test_a_channel_that_was_never_measured_is_tried_first() -> None:
    by, _ = router()
    report(by, "known", 0.001)
    assert "new" == fastest(by, "known", "new")


def test_one_request_goes_to_a_new_channel_before_it_has_answered() -> None:
    by, _ = router()
    report(by, "known", 0.5)
    firsts = [order(by, ByLatency(by.latencies, True), candidate("known"), candidate("new"))[0] for _ in range(3)]
    assert ["new", "known", "known"] == firsts


def test_one_slow_answer_makes_a_channel_slow() -> None:
    by, _ = router()
    report(by, "other", 1.0)
    for _ in range(50):
        report(by, "one", 0.2)
    report(by, "one", 5.0)
    assert "other" == fastest(by, "one", "other")


def test_one_fast_answer_does_not_make_a_slow_channel_fast() -> None:
    by, clock = router()
    report(by, "slow", 5.0)
    report(by, "other", 1.0)
    clock.advance(1)
    report(by, "slow", 0.1)
    assert "other" == fastest(by, "slow", "other")


def test_a_channel_that_is_fast_again_becomes_fast() -> None:
    by, clock = router()
    report(by, "slow", 5.0)
    report(by, "other", 1.0)
    for _ in range(60):
        clock.advance(MEMORY / 20)
        report(by, "slow", 0.1)
        report(by, "other", 1.0)
    assert "slow" == fastest(by, "slow", "other")


def test_a_refused_connection_counts_as_slow() -> None:
    by, _ = router()
    report(by, "broken", 0.001, "connect")
    report(by, "other", FAULT_TIME - 1)
    assert "other" == fastest(by, "broken", "other")


@pytest.mark.parametrize("fault", ["client", "rate", "model", "auth"])
def test_what_is_no_fault_of_a_channel_does_not_make_it_slow(fault: str) -> None:
    by, _ = router()
    report(by, "one", 0.2)
    report(by, "one", 0.001, fault)
    assert 0.2 == by.latencies.average(("one", "m", True))


def test_a_slow_channel_is_asked_again_after_a_while() -> None:
    by, clock = router()
    report(by, "slow", 2.0)
    for _ in range(40):
        report(by, "fast", 0.5)
        clock.advance(MEMORY / 20)
    firsts = [order(by, ByLatency(by.latencies, True), candidate("fast"), candidate("slow"))[0] for _ in range(3)]
    assert ["slow", "fast", "fast"] == firsts


def test_whole_answers_say_nothing_of_streams() -> None:
    by, _ = router()
    for name, first_byte, whole_answer in (("one", 0.2, 20.0), ("other", 0.4, 10.0)):
        report(by, name, first_byte)
        report(by, name, whole_answer, streamed=False)
    assert ("one", "other") == (fastest(by, "one", "other"), fastest(by, "one", "other", streamed=False))


def test_a_channel_that_was_changed_loses_its_average() -> None:
    by, _ = router()
    report(by, "one", 2.0)
    by.latencies.forget("one")
    assert None is by.latencies.average(("one", "m", True))


# sticky


def conversations(count: int) -> list[bytes]:
    return [conversation_of([{"role": "user", "content": f"conversation {number}"}]) for number in range(count)]


def winner(by: Router, conversation: bytes, *candidates: Candidate) -> str:
    return route(by, ByConversation(conversation), *candidates).next().channel_id


def test_a_conversation_stays_while_nothing_happens() -> None:
    ways = [candidate(name, keys=("sk-1", "sk-2")) for name in "abc"]
    for conversation in conversations(20):
        lanes = [route(router(seed)[0], ByConversation(conversation), *ways).next() for seed in range(10)]
        assert 1 == len({(lane.channel_id, lane.key_id) for lane in lanes})


def test_another_order_of_channels_moves_no_conversation() -> None:
    by, _ = router()
    ways = [candidate(name) for name in "abc"]
    for conversation in conversations(50):
        assert winner(by, conversation, *ways) == winner(by, conversation, *reversed(ways))


def test_conversations_are_spread_by_weight() -> None:
    by, _ = router()
    ways = [candidate("heavy", weight=3), candidate("light")]
    counts = Counter(winner(by, each, *ways) for each in conversations(4000))
    assert 2900 < counts["heavy"] < 3100


def test_the_keys_of_a_channel_share_its_conversations() -> None:
    by, _ = router()
    way = candidate("a", keys=("sk-1", "sk-2"))
    counts = Counter(route(by, ByConversation(each), way).next().key_id for each in conversations(2000))
    assert 900 < counts["k1"] < 1100


def test_an_outage_moves_no_conversation_of_other_channels() -> None:
    by, clock = router()
    ways = [candidate(name) for name in "abc"]
    before = {each: winner(by, each, *ways) for each in conversations(300)}
    break_down(by, "b")
    during = {each: winner(by, each, *ways) for each in before}
    clock.advance(31)
    after = {each: winner(by, each, *ways) for each in before}

    moved = {each for each in before if during[each] != before[each]}
    assert {each for each, name in before.items() if name == "b"} == moved
    assert {"a", "c"} == {during[each] for each in moved}
    assert before == after


def test_a_new_channel_moves_only_the_conversations_that_it_takes() -> None:
    by, _ = router()
    ways = [candidate(name) for name in "abcd"]
    for each in conversations(300):
        assert winner(by, each, *ways) in (winner(by, each, *ways[:3]), "d")


def test_a_conversation_goes_to_no_channel_of_lower_priority() -> None:
    by, _ = router()
    ways = [candidate("low", weight=1000), candidate("high", priority=1)]
    assert {"high"} == {winner(by, each, *ways) for each in conversations(100)}


def test_the_second_turn_belongs_to_the_same_conversation() -> None:
    first = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    second = [*first, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "And now?"}]
    assert conversation_of(first) == conversation_of(second)


def test_a_cache_mark_that_wanders_moves_no_conversation() -> None:
    def begun(**marks: Any) -> bytes:
        return conversation_of([{"role": "user", "content": [{"type": "text", "text": "Hello", **marks}]}])

    assert begun() == begun(cache_control={"type": "ephemeral"})
    assert begun() == conversation_of([{"role": "user", "content": "Hello"}])


@pytest.mark.parametrize(
    "other",
    [
        [{"role": "system", "content": "Be long."}, {"role": "user", "content": "Hello"}],
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hullo"}],
        [{"role": "user", "content": "Be brief.Hello"}],
        [{"role": "user", "content": ["Be brief.", "Hello"]}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/1"}}]}],
        [{"role": "user", "content": None}],
        [{"role": "user"}],
        [{"role": "assistant", "content": "\ud800"}],
    ],
)
def test_conversations_that_began_otherwise_differ(other: list[dict[str, Any]]) -> None:
    one = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert conversation_of(one) != conversation_of(other)


# The line


def play(directory: Path, story: Callable[[House, str], Awaitable[None]], clock: ManualClock | None = None) -> None:
    async def run() -> None:
        async with open_house(directory, clock=clock) as house:
            _, key = await house.add_token()
            await story(house, key)

    asyncio.run(run())


async def served_by(house: House, key: str, **fields: Any) -> str:
    """The channel that answered a request, by its usage record."""
    call = await house.ask(key, **fields).served()
    assert 200 == call.status, call.content
    return str((await house.records())[-1]["channel"])


async def set_strategy(house: House, strategy: Strategy, model: str = MODEL) -> None:
    await house.gateway.registry.models.set_strategy(model, strategy)


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def test_a_model_set_to_cheapest_is_served_by_the_cheapest(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        registry = house.gateway.registry
        for rate, priority in ((9, 5), (1, 0), (4, 9)):
            rates = Rates(rate * 10**9, rate * 10**9)
            registry.live_catalog.default_prices["lmstudio", f"m-{rate}"] = Price(rates, source="test")
            await house.add_channel(price=None, priority=priority, offers=(Offer(MODEL, f"m-{rate}"),))
        before = await served_by(house, key)
        await set_strategy(house, "cheapest")
        assert ("channel-4", "channel-3") == (before, await served_by(house, key))

    play(tmp_path, story)


def test_what_a_channel_lets_models_write_counts_in_what_is_cheapest(tmp_path: Path) -> None:
    """A rate that is half as high for ten times as many tokens is no lower price; `route explain` says the same."""

    async def story(house: House, key: str) -> None:
        registry = house.gateway.registry
        for rate, tokens in ((2, 100), (1, 1000)):
            registry.live_catalog.default_prices["lmstudio", f"m-{rate}"] = Price(Rates(0, rate * 10**9), source="test")
            overrides = Overrides(set_params=(Param("max_tokens", str(tokens)),))
            await house.add_channel(price=None, offers=(Offer(MODEL, f"m-{rate}"),), overrides=overrides)
        await set_strategy(house, "cheapest")
        explained = explain(house.gateway, MODEL, None)
        costs = [(each.channel.name, each.cost_nano) for each in explained.channels]
        assert [("channel-2", 200_000), ("channel-3", 1_000_000)] == costs
        assert ["channel-2"] * 5 == [await served_by(house, key) for _ in range(5)]

    play(tmp_path, story)


def test_a_channel_that_failed_is_measured_as_slow(tmp_path: Path) -> None:
    clock = ManualClock()

    async def story(house: House, key: str) -> None:
        one, other = await house.add_channel(priority=1), await house.add_channel()
        await set_strategy(house, "fastest")
        house.upstream.queue.append((500, [b"{}"]))
        assert other.name == await served_by(house, key, stream=True)
        latencies = house.gateway.line.router.latencies
        averages = [latencies.average((each.id, "model-upstream", True)) for each in (one, other)]
        assert [FAULT_TIME, 0.0] == averages

    play(tmp_path, story, clock)


def test_under_priority_answers_are_not_measured(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        channel = await house.add_channel()
        await served_by(house, key, stream=True)
        assert None is house.gateway.line.router.latencies.average((channel.id, "model-upstream", True))

    play(tmp_path, story)


def test_first_content_is_what_is_measured(tmp_path: Path) -> None:
    clock = ManualClock()

    async def story(house: House, key: str) -> None:
        channel = await house.add_channel()
        await set_strategy(house, "fastest")
        opened = asyncio.Event()
        house.upstream.queue.append((200, [opened, *streamed("hello", usage=None)]))
        call = house.ask(key, stream=True)
        await call.until(lambda: house.upstream.requests)
        clock.advance(1.5)
        opened.set()
        await call.served()
        assert 1.5 == house.gateway.line.router.latencies.average((channel.id, "model-upstream", True))

    play(tmp_path, story, clock)


def test_turns_of_one_conversation_go_to_one_channel(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        for _ in range(4):
            await house.add_channel()
        await set_strategy(house, "sticky", EVERY_MODEL)
        served = {text: {await served_by(house, key, **said(text)) for _ in range(4)} for text in "abcdefghij"}
        assert {1} == {len(channels) for channels in served.values()}
        assert 1 < len(set.union(*served.values()))

    play(tmp_path, story)


def test_a_conversation_goes_on_elsewhere_when_its_channel_fails(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        for _ in range(3):
            await house.add_channel()
        await set_strategy(house, "sticky")
        before = await served_by(house, key, **said("hello"))
        house.upstream.queue.append((500, [b"{}"]))
        during = await served_by(house, key, **said("hello"))
        assert before != during
        assert before == await served_by(house, key, **said("hello"))

    play(tmp_path, story)


def test_what_a_conversation_is_known_by_never_reaches_the_disk(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        for _ in range(2):
            await house.add_channel()
        await set_strategy(house, "sticky")
        await served_by(house, key, **said("hello"))
        known_by = conversation_of(said("hello")["messages"])
        await house.flushed()
        for file in tmp_path.iterdir():
            assert known_by not in file.read_bytes()
            assert known_by.hex().encode() not in file.read_bytes()

    play(tmp_path, story)


# The registry


def test_a_strategy_is_kept_over_a_restart(tmp_path: Path) -> None:
    async def story() -> tuple[object, object]:
        async with open_house(tmp_path) as house:
            await set_strategy(house, "sticky")
            await set_strategy(house, "cheapest", EVERY_MODEL)
            before = dict(house.gateway.registry.models.strategies)
        async with open_house(tmp_path) as house:
            await house.add_channel()
            await house.add_channel("another")
            models = house.gateway.registry.catalog.models
            assert ("sticky", "cheapest") == (models[MODEL].strategy, models["another"].strategy)
            return before, house.gateway.registry.models.strategies

    before, after = asyncio.run(story())
    assert before == after


def test_a_strategy_set_by_another_name_of_a_model_is_that_models(tmp_path: Path) -> None:
    async def story(house: House, _: str) -> None:
        registry = house.gateway.registry
        await house.add_channel()
        await registry.models.set_alias("fast", MODEL)
        assert MODEL == await registry.models.set_strategy("fast", "sticky")
        assert "sticky" == registry.catalog.models[MODEL].strategy
        assert MODEL == await registry.models.delete_strategy(f"openai/{MODEL}")
        assert "priority" == registry.catalog.models[MODEL].strategy

    play(tmp_path, story)


def test_a_model_with_a_strategy_of_its_own_does_not_follow_that_of_all(tmp_path: Path) -> None:
    async def story(house: House, _: str) -> None:
        await house.add_channel()
        await set_strategy(house, "cheapest", EVERY_MODEL)
        await set_strategy(house, "priority")
        assert "priority" == house.gateway.registry.catalog.models[MODEL].strategy

    play(tmp_path, story)
