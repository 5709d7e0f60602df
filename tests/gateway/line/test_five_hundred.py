"""Five hundred requests at once, through the whole line, against accounts that count by a token bucket per key."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

from aihub_lite.domain.limits import NO_LIMITS, Limits
from aihub_lite.upstream.http1.answer import Fields
from tests.gateway.routing.test_fair_queue import jain
from tests.gateway.routing.test_gauges import TokenBucket
from tests.support.clock import ManualClock
from tests.support.inprocess import AT_REST, House, Played, PlayedAnswer, healthy, open_house

pytestmark = pytest.mark.extended

RPM = {"sixty": 60, "thirty": 30, "ten": 10}
"""By the host of a base URL."""


@attrs.define(eq=False)
class Counting(Played):
    """Counts by account, says what is left, and refuses with 429 what is too much."""

    clock: ManualClock = attrs.field(factory=ManualClock, kw_only=True)
    refused: int = 0
    buckets: dict[str, TokenBucket] = attrs.field(
        factory=lambda: {host: TokenBucket(rpm) for host, rpm in RPM.items()}, kw_only=True
    )

    async def ask(self, method: str, url: str, body: bytes) -> PlayedAnswer:
        bucket = self.buckets[urlsplit(url).netloc]
        if not bucket.take(self.clock.monotonic()):
            self.refused += 1
            self.queue.append((429, [b"{}"]))
        told = {
            "x-ratelimit-limit-requests": str(bucket.size),
            "x-ratelimit-remaining-requests": str(int(bucket.left)),
            "x-ratelimit-reset-requests": f"{(bucket.size - bucket.left) * 60 / bucket.size:.3f}s",
        }
        answer = await super().ask(method, url, body)
        answer.headers = Fields.of({**answer.headers, **told})
        return answer


async def all_served(house: House, keys: Iterable[str], each: int, clock: ManualClock) -> list[int]:
    """The statuses of so many requests of each token at once, while the clock is turned on."""
    calls = [house.ask(key, stream=bool(number % 2)) for number in range(each) for key in keys]
    while not all(call.task is not None and call.task.done() for call in calls):
        clock.advance(0.6)
        house.gateway.queue.look()
        await asyncio.sleep(0.005)  # the disk's own time
    return [call.status for call in calls]


@pytest.mark.parametrize("known_by", ["the operator", "what the upstream tells"])
def test_no_upstream_refuses_one_and_no_token_is_starved(tmp_path: Path, known_by: str) -> None:
    clock = ManualClock()

    async def story() -> None:
        async with open_house(tmp_path, clock=clock, queue_timeout=600, queue_length=500) as house:
            upstream = house.upstream = house.gateway.transport.demo = Counting(healthy, clock=clock)
            for host, rpm in RPM.items():
                limits = Limits(rpm=rpm) if known_by == "the operator" else NO_LIMITS
                await house.add_channel(base_url=f"demo://{host}/v1", keys=(f"sk-{host}",), limits=limits)
            _, first = await house.add_token()
            while len(house.gateway.line.router.limits.learned) < len(RPM):
                assert 200 == (await house.ask(first).served()).status
            clock.advance(60)
            tokens = [await house.add_token() for _ in range(10)]
            statuses = await all_served(house, [key for _, key in tokens], 50, clock)
            assert (Counter({200: 500}), 0) == (Counter(statuses), upstream.refused)
            ids = [token.id for token, _ in tokens]
            records = [record for record in await house.records() if record["token_id"] in ids]
            records.sort(key=_served_at)
            for count in range(100, 500, 100):
                counts = Counter(record["token_id"] for record in records[:count])
                assert jain([counts[token_id] for token_id in ids]) >= 0.95
            assert {1} == {record["attempts"].count('"status"') for record in records}
            assert AT_REST == await house.at_rest()

    asyncio.run(story())


def _served_at(record: dict[str, Any]) -> int:
    served_at: int = record["started_ms"] + record["waited_ms"]
    return served_at
