"""Somebody who goes on after a finding: what they do is held against what they were found for."""

from __future__ import annotations

from aihub_lite.domain.safety.judging import JudgedSum, Summed
from aihub_lite.domain.safety.past import UsualUse
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.safety.sliding import BURST, SlidingSum


def pace_of(used: SlidingSum) -> int:
    """How fast it is, as what would come of it within a burst: of what has only begun its busiest minute says it."""
    return max(used.in_burst, BURST * used.busiest_minute)


class FreeUse:
    """What is used within the time in which only what is far faster than before counts. A class with slots, as its
    sums."""

    __slots__ = ("paces", "requests", "spend", "times", "until")

    def __init__(self, minute: int, until: int, paces: tuple[int, int], times: int) -> None:
        self.spend = SlidingSum(minute)
        self.requests = SlidingSum(minute)
        self.until = until
        """The minute from which on everything counts again."""
        self.paces = paces
        """Of spend and of requests, within a burst, with which they were let go on."""
        self.times = times

    def add(self, minute: int, spent: int) -> None:
        """A request was booked."""
        self.spend.add(minute, spent)
        self.requests.add(minute, 1)

    @property
    def is_faster(self) -> bool:
        """Whether it is far faster than that, whatever is usual."""
        spend, requests = self.paces
        return self.spend.in_burst > self.times * spend or self.requests.in_burst > self.times * requests

    def runaway(self, spend: UsualUse, requests: UsualUse) -> Runaway | None:
        """What is far faster than that, and than what is usual; None where nothing is."""
        judged: tuple[tuple[Summed, SlidingSum, int, UsualUse], ...] = (
            ("spend", self.spend, self.paces[0], spend),
            ("requests", self.requests, self.paces[1], requests),
        )
        for kind, used, pace, usual in judged:
            if used.in_burst > self.times * max(pace, usual.burst):
                return Runaway(kind, used.in_burst, usual.burst, self.spend.in_hour, BURST)
        return None

    def paces_now(self, spend: JudgedSum, requests: JudgedSum) -> tuple[int, int]:
        """Those to be let go on with anew, from these sums or from what was done since."""
        return (
            max(self.paces[0], pace_of(self.spend), pace_of(spend)),
            max(self.paces[1], pace_of(self.requests), pace_of(requests)),
        )

    def exclude(self, other: FreeUse, minute: int) -> None:
        """Count no more what another did."""
        for mine, theirs in ((self.spend, other.spend), (self.requests, other.requests)):
            mine.advance(minute)
            theirs.advance(minute)
            mine.exclude(theirs)
