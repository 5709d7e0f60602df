"""Watches what each token, or each person, spends beside what its own past makes usual. In memory, of bounded size,
without a clock.

What a settlement costs while nothing is wrong is a look-up, two sums and four comparisons; once a minute a few more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import nsmallest

import attrs

from aihub_lite.domain.safety.freed import FreeUse, pace_of
from aihub_lite.domain.safety.judging import QUARTER_MINUTES, JudgedSum
from aihub_lite.domain.safety.past import Sensitivity, UsualUse, limits_of, newcomer_limits
from aihub_lite.domain.safety.repeats import Repeats
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.safety.sliding import MINUTES
from aihub_lite.domain.safety.spans import Span

MOST_WATCHED = 4096
"""Holders: some 20 MB when all of them spend. Above it those that were idle longest are forgotten."""
FORGOTTEN_AT_ONCE = 512
RELEARN = 24 * MINUTES
"""Minutes until a past is read again."""
RELEARN_NEW = 3 * MINUTES
"""The same of one that has little past."""
NEVER = 2**62
NOTHING = -(2**62)
SPENDS = 4
FREE = MINUTES
"""Minutes in which only what is far faster than before counts: after a finding, and after somebody has let it go on."""

Quarters = Mapping[int, tuple[int, int]]
"""Nano-USD and requests by quarter of an hour since 1970."""
Newcomers = Mapping[Span, int]
"""What a holder without a past may use."""


@attrs.frozen
class Sensitivities:
    """What an operator has set."""

    spend: Sensitivity
    requests: Sensitivity
    rounds: int
    """In which the same conversation may come; 0 for any number."""


class Watched:
    """What is known of one holder."""

    __slots__ = ("free", "mature", "requests", "spend", "sure_until")

    def __init__(self, minute: int) -> None:
        self.spend = JudgedSum(minute)
        self.requests = JudgedSum(minute)
        self.sure_until = NEVER
        """The minute from which on its past is to be read again."""
        self.mature = False
        self.free: FreeUse | None = None
        """What it does while nothing goes into its sums; kept until it does something after that."""

    def is_free(self, minute: int) -> bool:
        """Whether nothing of that minute goes into its sums."""
        return self.free is not None and minute < self.free.until

    def begin(self) -> None:
        """Anew: what it did does not count again."""
        minute = self.spend.minute
        self.spend.begin(minute)
        self.requests.begin(minute)
        self.free = None

    def let_go(self, sensitivities: Sensitivities) -> None:
        """The same, and for an hour only what is far faster than it was counts."""
        minute = self.spend.minute
        paces = pace_of(self.spend), pace_of(self.requests)
        if self.free is not None:
            paces = self.free.paces_now(self.spend, self.requests)
        self.begin()
        self.set_free(minute, paces, sensitivities)

    def set_free(self, minute: int, paces: tuple[int, int], sensitivities: Sensitivities) -> None:
        """Only what is far faster than that counts, for an hour from this minute on."""
        paces = max(paces[0], sensitivities.spend.floor), max(paces[1], sensitivities.requests.floor)
        self.free = FreeUse(minute, minute + FREE, paces, sensitivities.spend.times)

    def advance(self, minute: int, sensitivities: Sensitivities) -> None:
        """Another minute is under way."""
        self.spend.advance(minute)
        self.requests.advance(minute)
        self.look_ahead(sensitivities)

    def learnt(self, spend: UsualUse, requests: UsualUse, minute: int) -> None:
        """Its past was read in this minute."""
        self.spend.usual = spend
        self.requests.usual = requests
        self.mature = spend.mature or requests.mature  # what costs nothing has a past, too
        self.sure_until = minute + RELEARN
        if not self.mature:
            self.sure_until = minute + RELEARN_NEW

    def unlearn(self) -> None:
        """As if its past were unknown."""
        self.spend.usual = self.requests.usual = None
        self.sure_until = NEVER

    def look_ahead(self, sensitivities: Sensitivities) -> None:
        """Say when it has to be judged within the minute under way, at the latest."""
        self.spend.look_ahead(sensitivities.spend)
        self.requests.look_ahead(sensitivities.requests)
        if self.spend.minute >= self.sure_until:
            self.spend.until = NOTHING

    def does_little(self, sensitivities: Sensitivities) -> bool:
        """Whether it is so little that no past is needed to judge it."""
        spend = self.spend.room_without_past(sensitivities.spend)
        return spend >= 0 and self.requests.room_without_past(sensitivities.requests) >= 0

    def runaway(self) -> Runaway | None:
        """What is too much; None where nothing is. What was spent comes first."""
        if self.free is not None:
            if self.spend.usual is None or self.requests.usual is None:
                return None
            return self.free.runaway(self.spend.usual, self.requests.usual)
        spent = self.spend.in_hour
        return self.spend.runaway("spend", spent) or self.requests.runaway("requests", spent)

    def allow(self, part: Watched) -> None:
        """What a part may do by its own past, the whole may."""
        for mine, theirs in ((self.spend, part.spend), (self.requests, part.requests)):
            if mine.usual is not None and theirs.usual is not None:
                mine.usual = mine.usual.with_part(theirs.usual)

    def include(self, other: Watched) -> None:
        """Count what another holder did, who is as far."""
        self.spend.include(other.spend)
        self.requests.include(other.requests)

    def exclude(self, other: Watched, minute: int) -> None:
        """Count it no more."""
        self.spend.exclude(other.spend)
        self.requests.exclude(other.requests)
        if self.free is not None and other.free is not None:
            self.free.exclude(other.free, minute)


@attrs.define(eq=False)
class Detector:
    """All tokens that are used, or all persons. Times are Unix seconds."""

    sensitivities: Callable[[], Sensitivities]
    watched: dict[str, Watched] = attrs.field(factory=dict)
    """By the holder's id."""
    wanted: dict[str, None] = attrs.field(factory=dict)
    """Holders whose pasts are to be read, in the order in which they asked for it."""
    parts: Detector | None = None
    """What watches the tokens of which these are the sums: who is new here may do what a new one may there."""
    most: int = MOST_WATCHED
    _newcomers: tuple[Newcomers, Newcomers] | None = None

    def settled(self, holder_id: str, now: float, spent: int) -> Runaway | None:
        """A request was booked at so many nano-USD. What is too much of it all; None where nothing is."""
        minute = int(now) // 60
        watched = self.watched.get(holder_id)
        if watched is None:
            watched = self.open(holder_id, minute)
        spend = watched.spend
        if minute > spend.minute:
            watched.advance(minute, self.sensitivities())
        if watched.free is not None:
            if spend.minute < watched.free.until:
                return self._settled_free(holder_id, watched, watched.free, spent)
            watched.free = None
        requests = watched.requests
        spend.total += spent
        requests.total += 1
        if spend.total <= spend.until and requests.total <= requests.until:
            return None
        return self._judge(holder_id, watched)

    def _settled_free(self, holder_id: str, watched: Watched, free: FreeUse, spent: int) -> Runaway | None:
        free.add(watched.spend.minute, spent)
        if not free.is_faster:
            return None
        if watched.spend.usual is None:
            self.wanted[holder_id] = None
        return watched.runaway()

    def _judge(self, holder_id: str, watched: Watched) -> Runaway | None:
        if watched.spend.usual is None:
            self.wanted[holder_id] = None
            return None
        if watched.spend.minute >= watched.sure_until:
            sensitivities = self.sensitivities()
            if watched.does_little(sensitivities):
                watched.unlearn()
                watched.look_ahead(sensitivities)
                return None
            self.wanted[holder_id] = None
        return watched.runaway()

    def spends(self, holder_id: str) -> bool:
        """Whether it spends so much that what it sends is looked at: a quarter of the floor within an hour."""
        watched = self.watched.get(holder_id)
        return watched is not None and watched.spend.in_hour * SPENDS > self.sensitivities().spend.floor

    def repeated(self, holder_id: str, repeats: Repeats) -> Runaway | None:
        """A conversation was settled that had come before: what is too much of it; None where nothing is."""
        watched = self.watched.get(holder_id)
        if watched is None or watched.is_free(watched.spend.minute):
            return None
        sensitivities = self.sensitivities()
        return repeats.runaway(sensitivities.rounds, sensitivities.spend.floor, watched.spend.in_hour)

    def has_past(self, holder_id: str) -> bool:
        """Whether it is judged by its own past. Whoever spends next to nothing is not judged at all."""
        watched = self.watched.get(holder_id)
        return watched is not None and (watched.spend.usual is None or watched.mature)

    def learn(self, holder_id: str, quarters: Quarters, now: float) -> None:
        """A past was read, or this part of it: whatever was booked before the quarter of `now`."""
        self.wanted.pop(holder_id, None)
        watched = self.watched.get(holder_id)
        if watched is None:
            return
        minute = int(now) // 60
        quarter = minute // QUARTER_MINUTES
        sensitivities = self.sensitivities()
        spend = limits_of({at: spent for at, (spent, _) in quarters.items()}, quarter, sensitivities.spend)
        requests = limits_of({at: count for at, (_, count) in quarters.items()}, quarter, sensitivities.requests)
        if not (spend.mature or requests.mature):
            for detector in filter(None, (self, self.parts)):
                spend_at_least, requests_at_least = detector.for_newcomers()
                spend = spend.at_least(spend_at_least)
                requests = requests.at_least(requests_at_least)
        watched.learnt(spend, requests, minute)
        watched.look_ahead(sensitivities)
        self._newcomers = None

    def restore(self, holder_id: str, quarters: Quarters, now: float) -> None:
        """What was booked in the last day before a start. Of a quarter it is not known when: it counts as its first
        minute, so that no burst comes of it."""
        if not quarters:
            return
        watched = self.open(holder_id, min(quarters) * QUARTER_MINUTES)
        for quarter in sorted(quarters):
            spent, requests = quarters[quarter]
            watched.spend.add(quarter * QUARTER_MINUTES, spent)
            watched.requests.add(quarter * QUARTER_MINUTES, requests)
        watched.advance(int(now) // 60, self.sensitivities())

    def resume(self, holder_id: str, now: float) -> None:
        """It is let go on: what it did does not count again, and for an hour only what is far faster does."""
        minute = int(now) // 60
        watched = self.watched.get(holder_id)
        if watched is None:
            watched = self.open(holder_id, minute)
        sensitivities = self.sensitivities()
        watched.advance(minute, sensitivities)
        watched.let_go(sensitivities)
        watched.look_ahead(sensitivities)

    def restore_free(self, holder_id: str, since: float, paces: tuple[int, int], now: float) -> None:
        """It was let go on before a start, at such paces of spend and of requests, and nothing counts since."""
        watched = self.open(holder_id, int(now) // 60)
        watched.set_free(int(since) // 60, paces, self.sensitivities())

    def begin(self, holder_id: str, now: float) -> None:
        """What it did does not count again."""
        watched = self.watched.get(holder_id)
        if watched is not None:
            sensitivities = self.sensitivities()
            watched.advance(int(now) // 60, sensitivities)
            watched.begin()
            watched.look_ahead(sensitivities)

    def forget(self, holder_id: str) -> None:
        """Watch it no more."""
        self.watched.pop(holder_id, None)
        self.wanted.pop(holder_id, None)

    def start_over(self) -> None:
        """The settings have changed: all pasts are to be read again."""
        self._newcomers = None
        sensitivities = self.sensitivities()
        for watched in self.watched.values():
            watched.unlearn()
            watched.look_ahead(sensitivities)

    def clear(self) -> None:
        """Know nothing."""
        self.watched.clear()
        self.wanted.clear()

    def open(self, holder_id: str, minute: int) -> Watched:
        """Watch one more."""
        if len(self.watched) >= self.most:
            oldest = nsmallest(FORGOTTEN_AT_ONCE, self.watched, key=lambda each: self.watched[each].spend.minute)
            for each in oldest:
                self.forget(each)
        watched = self.watched[holder_id] = Watched(minute)
        watched.look_ahead(self.sensitivities())
        return watched

    def for_newcomers(self) -> tuple[Newcomers, Newcomers]:
        """What may be spent and asked without a past: what nearly all others do."""
        if self._newcomers is None:
            sensitivities = self.sensitivities()
            spend = [each.spend.usual for each in self.watched.values()]
            requests = [each.requests.usual for each in self.watched.values()]
            self._newcomers = (
                newcomer_limits([usual for usual in spend if usual and usual.mature], sensitivities.spend),
                newcomer_limits([usual for usual in requests if usual and usual.mature], sensitivities.requests),
            )
        return self._newcomers
