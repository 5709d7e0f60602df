"""How much of an upstream's limits is used, by the upstream's own count as far as it can be known from here."""

from __future__ import annotations

import attrs

from aihub_lite.gateway.routing.told_limits import LONGEST, Told

MINUTE = 60.0
ROUNDING = 1e-6
"""Seconds: what sums of floats may be off by."""
IMPRECISION = 0.02
"""Seconds by which what upstreams tell is rounded down, at most."""
SAME_WINDOW = 2.5
"""Seconds by which two answers may be apart about when one and the same window ends."""


@attrs.define(eq=False)
class Gauge:
    """Units that refill evenly within `window` seconds, of which there are `size` at most.

    At which moment an upstream counts a request is not known, only that it lies between its sending and its answer.
    So what is pending counts as if it came now, and later as if it had come with its answer: however long the network
    takes, the upstream's own bucket is never emptier than this one, and none of its limits is ever exceeded.
    """

    size: int
    window: float = MINUTE
    full_at: float = 0.0
    """When it is full again, on the monotonic clock, but for what is pending."""
    pending: int = 0
    """Units of requests that were sent and not answered yet."""
    sure: int = 0
    """Units that fit at least, now and later: as `wait` found them, less what was taken since. Nearly every request
    fits by far, and needs no look at the clock."""
    _most_used: int = 0
    """Of what an upstream told: what `window` was reckoned from."""
    _shortest: float = 0.0
    """Seconds: what `window` is at least, by all that an upstream told."""

    @property
    def each(self) -> float:
        """Seconds in which a unit refills."""
        return self.window / self.size

    def wait(self, cost: int, now: float) -> float:
        """Seconds until `cost` fits, at least; 0 when it does now. What is larger than the whole waits for a full
        one."""
        units = min(cost, self.size)
        wait = (self.pending + units) * self.each - self.window + max(0.0, self.full_at - now)
        if wait > ROUNDING:
            return wait
        self.sure = units + int(-wait / self.each)
        return 0.0

    def resize(self, size: int) -> None:
        """There are so many at most from now on; what is used of them stays used."""
        self.size = size
        self.sure = 0

    def owed(self, now: float) -> float:
        """Seconds until it would be full if everything were answered now."""
        return max(0.0, self.full_at - now) + self.pending * self.each

    def sent(self, cost: int) -> int:
        """A request leaves; returns what it is counted at until its answer."""
        counted = cost
        if counted > self.size:
            counted = self.size
        self.pending += counted
        self.sure -= counted
        return counted

    def answered(self, counted: int, now: float, used: int | None = None) -> None:
        """The upstream has counted what was sent: as here, or what was `used` where that is known by now."""
        self.pending -= counted
        if used is None:
            used = counted
        elif used > counted:
            self.sure -= used - counted
        self._count(used, now)

    def correct(self, units: int, now: float) -> None:
        """So many more were used than was counted; may be negative."""
        if units > 0:
            self.sure -= units
        self._count(units, now)

    def _count(self, units: int, now: float) -> None:
        full_at = self.full_at
        if full_at < now:
            full_at = now
        self.full_at = full_at + units * self.window / self.size

    def used(self, now: float) -> int:
        """Units that are not there now."""
        return min(self.size, round(self.owed(now) / self.each))

    def told(self, told: Told, now: float) -> None:
        """The upstream says what is left, as it answers; call after `answered`.

        Answers may come in another order than they were made in, so it never says that there is more than is known
        here. How long one takes to come back shows best when many are used.
        """
        self.sure = 0
        units = max(0.0, self.full_at - now) / self.each
        if told.limit != self.size:
            self.size = told.limit
            self._most_used = 0
            self._shortest = 0.0
        used = told.limit - told.left
        reset = told.reset + IMPRECISION
        if used and told.reset:
            # A part of a unit is told as a whole one: what comes of it is too short, if anything.
            self._shortest = max(self._shortest, told.reset / used * told.limit)
        if used and told.reset and used >= self._most_used:
            self.window = max(reset / used * told.limit, self._shortest + IMPRECISION)
            self._most_used = used
        self.full_at = now + units * self.each
        if used:
            self.full_at = max(self.full_at, now + reset)


@attrs.define(eq=False)
class Allotment(Gauge):
    """Units that come back all at once, at a time that the upstream tells; until then none does."""

    left: int = attrs.field(default=attrs.Factory(lambda self: self.size, takes_self=True), kw_only=True)
    """At the last answer, but for what is pending."""
    until: float = attrs.field(default=0.0, kw_only=True)
    """Monotonic: from then on all are there."""

    def wait(self, cost: int, now: float) -> float:
        """Seconds until `cost` fits; 0 when it does now."""
        if min(cost, self.size) <= self._left(now) - self.pending:
            return 0.0
        return max(self.until - now, ROUNDING)

    def _count(self, units: int, now: float) -> None:
        if now >= self.until:
            return
        self.left -= units

    def used(self, now: float) -> int:
        """Units that are not there now."""
        return min(self.size, max(0, self.size - self._left(now) + self.pending))

    def told(self, told: Told, now: float) -> None:
        """The upstream says what is left, and until when."""
        left = told.left
        if now < self.until and abs(now + min(told.reset, LONGEST) - self.until) < SAME_WINDOW:
            left = min(left, self.left)
        self.size = told.limit
        self.left = left
        self.until = now + min(told.reset, LONGEST)

    def _left(self, now: float) -> int:
        if now >= self.until:
            return self.size
        return self.left
