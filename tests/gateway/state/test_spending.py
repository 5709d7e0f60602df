"""What accounts came to in a budget's window, whichever window was asked for before."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.domain.pots.windows import window
from aihub_lite.domain.token import Budget
from aihub_lite.gateway.state.spending import DAY, Spent, day_of

DAILY = Budget(nano=1, period="day")
MONTHLY = Budget(nano=1, period="month")
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()


def test_a_budget_of_another_window_is_not_answered_with_the_sum_of_the_one_before() -> None:
    spent = Spent()
    spent.add(5, day_of(NOON) - 1)
    spent.add(7, day_of(NOON))
    assert [7, 12, 7] == [spent.within(budget, NOON) for budget in (DAILY, MONTHLY, DAILY)]


def test_a_new_day_begins_with_nothing_and_a_clock_that_is_set_back_has_the_old_one() -> None:
    spent = Spent()
    spent.add(7, day_of(NOON))
    walls = (NOON, NOON + DAY, NOON)
    assert [7, 0, 7] == [spent.within(DAILY, wall) for wall in walls]


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 9), st.booleans()), max_size=30), st.integers())
def test_sums_are_those_of_all_that_was_added(steps: list[tuple[int, int, bool]], seed: int) -> None:
    spent = Spent()
    rng = random.Random(seed)
    added: list[tuple[int, float]] = []
    for days, cost, daily in steps:
        started = NOON + days * DAY
        spent.add(cost, day_of(started))
        added.append((cost, started))
        budget = DAILY if daily else MONTHLY
        wall = NOON + rng.randrange(-3, 3) * DAY
        start, end = window(budget.period, wall)
        assert spent.within(budget, wall) == sum(cost for cost, began in added if start <= began < end)
