"""What the windows of a budget have seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs

from aihub_lite.domain.pots.windows import window

KEPT = 4
"""Windows that a budget remembers beside the running one."""
Booked = Callable[[int, int], Awaitable[int]]
"""Reads what was charged to a budget for requests that began at one Unix ms or later, before another; nano-USD."""


@attrs.define(eq=False)
class Windows:
    """What the windows of one budget have seen: the running one, and those before it.

    A request counts in the window that it began in, as it does in the book. A window that is come back to is as it was
    left: a clock that leaps ahead and comes back neither refills the window that it comes back to, nor takes more from
    the next one than was spent there. Times are Unix times.
    """

    period: str
    start: float
    end: float
    spent: int = 0
    anchor: int = 0
    """As in PotBudget."""
    booked: Booked | None = None
    """Reads what the book has of this budget."""
    turned: Callable[[float], None] | None = None
    """Told of each turn, and at what time."""
    fresh: bool = False
    """Whether nothing was known of the running window as it began."""
    _others: dict[float, int] = attrs.field(factory=dict)
    """What other windows have seen, by their start."""

    def at(self, wall: float) -> int:
        """What the window of this time has seen; it is the running one from now on."""
        if not self.start <= wall < self.end:
            self._turn(wall)
        return self.spent

    def add(self, cost: int, started: float) -> None:
        """Add the cost of a request that began at `started`. One of an earlier window is for the book alone to know,
        unless that window is remembered."""
        if self.start <= started < self.end:
            self.spent += cost
            return
        start, _ = window(self.period, started, self.anchor)
        if start in self._others:
            self._others[start] += cost
        elif start >= self.start:
            self.spent += cost

    def _turn(self, wall: float) -> None:
        start, end = window(self.period, wall, self.anchor)
        self.fresh = wall >= self.end and start not in self._others
        unknown = 0
        if wall < self.start:
            # Nobody has looked at this earlier window: a clock that was set back must not refill the budget.
            unknown = self.spent
        self._others[self.start] = self.spent
        self.spent = self._others.pop(start, unknown)
        if len(self._others) > KEPT:
            del self._others[next(iter(self._others))]
        self.start = start
        self.end = end
        if self.turned is not None:
            self.turned(wall)
