"""What counts as the same conversation again, and what that many clients do for good reasons does not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.domain.safety.repeats import Repeats
from tests.support.examples import examples

FLOOR = 1_500_000_000
CENT = 10_000_000
MOST = 24


def looped(times: int, cost: int, took: float = 5.0) -> Repeats:
    """A conversation that was sent so often, each time when the last answer was there."""
    repeats = Repeats(1)
    for round_ in range(times):
        started = 1000.0 + round_ * (took + 0.1)
        repeats.answered("t", started, started + took, cost)
    return repeats


def test_the_same_conversation_round_after_round_is_a_runaway() -> None:
    assert looped(23, 5 * CENT).runaway(MOST, FLOOR, 0) is None
    runaway = looped(24, 5 * CENT).runaway(MOST, FLOOR, 7)
    assert runaway is not None
    assert (runaway.kind, runaway.seen, runaway.spent) == ("repeated", 24, 7)


def test_dear_answers_are_stopped_after_half_as_many_rounds() -> None:
    assert looped(12, 15 * CENT).runaway(MOST, FLOOR, 0) is not None
    assert looped(11, 15 * CENT).runaway(MOST, FLOOR, 0) is None


def test_a_thousand_that_cost_next_to_nothing_are_none() -> None:
    assert looped(1000, CENT // 1000, took=1.0).runaway(MOST, FLOOR, 0) is None


def test_tries_that_cost_nothing_do_not_count() -> None:
    assert looped(1000, 0).rounds == 0


def test_a_hundred_samples_of_one_prompt_at_once_are_a_few_rounds() -> None:
    """An evaluation with twenty requests under way at a time."""
    repeats = Repeats(1)
    free = [1000.0 + lane * 0.01 for lane in range(20)]
    answers = []
    for sample in range(100):
        lane = sample % 20
        started = free[lane]
        free[lane] = started + 10.0 + lane * 0.1
        answers.append((started, free[lane]))
    for started, ended in sorted(answers, key=lambda answer: answer[1]):
        repeats.answered("t", started, ended, 10 * CENT)
    assert repeats.rounds <= 6
    assert repeats.runaway(MOST, FLOOR, 0) is None


def test_twenty_samples_one_after_the_other_are_none() -> None:
    assert looped(20, 3 * CENT).runaway(MOST, FLOOR, 0) is None


def test_the_same_question_every_hour_is_none() -> None:
    repeats = Repeats(1)
    for hour in range(100):
        repeats.answered("t", 3700.0 * hour + 10_000, 3700.0 * hour + 10_060, 50 * CENT)
    assert repeats.rounds == 1


def test_no_number_of_rounds_is_too_many_where_an_operator_sets_none() -> None:
    assert looped(1000, CENT).runaway(0, FLOOR, 0) is None


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 100), st.integers(0, CENT)), max_size=50))
@settings(max_examples=examples(100), deadline=None)
def test_there_are_no_more_rounds_than_answers_that_cost_something(answers: list[tuple[float, float, int]]) -> None:
    repeats = Repeats(1)
    at = 1000.0
    for gap, took, cost in answers:
        at += gap
        repeats.answered("t", at, at + took, cost)
    paid = [cost for _, _, cost in answers if cost]
    assert repeats.rounds <= len(paid)
    assert repeats.spent <= sum(paid)
