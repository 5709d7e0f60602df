"""Over which times use is summed to be judged, and what it is held against there: policy as data."""

from __future__ import annotations

from typing import Literal, get_args

import attrs

Span = Literal["burst", "hour", "day"]
SPANS: tuple[Span, ...] = get_args(Span)

QUARTER = 900
"""Seconds: the past is known by quarters of an hour, as statistics keep it."""
HOUR = 4
DAY = 96
WEEK = 7 * DAY
PAST = 4 * WEEK
"""Quarters of an hour that count as the past."""
PERCENT = 100


@attrs.frozen(kw_only=True)
class SpanPolicy:
    """What is too much within one span. Shares are in percent."""

    minutes: int
    """Its length."""
    quarters: int
    """Of the stretches of the past that it is held against."""
    share: int
    """What of a usual stretch falls into it: a burst may take much of what usually takes a quarter of an hour."""
    crest: int
    """Of the stretch that only one in fifty exceeds: as much as that was usual now and then."""
    floor: int
    """Of the floor that an operator sets: less is never too much."""
    newcomer: int
    """The same for a token without a past, where nobody else has one either."""


POLICY: dict[Span, SpanPolicy] = {
    "burst": SpanPolicy(minutes=5, quarters=1, share=50, crest=130, floor=100, newcomer=500),
    "hour": SpanPolicy(minutes=60, quarters=HOUR, share=100, crest=250, floor=100, newcomer=2000),
    "day": SpanPolicy(minutes=24 * 60, quarters=DAY, share=100, crest=250, floor=500, newcomer=6000),
}
"""The burst catches what is fast within five minutes; the hour what is slower; the day what hides among the busiest
hours that a token ever had, and goes on all night."""
