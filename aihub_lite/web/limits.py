"""Limits of upstream accounts as the admin API and the console show them, and what is used of them."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.limits import Limits
from aihub_lite.domain.money import plain, usd
from aihub_lite.domain.token import Budget
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.routing.account_limits import Meter
from aihub_lite.gateway.routing.gauges import MINUTE, Gauge
from aihub_lite.web.views import Json, money

DAY = 86_400
"""Seconds."""
LIMITS = frozenset({"rpm", "tpm", "concurrency", "budget"})


@attrs.frozen(kw_only=True)
class LimitsInput:
    """The limits in a body; 0, like null, takes one away."""

    rpm: int | None = None
    tpm: int | None = None
    concurrency: int | None = None
    budget: Budget | None = None

    def over(self, limits: Limits, fields: Collection[str]) -> Limits:
        """Limits with those of the body that are among `fields`; the others stay."""
        given = {field: getattr(self, field) or None for field in LIMITS.intersection(fields)}
        return attrs.evolve(limits, **given)


def limits_json(limits: Limits) -> Json:
    """Limits, null where there is none; a budget as `20/day`, in USD."""
    return {
        "rpm": limits.rpm,
        "tpm": limits.tpm,
        "concurrency": limits.concurrency,
        "budget": budget_text(limits.budget),
    }


def budget_text(budget: Budget | None) -> str | None:
    """`20/day`, in USD."""
    if budget is None:
        return None
    return f"{plain(usd(budget.nano))}/{budget.period}"


def used_json(gateway: Gateway, channel: Channel) -> list[Json]:
    """What is used now of each limit of a channel and of its keys; `key` is null for the channel's own.

    `model` is null for limits that an operator set, else the upstream's model that was told of. `per` is `minute`,
    `day`, `week` or `month`, or a number of seconds; null for what is at once.
    """
    limits = gateway.line.router.limits
    rows = []
    for name, meter in limits.meters_of(channel).items():
        key = None
        if name != channel.id:
            key = name
        rows += [{"key": key, "model": None, **row} for row in _meter_rows(gateway, meter)]
    for (channel_id, key_id, model), meter in limits.learned.items():
        if channel_id == channel.id:
            rows += [{"key": key_id, "model": model, **row} for row in _meter_rows(gateway, meter)]
    return rows


def _meter_rows(gateway: Gateway, meter: Meter) -> list[Json]:
    now = gateway.clock.monotonic()
    rows = []
    for limit, gauge in (("requests", meter.requests), ("tokens", meter.tokens)):
        if gauge is not None:
            rows.append({"limit": limit, "used": gauge.used(now), "of": gauge.size, "per": span_of(gauge)})
    if meter.limits.concurrency is not None:
        rows.append({"limit": "concurrency", "used": meter.running, "of": meter.limits.concurrency, "per": None})
    budget = meter.limits.budget
    if budget is not None:
        spent = meter.spent.within(budget, gateway.clock.wall())
        rows.append({"limit": "budget", "used": money(spent), "of": money(budget.nano), "per": budget.period})
    return rows


def span_of(gauge: Gauge) -> str | int:
    """In which time a gauge refills."""
    seconds = round(gauge.window)
    if seconds == MINUTE:
        return "minute"
    if seconds == DAY:
        return "day"
    return seconds
