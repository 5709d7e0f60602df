"""Watches what each token spends beside what its own past makes usual. In memory, of bounded size, without a clock.

What a settlement costs while nothing is wrong is a look-up, two sums and three comparisons; once a minute a few more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import nsmallest

import attrs

from aihub_lite.domain.safety.judging import runaway_of
from aihub_lite.domain.safety.past import Sensitivity, UsualUse, limits_of, newcomer_limits
from aihub_lite.domain.safety.repeats import Repeats
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.safety.sliding import MINUTES, SlidingUse
from aihub_lite.domain.safety.spans import HOUR, Span

MOST_WATCHED = 4096
"""Tokens: some 20 MB when all of them spend. Above it those that were idle longest are forgotten."""
FORGOTTEN_AT_ONCE = 512
QUARTER_MINUTES = MINUTES // HOUR
RELEARN = 24 * MINUTES
"""Minutes until a token's past is read again."""
RELEARN_NEW = 3 * MINUTES
"""The same of one that has little past."""
NEVER = 2**62
SPENDS = 4
FREE = MINUTES
"""Minutes without another finding: after one, and after somebody has let a token go on."""

Quarters = Mapping[int, tuple[int, int]]
"""Nano-USD and requests by quarter of an hour since 1970."""


@attrs.frozen
class Sensitivities:
    """What an operator has set."""

    spend: Sensitivity
    requests: Sensitivity
    rounds: int
    """In which the same conversation may come; 0 for any number."""


class WatchedToken:
    """What is known of one token."""

    __slots__ = ("free_until", "mature", "requests", "requests_until", "spend", "spent_until", "sure_until", "use")

    def __init__(self, minute: int) -> None:
        self.use = SlidingUse(minute)
        self.spend: UsualUse | None = None
        self.requests: UsualUse | None = None
        self.spent_until = 0
        """All that it may have spent, as `use` sums it, before it has to be judged."""
        self.requests_until = 0
        self.sure_until = NEVER
        """The minute from which on its past is to be read again."""
        self.mature = False
        self.free_until = 0
        """The minute before which nothing is found."""

    def learnt(self, spend: UsualUse, requests: UsualUse, minute: int) -> None:
        """Its past was read in this minute."""
        self.spend = spend
        self.requests = requests
        self.mature = spend.mature or requests.mature  # what costs nothing has a past, too
        self.sure_until = minute + RELEARN
        if not self.mature:
            self.sure_until = minute + RELEARN_NEW

    def unlearn(self) -> None:
        """As if its past were unknown."""
        self.spend = self.requests = None
        self.sure_until = NEVER

    def look_ahead(self, sensitivities: Sensitivities) -> None:
        """Say when it has to be judged within the minute under way, at the latest."""
        use = self.use
        if self.spend is None or self.requests is None:
            # Whoever does less needs no past to be judged by, and nobody reads it.
            spent = use.hour_spent, use.day_spent
            requests = use.hour_requests, use.day_requests
            self.spent_until = use.spent - max(spent) + sensitivities.spend.floor // 2
            self.requests_until = use.requests - max(requests) + sensitivities.requests.floor // 2
            return
        quarter = use.minute // QUARTER_MINUTES
        hour = min(self.spend.burst, self.spend.hour(quarter)) - use.hour_spent
        self.spent_until = use.spent + min(hour, self.spend.day - use.day_spent)
        hour = min(self.requests.burst, self.requests.hour(quarter)) - use.hour_requests
        self.requests_until = use.requests + min(hour, self.requests.day - use.day_requests)
        if use.minute >= self.sure_until:
            self.spent_until = -1


@attrs.define(eq=False)
class Detector:
    """All tokens that are used. Times are Unix seconds."""

    sensitivities: Callable[[], Sensitivities]
    watched: dict[str, WatchedToken] = attrs.field(factory=dict)
    """By token id."""
    wanted: dict[str, None] = attrs.field(factory=dict)
    """Tokens whose pasts are to be read, in the order in which they asked for it."""
    most: int = MOST_WATCHED
    _newcomers: tuple[Mapping[Span, int], Mapping[Span, int]] | None = None

    def settled(self, token_id: str, now: float, spent: int) -> Runaway | None:
        """A request was booked at so many nano-USD. What is too much of it all; None where nothing is."""
        minute = int(now) // 60
        watched = self.watched.get(token_id)
        if watched is None:
            watched = self._open(token_id, minute)
        use = watched.use
        if minute > use.minute:
            use.advance(minute)
            watched.look_ahead(self.sensitivities())
        use.spent += spent
        use.requests += 1
        if use.spent <= watched.spent_until and use.requests <= watched.requests_until:
            return None
        return self._judge(token_id, watched)

    def _judge(self, token_id: str, watched: WatchedToken) -> Runaway | None:
        use = watched.use
        if watched.spend is None or watched.requests is None:
            self.wanted[token_id] = None
            return None
        if use.minute >= watched.sure_until:
            if self._is_little(use):
                watched.unlearn()
                watched.look_ahead(self.sensitivities())
                return None
            self.wanted[token_id] = None
        if use.minute < watched.free_until:
            return None
        runaway = runaway_of(use, watched.spend, watched.requests)
        if runaway is not None:
            watched.free_until = use.minute + FREE
        return runaway

    def _is_little(self, use: SlidingUse) -> bool:
        """Whether it is so little that no past is needed to judge it."""
        sensitivities = self.sensitivities()
        least = sensitivities.spend.floor // 2
        requests = sensitivities.requests.floor // 2
        return max(use.hour_spent, use.day_spent) <= least and max(use.hour_requests, use.day_requests) <= requests

    def spends(self, token_id: str) -> bool:
        """Whether a token spends so much that what it sends is looked at: a quarter of the floor within an hour."""
        watched = self.watched.get(token_id)
        return watched is not None and watched.use.hour_spent * SPENDS > self.sensitivities().spend.floor

    def repeated(self, token_id: str, repeats: Repeats) -> Runaway | None:
        """A conversation was settled that had come before: what is too much of it; None where nothing is."""
        watched = self.watched.get(token_id)
        if watched is None or watched.use.minute < watched.free_until:
            return None
        sensitivities = self.sensitivities()
        floor = sensitivities.spend.floor
        runaway = repeats.runaway(sensitivities.rounds, floor, watched.use.hour_spent)
        if runaway is not None:
            watched.free_until = watched.use.minute + FREE
        return runaway

    def has_past(self, token_id: str) -> bool:
        """Whether a token is judged by its own past. Whoever spends next to nothing is not judged at all."""
        watched = self.watched.get(token_id)
        return watched is not None and (watched.spend is None or watched.mature)

    def learn(self, token_id: str, quarters: Quarters, now: float) -> None:
        """The past of a token was read, or this part of it: whatever was booked before the quarter of `now`."""
        self.wanted.pop(token_id, None)
        watched = self.watched.get(token_id)
        if watched is None:
            return
        quarter = int(now) // 60 // QUARTER_MINUTES
        sensitivities = self.sensitivities()
        spend = limits_of({at: spent for at, (spent, _) in quarters.items()}, quarter, sensitivities.spend)
        requests = limits_of({at: count for at, (_, count) in quarters.items()}, quarter, sensitivities.requests)
        if not (spend.mature or requests.mature):
            spend_at_least, requests_at_least = self._for_newcomers(sensitivities)
            spend = spend.at_least(spend_at_least)
            requests = requests.at_least(requests_at_least)
        watched.learnt(spend, requests, int(now) // 60)
        watched.look_ahead(sensitivities)
        self._newcomers = None

    def restore(self, token_id: str, quarters: Quarters, now: float) -> None:
        """What was booked in the last day before a start. Of a quarter it is not known when: it counts as its first
        minute, so that no burst comes of it."""
        minute = int(now) // 60
        for quarter in sorted(quarters):
            spent, requests = quarters[quarter]
            at = quarter * QUARTER_MINUTES
            watched = self.watched.get(token_id)
            if watched is None:
                watched = self._open(token_id, at)
            watched.use.add(at, spent, requests)
        if token_id in self.watched:
            watched = self.watched[token_id]
            watched.use.advance(minute)
            watched.look_ahead(self.sensitivities())

    def resume(self, token_id: str, now: float) -> None:
        """Somebody has let a token go on: what it did does not count again, and for an hour nothing does."""
        minute = int(now) // 60
        watched = self.watched.get(token_id)
        if watched is not None:
            watched.use = SlidingUse(minute)
            watched.look_ahead(self.sensitivities())
            watched.free_until = minute + FREE

    def forget(self, token_id: str) -> None:
        """A token is gone."""
        self.watched.pop(token_id, None)
        self.wanted.pop(token_id, None)

    def start_over(self) -> None:
        """The settings have changed: all pasts are to be read again."""
        self._newcomers = None
        sensitivities = self.sensitivities()
        for watched in self.watched.values():
            watched.unlearn()
            watched.look_ahead(sensitivities)

    def _for_newcomers(self, sensitivities: Sensitivities) -> tuple[Mapping[Span, int], Mapping[Span, int]]:
        if self._newcomers is None:
            spend = [each.spend for each in self.watched.values() if each.spend is not None and each.spend.mature]
            requests = [each.requests for each in self.watched.values() if each.requests and each.requests.mature]
            self._newcomers = (
                newcomer_limits(spend, sensitivities.spend),
                newcomer_limits(requests, sensitivities.requests),
            )
        return self._newcomers

    def _open(self, token_id: str, minute: int) -> WatchedToken:
        if len(self.watched) >= self.most:
            oldest = nsmallest(FORGOTTEN_AT_ONCE, self.watched, key=lambda each: self.watched[each].use.minute)
            for each in oldest:
                self.forget(each)
        watched = self.watched[token_id] = WatchedToken(minute)
        watched.look_ahead(self.sensitivities())
        return watched
