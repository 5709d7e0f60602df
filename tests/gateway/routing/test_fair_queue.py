"""Who waits for a lane, for how long, and in which order; in virtual time, against upstreams that count."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Iterator
from typing import Any

import attrs
import pytest

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.limits import Limits
from aihub_lite.domain.token import Token
from aihub_lite.errors import ChannelsFull, GatewayError
from aihub_lite.gateway.routing.account_limits import Demand
from aihub_lite.gateway.routing.fair_queue import FairQueue
from aihub_lite.gateway.routing.gauges import ROUNDING
from aihub_lite.gateway.routing.health import Health, HealthPolicy
from aihub_lite.gateway.routing.router import Router
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.gateway.state.live_settings import LiveSettings
from tests.gateway import virtual_time
from tests.gateway.routing.test_gauges import TokenBucket
from tests.gateway.routing.test_router import channel, route
from tests.support.clock import MONDAY


class LoopClock:
    """The loop's own time, virtual here."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        return MONDAY + self.monotonic()


@attrs.define(eq=False)
class Bench:
    """A router and its queue over upstreams that count as theirs do, each by its channel's name."""

    channels: tuple[Channel, ...]
    settings: dict[str, Any]
    router: Router = attrs.field(init=False)
    queue: FairQueue = attrs.field(init=False)
    upstreams: dict[str, TokenBucket] = attrs.field(factory=dict)
    refusals: int = 0
    """By upstreams."""
    served: list[str] = attrs.field(factory=list)
    """Requests in the order in which they got a lane."""
    told: list[GatewayError] = attrs.field(factory=list)
    waited_ms: list[int] = attrs.field(factory=list)
    takes: float = 1.0
    """Seconds of an answer."""

    def __attrs_post_init__(self) -> None:
        clock = LoopClock()
        self.router = Router(Health(clock, HealthPolicy(5, 30.0, 300.0)), {}, random.Random(1))
        live = LiveSettings(Settings(**self.settings), None)  # type: ignore[arg-type]
        self.queue = FairQueue(self.router, live)
        self.router.limits.changed = self.queue.notice
        for each in self.channels:
            self.router.limits.follow(each)
            if each.limits.rpm:
                self.upstreams[each.id] = TokenBucket(each.limits.rpm)

    async def ask(self, token: str, name: str = "", demand: Demand | None = None) -> None:
        """One request, to its end; its name begins with its token's."""
        flight = flight_of(token)
        way = route(self.router, *self.channels)
        if demand is not None:
            way.demand = demand
        try:
            lane = await self.queue.lane(way, flight)
        except GatewayError as error:
            self.told.append(error)
            return
        finally:
            self.waited_ms.append(flight.waited_ms)
        self.served.append(name or token)
        await asyncio.sleep(self.router.random.uniform(0, 0.2))
        bucket = self.upstreams.get(lane.channel_id)
        if bucket is not None and not bucket.take(LoopClock().monotonic()):
            self.refusals += 1
        await asyncio.sleep(self.takes)
        assert way.reserved is not None
        way.reserved.settle(tokens=way.demand.tokens)


def flight_of(token: str) -> Flight:
    """A request of a token before its first attempt."""
    who = Token(id=token, name=token, digest="", hint="", created_at=0)
    return Flight(
        request_id="r", token=who, surface="chat", model="m", streamed=False, client="", started=0.0, started_ms=0
    )


def play(channels: tuple[Channel, ...], story: Any, **settings: Any) -> Bench:
    """A story on a bench; at its end nobody waits and nothing is taken."""
    benches = []

    async def run() -> None:
        bench = Bench(channels, settings)
        benches.append(bench)
        await story(bench)
        for _ in range(3):
            await asyncio.sleep(0)  # turns in which what was noticed is looked at
        bench.queue.close()
        assert (0, {}) == (bench.queue.waiting, dict(bench.queue._turns))
        assert [0] * len(channels) == [meter.running for meter in meters(bench)]

    virtual_time.run(run())
    return benches[0]


def meters(bench: Bench) -> Iterator[Any]:
    for each in bench.channels:
        yield from bench.router.limits.meters_of(each).values()


async def together(*requests: Coroutine[Any, Any, None]) -> None:
    """All at once, in this order."""
    async with asyncio.TaskGroup() as group:
        for request in requests:
            group.create_task(request)


def jain(counts: list[int]) -> float:
    """1 where all have the same, 1/n where one has all."""
    return float(sum(counts) ** 2 / (len(counts) * sum(count * count for count in counts)))


ACCOUNTS = (
    channel("sixty", limits=Limits(rpm=60)),
    channel("thirty", limits=Limits(rpm=30)),
    channel("ten", limits=Limits(rpm=10)),
)
TOKENS = [f"token-{letter}" for letter in "abcdefghij"]


def test_five_hundred_at_once_are_served_fairly_and_no_upstream_refuses_one() -> None:
    async def story(bench: Bench) -> None:
        await together(*(bench.ask(token, f"{token}/{number:02}") for number in range(50) for token in TOKENS))

    bench = play(ACCOUNTS, story, queue_timeout=600, queue_length=500)
    assert (0, [], 500) == (bench.refusals, bench.told, len(bench.served))
    for first in range(100, 500, 50):
        counts = Counter(name.partition("/")[0] for name in bench.served[:first])
        assert jain([counts[token] for token in TOKENS]) >= 0.95
    for token in TOKENS:
        mine = [name for name in bench.served if name.startswith(token)]
        assert sorted(mine) == mine
    # 100 at once, and 100 a minute.
    assert 200_000 < max(bench.waited_ms) < 260_000


def test_a_flood_of_one_token_leaves_the_others_their_turns() -> None:
    async def story(bench: Bench) -> None:
        flood = [bench.ask("flood") for _ in range(100)]
        await together(*flood, *(bench.ask("late", f"late/{number}") for number in range(5)))

    bench = play((channel("a", limits=Limits(concurrency=1)),), story, queue_timeout=600, queue_length=500)
    assert 105 == len(bench.served)
    assert [2, 4, 6, 8, 10] == [place for place, name in enumerate(bench.served) if name.startswith("late")]


def test_a_queue_that_one_token_has_filled_has_room_for_others() -> None:
    async def story(bench: Bench) -> None:
        flood = [bench.ask("flood", f"flood/{number}") for number in range(12)]
        await together(*flood, bench.ask("late"), bench.ask("late"))

    bench = play((channel("a", limits=Limits(concurrency=1)),), story, queue_timeout=600, queue_length=4)
    assert ["flood/0", "flood/1", "late", "flood/2", "late"] == bench.served
    assert [ChannelsFull] * 9 == [type(error) for error in bench.told]
    assert 9 == bench.queue.refused


def test_who_has_waited_for_long_enough_is_told_when_to_come_back() -> None:
    async def story(bench: Bench) -> None:
        bench.takes = 60.0
        await together(*(bench.ask("t") for _ in range(2)))

    bench = play((channel("a", limits=Limits(concurrency=1)),), story, queue_timeout=20)
    assert ["t"] == bench.served
    assert ([20_000], [1]) == ([ms for ms in bench.waited_ms if ms], [error.retry_after for error in bench.told])


def test_who_could_not_be_served_in_time_is_told_so_at_once() -> None:
    async def story(bench: Bench) -> None:
        await together(*(bench.ask("t") for _ in range(2)))

    bench = play((channel("a", limits=Limits(rpm=1)),), story, queue_timeout=20)
    assert ([0, 0], [60]) == (bench.waited_ms, [error.retry_after for error in bench.told])


def test_a_queue_that_is_switched_off_lets_nobody_wait() -> None:
    async def story(bench: Bench) -> None:
        await together(*(bench.ask("t") for _ in range(3)))

    bench = play((channel("a", limits=Limits(concurrency=1)),), story, queue_timeout=0)
    assert (["t"], 2) == (bench.served, len(bench.told))


def test_a_large_request_is_not_overtaken_by_small_ones_for_ever() -> None:
    async def story(bench: Bench) -> None:
        small = Demand(tokens=400)
        first = [bench.ask("a", "first", small) for _ in range(2)]
        then = [bench.ask("b", f"small/{number}", small) for number in range(20)]
        await together(*first, bench.ask("a", "large", Demand(tokens=1000)), *then)

    bench = play((channel("a", limits=Limits(tpm=1000)),), story, queue_timeout=600)
    assert 23 == len(bench.served)
    assert "large" == bench.served[2]


def test_who_leaves_while_waiting_takes_nothing() -> None:
    async def story(bench: Bench) -> None:
        first = asyncio.create_task(bench.ask("t", "first"))
        await asyncio.sleep(0)
        leaving = asyncio.create_task(bench.ask("t", "leaving"))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(first, leaving, bench.ask("t", "last"), return_exceptions=True)

    bench = play((channel("a", limits=Limits(concurrency=1)),), story, queue_timeout=600)
    assert ["first", "last"] == bench.served


@pytest.mark.parametrize("turns", range(4))
def test_who_leaves_as_a_lane_is_handed_out_gives_it_back(turns: int) -> None:
    async def story(bench: Bench) -> None:
        first = asyncio.create_task(bench.ask("t", "first"))
        await asyncio.sleep(0)
        leaving = asyncio.create_task(bench.ask("t", "leaving"))
        last = asyncio.create_task(bench.ask("t", "last"))
        await first
        for _ in range(turns):
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        if "leaving" in bench.served:
            meter = next(meters(bench))
            meter.running -= 1  # its own request was under way, and would be settled by its flight
            bench.queue.notice()
        await last

    bench = play((channel("a", limits=Limits(concurrency=1)),), story, queue_timeout=600)
    assert "last" == bench.served[-1]


def test_a_newcomer_does_not_overtake_who_waits() -> None:
    async def story(bench: Bench) -> None:
        await bench.ask("t", "first")
        waiting = asyncio.create_task(bench.ask("t", "waiting"))
        await asyncio.sleep(60.0 - ROUNDING)  # the lane is free, and who waits is not awake yet
        await together(bench.ask("t", "newcomer"))
        await waiting

    bench = play((channel("a", limits=Limits(rpm=1)),), story, queue_timeout=120)
    assert ["first", "waiting", "newcomer"] == bench.served
