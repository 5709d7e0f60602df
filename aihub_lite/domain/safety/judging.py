"""Whether what somebody does is too much: a sum beside the limits that its past makes."""

from __future__ import annotations

from typing import Literal

from aihub_lite.domain.safety.past import Sensitivity, UsualUse
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.safety.sliding import BURST, HOURS, MINUTES, SlidingSum
from aihub_lite.domain.safety.spans import HOUR

QUARTER_MINUTES = MINUTES // HOUR
LITTLE = 2
"""Whoever uses no more than the floor over this within an hour and a day needs no past to be judged by."""
Summed = Literal["spend", "requests"]


class JudgedSum(SlidingSum):
    """What was spent, or how many requests there were, and how much more of it there may be."""

    __slots__ = ("until", "usual")

    def __init__(self, minute: int) -> None:
        super().__init__(minute)
        self.usual: UsualUse | None = None
        """None while the past is not known."""
        self.until = 0
        """All that there may be, as `total` sums it, before it has to be judged."""

    def room_without_past(self, sensitivity: Sensitivity) -> int:
        """How much more is so little that no past is needed to judge it; below nothing where it is more by now."""
        return sensitivity.floor // LITTLE - max(self.in_hour, self.in_day)

    def look_ahead(self, sensitivity: Sensitivity) -> None:
        """Say when it has to be judged within the minute under way, at the latest."""
        usual = self.usual
        if usual is None:
            self.until = self.total + self.room_without_past(sensitivity)
            return
        within = usual.hour(self.minute // QUARTER_MINUTES)
        if usual.burst < within:
            within = usual.burst
        self.until = min(within - self.in_hour, usual.day - self.in_day) + self.total

    def runaway(self, kind: Summed, spent: int) -> Runaway | None:
        """What is too much of it; None where nothing is. `spent` is nano-USD within the hour."""
        usual = self.usual
        if usual is None:
            return None
        sums = (
            (self.in_burst, usual.burst, BURST),
            (self.in_hour, usual.hour(self.minute // QUARTER_MINUTES), MINUTES),
            (self.in_day, usual.day, HOURS * MINUTES),
        )
        for seen, most, minutes in sums:
            if seen > most:
                return Runaway(kind, seen, most, spent, minutes)
        return None
