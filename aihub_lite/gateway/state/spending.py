"""What upstream accounts with a budget have come to, by the UTC day that their requests began in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import attrs

from aihub_lite.domain.pots.windows import window
from aihub_lite.domain.token import Budget

DAY = 86_400
"""Seconds."""
KEPT = 40
"""Days: a month, and some more for a clock that was set back."""


def day_of(wall: float) -> int:
    """The UTC day since 1970 that Unix time lies in."""
    return int(wall // DAY)


@attrs.define(eq=False)
class WindowSum:
    """What a holder came to in the window of a budget that was asked for last."""

    period: str
    start: float
    end: float
    nano: int


@attrs.define(eq=False)
class Spent:
    """What one holder came to: nano-USD by UTC day since 1970."""

    _days: dict[int, int] = attrs.field(factory=dict)
    _sum: WindowSum | None = None
    """A request asks for the sum of the same window as the one before it."""

    def add(self, cost: int, day: int) -> None:
        """A request that began on a day came to so much."""
        if day in self._days:
            self._days[day] += cost
        else:
            self._begin(day, cost)
        known = self._sum
        if known is not None and known.start <= day * DAY < known.end:
            known.nano += cost

    def within(self, budget: Budget, wall: float) -> int:
        """What the budget's period around Unix time `wall` has seen."""
        known = self._sum
        if known is not None and known.start <= wall < known.end and known.period == budget.period:
            return known.nano
        start, end = window(budget.period, wall)
        nano = sum(self._days.get(day, 0) for day in range(int(start // DAY), int(end // DAY)))
        self._sum = WindowSum(budget.period, start, end, nano)
        return nano

    def _begin(self, day: int, cost: int) -> None:
        for old in [each for each in self._days if each < day - KEPT]:
            del self._days[old]
        self._days[day] = cost


@attrs.define(eq=False)
class Spending:
    """What everybody came to, by holder: a channel's id, or that and its key's, joined by a slash."""

    _holders: defaultdict[str, Spent] = attrs.field(factory=lambda: defaultdict(Spent))

    def load(self, rows: Iterable[tuple[str, int, int]]) -> None:
        """Take over what the book has: account, day, nano-USD."""
        for account, day, cost in rows:
            for holder in (account, account.partition("/")[0]):
                self.of(holder).add(cost, day)

    def of(self, holder: str) -> Spent:
        """What a holder came to; whatever it comes to from now on is added there."""
        return self._holders[holder]
