"""How tokens are used that do nothing wrong: each a stream of settlements in order of time, from a seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

DAY = 86_400
HOUR = 3600
USD = 1_000_000_000
MONDAY = 4 * DAY
"""Unix time of one: 1970 began on a Thursday."""
START = MONDAY + 2900 * 7 * DAY


class Booked(NamedTuple):
    """One settlement."""

    at: float
    spent: int
    """Nano-USD."""


def usd(amount: float) -> int:
    """Nano-USD, of a simulated price."""
    return round(amount * USD)


def costs(random: Random, median: float, spread: float) -> int:
    """Of one request: most are near the median, a few are far above it."""
    return usd(random.lognormvariate(math.log(median), spread))


def office(random: Random, days: int) -> Iterator[Booked]:
    """Somebody who chats on weekdays; one day in twenty is long, one in forty is full of documents."""
    pace = random.uniform(4, 14)
    median = random.uniform(0.004, 0.012)
    begins = random.uniform(7.5, 10)
    for day in range(days):
        if day % 7 >= 5 and random.random() > 0.1:
            continue
        ends = begins + random.gauss(8.5, 0.7)
        if random.random() < 0.05:
            ends += random.uniform(1, 4)
        dear = 1.0
        if random.random() < 0.025:
            dear = 4.0
        at = START + day * DAY + (begins + random.gauss(0, 0.3)) * HOUR
        end = START + day * DAY + ends * HOUR
        while at < end:
            yield Booked(at, costs(random, median * dear, 0.9))
            at += random.expovariate(pace / HOUR)


def coder(random: Random, days: int, first: int = 0) -> Iterator[Booked]:
    """A coding agent: sessions whose context grows, now and then with agents below it, also late and on weekends."""
    dear = random.uniform(0.003, 0.012)
    for day in range(first, days):
        if day % 7 >= 5 and random.random() > 0.35:
            continue
        at = START + day * DAY + random.uniform(8, 11) * HOUR
        night = START + day * DAY + random.choice((18, 18, 19, 20, 22, 23.5)) * HOUR
        while at < night:
            end = at + random.uniform(0.2, 1.5) * HOUR
            faster = random.choice((1.0, 1.0, 1.0, 1.0, 2.0, 3.0))
            context = 1.0
            while at < end:
                yield Booked(at, costs(random, dear * context, 0.5))
                context = min(context + 0.1, 8.0)
                if random.random() < 0.02:
                    context = 1.0
                at += random.expovariate(faster / random.uniform(25, 50))
            at += random.expovariate(1 / (0.8 * HOUR))


def nightly(random: Random, days: int) -> Iterator[Booked]:
    """A batch at two in the morning, of a size that varies; one in twenty-five runs once more by day."""
    size = random.randint(150, 400)
    median = random.uniform(0.004, 0.012)
    for day in range(days):
        runs = [2 + random.gauss(0, 0.15)]
        if random.random() < 0.04:
            runs.append(random.uniform(8, 17))
        for hour in runs:
            at = START + day * DAY + hour * HOUR
            for _ in range(round(size * random.uniform(0.7, 1.3))):
                yield Booked(at, costs(random, median, 0.4))
                at += random.expovariate(1 / 9.0)


def weekly(random: Random, days: int) -> Iterator[Booked]:
    """A report on Monday mornings."""
    size = random.randint(300, 600)
    median = random.uniform(0.005, 0.015)
    for day in range(0, days, 7):
        at = START + day * DAY + (6 + random.gauss(0, 0.2)) * HOUR
        for _ in range(round(size * random.uniform(0.8, 1.2))):
            yield Booked(at, costs(random, median, 0.5))
            at += random.expovariate(1 / 10.0)


def growing(random: Random, days: int) -> Iterator[Booked]:
    """A product whose users come by day, four in a hundred more each day."""
    pace = random.uniform(8, 15)
    median = random.uniform(0.006, 0.016)
    yield from _by_daylight(random, days, pace, median, 1.04)


def steady(random: Random, days: int) -> Iterator[Booked]:
    """The same without growth."""
    pace = random.uniform(12, 36)
    median = random.uniform(0.005, 0.015)
    yield from _by_daylight(random, days, pace, median, 1.0)


def local(random: Random, days: int) -> Iterator[Booked]:
    """A model on one's own machine, which costs nothing."""
    for booked in _by_daylight(random, days, 40, 0.001, 1.0):
        yield Booked(booked.at, 0)


def newcomer(random: Random, days: int) -> Iterator[Booked]:
    """A coding agent whose first day is in the third week."""
    yield from coder(random, days, first=random.randint(14, 17))


def _by_daylight(random: Random, days: int, pace: float, median: float, growth: float) -> Iterator[Booked]:
    at = float(START)
    end = START + days * DAY
    while at < end:
        passed = (at - START) / DAY
        light = 0.6 + 0.4 * math.sin(2 * math.pi * (passed - 0.35))
        yield Booked(at, costs(random, median, 0.8))
        at += random.expovariate(pace * light * growth**passed / HOUR)


HOUSE = (
    *[office] * 17,
    *[coder] * 12,
    *[nightly] * 6,
    *[weekly] * 4,
    *[growing] * 4,
    *[steady] * 3,
    *[newcomer] * 2,
    *[local] * 2,
)
"""Fifty tokens."""
PERSONS: dict[str, tuple[int, ...]] = {
    "agency": (0, 1, 2, 3, 4, 5, 6, 7, 17, 18, 19, 20, 21, 22, 29, 30, 31, 35, 39, 43),
    "ada": (8, 23),
    "bo": (9, 24),
    "cleo": (10, 25),
    "dan": (11, 26),
    "eve": (12, 27, 28, 32),
    "ops": (33, 34, 36, 44),
    "product": (40, 41, 45),
    "new": (46, 47),
    "analyst": (13, 37, 38, 48),
}
"""Persons with several tokens, by their numbers in the house; all others are nobody's."""
