"""Keys that rest: for how long, and who finds out that they are well again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aihub_lite.domain.channel import Channel, ChannelKey, Secret
from aihub_lite.gateway.routing.health import Health, HealthPolicy
from aihub_lite.gateway.routing.key_rests import LONGEST, SHORTEST, KeyRests, rest_until
from tests.support.clock import ManualClock

HOUR = 3600
KEY = ("chn_1", "k1")
SPENT = "the account is spent"


def resting() -> tuple[KeyRests, ManualClock]:
    clock = ManualClock()
    return KeyRests(clock), clock


def left(rests: KeyRests) -> float:
    """Seconds of the key's rest."""
    rest = rests.of(KEY)
    assert rest is not None
    return rests.seconds(rest)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_rest_is_five_minutes_and_doubles_up_to_six_hours() -> None:
    rests, clock = resting()
    lengths = []
    for _ in range(9):
        rests.begin(KEY, SPENT)
        lengths.append(left(rests))
        clock.advance(lengths[-1])
    assert [300, 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600] == lengths


def test_a_rest_that_goes_on_is_not_prolonged() -> None:
    """The last key of a model is asked by every request: a hundred refusals in a minute count as one."""
    rests, clock = resting()
    assert rests.begin(KEY, SPENT) is not None
    clock.advance(60)
    assert [None] * 100 == [rests.begin(KEY, SPENT) for _ in range(100)]
    assert SHORTEST - 60 == left(rests)


@pytest.mark.parametrize(
    ("now", "times", "until"),
    [
        ("2026-11-30T21:30:00", 9, "2026-12-01T00:00:00"),
        ("2026-12-31T23:58:00", 1, "2027-01-01T00:00:00"),
        ("2026-12-01T00:00:00", 9, "2026-12-01T06:00:00"),
        ("2026-11-30T17:59:00", 9, "2026-11-30T23:59:00"),
        ("2026-11-26T12:00:00", 10_000, "2026-11-26T18:00:00"),
    ],
)
def test_a_rest_ends_at_the_latest_when_a_month_begins(now: str, times: int, until: str) -> None:
    assert at(until) == rest_until(at(now), times)


def test_a_rest_that_ended_well_begins_anew_with_five_minutes() -> None:
    rests, clock = resting()
    for _ in range(4):
        rests.begin(KEY, SPENT)
        clock.advance(LONGEST)
    assert rests.end(KEY)
    rests.begin(KEY, SPENT)
    assert SHORTEST == left(rests)


@pytest.mark.parametrize("jump", [-10 * 365 * 24 * HOUR, 10 * 365 * 24 * HOUR])
def test_a_clock_that_is_set_prolongs_no_rest(jump: float) -> None:
    """A machine whose clock was years ahead kept its keys out for years."""
    rests, clock = resting()
    rests.begin(KEY, SPENT)
    clock.jump(jump)
    assert 0 == left(rests)


def test_one_request_finds_out_whether_a_key_is_well_again() -> None:
    clock = ManualClock()
    health = Health(clock, HealthPolicy(5, 30.0, 300.0))
    health.rests.begin(KEY, SPENT)
    obstacle = health.obstacle(*KEY)
    assert obstacle is not None
    assert ("rest", SHORTEST, SPENT) == (obstacle.kind, obstacle.seconds, obstacle.last_fault)
    clock.advance(SHORTEST)
    assert health.obstacle(*KEY) is None
    probe = health.rests.started(KEY)
    assert probe is not None
    during = health.obstacle(*KEY)
    assert during is not None
    assert "probe" == during.kind
    assert health.rests.started(KEY) is None
    probe.probing = False
    assert health.obstacle(*KEY) is None


def test_what_is_stored_of_a_rest_is_taken_over() -> None:
    rests, clock = resting()
    stored = ChannelKey(id="k1", ref=Secret("sk-1"), disabled=SPENT, rests_until=int(clock.wall()) + 1200, rests=3)
    channel = Channel(id="chn_1", name="c", provider="openai", base_url="", created_at=0, keys=(stored,))
    rests.restore(channel)
    assert 1200 == left(rests)
    clock.advance(1200)
    rests.begin(KEY, SPENT)
    assert 2400 == left(rests)
