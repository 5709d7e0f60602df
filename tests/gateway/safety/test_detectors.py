"""Persons with several tokens are judged by the sum over them, beside their tokens, and one runaway is found once."""

from __future__ import annotations

import time

import pytest

from aihub_lite.domain.safety.past import Sensitivity
from aihub_lite.domain.safety.repeats import Repeats
from aihub_lite.domain.token import Token
from aihub_lite.gateway.safety.detector import Detector, Sensitivities
from aihub_lite.gateway.safety.detectors import Detectors, Suspect

USD = 1_000_000_000
CENT = USD // 100
NOW = 1_760_000_000.0
MINUTE = 60
HOUR = 3600
QUARTER = 900
SETTINGS = Sensitivities(Sensitivity(3 * USD // 2, 4), Sensitivity(1000, 4), 24)
TOKENS = [f"t{number}" for number in range(20)]
QUIET = {int(NOW) // QUARTER - back: (0, 5) for back in range(4, 4 * 7 * 96, 4)}
"""Four weeks in which every hour of the day was alike."""


def detectors_of(tokens: list[str]) -> Detectors:
    """Those of a person `p` with these tokens, who all have a quiet past."""
    detectors = Detectors(lambda: SETTINGS)
    for token_id in tokens:
        detectors.give("p", token_id)
        detectors.settled(token_id, "p", NOW - MINUTE, 0)
        detectors.tokens.learn(token_id, QUIET, NOW)
    detectors.persons.learn("p", QUIET, NOW)
    return detectors


def spread(detectors: Detectors, tokens: list[str], at: float, times: int = 1, spent: int = 10 * CENT) -> list[Suspect]:
    """What is found while each of the tokens spends as much, so many times, within a minute."""
    found = []
    for _ in range(times):
        for token_id in tokens:
            suspect = detectors.settled(token_id, "p", at, spent)
            if suspect is not None:
                found.append(suspect)
    return found


def test_a_person_is_found_whose_tokens_each_stay_below_their_limits() -> None:
    detectors = detectors_of(TOKENS)
    (suspect,) = spread(detectors, TOKENS, NOW)
    assert (suspect.holder, suspect.id, suspect.runaway.kind) == ("person", "p", "spend")
    assert (suspect.runaway.seen, suspect.runaway.usual) == (16 * 10 * CENT, 3 * USD // 2)


def test_a_person_is_found_for_requests_that_cost_nothing() -> None:
    detectors = detectors_of(TOKENS)
    (suspect,) = spread(detectors, TOKENS, NOW, times=51, spent=0)
    assert (suspect.holder, suspect.runaway.kind, suspect.runaway.seen) == ("person", "requests", 1001)


def test_tokens_of_nobody_and_of_different_persons_are_summed_with_nobodys() -> None:
    detectors = detectors_of(TOKENS[:2])
    for number, token_id in enumerate(TOKENS):
        assert detectors.settled(f"n-{token_id}", "", NOW, 70 * CENT) is None
        assert detectors.settled(f"o-{token_id}", f"person {number}", NOW, 70 * CENT) is None


def test_a_person_with_one_token_is_not_summed() -> None:
    detectors = detectors_of(["t0"])
    assert detectors.settled("t0", "p", NOW, USD) is None
    assert not detectors.persons.watched


def test_a_token_that_was_found_is_taken_out_of_what_its_person_is_judged_by() -> None:
    detectors = detectors_of(["t0", "t1"])
    suspects = [detectors.settled("t0", "p", NOW, USD) for _ in range(2)]
    assert [suspect and suspect.holder for suspect in suspects] == [None, "token"]
    person = detectors.persons.watched["p"]
    assert (person.spend.in_day, person.requests.in_burst) == (0, 1), "the other token's first request is left"
    assert detectors.settled("t1", "p", NOW + 1, 140 * CENT) is None
    assert detectors.settled("t0", "p", NOW + 2, 30 * USD) is None, "for an hour nothing of it counts"
    assert person.spend.in_day == 140 * CENT
    suspect = detectors.settled("t1", "p", NOW + 3, 5 * CENT)
    assert suspect is None
    suspect = detectors.settled("t1", "p", NOW + 4, 10 * CENT)
    assert suspect is not None, "what others of theirs do still counts"


def test_a_runaway_that_goes_on_is_found_once_an_hour() -> None:
    """Of a token, and of a person: watched only, nobody is stopped."""
    detectors = detectors_of(TOKENS)
    alone = [detectors.settled("t0", "p", NOW + minute * MINUTE, USD) for minute in range(121)]
    assert [suspect.holder for suspect in alone if suspect is not None] == ["token", "token"]
    detectors = detectors_of(TOKENS)
    found = [suspect for minute in range(119) for suspect in spread(detectors, TOKENS, NOW + minute * MINUTE)]
    assert [suspect.holder for suspect in found] == ["person", "person"]


def test_a_person_who_was_let_go_on_is_left_alone_for_an_hour_and_begins_anew() -> None:
    detectors = detectors_of(TOKENS)
    spread(detectors, TOKENS[:10], NOW)
    detectors.resume_person("p", NOW + 10)
    assert spread(detectors, TOKENS, NOW + 20, times=5) == []
    later = NOW + 20 + HOUR
    assert spread(detectors, TOKENS[:10], later) == []
    assert [suspect.holder for suspect in spread(detectors, TOKENS[:10], later + 1)] == ["person"]


def test_a_person_who_was_let_go_on_is_found_again_where_all_goes_far_faster() -> None:
    """Ten tokens that spend a dime in a minute are 5 USD in five; four times that may be spent."""
    detectors = detectors_of(TOKENS)
    spread(detectors, TOKENS[:10], NOW)
    detectors.resume_person("p", NOW + 10)
    (suspect,) = spread(detectors, TOKENS, NOW + 20, times=11)
    assert (suspect.holder, suspect.id, suspect.runaway.kind) == ("person", "p", "spend")
    assert (suspect.runaway.seen, suspect.runaway.usual, suspect.runaway.minutes) == (2010 * CENT, 3 * USD // 2, 5)
    assert spread(detectors, TOKENS, NOW + 30, times=40) == [], "from now on as much again, and four times that"


def test_a_token_that_goes_far_faster_within_its_persons_hour_is_found_alone_and_once() -> None:
    detectors = detectors_of(TOKENS)
    spread(detectors, TOKENS[:10], NOW)
    detectors.resume_person("p", NOW + 10)
    found = spread(detectors, ["t0"], NOW + 20, times=61)
    assert [(suspect.holder, suspect.id) for suspect in found] == [("token", "t0")]
    free = detectors.persons.watched["p"].free
    assert free is not None
    assert free.spend.in_burst == 0, "what it was found for is nothing of its person's"


def test_a_person_is_let_go_on_of_whom_nothing_is_known_yet() -> None:
    """A restart forgets what was summed: whoever was paused before it and is resumed after it has their hour, too."""
    detectors = detectors_of(["t0", "t1"])
    detectors.clear()
    detectors.resume_person("p", NOW)
    for token_id in ("t0", "t1"):
        detectors.tokens.learn(token_id, QUIET, NOW)
    detectors.persons.learn("p", QUIET, NOW)
    assert spread(detectors, ["t0", "t1"], NOW + 1, times=29) == []
    assert spread(detectors, ["t0", "t1"], NOW + 2, times=5)


def test_a_token_that_somebody_let_go_on_counts_for_nothing_to_its_person() -> None:
    detectors = detectors_of(["t0", "t1"])
    detectors.settled("t0", "p", NOW, 140 * CENT)
    detectors.resume_token("t0", "p", NOW)
    detectors.settled("t0", "p", NOW + 1, 20 * USD)
    assert detectors.settled("t1", "p", NOW + 2, 140 * CENT) is None


def test_what_the_first_token_did_counts_once_there_is_a_second() -> None:
    detectors = detectors_of(["t0"])
    detectors.settled("t0", "p", NOW, 140 * CENT)
    detectors.give("p", "t1")
    detectors.settled("t1", "p", NOW + 1, 10 * CENT)
    assert detectors.persons.watched["p"].spend.in_hour == 150 * CENT


def token(token_id: str, person_id: str) -> Token:
    return Token(id=token_id, name=token_id, digest="", hint="", created_at=0, person_id=person_id)


def test_nobody_is_found_for_what_another_did_with_a_token() -> None:
    detectors = detectors_of(["t0", "t1", "t2"])
    for token_id in ("u0", "u1"):
        detectors.give("q", token_id)
        detectors.settled(token_id, "q", NOW, 0)
    detectors.persons.learn("q", QUIET, NOW)
    detectors.settled("t0", "p", NOW, 140 * CENT)
    detectors.token_changed(token("t0", "p"), token("t0", "q"), NOW + 1)
    assert detectors.settled("t0", "q", NOW + 2, 20 * CENT) is None
    assert detectors.persons.watched["q"].spend.in_day == 20 * CENT
    suspect = detectors.settled("t1", "p", NOW + 3, 20 * CENT)
    assert suspect is not None, "and what somebody did stays theirs"
    assert (suspect.holder, suspect.id, suspect.runaway.seen) == ("person", "p", 160 * CENT)


def test_what_is_known_of_a_person_goes_with_their_tokens() -> None:
    detectors = detectors_of(["t0", "t1"])
    detectors.token_changed(token("t0", "p"), None, NOW)
    assert not detectors.persons.watched
    detectors.token_changed(token("t1", "p"), None, NOW)
    assert (detectors.tokens.watched, detectors.tokens_of, detectors.several) == ({}, {}, set())


def looped(detectors: Detectors, senders: list[str], rounds: int) -> tuple[Suspect | None, int]:
    """Who is found for a conversation that each sends in turn, and in which round; a dime each."""
    detectors.persons.learn("p", dict.fromkeys(QUIET, (50 * USD, 5)), NOW)
    for token_id in senders:
        detectors.tokens.learn(token_id, dict.fromkeys(QUIET, (50 * USD, 5)), NOW)
    repeats = Repeats(1)
    for round_ in range(rounds):
        at = NOW + 10 * round_
        token_id = senders[round_ % len(senders)]
        assert detectors.settled(token_id, "p", at, 10 * CENT) is None
        if detectors.spends(token_id, "p"):
            suspect = detectors.answered(token(token_id, "p"), repeats, at - 5, at, 10 * CENT, at)
            if suspect is not None:
                return suspect, round_
    return None, rounds


@pytest.mark.parametrize(("senders", "holder"), [(["t0"], "token"), (TOKENS[:5], "person")])
def test_the_same_conversation_is_found_of_who_sends_it(senders: list[str], holder: str) -> None:
    suspect, rounds = looped(detectors_of(TOKENS), senders, 40)
    assert suspect is not None
    assert (suspect.holder, suspect.runaway.kind, rounds < 24) == (holder, "repeated", True)


def test_many_tokens_that_begin_alike_one_after_the_other_repeat_nothing() -> None:
    suspect, _ = looped(detectors_of(TOKENS), TOKENS, len(TOKENS))
    assert suspect is None


def test_a_new_person_may_do_what_a_new_token_may() -> None:
    tokens = Detector(lambda: SETTINGS)
    for number in range(5):
        tokens.settled(f"t{number}", NOW, USD)
        tokens.learn(f"t{number}", dict.fromkeys(QUIET, (40 * USD, 5)), NOW)
    persons = Detector(lambda: SETTINGS, parts=tokens)
    persons.settled("p", NOW, USD)
    persons.learn("p", {}, NOW)
    usual = persons.watched["p"].spend.usual
    assert usual is not None
    assert usual.day == tokens.for_newcomers()[0]["day"] > 90 * USD


def test_to_sum_a_persons_tokens_costs_no_more_than_to_sum_a_token() -> None:
    """Printed for people to read, as a ratio; judged only where a look-up has become a search."""
    figures = []
    for person_id in ("", "p"):
        detectors = detectors_of(["t0", "t1"])
        detectors.persons.watched["p"].requests.until = detectors.tokens.watched["t0"].requests.until = 2**62
        began = time.process_time()
        for _ in range(20_000):
            detectors.settled("t0", person_id, NOW, 0)
        figures.append((time.process_time() - began) / 20_000)
    print(f"\n{1e6 * figures[0]:.2f} µs a settlement, {1e6 * figures[1]:.2f} with a person of several tokens")
    assert figures[1] < 0.001
