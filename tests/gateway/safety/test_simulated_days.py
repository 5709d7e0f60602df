"""Thirty days of fifty tokens with known loops: what the breaker catches, how soon, and whom it stops by mistake."""

from __future__ import annotations

from random import Random

import pytest

from tests.gateway.safety.simulated.days import DAYS, Loop, Replay, loops_of, traffic_of
from tests.gateway.safety.simulated.shapes import DAY, HOUSE, START, USD

LOOPS = 60
SEED = 15


def figures(replay: Replay) -> str:
    """What came of it, for people to read."""
    lines = [f"{len(HOUSE) * DAYS} token-days, {len(replay.false)} false pauses"]
    for pausing in replay.false:
        day = (pausing.at - START) / DAY
        lines.append(f"  false: {pausing.token_id} on day {day:.1f}: {pausing.runaway}")
    for kind in sorted({loop.kind for loop in replay.loops}):
        loops = [loop for loop in replay.loops if loop.kind == kind]
        lines.append(f"  {kind}: {summary(loops)}")
    lines += [f"  late: {loop}" for loop in replay.loops if not loop.in_time]
    return "\n".join(lines)


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
