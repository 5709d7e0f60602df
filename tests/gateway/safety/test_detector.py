"""What the detector finds of single tokens, and what it forgets."""

from __future__ import annotations

import time

from aihub_lite.domain.safety.past import Sensitivity
from aihub_lite.domain.safety.repeats import Repeats
from aihub_lite.gateway.safety.detector import Detector, Sensitivities

USD = 1_000_000_000
NOW = 1_760_000_000.0
QUARTER = 900
FLOOR = 3 * USD // 2
SETTINGS = Sensitivities(Sensitivity(FLOOR, 4), Sensitivity(1000, 4), 24)


def quiet_past(usd: int = 0, requests: int = 5) -> dict[int, tuple[int, int]]:
    """Four weeks in which every hour of the day was alike."""
    now = int(NOW) // QUARTER
    return {now - back: (usd * USD, requests) for back in range(4, 4 * 7 * 96, 4)}


def detector_of(past: dict[int, tuple[int, int]]) -> Detector:
    """One that knows a token `t` with this past."""
    detector = Detector(lambda: SETTINGS)
    detector.settled("t", NOW - 60, 0)
    detector.learn("t", past, NOW)
    return detector


def test_spend_far_beyond_a_quiet_past_is_found_and_said_beside_what_is_usual() -> None:
    detector = detector_of(quiet_past())
    assert detector.settled("t", NOW, USD) is None
    runaway = detector.settled("t", NOW + 1, USD)
    assert runaway is not None
    assert (runaway.kind, runaway.seen, runaway.usual, runaway.spent) == ("spend", 2 * USD, FLOOR, 2 * USD)


def test_the_same_spend_is_usual_for_a_token_that_always_spends_as_much() -> None:
    detector = detector_of(quiet_past(usd=2))
    assert detector.settled("t", NOW, USD) is None
    assert detector.settled("t", NOW + 1, USD) is None


def test_requests_far_beyond_its_past_are_found_of_a_token_that_spends_nothing() -> None:
    detector = detector_of(quiet_past())
    assert [detector.settled("t", NOW + second * 0.2, 0) for second in range(999)] == [None] * 999
    runaway = detector.settled("t", NOW + 200, 0)
    assert runaway is not None
    assert (runaway.kind, runaway.seen) == ("requests", 1001)


def test_a_token_whose_past_is_not_read_yet_asks_for_it_and_is_not_judged() -> None:
    detector = Detector(lambda: SETTINGS)
    assert detector.settled("t", NOW, 100 * USD) is None
    assert list(detector.wanted) == ["t"]


def test_who_spends_less_than_half_the_floor_costs_no_look_at_the_disk() -> None:
    detector = Detector(lambda: SETTINGS)
    detector.settled("t", NOW, FLOOR // 2)
    assert not detector.wanted


def test_a_token_that_was_let_go_on_is_left_alone_for_an_hour_and_then_judged_by_what_it_does_from_there() -> None:
    detector = detector_of(quiet_past())
    detector.settled("t", NOW, 5 * USD)
    detector.resume("t", NOW + 60)
    assert detector.settled("t", NOW + 120, 5 * USD) is None
    later = NOW + 60 + 3600 + 120
    assert detector.settled("t", later, USD // 10) is None
    assert detector.settled("t", later + 3600, 5 * USD) is not None


def resumed(spent: list[int]) -> Detector:
    """Its token `t` was let go on after it had spent so much in each of some minutes, the last of them NOW's."""
    detector = detector_of(quiet_past())
    for back, usd in enumerate(reversed(spent)):
        detector.settled("t", NOW - 60 * back, usd * USD)
    detector.resume("t", NOW)
    return detector


def test_a_token_that_was_let_go_on_is_found_again_where_it_goes_far_faster_than_before() -> None:
    detector = resumed([2])
    assert detector.settled("t", NOW + 30, 40 * USD) is None, "2 USD a minute are 10 in five; it may do four times that"
    runaway = detector.settled("t", NOW + 31, USD // 10)
    assert runaway is not None
    assert (runaway.kind, runaway.seen, runaway.minutes) == ("spend", 401 * USD // 10, 5)
    assert runaway.usual == FLOOR, "the most that its past makes usual, as ever"


def test_a_token_that_goes_on_as_fast_as_it_was_is_left_alone() -> None:
    detector = resumed([2])
    assert [detector.settled("t", NOW + 10 * number, USD // 2) for number in range(1, 358)] == [None] * 357


def test_each_time_that_it_is_let_go_on_it_may_do_as_much_as_it_was_found_for() -> None:
    detector = resumed([2])
    assert detector.settled("t", NOW + 30, 41 * USD) is not None
    detector.resume("t", NOW + 60)
    assert detector.settled("t", NOW + 90, 800 * USD) is None
    assert detector.settled("t", NOW + 91, 30 * USD) is not None


def test_how_fast_it_was_is_remembered_through_a_pause_and_forgotten_once_everything_counts_again() -> None:
    detector = resumed([2])
    detector.resume("t", NOW + 20 * 3600)
    assert detector.settled("t", NOW + 20 * 3600 + 30, 40 * USD) is None, "paused overnight"
    later = NOW + 22 * 3600
    detector.settled("t", later, 0)
    detector.resume("t", later)
    assert detector.settled("t", later + 1, 7 * USD) is not None, "of two hours ago nothing is left but the floor"


def test_requests_of_a_token_that_spends_nothing_are_held_against_those_that_it_was_let_go_on_with() -> None:
    detector = detector_of(quiet_past())
    detector.resume("t", NOW)
    found = [detector.settled("t", NOW + number * 0.05, 0) for number in range(4001)]
    assert [runaway is not None for runaway in found] == [False] * 4000 + [True]
    runaway = found[-1]
    assert runaway is not None
    assert (runaway.kind, runaway.seen, runaway.usual) == ("requests", 4001, 1000)


def test_whose_past_is_not_read_is_not_found_while_free_and_asks_for_it() -> None:
    detector = Detector(lambda: SETTINGS)
    detector.resume("t", NOW)
    assert detector.settled("t", NOW + 1, 5 * USD) is None
    assert not detector.wanted
    assert detector.settled("t", NOW + 2, 5 * USD) is None
    assert list(detector.wanted) == ["t"]
    detector.learn("t", quiet_past(), NOW + 3)
    assert detector.settled("t", NOW + 4, 0) is not None


def test_what_was_booked_before_a_restart_counts_within_the_hour() -> None:
    now = int(NOW) // QUARTER
    detector = Detector(lambda: SETTINGS)
    detector.restore("t", {now - 1: (USD, 3), now - 50: (USD, 3)}, NOW)
    detector.settled("t", NOW, 1)
    detector.learn("t", quiet_past(), NOW)
    watched = detector.watched["t"]
    assert (watched.spend.in_hour, watched.spend.in_day) == (USD + 1, 2 * USD + 1)
    assert detector.settled("t", NOW + 1, USD) is not None


def test_no_more_tokens_are_watched_than_there_is_room_for() -> None:
    detector = Detector(lambda: SETTINGS, most=1000)
    for number in range(5000):
        detector.settled(f"t{number}", NOW + number, 1)
    assert len(detector.watched) <= 1000
    assert "t4999" in detector.watched


def test_a_repeated_conversation_is_found_of_a_token_that_spends() -> None:
    detector = detector_of(quiet_past(usd=50))
    repeats = Repeats(1)
    runaway = None
    rounds = 0
    while runaway is None and rounds < 100:
        at = NOW + 10 * rounds
        assert detector.settled("t", at, USD // 10) is None
        if detector.spends("t"):
            repeats.answered("t", at - 5, at, USD // 10)
            runaway = detector.repeated("t", repeats)
        rounds += 1
    assert runaway is not None
    assert runaway.kind == "repeated"
    assert rounds < 24


def test_nothing_wrong_costs_a_request_a_few_sums() -> None:
    """Printed for people to read; judged only where a look-up has become a search."""
    detector = detector_of(quiet_past(usd=2))
    began = time.process_time()
    for number in range(20_000):
        detector.settled("t", NOW + 10 * number, 1000)
    each = (time.process_time() - began) / 20_000
    print(f"\n{1e6 * each:.2f} µs a settlement")
    assert each < 0.001
