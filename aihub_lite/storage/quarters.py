"""The spans that reports sum usage by: a quarter of an hour, and eight hours."""

from __future__ import annotations

QUARTER = 900
"""Seconds. Clocks of all zones differ by whole quarters, so every reader's day is a whole number of them."""
QUARTER_MS = 1000 * QUARTER
PERIOD = 28_800
"""Seconds: eight hours of UTC. With one begin the days of many: in winter those of London and Los Angeles, all year
those of Shanghai."""
DAY_MS = 86_400_000


def edges(since_ms: int, until_ms: int) -> dict[str, int]:
    """Which whole days lie between two times, and what of records lies before and after them."""
    first_whole_day = -(-since_ms // DAY_MS)
    last_day = until_ms // DAY_MS
    before_whole_days = min(until_ms, first_whole_day * DAY_MS)
    return {
        "since_ms": since_ms,
        "until_ms": until_ms,
        "first_whole_day": first_whole_day,
        "last_day": last_day,
        "before_whole_days": before_whole_days,
        "after_whole_days": max(before_whole_days, last_day * DAY_MS),
    }
