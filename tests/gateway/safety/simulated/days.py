"""The breaker beside simulated traffic and loops: who is paused, when, and at which cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from random import Random

import attrs

from aihub_lite.domain.safety.past import Sensitivity
from aihub_lite.domain.safety.repeats import Repeats
from aihub_lite.domain.token import Token
from aihub_lite.gateway.safety.detector import Sensitivities
from aihub_lite.gateway.safety.detectors import Detectors, Suspect
from tests.gateway.safety.simulated.loops import PACED, Looped, again
from tests.gateway.safety.simulated.shapes import DAY, HOUR, HOUSE, PERSONS, START, USD, Booked

QUARTER = 900
DAYS = 30
SETTINGS = Sensitivities(Sensitivity(1_500_000_000, 4), Sensitivity(1000, 4), 24)
"""The defaults."""
FASTER = 6
"""As much as in its busiest quarter of an hour a token spends in a loop that differs each time, or more; one without a
past of its own as much as in that of all others. So does a person, over all of their tokens."""
LEAST_PACE = USD / 150
"""Nano-USD a second: 24 USD in an hour."""


@attrs.define(eq=False)
class Book:
    """What statistics would have: nano-USD and requests of each token and person by quarters of an hour."""

    quarters: dict[str, dict[int, tuple[int, int]]] = attrs.field(factory=dict)

    def add(self, holder_id: str, booked: Booked) -> None:
        """A settlement is on the disk."""
        quarters = self.quarters.setdefault(holder_id, {})
        quarter = int(booked.at) // QUARTER
        spent, requests = quarters.get(quarter, (0, 0))
        quarters[quarter] = (spent + booked.spent, requests + 1)

    def busiest(self, holder_id: str) -> float:
        """Nano-USD a second in a holder's busiest quarter of an hour so far."""
        return max((spent for spent, _ in self.quarters.get(holder_id, {}).values()), default=0) / QUARTER


@attrs.define(eq=False)
class Loop:
    """A runaway of one token, or of a person over several, and what became of it."""

    holder_id: str
    kind: str
    start: float
    faster: float = FASTER
    token_ids: list[str] = attrs.field(factory=list)
    """Those that it goes over; one that is paused does no more."""
    goes_on: float = 0.0
    """How much faster it goes on once it was caught and somebody has let its token go on; 0: it ends."""
    told: int = 0
    """What whoever let it go on had read of it, in nano-USD."""
    pace: float = 0.0
    """Nano-USD a second, of one that differs each time."""
    repeats: Repeats = attrs.field(factory=Repeats, repr=False)
    spent: int = 0
    """Nano-USD until it was caught."""
    paused: list[Suspect] = attrs.field(factory=list)
    """Whoever was found for it, the last of them when it ended."""
    ended: float = 0.0
    """When it was caught; 0 before."""

    @property
    def minutes(self) -> float:
        """Until it was caught."""
        return (self.ended - self.start) / 60

    @property
    def in_time(self) -> bool:
        """Whether it was caught within five minutes, or before it had cost 2 USD."""
        return bool(self.ended) and (self.minutes <= 5 or self.spent <= 2 * USD)


@attrs.frozen
class Pausing:
    """A token or person was found that did nothing wrong."""

    suspect: Suspect
    at: float


Waiting = tuple[float, int, Looped, Loop]


@attrs.define(eq=False)
class Replay:
    """Settlements of all tokens, in order of time, beside loops."""

    random: Random
    person_of: Mapping[str, str] = attrs.field(factory=dict)
    """The person of each token that has one, by the token's id."""
    detectors: Detectors = attrs.field(factory=lambda: Detectors(lambda: SETTINGS))
    book: Book = attrs.field(factory=Book)
    loops: list[Loop] = attrs.field(factory=list)
    false: list[Pausing] = attrs.field(factory=list)
    """Whoever was found while no loop of theirs was under way: also a second time for the same one."""
    gone_on: list[Loop] = attrs.field(factory=list)
    """Loops of tokens that somebody has let go on."""
    _running: list[Loop] = attrs.field(factory=list)
    _heap: list[Waiting] = attrs.field(factory=list)

    def run(self, traffic: Iterable[tuple[str, Booked]], planned: Iterable[Loop]) -> None:
        """All of it; `planned` in order of their starts. Whoever is paused is let go on in the same moment."""
        for token_id, person_id in self.person_of.items():
            self.detectors.give(person_id, token_id)
        to_come = iter([*planned])
        following = next(to_come, None)
        for token_id, booked in traffic:
            while following is not None and following.start <= booked.at:
                self._begin(following)
                following = next(to_come, None)
            while self._heap and self._heap[0][0] <= booked.at:
                self._loop_on()
            suspect = self._settle(token_id, booked)
            if suspect is not None:
                self._found(suspect, booked.at)
        while self._heap:
            self._loop_on()

    def _begin(self, loop: Loop) -> None:
        self.loops.append(loop)
        self._running.append(loop)
        detector = self.detectors.tokens
        if len(loop.token_ids) > 1:
            detector = self.detectors.persons
        busiest = self.book.busiest(loop.holder_id)
        if not detector.has_past(loop.holder_id):
            busiest = max(map(self.book.busiest, detector.watched))
        loop.pace = max(LEAST_PACE, loop.faster * busiest)
        self._plan(loop)

    def _plan(self, loop: Loop) -> None:
        """All that it would do."""
        settlements = again(self.random, loop.start)
        for paced in PACED:
            if paced.__name__ == loop.kind:
                settlements = paced(self.random, loop.start, loop.pace)
        for number, looped in enumerate(settlements):
            heappush(self._heap, (looped.booked.at, number + id(loop), looped, loop))

    def _loop_on(self) -> None:
        at, _, looped, loop = heappop(self._heap)
        if loop.ended:
            return
        loop.spent += looped.booked.spent
        token_id = self.random.choice(loop.token_ids)
        person_id = self.person_of.get(token_id, "")
        looks = looped.same and self.detectors.spends(token_id, person_id)
        suspect = self._settle(token_id, looped.booked)
        if looks and suspect is None:
            token = Token(id=token_id, name="", digest="", hint="", created_at=0, person_id=person_id)
            suspect = self.detectors.answered(token, loop.repeats, at - looped.took, at, looped.booked.spent, at)
        if suspect is not None:
            self._found(suspect, at)

    def _found(self, suspect: Suspect, at: float) -> None:
        """A token that is paused is let go on at once, but the loop goes on over those that are left."""
        for loop in self._running:
            if suspect.id in loop.token_ids or suspect.id == self.person_of.get(loop.token_ids[0]):
                loop.paused.append(suspect)
                if suspect.holder == "token":
                    loop.token_ids.remove(suspect.id)
                if suspect.holder == "person" or not loop.token_ids:
                    loop.ended = at
                    self._running.remove(loop)
                    if loop.goes_on:
                        self._go_on(suspect.id, loop, at)
                return
        self.false.append(Pausing(suspect, at))

    def _go_on(self, token_id: str, loop: Loop, at: float) -> None:
        """Somebody has let the token go on, though the loop has not ended."""
        self.detectors.resume_token(token_id, self.person_of.get(token_id, ""), at)
        told = loop.paused[-1].runaway.seen
        more = Loop(token_id, loop.kind, at, loop.faster, [token_id], told=told, pace=loop.goes_on * loop.pace)
        self.gone_on.append(more)
        self._running.append(more)
        self._plan(more)

    def _settle(self, token_id: str, booked: Booked) -> Suspect | None:
        """Book one; a past that is wanted is read at once."""
        person_id = self.person_of.get(token_id, "")
        self.book.add(token_id, booked)
        self.book.add(person_id, booked)
        suspect = self.detectors.settled(token_id, person_id, booked.at, booked.spent)
        for detector in (self.detectors.tokens, self.detectors.persons):
            for wanted in list(detector.wanted):
                detector.learn(wanted, self.book.quarters[wanted], booked.at)
        return suspect


def traffic_of(seed: int) -> list[tuple[str, Booked]]:
    """Thirty days of fifty tokens, in order of time."""
    random = Random(seed)
    traffic = []
    for number, shape in enumerate(HOUSE):
        own = Random(random.random())
        traffic += [(f"{shape.__name__}-{number}", booked) for booked in shape(own, DAYS)]
    traffic.sort(key=lambda each: each[1].at)
    return traffic


def token_ids() -> list[str]:
    """Of the house."""
    return [f"{shape.__name__}-{number}" for number, shape in enumerate(HOUSE)]


def owners() -> dict[str, str]:
    """The person of each token that has one."""
    ids = token_ids()
    return {ids[number]: person_id for person_id, numbers in PERSONS.items() for number in numbers}


def loops_of(seed: int, count: int, faster: float = FASTER) -> list[Loop]:
    """As many loops of single tokens, at any time of the day, after the gateway's first week."""
    random = Random(f"loops {seed}")
    tokens = token_ids()
    kinds = ("again", *(paced.__name__ for paced in PACED))
    starts = sorted(START + random.uniform(8, DAYS - 0.5) * DAY for _ in range(count))
    loops = []
    for number, start in enumerate(starts):
        token_id = random.choice(tokens)
        loops.append(Loop(token_id, kinds[number % len(kinds)], start, faster, [token_id]))
    return loops


def spread_loops_of(seed: int, count: int, faster: float = FASTER) -> list[Loop]:
    """As many of persons, each over all of their tokens; none within the hour in which nothing of them is judged."""
    random = Random(f"spread loops {seed}")
    ids = token_ids()
    kinds = ("again", *(paced.__name__ for paced in PACED))
    starts = sorted(START + random.uniform(8, DAYS - 0.5) * DAY for _ in range(count))
    loops: list[Loop] = []
    for number, start in enumerate(starts):
        busy = {loop.holder_id for loop in loops if start - loop.start < 2 * HOUR}
        person_id = random.choice([each for each in PERSONS if each not in busy])
        over = [ids[token] for token in PERSONS[person_id]]
        loops.append(Loop(person_id, kinds[number % len(kinds)], start, faster, over))
    return loops
