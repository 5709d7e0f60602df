"""What was used within the last five minutes, hour and day, in sums that slide, of bounded size."""

from __future__ import annotations

from array import array

MINUTES = 60
HOURS = 24
BURST = 5
"""Minutes."""


class SlidingSum:
    """Of nano-USD or of requests. A class with slots, since each settlement adds to some: a sum that only grows.

    Rings remember what the sum was as each minute and hour began, so that a span's own is a difference. The minute and
    the hour under way are the last of their spans.
    """

    __slots__ = ("at_hour", "at_minute", "hour", "minute", "total")

    def __init__(self, minute: int) -> None:
        self.begin(minute)

    def begin(self, minute: int) -> None:
        """Anew, with nothing."""
        self.minute = minute
        """The minute since 1970 that is under way."""
        self.hour = minute // MINUTES
        self.total = 0
        self.at_minute = array("q", bytes(8 * MINUTES))
        self.at_hour = array("q", bytes(8 * HOURS))

    def add(self, minute: int, amount: int) -> None:
        """What was booked in a minute. A minute before the latest counts as that one: a clock may step back."""
        self.advance(minute)
        self.total += amount

    def advance(self, minute: int) -> None:
        """Let go of what is older than its span."""
        if minute <= self.minute:
            return
        total = self.total
        for passed in range(max(self.minute + 1, minute - MINUTES + 1), minute + 1):
            self.at_minute[passed % MINUTES] = total
        self.minute = minute
        hour = minute // MINUTES
        if hour > self.hour:
            for passed in range(max(self.hour + 1, hour - HOURS + 1), hour + 1):
                self.at_hour[passed % HOURS] = total
            self.hour = hour

    def include(self, other: SlidingSum) -> None:
        """Count what another did, which is as far."""
        self.total += other.total
        self.at_minute = array("q", map(int.__add__, self.at_minute, other.at_minute))
        self.at_hour = array("q", map(int.__add__, self.at_hour, other.at_hour))

    def exclude(self, other: SlidingSum) -> None:
        """Count no more what another did, which is as far. No span falls below nothing, whatever was counted of it."""
        total = self.total = self.total - other.total
        minutes = zip(self.at_minute, other.at_minute, strict=True)
        hours = zip(self.at_hour, other.at_hour, strict=True)
        self.at_minute = array("q", [min(total, mine - theirs) for mine, theirs in minutes])
        self.at_hour = array("q", [min(total, mine - theirs) for mine, theirs in hours])

    @property
    def in_burst(self) -> int:
        """Within five minutes."""
        return self.total - self.at_minute[(self.minute - BURST + 1) % MINUTES]

    @property
    def busiest_minute(self) -> int:
        """Within the busiest of the last five minutes."""
        begins = [self.at_minute[(self.minute - back) % MINUTES] for back in reversed(range(BURST))]
        return max(end - begin for begin, end in zip(begins, [*begins[1:], self.total], strict=True))

    @property
    def in_hour(self) -> int:
        """Within an hour."""
        return self.total - self.at_minute[(self.minute + 1) % MINUTES]

    @property
    def in_day(self) -> int:
        """Within a day."""
        return self.total - self.at_hour[(self.hour + 1) % HOURS]
