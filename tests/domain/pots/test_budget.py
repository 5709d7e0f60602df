"""Budgets as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aihub_lite.domain.pots.budget import MOST_BUDGETS, PotBudget, budget_of, budgets_of
from aihub_lite.errors import InvalidRequest

NOW = datetime(2026, 11, 27, 10, 42, tzinfo=UTC).timestamp()
DAY = int(datetime(2026, 11, 27, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("5/day", PotBudget(nano=5_000_000_000, period="day")),
        ("$0.50/hour", PotBudget(nano=500_000_000, period="hour")),
        ("claude-opus-*=5/week", PotBudget(nano=5_000_000_000, period="week", model="claude-opus-*")),
        ("openai/gpt=x=1/day", PotBudget(nano=1_000_000_000, period="day", model="openai/gpt=x")),
        ("tag:ci=2/month", PotBudget(nano=2_000_000_000, period="month", tag="ci")),
        ("20/30d", PotBudget(nano=20_000_000_000, period="30d", anchor=DAY)),
        ("20/5h", PotBudget(nano=20_000_000_000, period="5h", anchor=DAY + 10 * 3600)),
        ("20/30d@2026-11-01", PotBudget(nano=20_000_000_000, period="30d", anchor=DAY - 26 * 86_400)),
    ],
)
def test_a_budget_is_read_as_it_is_written(text: str, budget: PotBudget) -> None:
    assert (budget, budget) == (budget_of(text, NOW), budget_of(budget.text, NOW))


@pytest.mark.parametrize(
    "text",
    [
        *("", "5", "5/", "/day", "x/day", "-1/day", "5/year", "5/day@2026-11-01", "5/30d@never", "5/30d@2099-01-01"),
        *("a b=5/day", "tag:=5/day", "tag:a,b=5/day", "é=5/day", "nan/day", "inf/day", "1e30/day", "5/30d@"),
    ],
)
def test_what_is_no_budget_is_refused_by_field(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^budget: "):
        budget_of(text, NOW)


def test_two_budgets_may_not_limit_the_same() -> None:
    with pytest.raises(InvalidRequest, match="limits what another one limits"):
        budgets_of(["5/day", "gpt-*=1/day", "6/day"], NOW)


def test_a_pot_has_a_bounded_number_of_budgets() -> None:
    texts = [f"model-{number}=1/day" for number in range(MOST_BUDGETS + 1)]
    assert MOST_BUDGETS == len(budgets_of(texts[1:], NOW))
    with pytest.raises(InvalidRequest, match="at most"):
        budgets_of(texts, NOW)


def test_an_amount_that_is_changed_leaves_the_windows_where_they_are() -> None:
    """Set again on another day, `20/30d` would refill at once."""
    before = budgets_of(["20/30d@2026-11-01", "1/5h"], NOW - 86_400)
    after = budgets_of(["25/30d", "2/5h"], NOW)
    kept = budgets_of(["25/30d", "2/5h"], NOW, before)
    moved = budgets_of(["25/30d@2026-11-02"], NOW, before)

    assert [budget.anchor for budget in before] == [budget.anchor for budget in kept]
    assert [budget.anchor for budget in before] != [budget.anchor for budget in after]
    assert [DAY - 25 * 86_400] == [budget.anchor for budget in moved]


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("5/day", {("gpt-5", ()), ("claude-opus-4", ("ci",)), ("gpt-5", ("ci", "x"))}),
        ("claude-*=5/day", {("claude-opus-4", ("ci",))}),
        ("tag:ci=5/day", {("claude-opus-4", ("ci",)), ("gpt-5", ("ci", "x"))}),
    ],
)
def test_a_budget_counts_what_it_is_for(text: str, covered: set[tuple[str, tuple[str, ...]]]) -> None:
    budget = budget_of(text, NOW)
    requests = [("gpt-5", ()), ("claude-opus-4", ("ci",)), ("gpt-5", ("ci", "x"))]
    assert covered == {request for request in requests if budget.covers(*request)}
