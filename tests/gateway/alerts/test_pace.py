"""When spending is faster than usual, and when a disk is nearly full."""

from __future__ import annotations

import asyncio
import shutil
from collections import namedtuple
from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.money import NANO
from aihub_lite.gateway.conditions.pace import HOURS, is_fast
from aihub_lite.gateway.conditions.watch import GIB, SELDOM, is_low
from aihub_lite.storage.journal import Journal
from tests.gateway.alerts.watched import receiver, titles, watched
from tests.storage.facts import record

Disk = namedtuple("Disk", "total used free")
STEADY = [NANO] * HOURS
NIGHTS = [0, 0, 0, 0, 0, 0, 0, 0, 2 * NANO, 3 * NANO, 2 * NANO, NANO] * (HOURS // 12)


@pytest.mark.parametrize(
    ("last", "before", "fast"),
    [
        (4 * NANO, STEADY, False),
        (5 * NANO, STEADY, True),
        (8 * NANO, NIGHTS, False),
        (20 * NANO, NIGHTS, True),
        # A cheap gateway's tenfold is cents.
        (NANO // 2, [NANO // 100] * HOURS, False),
        # Nobody knows yet what is usual.
        (1000 * NANO, [0] * (HOURS - 23) + [NANO] * 23, False),
        (1000 * NANO, [0] * (HOURS - 24) + [NANO] * 24, True),
        # Hours that differ much are usual where they always do.
        (50 * NANO, [NANO, 30 * NANO] * (HOURS // 2), False),
        # One wild hour in the past makes no other one usual.
        (20 * NANO, [*STEADY[1:], 500 * NANO], True),
        (0, STEADY, False),
    ],
)
def test_an_hour_stands_out_by_what_the_hours_before_it_were(last: int, before: list[int], fast: bool) -> None:
    assert fast == is_fast(last, before)


def test_spending_that_runs_away_is_told_from_what_was_booked(tmp_path: Path) -> None:
    async def story() -> None:
        with receiver() as upstream:
            async with watched(tmp_path) as room:
                await room.to(upstream, topics=("spend",))
                now_ms = int(room.clock.wall()) * 1000
                journal = Journal(room.gateway.database)
                usual = record("usual", started_ms=0)
                for hour in range(2, 40):
                    await journal.settle(
                        attrs.evolve(
                            usual, request_id=f"h{hour}", started_ms=now_ms - hour * 3_600_000, cost_nano=NANO // 2
                        )
                    )
                await room.look()
                assert [] == upstream.requests
                await journal.settle(attrs.evolve(usual, request_id="now", started_ms=now_ms, cost_nano=30 * NANO))
                room.clock.advance(300)
                await room.look()
                expected = "Spending is faster than usual: $30.00 in an hour, usually $0.50"
                assert [[expected]] == titles(upstream.requests)
                (alert,) = upstream.requests[0].json()["alerts"]
                assert alert["link"].endswith("/console/statistics")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("free", "total", "low"),
    [
        (GIB // 4, GIB, True),
        (GIB // 4, 100 * GIB, True),
        (4 * GIB, 100 * GIB, True),
        (6 * GIB, 100 * GIB, False),
        (20 * GIB, 1000 * GIB, False),
        (GIB, 4 * GIB, False),
    ],
)
def test_a_disk_is_nearly_full_by_its_size_and_what_a_gateway_needs(free: int, total: int, low: bool) -> None:
    assert low == is_low(free, total)


def test_a_full_disk_that_cannot_be_asked_is_not_called_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that hangs or is taken away answers with an error: that it has room again is more than that says."""
    answers: list[int | None] = [100 * 2**20, None, 500 * GIB]

    def asked(path: object) -> Disk:
        free = answers.pop(0)
        if free is None:
            raise OSError(5, "Input/output error")
        return Disk(1000 * GIB, 0, free)

    async def story() -> None:
        async with watched(tmp_path) as room:
            seen = []
            while answers:
                await room.watch.look()
                seen.append(any(notice.kind == "disk" for notice in room.gateway.alerts.notices.all))
                room.clock.advance(SELDOM)
            assert [True, True, False] == seen

    monkeypatch.setattr(shutil, "disk_usage", asked)
    asyncio.run(story())
