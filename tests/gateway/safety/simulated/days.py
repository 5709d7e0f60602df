"""The breaker beside simulated traffic and loops: who is paused, when, and at which cost."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from random import Random

import attrs

from aihub_lite.domain.safety.past import Sensitivity
from aihub_lite.domain.safety.repeats import Repeats
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.gateway.safety.detector import Detector, Sensitivities
from tests.gateway.safety.simulated.loops import PACED, Looped, again
from tests.gateway.safety.simulated.shapes import DAY, HOUSE, START, USD, Booked

QUARTER = 900
DAYS = 30
SETTINGS = Sensitivities(Sensitivity(1_500_000_000, 4), Sensitivity(1000, 4), 24)
"""The defaults."""
FASTER = 6
"""As much as in its busiest quarter of an hour a token spends in a loop that differs each time, or more; one without a
past of its own as much as in that of all others."""
LEAST_PACE = USD / 150
"""Nano-USD a second: 24 USD in an hour."""


@attrs.define(eq=False)
class Book:
    """What statistics would have: nano-USD and requests of each token by quarters of an hour."""

    quarters: dict[str, dict[int, tuple[int, int]]] = attrs.field(factory=dict)

    def add(self, token_id: str, booked: Booked) -> None:
        """A settlement is on the disk."""
        quarters = self.quarters.setdefault(token_id, {})
        quarter = int(booked.at) // QUARTER
        spent, requests = quarters.get(quarter, (0, 0))
        quarters[quarter] = (spent + booked.spent, requests + 1)

    def busiest(self, token_id: str) -> float:
        """Nano-USD a second in a token's busiest quarter of an hour so far."""
        return max((spent for spent, _ in self.quarters.get(token_id, {}).values()), default=0) / QUARTER


@attrs.define(eq=False)
class Loop:
    """A runaway of one token, and what became of it."""

    token_id: str
    kind: str
    start: float
    faster: float = FASTER
    repeats: Repeats = attrs.field(factory=Repeats, repr=False)
    spent: int = 0
    """Nano-USD until it was caught."""
    caught: Runaway | None = None
    ended: float = 0.0
    """When it was caught."""

    @property
    def minutes(self) -> float:
        """Until it was caught."""
        return (self.ended - self.start) / 60

    @property
    def in_time(self) -> bool:
        """Whether it was caught within five minutes, or before it had cost 2 USD."""
        return self.caught is not None and (self.minutes <= 5 or self.spent <= 2 * USD)


@attrs.frozen
class Pausing:
    """A token was found that did nothing wrong."""

    token_id: str
    at: float
    runaway: Runaway


Waiting = tuple[float, int, Looped, Loop]


@attrs.define(eq=False)
class Replay:
    """Settlements of all tokens, in order of time, beside loops."""

    random: Random
    detector: Detector = attrs.field(factory=lambda: Detector(lambda: SETTINGS))
    book: Book = attrs.field(factory=Book)
    loops: list[Loop] = attrs.field(factory=list)
    false: list[Pausing] = attrs.field(factory=list)
    _active: dict[str, Loop] = attrs.field(factory=dict)
    """By token id: what is found then is no false pause."""
    _heap: list[Waiting] = attrs.field(factory=list)

    def run(self, traffic: Iterable[tuple[str, Booked]], planned: Iterable[Loop]) -> None:
        """All of it; `planned` in order of their starts. Whoever is paused is let go on in the same moment."""
        to_come = iter([*planned])
        following = next(to_come, None)
        for token_id, booked in traffic:
            while following is not None and following.start <= booked.at:
                self._begin(following)
                following = next(to_come, None)
            while self._heap and self._heap[0][0] <= booked.at:
                self._loop_on()
            runaway = self._settle(token_id, booked)
            if runaway is not None:
                self._found(token_id, booked.at, runaway)
        while self._heap:
            self._loop_on()

    def _begin(self, loop: Loop) -> None:
        self.loops.append(loop)
        self._active[loop.token_id] = loop
        busiest = self.book.busiest(loop.token_id)
        if not self.detector.has_past(loop.token_id):
            busiest = max(map(self.book.busiest, self.book.quarters))
        pace = max(LEAST_PACE, loop.faster * busiest)
        settlements = again(self.random, loop.start)
        for paced in PACED:
            if paced.__name__ == loop.kind:
                settlements = paced(self.random, loop.start, pace)
        for number, looped in enumerate(settlements):
            heappush(self._heap, (looped.booked.at, number + id(loop), looped, loop))

    def _loop_on(self) -> None:
        at, _, looped, loop = heappop(self._heap)
        if loop.caught is not None:
            return
        loop.spent += looped.booked.spent
        looks = looped.same and self.detector.spends(loop.token_id)
        runaway = self._settle(loop.token_id, looped.booked)
        if looks and runaway is None:
            loop.repeats.answered(at - looped.took, at, looped.booked.spent)
            runaway = self.detector.repeated(loop.token_id, loop.repeats)
        if runaway is not None:
            self._found(loop.token_id, at, runaway)

    def _found(self, token_id: str, at: float, runaway: Runaway) -> None:
        self.detector.resume(token_id, at)
        loop = self._active.pop(token_id, None)
        if loop is None:
            self.false.append(Pausing(token_id, at, runaway))
        else:
            loop.caught = runaway
            loop.ended = at

    def _settle(self, token_id: str, booked: Booked) -> Runaway | None:
        """Book one; a past that is wanted is read at once."""
        self.book.add(token_id, booked)
        runaway = self.detector.settled(token_id, booked.at, booked.spent)
        for wanted in list(self.detector.wanted):
            self.detector.learn(wanted, self.book.quarters[wanted], booked.at)
        return runaway


def traffic_of(seed: int) -> list[tuple[str, Booked]]:
    """Thirty days of fifty tokens, in order of time."""
    random = Random(seed)
    traffic = []
    for number, shape in enumerate(HOUSE):
        own = Random(random.random())
        traffic += [(f"{shape.__name__}-{number}", booked) for booked in shape(own, DAYS)]
    traffic.sort(key=lambda each: each[1].at)
    return traffic


def loops_of(seed: int, count: int, faster: float = FASTER) -> list[Loop]:
    """As many loops, at any time of the day, after the gateway's first week."""
    random = Random(f"loops {seed}")
    tokens = [f"{shape.__name__}-{number}" for number, shape in enumerate(HOUSE)]
    kinds = ("again", *(paced.__name__ for paced in PACED))
    starts = sorted(START + random.uniform(8, DAYS - 0.5) * DAY for _ in range(count))
    return [
        Loop(random.choice(tokens), kinds[number % len(kinds)], start, faster) for number, start in enumerate(starts)
    ]
