"""Runaways that are known: each a stream of settlements that would go on for hours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from tests.gateway.safety.simulated.shapes import Booked, usd

LENGTH = 6 * 3600
"""Seconds that a loop lasts where nobody stops it."""


class Looped(NamedTuple):
    """One settlement of a loop."""

    booked: Booked
    same: bool
    """Whether it is the same conversation each time."""
    took: float
    """Seconds from its start to its answer."""


def again(random: Random, start: float) -> Iterator[Looped]:
    """The same conversation, sent as soon as its answer is there: a client that takes it for a failure."""
    cost = random.choice((0.004, 0.02, 0.06, 0.12))
    took = random.uniform(1, 8)
    at = start + took
    while at < start + LENGTH:
        yield Looped(Booked(at, usd(cost * random.uniform(0.9, 1.1))), True, took)
        at += took + 0.1


def stuck(random: Random, start: float, pace: float) -> Iterator[Looped]:
    """An agent whose tool fails: each turn is longer than the last, until its context is full and is cut.

    `pace` is nano-USD a second, once its context is half full.
    """
    took = random.uniform(2, 6)
    context = 0.6
    at = start + took
    while at < start + LENGTH:
        yield Looped(Booked(at, round(pace * took * context * random.uniform(0.8, 1.2))), False, took)
        context += 0.02
        if context > 1.6:
            context = 0.8
        at += took


def storm(random: Random, start: float, pace: float) -> Iterator[Looped]:
    """Agents that start agents: many requests at once, each another one."""
    every = random.uniform(0.4, 1.5)
    at = start + every
    while at < start + LENGTH:
        yield Looped(Booked(at, round(pace * every * random.lognormvariate(0, 0.4))), False, 5.0)
        at += random.expovariate(1 / every)


Paced = Callable[[Random, float, float], Iterator[Looped]]
PACED: tuple[Paced, ...] = (stuck, storm)
