"""What a token's past makes usual: medians and what values differ by, of the hour of the week where it is known.

All is integers, of nano-USD or of requests alike. Quarters are those of statistics, numbers of quarters of an hour
since 1970, which began on a Thursday: so does a week here.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from aihub_lite.domain.safety.spans import DAY, HOUR, PAST, PERCENT, POLICY, WEEK, Span

HOURS_OF_WEEK = WEEK // HOUR
HOURS_OF_DAY = 24
WEEKS = PAST // WEEK
LEAST_WEEKS = 3
"""Since a token was first used, for the hour of the week to say what is usual."""
LEAST_DAYS = 5
"""The same for the hour of the day."""
ENOUGH = ((24, 5, 0), (8, 5, 7), (4, 3, 14))
"""A past says what is usual with use in so many hours, on so many days, of at least so many since the first: jobs of an
hour a night have little of either. Who is new today may do tomorrow what nobody has seen of them."""
LEAST_OTHERS = 3
"""Tokens with a past, without which nobody knows what is usual in a house."""
SPREADS = 6
SPREAD = (14826, 10_000)
"""A median absolute deviation times this is a standard deviation, where values are normal."""
FEW = 50
"""One stretch in so many may be beyond the crest."""
MOST = 2**62
"""No limit that anybody can reach."""


@attrs.frozen
class Sensitivity:
    """What an operator sets for one kind of use."""

    floor: int
    """Nothing is too much below it."""
    times: int
    """As much more than usual is too much."""


@attrs.frozen
class UsualUse:
    """The most that is usual for a token within each span; what is beyond is too much."""

    burst: int
    hours: Sequence[int]
    """By hour of the week."""
    day: int
    mature: bool
    """Whether its own past says so, and no other token's."""
    own: UsualUse | None = None
    """What its own past says alone, where others allow more; None where that is this."""

    def hour(self, quarter: int) -> int:
        """That of the hour that a quarter lies in."""
        return self.hours[quarter // HOUR % HOURS_OF_WEEK]

    def at_least(self, others: Mapping[Span, int]) -> UsualUse:
        """The same, where others may do more."""
        hours = array("q", [max(hour, others["hour"]) for hour in self.hours])
        burst = max(self.burst, others["burst"])
        return attrs.evolve(self, burst=burst, hours=hours, day=max(self.day, others["day"]), own=self.own or self)

    def with_part(self, part: UsualUse) -> UsualUse:
        """The same, where a part of it may do more by its own past."""
        part = part.own or part
        hours = array("q", map(max, self.hours, part.hours))
        return attrs.evolve(self, burst=max(self.burst, part.burst), hours=hours, day=max(self.day, part.day))


@attrs.frozen
class Middle:
    """The median of some values, and the median of how far they are from it."""

    median: int
    spread: int

    @classmethod
    def of(cls, values: Iterable[int]) -> Middle:
        """Of any number of values; of none it is 0."""
        median = median_of(values := sorted(values))
        return cls(median, median_of(sorted(abs(value - median) for value in values)))

    def beyond(self, times: int) -> int:
        """What is far beyond them: `times` as much, or out of their spread."""
        numerator, denominator = SPREAD
        return max(times * self.median, self.median + SPREADS * self.spread * numerator // denominator)


def median_of(ordered: Sequence[int]) -> int:
    """The one in the middle, or between the two there."""
    if not ordered:
        return 0
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) // 2


def crest_of(ordered: Sequence[int]) -> int:
    """The value that one in fifty exceeds; of fewer the highest."""
    if not ordered:
        return 0
    return ordered[-1 - len(ordered) // FEW]


def limits_of(use: Mapping[int, int], now: int, sensitivity: Sensitivity) -> UsualUse:
    """What a token used in quarters before `now` makes usual, from that quarter on."""
    use = {quarter: value for quarter, value in use.items() if now - PAST <= quarter < now and value > 0}
    quarters = sorted(use.values())
    hours = stretches(use, HOUR)
    days = stretches(use, DAY)
    crest = crest_of(sorted(hours.values()))
    first = min(use, default=now)
    usual = [level.beyond(sensitivity.times) for level in levels(hours, first // HOUR, now // HOUR)]
    floor = floor_of("hour", sensitivity)
    highest = max(floor, crest * POLICY["hour"].crest // PERCENT)
    return UsualUse(
        burst=span_limit("burst", quarters, sensitivity),
        hours=array("q", [min(MOST, max(highest, hour)) for hour in usual]),
        day=span_limit("day", sorted(days.values()), sensitivity),
        mature=is_mature(len(hours), len(days), (now - first) // DAY),
    )


def is_mature(hours: int, days: int, lived: int) -> bool:
    """Whether use in so many hours and on so many days, the first so many days ago, is a past."""
    return any(hours >= least[0] and days >= least[1] and lived >= least[2] for least in ENOUGH)


def span_limit(span: Span, ordered: Sequence[int], sensitivity: Sensitivity) -> int:
    """The most that is usual within a span, from all stretches of the past in which something was used."""
    policy = POLICY[span]
    usual = Middle.of(ordered).beyond(sensitivity.times) * policy.share // PERCENT
    return min(MOST, max(floor_of(span, sensitivity), usual, crest_of(ordered) * policy.crest // PERCENT))


def floor_of(span: Span, sensitivity: Sensitivity) -> int:
    """Below which nothing is too much."""
    return sensitivity.floor * POLICY[span].floor // PERCENT


def newcomer_limits(mature: Sequence[UsualUse], sensitivity: Sensitivity) -> dict[Span, int]:
    """What a token without a past may do: what nearly all others do, and where there are none, some floors."""
    floors: dict[Span, int] = {span: sensitivity.floor * policy.newcomer // PERCENT for span, policy in POLICY.items()}
    if len(mature) < LEAST_OTHERS:
        return floors
    nearly_all = len(mature) * 9 // 10
    return {
        "burst": max(floors["burst"] // 4, sorted(limits.burst for limits in mature)[nearly_all]),
        "hour": max(floors["hour"] // 4, sorted(max(limits.hours) for limits in mature)[nearly_all]),
        "day": max(floors["day"] // 4, sorted(limits.day for limits in mature)[nearly_all]),
    }


def stretches(use: Mapping[int, int], length: int) -> dict[int, int]:
    """Sums by stretches of so many quarters."""
    sums: dict[int, int] = {}
    for quarter, value in use.items():
        stretch = quarter // length
        sums[stretch] = sums.get(stretch, 0) + value
    return sums


def levels(hours: Mapping[int, int], first: int, now: int) -> Iterator[Middle]:
    """For each hour of the week what is usual in it: by the same hour of past weeks where there are enough, else by
    that hour of past days, else by all hours of use.

    An hour is as usual as its neighbours are: what slides spans two of them, and clocks are put forward.
    """
    lived = now - first
    if lived < LEAST_DAYS * HOURS_OF_DAY:
        every = Middle.of(hours.values())
        yield from [every] * HOURS_OF_WEEK
        return
    period = HOURS_OF_DAY
    if lived >= LEAST_WEEKS * HOURS_OF_WEEK:
        period = HOURS_OF_WEEK
    samples: list[list[int]] = [[] for _ in range(period)]
    for hour in range(max(first, now - WEEKS * HOURS_OF_WEEK), now):
        samples[hour % period].append(hours.get(hour, 0))
    own = [Middle.of(values) for values in samples]
    for hour in range(HOURS_OF_WEEK):
        near = [own[(hour + step) % period] for step in (-1, 0, 1)]
        yield max(near, key=lambda middle: (middle.median, middle.spread))
