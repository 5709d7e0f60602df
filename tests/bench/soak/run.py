"""A soak from its start to its end: warm up, look every so often, judge, and see that nothing is left behind."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress

import attrs

from tests.bench.soak.growth import BOUNDS, HEAD, Growth, Sample
from tests.bench.soak.traffic import Traffic, mixed
from tests.support.gateway import Gateway, running
from tests.support.leaks import leak_sentinel
from tests.support.process import Home
from tests.support.upstream.scripted import Upstream

PACE = 50.0
"""Requests a second, as T-64 asks."""
MODELS = 2
CHANNELS = 3
"""Of each model."""
LOOKS = 120
SHORTEST_WARM_UP = 10.0
LONGEST_WARM_UP = 300.0
MOST_ERRORS = 0.001
"""Answers that broke off or never came, of all: a machine that stands still for a moment makes one of them."""


@attrs.define(eq=False)
class Soak:
    """So many seconds at a pace; `tell` gets a line now and then."""

    seconds: float
    pace: float = PACE
    tell: Callable[[str], None] = attrs.field(default=lambda line: None)
    samples: list[Sample] = attrs.field(factory=list)
    traffic: Traffic = attrs.field(init=False)
    took: float = 0.0

    def over(self, home: Home) -> None:
        """Runs it; raises AssertionError where at the end something is left open, or the books are wrong."""
        with Upstream() as upstream, running(home) as gateway, leak_sentinel(gateway):
            upstream.default = mixed(random.Random(64))
            models = [self._model(gateway, upstream) for _ in range(MODELS)]
            began = time.monotonic()
            with Traffic(gateway, models, self.pace) as self.traffic:
                self._look(gateway, upstream)
            self.took = time.monotonic() - began
            with suppress(AssertionError):
                gateway.wait_status(60, in_flight=0)

    def _model(self, gateway: Gateway, upstream: Upstream) -> str:
        model = gateway.add_channel(upstream.url)
        for _ in range(CHANNELS - 1):
            gateway.add_channel(upstream.url, model)
        gateway.set_price(model)
        return model

    def _look(self, gateway: Gateway, upstream: Upstream) -> None:
        """Warms up and takes the samples."""
        time.sleep(min(max(SHORTEST_WARM_UP, self.seconds / 10), LONGEST_WARM_UP))  # the traffic's own time
        began = time.monotonic()
        for number in range(LOOKS + 1):
            time.sleep(max(0.0, began + number * self.seconds / LOOKS - time.monotonic()))
            sample = Sample.of(gateway, time.monotonic() - began)
            self.samples.append(sample)
            upstream.requests.clear()
            if number % 10 == 0:
                self.tell(
                    f"{sample.at:7.0f} s {sum(self.traffic.outcomes.values()):8} requests {sample.memory:7.1f} MB "
                    f"{sample.descriptors:5.0f} descriptors {sample.tasks:5.0f} tasks {sample.wal:6.1f} MB WAL"
                )

    @property
    def growths(self) -> list[Growth]:
        return [Growth.of(bound, self.samples) for bound in BOUNDS]

    @property
    def asked(self) -> int:
        return sum(self.traffic.outcomes.values())

    @property
    def complaints(self) -> list[str]:
        """What grew too much, and what no client should see."""
        found = [growth.too_much for growth in self.growths if growth.too_much]
        if len(self.traffic.errors) > max(1.0, MOST_ERRORS * self.asked):
            found.append(f"{len(self.traffic.errors)} answers broke off: {self.traffic.errors[:5]}")
        if unended := self.traffic.outcomes["stream not ended"]:
            found.append(f"{unended} streams ended without an end")
        return found

    @property
    def table(self) -> str:
        """What happened, and the figures with their slopes."""
        outcomes = ", ".join(f"{outcome}: {count}" for outcome, count in sorted(self.traffic.outcomes.items()))
        pace = f"{self.asked} requests, {self.asked / self.took:.1f} a second of {self.pace:.0f}"
        return "\n".join([pace, outcomes, HEAD, *(growth.row for growth in self.growths)])
