"""Whether what a token does is too much: its sums beside its limits."""

from __future__ import annotations

from aihub_lite.domain.safety.past import UsualUse
from aihub_lite.domain.safety.runaway import Runaway, RunawayKind
from aihub_lite.domain.safety.sliding import BURST, HOURS, MINUTES, SlidingUse
from aihub_lite.domain.safety.spans import HOUR

QUARTER_MINUTES = MINUTES // HOUR


def runaway_of(use: SlidingUse, spend: UsualUse, requests: UsualUse) -> Runaway | None:
    """What is too much; None where nothing is. What was spent comes first."""
    quarter = use.minute // QUARTER_MINUTES
    sums: tuple[tuple[RunawayKind, int, int, int], ...] = (
        ("spend", use.burst_spent, spend.burst, BURST),
        ("spend", use.hour_spent, spend.hour(quarter), MINUTES),
        ("spend", use.day_spent, spend.day, HOURS * MINUTES),
        ("requests", use.burst_requests, requests.burst, BURST),
        ("requests", use.hour_requests, requests.hour(quarter), MINUTES),
        ("requests", use.day_requests, requests.day, HOURS * MINUTES),
    )
    for kind, seen, usual, minutes in sums:
        if seen > usual:
            return Runaway(kind, seen, usual, use.hour_spent, minutes)
    return None
