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
    """What one holder came to in the window of a budget that was asked for last."""

    period: str
    start: float
    end: float
    nano: int


@attrs.define(eq=False)
class Spending:
    """Nano-USD by holder (a channel's id, or that and its key's, joined by a slash) and UTC day since 1970."""

    _days: defaultdict[str, dict[int, int]] = attrs.field(factory=lambda: defaultdict(dict))
    _sums: dict[str, WindowSum] = attrs.field(factory=dict)
    """By holder: a request asks for the sum of the same window as the one before it."""

    def load(self, rows: Iterable[tuple[str, int, int]]) -> None:
        """Take over what the book has: account, day, nano-USD."""
        for account, day, cost in rows:
            for holder in (account, account.partition("/")[0]):
                self.add(holder, cost, day)

    def add(self, holder: str, cost: int, day: int) -> None:
        """A request that began on a day came to so much."""
        days = self._days[holder]
        if day in days:
            days[day] += cost
        else:
            _begin(days, day, cost)
        known = self._sums.get(holder)
        if known is not None and known.start <= day * DAY < known.end:
            known.nano += cost

    def within(self, holder: str, budget: Budget, wall: float) -> int:
        """What the budget's period around Unix time `wall` has seen."""
        known = self._sums.get(holder)
        if known is not None and known.start <= wall < known.end and known.period == budget.period:
            return known.nano
        days = self._days.get(holder)
        if days is None:
            return 0
        start, end = window(budget.period, wall)
        nano = sum(days.get(day, 0) for day in range(int(start // DAY), int(end // DAY)))
        self._sums[holder] = WindowSum(budget.period, start, end, nano)
        return nano


def _begin(days: dict[int, int], day: int, cost: int) -> None:
    for old in [each for each in days if each < day - KEPT]:
        del days[old]
    days[day] = cost
