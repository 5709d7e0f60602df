"""Prices that change with the hour and the day, whole: what is held, and what is booked of whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.domain.channel import Offer
from aihub_lite.domain.hours import HourSpan
from aihub_lite.domain.money import Hours, Later, Price, Rates, Tier, cost_of
from aihub_lite.domain.usage import Usage
from aihub_lite.web.app import create_app
from tests.support.asgi import post
from tests.support.clock import MONDAY, ManualClock
from tests.support.inprocess import MODEL, PLAYED, PROMPT_TOKENS, House, open_house, streamed, whole
from tests.support.upstream.answers import USAGE

LOW, HIGH = (Rates(rate * 10**9, 2 * rate * 10**9) for rate in (10, 20))
NOON = HourSpan.of("12:00-13:00")
HOURLY = Price(LOW, "table", hours=(Hours(NOON, HIGH),))
HOUR = 3600.0
USED = Usage(USAGE["prompt_tokens"], USAGE["completion_tokens"])
OFF_PEAK, PEAK = (cost_of(USED, Price(rates, "table")) for rates in (LOW, HIGH))
Story = Callable[[House, str, ManualClock], Awaitable[None]]


def play(directory: Path, story: Story, price: Price = HOURLY, **token: Any) -> None:
    """A story that begins on a Monday at noon."""

    async def run() -> None:
        clock = ManualClock()
        async with open_house(directory, clock=clock) as house:
            await house.add_channel(price=price)
            _, key = await house.add_token(**token)
            await story(house, key, clock)

    asyncio.run(run())


async def costs(house: House) -> list[int]:
    return [row["cost_nano"] for row in await house.records()]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("begins", "cost"), [(-0.5, OFF_PEAK), (0.5, PEAK)], ids=["before noon", "after it"])
def test_a_request_costs_what_was_in_force_when_it_began(
    tmp_path: Path, stream: bool, begins: float, cost: int
) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        clock.jump(begins * HOUR)
        gate = asyncio.Event()
        answer = streamed("hello", usage=USAGE) if stream else whole(usage=USAGE)
        house.upstream.queue.append((200, [gate, *answer]))
        call = house.ask(key, stream=stream)
        await call.until(lambda: house.upstream.requests)
        clock.jump(HOUR)  # it ends at other rates than it began
        gate.set()
        await call.served()
        assert [cost] == await costs(house)

    play(tmp_path, story)


@pytest.mark.parametrize(("hours", "cost"), [(-1, OFF_PEAK), (0, PEAK), (1, OFF_PEAK), (24, PEAK)])
def test_each_request_costs_what_its_hour_does(tmp_path: Path, hours: int, cost: int) -> None:
    """The price of a model was the dearest of its day at any hour: twice what DeepSeek bills."""

    async def story(house: House, key: str, clock: ManualClock) -> None:
        clock.jump(hours * HOUR)
        await house.ask(key).served()
        assert [cost] == await costs(house)

    play(tmp_path, story)


@pytest.mark.parametrize("short", [0, 1])
def test_the_hold_is_at_the_dearest_hour(tmp_path: Path, short: int) -> None:
    dearest = cost_of(Usage(PROMPT_TOKENS, 100), Price(HIGH, "table"))

    async def story(house: House, key: str, clock: ManualClock) -> None:
        clock.jump(2 * HOUR)
        call = await house.ask(key, max_tokens=100).served()
        assert (402 if short else 200) == call.status

    play(tmp_path, story, quota_nano=dearest - short)


@pytest.mark.parametrize("short", [0, 1])
def test_the_hold_is_at_the_rates_of_the_longer_prompt_that_it_may_prove_to_be(tmp_path: Path, short: int) -> None:
    """Of 190,000 tokens by our own estimate the upstream may count 205,000, and bill all of them as a long prompt."""
    dearest = cost_of(Usage(PROMPT_TOKENS, 100), Price(HIGH, "table"))

    async def story(house: House, key: str, clock: ManualClock) -> None:
        call = await house.ask(key, max_tokens=100).served()
        assert (402 if short else 200) == call.status

    tiered = Price(
        LOW, "table", (Tier(PROMPT_TOKENS + 1, HIGH), Tier(2 * PROMPT_TOKENS, attrs.evolve(HIGH, input=10**12)))
    )
    play(tmp_path, story, tiered, quota_nano=dearest - short)


def test_a_crash_charges_what_was_in_force(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        clock.jump(2 * HOUR)
        gate = asyncio.Event()
        house.upstream.queue.append((200, [gate, *whole(usage=USAGE)]))
        call = house.ask(key, max_tokens=100)
        await call.until(lambda: house.upstream.requests)
        await house.flushed()
        (row,) = await house.gateway.database.read("SELECT * FROM holds")
        assert cost_of(Usage(PROMPT_TOKENS), Price(LOW, "table")) == row["estimate_nano"]
        assert cost_of(Usage(PROMPT_TOKENS, 100), Price(HIGH, "table")) == row["amount_nano"]
        assert LOW == msgspec.json.decode(row["price"], type=Price).rates
        gate.set()
        await call.served()

    play(tmp_path, story)


@pytest.mark.parametrize(("hours", "cost"), [(11.9, OFF_PEAK), (12, PEAK)], ids=["the day before", "the day"])
def test_a_price_that_is_kept_in_memory_ends_with_its_day(tmp_path: Path, hours: float, cost: int) -> None:
    """Gemini 4's prices double on the first of a month: whoever ran on billed the old ones."""

    async def story(house: House, key: str, clock: ManualClock) -> None:
        clock.jump(hours * HOUR)
        await house.ask(key).served()
        assert [cost] == await costs(house)

    play(tmp_path, story, Price(LOW, "table", later=(Later(int(MONDAY) + 86_400, HIGH),)))


def test_after_a_failover_the_other_channels_price_of_that_hour_counts(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        async with open_house(tmp_path, clock=clock) as house:
            for number, price in enumerate((Price(LOW, "table"), HOURLY)):
                offers = (Offer(MODEL, f"m{number}"),)
                await house.add_channel(price=None, offers=offers, priority=-number)
                house.gateway.registry.live_catalog.default_prices["lmstudio", f"m{number}"] = price
            house.gateway.registry.live_catalog.publish()
            _, key = await house.add_token()
            house.upstream.queue.append((500, [b"{}"]))
            call = house.ask(key)
            await call.until(lambda: house.upstream.requests)
            clock.jump(HOUR)
            await call.served()
            assert (["m0", "m1"], [PEAK]) == (
                [request["model"] for request in house.upstream.requests],
                await costs(house),
            )

    asyncio.run(run())


def test_the_cheapest_channel_is_the_one_that_is_so_at_that_hour(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        async with open_house(tmp_path, clock=clock) as house:
            middle = Price(Rates(15 * 10**9, 30 * 10**9), "table")
            for number, price in enumerate((HOURLY, middle)):
                await house.add_channel(price=None, offers=(Offer(MODEL, f"m{number}"),))
                house.gateway.registry.live_catalog.default_prices["lmstudio", f"m{number}"] = price
            await house.gateway.registry.models.set_strategy(MODEL, "cheapest")
            _, key = await house.add_token()
            for _ in range(2):
                await house.ask(key).served()
                clock.jump(HOUR)
            assert ["m1", "m0"] == [request["model"] for request in house.upstream.requests]

    asyncio.run(run())


BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Hello"}]},
    "/v1/messages": {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 100},
}
"""DeepSeek is asked by chat for both."""
THURSDAY = 1_795_651_200.0
"""2026-11-26 00:00 UTC."""
DAY = 24 * HOUR


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("wall", "nano"),
    [
        pytest.param(THURSDAY + 12 * HOUR, 24_750, id="off peak"),
        pytest.param(THURSDAY + 2 * HOUR, 49_500, id="at a peak"),
        pytest.param(THURSDAY + 2 * DAY + 2 * HOUR, 24_750, id="at that hour of a Saturday"),
    ],
)
def test_deepseek_costs_what_it_asks_at_that_hour(
    tmp_path: Path, path: str, stream: bool, wall: float, nano: int
) -> None:
    """K19: the day's highest price was booked for `deepseek-v4-flash`, twice what it is for most of the day."""
    usage = {"prompt_tokens": 97, "completion_tokens": 17, "total_tokens": 114}

    async def run() -> None:
        async with open_house(tmp_path, create_app, ManualClock(wall_now=wall)) as house:
            offers = (Offer("m", "deepseek-v4-flash"),)
            await house.gateway.registry.channels.create(
                "c", "deepseek", PLAYED, lambda channel: attrs.evolve(channel, offers=offers)
            )
            _, key = await house.add_token()
            house.upstream.queue.append((200, streamed("Yes", usage=usage) if stream else whole("Yes", usage)))
            call = await post(path, key, {"model": "m", "stream": stream, **BODIES[path]}).start(house.app).served()
            assert (200, [nano]) == (call.status, await costs(house))

    asyncio.run(run())
