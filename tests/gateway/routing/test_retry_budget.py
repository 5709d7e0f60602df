"""How many attempts a model may have beyond its requests (T-28)."""

from __future__ import annotations

import pytest

from aihub_lite.gateway.routing.retry_budget import FLOOR, RetryBudget, RetryBudgets
from tests.support.clock import ManualClock

pytestmark = pytest.mark.attack("T-28")


def taken(budget: RetryBudget, times: int) -> int:
    """How many of so many attempts are granted."""
    return sum(budget.take() is not None for _ in range(times))


@pytest.mark.parametrize(("requests", "granted"), [(0, FLOOR), (1, FLOOR), (50, 10), (60, 12), (500, 100)])
def test_a_fifth_of_the_requests_and_a_few_at_least_may_be_tried_again(requests: int, granted: int) -> None:
    budget = RetryBudget(ManualClock())
    for _ in range(requests):
        budget.request()
    assert granted == taken(budget, 1000)


def test_an_attempt_that_gave_an_answer_is_given_back() -> None:
    budget = RetryBudget(ManualClock())
    for _ in range(100):
        ticket = budget.take()
        assert ticket is not None
        budget.give_back(ticket)
    assert FLOOR == taken(budget, 1000)


def test_attempts_and_requests_of_ten_seconds_ago_are_forgotten() -> None:
    clock = ManualClock()
    budget = RetryBudget(clock)
    for _ in range(500):
        budget.request()
    assert 100 == taken(budget, 1000)
    clock.advance(9)
    assert 0 == taken(budget, 1)
    clock.advance(1)
    assert FLOOR == taken(budget, 1000)


@pytest.mark.parametrize("later", [9, 10, 11, 1000])
def test_an_attempt_given_back_late_is_forgotten_once(later: float) -> None:
    clock = ManualClock()
    budget = RetryBudget(clock)
    ticket = budget.take()
    assert ticket is not None
    clock.advance(later)
    budget.take()
    budget.give_back(ticket)
    assert FLOOR - 1 == taken(budget, 1000)


def all_that_go_on(budgets: RetryBudgets, model: str, channel_id: str = "c") -> int:
    """How many more attempts a thousand requests for a model make, where each gives up after its second."""
    requests = [budgets.of_request(model) for _ in range(1000)]
    return sum(request.may_go_on(channel_id, counted=True) for request in requests)


def test_each_model_has_a_budget_of_its_own() -> None:
    budgets = RetryBudgets(ManualClock())
    assert [200, 200] == [all_that_go_on(budgets, model) for model in "mn"]


def test_failures_that_no_outage_makes_cost_the_budget_nothing() -> None:
    budgets = RetryBudgets(ManualClock())
    request = budgets.of_request("m")
    assert all(request.may_go_on("c", counted=False) for _ in range(100))
    assert 200 == all_that_go_on(budgets, "m")


def test_a_trusted_channel_is_tried_beyond_the_budget_and_counts_all_the_same() -> None:
    budgets = RetryBudgets(ManualClock())
    budgets.answered("well")
    assert (1000, 0) == (all_that_go_on(budgets, "m", "well"), all_that_go_on(budgets, "m"))


def test_a_channel_is_trusted_for_a_minute_after_its_answer_until_it_fails() -> None:
    clock = ManualClock()
    budgets = RetryBudgets(clock)
    assert not budgets.trusts("c")
    budgets.answered("c")
    clock.advance(59)
    assert (True, False) == (budgets.trusts("c"), budgets.trusts("other"))
    clock.advance(1)
    assert not budgets.trusts("c")
    budgets.answered("c")
    budgets.failed("c")
    assert not budgets.trusts("c")
