"""The figures that members are ranked by, and compared with the time before."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from aihub_lite.domain.reports.sketch import Sketch
from aihub_lite.storage.reports.question import Quality, Totals
from aihub_lite.web.reports.figures import Member

Figure = Callable[[Member], float | None]
"""None where a member has none: it comes last, whichever way is up."""


def _total(value: Callable[[Totals], float | None]) -> Figure:
    return lambda member: value(member.total)


def _quality(value: Callable[[Quality], float | None]) -> Figure:
    def figure(member: Member) -> float | None:
        if member.quality is None:
            return None
        return value(member.quality)

    return figure


def _percentile(times: Callable[[Quality], Sketch], percent: int) -> Figure:
    return _quality(lambda quality: times(quality).percentile(percent))


def error_rate(totals: Totals) -> float:
    """Which part of the requests failed."""
    return totals.errors / max(totals.requests, 1)


FIGURES: Mapping[str, Figure] = {
    "cost": _total(lambda totals: totals.cost_nano),
    "requests": _total(lambda totals: totals.requests),
    "tokens": _total(lambda totals: totals.prompt_tokens + totals.completion_tokens),
    "prompt": _total(lambda totals: totals.prompt_tokens),
    "completion": _total(lambda totals: totals.completion_tokens),
    "errors": _total(error_rate),
    "latency": _total(lambda totals: totals.first_byte_mean),
    "first_p50": _percentile(lambda quality: quality.times.first_byte, 50),
    "first_p90": _percentile(lambda quality: quality.times.first_byte, 90),
    "first_p99": _percentile(lambda quality: quality.times.first_byte, 99),
    "p50": _percentile(lambda quality: quality.times.total, 50),
    "p90": _percentile(lambda quality: quality.times.total, 90),
    "p99": _percentile(lambda quality: quality.times.total, 99),
    "speed": _quality(lambda quality: quality.tokens_per_second),
    "hits": _quality(lambda quality: quality.hit_rate),
    "saved": _quality(lambda quality: quality.saved_nano),
    "failed": _quality(lambda quality: quality.failed_nano),
    "cancelled": _quality(lambda quality: quality.cancelled_nano),
}
"""By the names that addresses have for them."""


CHANGE = "change"
"""How much a metric has grown: what members are ranked by beside FIGURES."""


def growth_of(metric: str) -> Figure:
    """By which part of it a member's metric grew: without end where there was nothing before."""

    def figure(member: Member) -> float | None:
        now = value_of(member.total, metric)
        before = value_of(member.before or Totals(), metric)
        if now and not before:
            return math.inf
        return change(now, before)

    return figure


def ranked(members: list[Member], name: str, metric: str = "cost", *, rising: bool = False) -> list[Member]:
    """The members by a figure, the largest first unless `rising`; by `name` in the order of the alphabet, and by
    `change` in that of how much a metric has grown."""
    if name == "name":
        return sorted(members, key=lambda member: member.name.casefold(), reverse=not rising)
    figure = growth_of(metric) if name == CHANGE else FIGURES[name]
    has = [(value, member) for member in members if (value := figure(member)) is not None]
    has_not = [member for member in members if figure(member) is None]
    # The sort is stable: of the same figure, the dearer member stays the first.
    has.sort(key=lambda pair: pair[0], reverse=not rising)
    return [member for _, member in has] + has_not


METRICS = ("cost", "requests", "tokens", "latency", "errors")
"""The figures that a chart draws, which sums have in every step."""


def value_of(sums: Totals, metric: str) -> int:
    """A metric's figure; cost in nano-USD, latency as the mean time to first byte in ms."""
    if metric == "tokens":
        return sums.prompt_tokens + sums.completion_tokens
    if metric == "latency":
        return sums.first_byte_mean or 0
    if metric == "cost":
        return sums.cost_nano
    if metric == "requests":
        return sums.requests
    return sums.errors


def change(now: float | None, before: float | None) -> float | None:
    """By which part of it a figure grew; None where there was nothing before."""
    if not before or now is None:
        return None
    return (now - before) / before
