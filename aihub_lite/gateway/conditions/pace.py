"""Whether money is spent faster than usual: the last hour against the hours of two weeks before it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from aihub_lite.domain.money import NANO, dollars, usd
from aihub_lite.storage.quarters import QUARTER
from aihub_lite.storage.statistics import Statistics

HOUR = 3600
HOURS = 14 * 24
LEAST_HOURS = 24
"""Hours with spending, without which nobody knows what is usual."""
FLOOR = 1 * NANO
"""Nano-USD in an hour: less is worth nobody's sleep."""
TIMES = 4
"""As much more than a usual hour."""
SPREADS = 6
"""And beyond what such hours differ by: a multiple of the median absolute deviation, as a normal spread."""
NORMAL_SPREAD = 1.4826


def is_fast(last: int, before: Sequence[int]) -> bool:
    """Whether an hour's cost stands out from those before. Amounts in nano-USD; hours without any say nothing."""
    spent = [cost for cost in before if cost > 0]
    if last < FLOOR or len(spent) < LEAST_HOURS:
        return False
    usual = median(spent)
    spread = NORMAL_SPREAD * median(abs(cost - usual) for cost in spent)
    return last > max(TIMES * usual, usual + SPREADS * spread)


async def pace(statistics: Statistics, now: float) -> str:
    """`$12.40 in an hour, usually $1.10` where it is faster than usual; else empty. Raises StorageUnavailable."""
    # Sums are kept by quarters of an hour: the last four that have begun.
    end = (int(now) // QUARTER + 1) * QUARTER
    edges = [end - hour * HOUR for hour in range(HOURS + 1, -1, -1)]
    costs = [sums.cost_nano for sums in await statistics.steps(edges)]
    *before, last = costs
    if not is_fast(last, before):
        return ""
    usual = median(cost for cost in before if cost > 0)
    return f"{dollars(usd(last))} in an hour, usually {dollars(usd(round(usual)))}"
