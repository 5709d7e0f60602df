"""What a token did within the last five minutes, hour and day, in sums that slide, of bounded size."""

from __future__ import annotations

from array import array

MINUTES = 60
HOURS = 24
BURST = 5
"""Minutes."""


class SlidingUse:
    """Nano-USD and requests. A class with slots, since each settlement adds to one: two sums that only grow.

    Rings remember what the sums were as each minute and hour began, so that a span's own is a difference. The minute
    and the hour under way are the last of their spans.
    """

    __slots__ = (
        "hour",
        "minute",
        "requests",
        "requests_at_hour",
        "requests_at_minute",
        "spent",
        "spent_at_hour",
        "spent_at_minute",
    )

    def __init__(self, minute: int) -> None:
        self.minute = minute
        """The minute since 1970 that is under way."""
        self.hour = minute // MINUTES
        self.spent = 0
        self.requests = 0
        self.spent_at_minute = array("q", bytes(8 * MINUTES))
        self.requests_at_minute = array("q", bytes(8 * MINUTES))
        self.spent_at_hour = array("q", bytes(8 * HOURS))
        self.requests_at_hour = array("q", bytes(8 * HOURS))

    def add(self, minute: int, spent: int, requests: int = 1) -> None:
        """What was booked in a minute. A minute before the latest counts as that one: a clock may step back."""
        self.advance(minute)
        self.spent += spent
        self.requests += requests

    def advance(self, minute: int) -> None:
        """Let go of what is older than its span."""
        if minute <= self.minute:
            return
        for passed in range(max(self.minute + 1, minute - MINUTES + 1), minute + 1):
            self.spent_at_minute[passed % MINUTES] = self.spent
            self.requests_at_minute[passed % MINUTES] = self.requests
        hour = minute // MINUTES
        for passed in range(max(self.hour + 1, hour - HOURS + 1), hour + 1):
            self.spent_at_hour[passed % HOURS] = self.spent
            self.requests_at_hour[passed % HOURS] = self.requests
        self.minute = minute
        self.hour = hour

    @property
    def burst_spent(self) -> int:
        """Nano-USD within five minutes."""
        return self.spent - self.spent_at_minute[(self.minute - BURST + 1) % MINUTES]

    @property
    def hour_spent(self) -> int:
        """The same within an hour."""
        return self.spent - self.spent_at_minute[(self.minute + 1) % MINUTES]

    @property
    def day_spent(self) -> int:
        """The same within a day."""
        return self.spent - self.spent_at_hour[(self.hour + 1) % HOURS]

    @property
    def burst_requests(self) -> int:
        """Requests within five minutes."""
        return self.requests - self.requests_at_minute[(self.minute - BURST + 1) % MINUTES]

    @property
    def hour_requests(self) -> int:
        """The same within an hour."""
        return self.requests - self.requests_at_minute[(self.minute + 1) % MINUTES]

    @property
    def day_requests(self) -> int:
        """The same within a day."""
        return self.requests - self.requests_at_hour[(self.hour + 1) % HOURS]
