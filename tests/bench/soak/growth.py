"""What a process held at each look, how fast that grew, and how much of it is too much."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import attrs

from tests.support.gateway import Gateway

MB = 2**20
HOUR = 3600.0
WALS = "*-wal"


@attrs.frozen
class Sample:
    """A gateway at one moment: seconds since the first look, bytes, and counts."""

    at: float
    memory: float
    descriptors: float
    tasks: float
    wal: float

    @classmethod
    def of(cls, gateway: Gateway, at: float) -> Sample:
        return cls(
            at,
            memory=gateway.process.rss_kb() / 1024,
            descriptors=len(gateway.process.fds()),
            tasks=gateway.status()["tasks"],
            wal=sum(path.stat().st_size for path in Path(gateway.home.directory).glob(WALS)) / MB,
        )


@attrs.frozen
class Bound:
    """One of the figures, what it may grow by in any case and each hour, and what it may never reach."""

    name: str
    unit: str
    of: Callable[[Sample], float]
    growth: float
    hourly: float
    most: float = float("inf")


BOUNDS = (
    Bound("memory", "MB", lambda sample: sample.memory, growth=6, hourly=1),
    # What is under way differs from look to look by as many clients as there are; at rest they are counted exactly.
    Bound("descriptors", "", lambda sample: sample.descriptors, growth=40, hourly=0),
    Bound("tasks", "", lambda sample: sample.tasks, growth=80, hourly=0),
    Bound("WAL", "MB", lambda sample: sample.wal, growth=64, hourly=0, most=64),
)


def slope(points: list[tuple[float, float]]) -> float:
    """Growth an hour: the median of what each two looks say (Theil and Sen), which no single peak moves."""
    steep = [(b - a) / (later - earlier) for (earlier, a), (later, b) in combinations(points, 2) if later > earlier]
    return HOUR * statistics.median(steep) if steep else 0.0


@attrs.frozen
class Growth:
    """One figure over a run."""

    bound: Bound
    first: float
    last: float
    highest: float
    hourly: float
    """By how much it grew an hour."""
    hours: float

    @classmethod
    def of(cls, bound: Bound, samples: list[Sample]) -> Growth:
        values = [bound.of(sample) for sample in samples]
        points = [(sample.at, value) for sample, value in zip(samples, values, strict=True)]
        hours = (samples[-1].at - samples[0].at) / HOUR
        return cls(bound, values[0], values[-1], max(values), slope(points), hours)

    @property
    def too_much(self) -> str:
        """What is wrong with it, empty where nothing is."""
        grown = self.hourly * self.hours
        allowed = self.bound.growth + self.bound.hourly * self.hours
        if grown > allowed:
            return f"{self.bound.name} grew by {grown:.1f} {self.bound.unit}, {allowed:.1f} are allowed"
        if self.highest >= self.bound.most:
            return f"{self.bound.name} reached {self.highest:.1f} {self.bound.unit}"
        return ""

    @property
    def row(self) -> str:
        name = f"{self.bound.name} {self.bound.unit}".strip()
        return f"{name:14}{self.first:10.1f}{self.last:10.1f}{self.highest:10.1f}{self.hourly:+14.2f}"


HEAD = f"{'':14}{'first':>10}{'last':>10}{'highest':>10}{'slope/hour':>14}"
