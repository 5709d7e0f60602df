"""The explained route is the one that requests take."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from aihub_lite.domain.channel import Offer
from aihub_lite.domain.strategy import Strategy
from aihub_lite.domain.token import Token
from aihub_lite.gateway.adapters.chat import CHAT
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.upkeep.explain import explain
from aihub_lite.gateway.upkeep.explained_request import Sample
from aihub_lite.wire.chat.request import chat_request
from tests.support.inprocess import MODEL, House, open_house

STRATEGIES: tuple[Strategy, ...] = ("priority", "cheapest", "fastest")


async def scatter(house: House, chance: random.Random) -> None:
    """Six channels of all sorts, in all sorts of health."""
    gateway = house.gateway
    for _ in range(6):
        channel = await house.add_channel(
            price=None,
            keys=("sk-a", "sk-b")[: chance.randrange(3)],
            priority=chance.randrange(3),
            weight=chance.randint(1, 4),
            group=chance.choice(("default", "default", "default", "team")),
        )
        if chance.random() < 0.3:
            gateway.health.rate_limit(channel.id, "k1", chance.uniform(1, 50))
        if chance.random() < 0.3:
            for _ in range(5):
                gateway.health.failed(channel.id, "server")
        if chance.random() < 0.2:
            await gateway.registry.channels.disable(channel.id, "by hand")
        if chance.random() < 0.5:
            gateway.line.router.latencies.measured((channel.id, f"{MODEL}-upstream", True), chance.random())


def tried_by_requests(gateway: Gateway, token: Token) -> set[tuple[str, ...]]:
    """The channels that requests try, each once and in order, as often as chance may decide otherwise."""
    request = chat_request({"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": True})
    orders = set()
    for _ in range(200):
        route = gateway.line.plan(gateway.registry.catalog.models[MODEL], token, request, CHAT)
        names = [route.router.pick(route.lanes, (), route.ordering) or route.router.last_resort(route.lanes)]
        while (lane := names[-1]) is not None:
            route.lanes = [other for other in route.lanes if other.channel_id != lane.channel_id]
            names.append(route.router.pick(route.lanes, (), route.ordering))
        orders.add(tuple(lane.candidate.channel.name for lane in names if lane is not None))
    return orders


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("seed", range(6))
def test_channels_are_explained_in_an_order_that_requests_try(tmp_path: Path, strategy: Strategy, seed: int) -> None:
    async def story() -> None:
        async with open_house(tmp_path) as house:
            await house.add_channel()
            await scatter(house, random.Random(seed))
            await house.gateway.registry.models.set_strategy(MODEL, strategy)
            explanation = explain(house.gateway, MODEL, None)
            explained = tuple(way.channel.name for way in explanation.channels if way.place is not None)
            token, _ = await house.add_token()
            assert explained in tried_by_requests(house.gateway, token)
            assert [*range(1, len(explained) + 1)] == [way.place for way in explanation.channels][: len(explained)]
            assert len(house.gateway.registry.channels.all) == len(explanation.channels)

    asyncio.run(story())


def test_a_channel_that_offers_a_model_twice_has_its_chance_once(tmp_path: Path) -> None:
    async def story() -> list[tuple[str, str]]:
        async with open_house(tmp_path) as house:
            await house.add_channel("m", weight=3)
            offers = (Offer("m", "one"), Offer("openai/m", "two"))
            await house.add_channel("m", offers=offers, weight=2)
            ways = explain(house.gateway, "m", None).channels
            return [(way.upstream_model, way.why) for way in ways]

    assert [
        ("m-upstream", "priority 0, by chance: 60 % of this priority"),
        ("one", "priority 0, by chance: 20 % of this priority"),
        ("two", "priority 0, by chance: 20 % of this priority"),
    ] == asyncio.run(story())


def test_a_channel_whose_keys_all_wait_is_left_out_until_the_first_of_them_is_free(tmp_path: Path) -> None:
    async def story() -> list[tuple[int | None, str]]:
        async with open_house(tmp_path) as house:
            await house.add_channel()
            channel = await house.add_channel(keys=("sk-a", "sk-b"))
            house.gateway.health.rate_limit(channel.id, "k1", 9.0)
            house.gateway.health.rate_limit(channel.id, "k2", 7.0)
            return [(way.place, way.why) for way in explain(house.gateway, MODEL, None).channels]

    assert [(1, "priority 0"), (None, "its upstream asked to wait (429): 7 s left")] == asyncio.run(story())


def test_a_sticky_model_is_explained_for_the_conversation_that_is_given(tmp_path: Path) -> None:
    """Without one only the chances can be told; with one it is said which channel it stays at."""

    async def story() -> None:
        async with open_house(tmp_path) as house:
            for _ in range(5):
                await house.add_channel()
            await house.gateway.registry.models.set_strategy(MODEL, "sticky")
            for number in range(5):
                body = {"model": MODEL, "messages": [{"role": "user", "content": f"Hi {number}"}]}
                ways = explain(house.gateway, MODEL, None, Sample(chat_request(body), CHAT)).channels
                _, key = await house.add_token()
                assert 200 == (await house.ask(key, messages=body["messages"]).served()).status
                assert (await house.records())[-1]["channel"] == ways[0].channel.name
                assert "priority 0, by conversation" == ways[0].why

    asyncio.run(story())
