"""Thirty days of fifty tokens with known loops: what the breaker catches, how soon, and whom it stops by mistake."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import attrs
import pytest

from aihub_lite.domain.safety.pause import PauseHolder
from tests.gateway.safety.simulated.days import (
    DAYS,
    SETTINGS,
    Loop,
    Pausing,
    Replay,
    loops_of,
    owners,
    spread_loops_of,
    traffic_of,
)
from tests.gateway.safety.simulated.shapes import DAY, HOUSE, PERSONS, START, USD

LOOPS = 60
SEED = 15


def figures(replay: Replay) -> str:
    """What came of it, for people to read."""
    lines = [f"{len(HOUSE) * DAYS} token-days, {len(false(replay, 'token'))} false pauses"]
    if replay.person_of:
        lines.append(f"{len(PERSONS) * DAYS} person-days, {len(false(replay, 'person'))} false pauses")
    for pausing in replay.false:
        day = (pausing.at - START) / DAY
        lines.append(f"  false: {pausing.suspect} on day {day:.1f}")
    for kind in sorted({loop.kind for loop in replay.loops}):
        loops = [loop for loop in replay.loops if loop.kind == kind]
        lines.append(f"  {kind}: {summary(loops)}")
    lines += [f"  late: {loop}" for loop in replay.loops if not loop.in_time]
    return "\n".join(lines)


def false(replay: Replay, holder: PauseHolder) -> list[Pausing]:
    """Tokens, or persons, that were stopped by mistake, or for what somebody had been stopped for already."""
    return [pausing for pausing in replay.false if pausing.suspect.holder == holder]


def summary(loops: list[Loop]) -> str:
    """How soon some loops were caught."""
    spent = sorted(loop.spent / USD for loop in loops)
    minutes = sorted(loop.minutes for loop in loops)
    middle = len(loops) // 2
    in_time = sum(loop.in_time for loop in loops)
    return (
        f"{in_time} of {len(loops)} within 5 minutes or 2 USD;"
        f" median {minutes[middle]:.1f} min, {spent[middle]:.2f} USD; most {minutes[-1]:.1f} min, {spent[-1]:.2f} USD"
    )


@pytest.mark.slow
def test_every_loop_is_caught_in_time_and_at_most_one_token_day_in_a_thousand_is_stopped_by_mistake() -> None:
    replay = Replay(Random(SEED))
    replay.run(traffic_of(SEED), loops_of(SEED, LOOPS))
    print("\n" + figures(replay))
    assert len(replay.loops) == LOOPS
    assert [loop for loop in replay.loops if not loop.in_time] == []
    assert 1000 * len(replay.false) <= len(HOUSE) * DAYS


@pytest.mark.slow
@pytest.mark.parametrize("planned", [loops_of, spread_loops_of], ids=["single", "spread"])
def test_with_persons_every_loop_is_caught_in_time_and_found_once(planned: Callable[[int, int], list[Loop]]) -> None:
    """Loops of single tokens of persons, and loops over all that a person has."""
    replay = Replay(Random(SEED), owners())
    replay.run(traffic_of(SEED), planned(SEED, LOOPS))
    print("\n" + figures(replay))
    assert len(replay.loops) == LOOPS
    assert [loop for loop in replay.loops if not loop.in_time] == []
    assert 1000 * len(false(replay, "token")) <= len(HOUSE) * DAYS
    assert 1000 * len(false(replay, "person")) <= len(PERSONS) * DAYS


@pytest.mark.slow
@pytest.mark.parametrize("faster", [1, 10])
def test_a_loop_that_was_let_go_on_is_left_alone_for_an_hour_unless_it_goes_on_far_faster(faster: int) -> None:
    """Somebody who lets it go on knows how fast it was; of ten times as much they know nothing. One that is so fast
    that it was found within seconds spends far more in five minutes than they had read: that is news as well."""
    planned = [attrs.evolve(loop, goes_on=faster) for loop in loops_of(SEED, LOOPS) if loop.kind != "again"]
    replay = Replay(Random(SEED))
    replay.run(traffic_of(SEED), planned)
    early = [loop for loop in replay.gone_on if loop.minutes < 60]
    print(f"\n{faster} times as fast: {summary(replay.gone_on)}; {len(early)} within the hour;", end=" ")
    print(f"{len(replay.false)} false pauses")
    assert len(replay.gone_on) == len(planned)
    if faster == 1:
        assert len(early) * 5 <= len(planned)
        assert [loop for loop in early if 300 * loop.pace < SETTINGS.spend.times * loop.told] == []
    else:
        assert [loop for loop in replay.gone_on if not loop.in_time] == []
    assert 1000 * len(replay.false) <= len(HOUSE) * DAYS
