"""Usage records that are older than their operator wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest

from aihub_lite.config import Settings
from aihub_lite.domain.token import Budget
from aihub_lite.gateway import retention
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.retention import Retention, forgetting
from aihub_lite.storage.ledger import Ledger
from aihub_lite.storage.retention import OldRecords
from aihub_lite.storage.usage import Usages
from tests.storage.facts import record
from tests.support.clock import MONDAY, ManualClock

DAY_MS = 86_400_000
TODAY_MS = int(MONDAY * 1000)
"""The start of the clock's day."""


def run(directory: Path, story: Callable[[Gateway], Awaitable[None]], **settings: int) -> None:
    async def play() -> None:
        given = Settings(data_dir=directory, discover_local=False, **settings)  # type: ignore[arg-type]
        async with open_gateway(given, {}, ManualClock()) as gateway:
            await story(gateway)

    asyncio.run(play())


def of(gateway: Gateway) -> Retention:
    return Retention(gateway.tuning, gateway.clock, OldRecords(gateway.database))


async def book(gateway: Gateway, starts: dict[str, int], token_id: str = "t1") -> None:
    for name, started_ms in starts.items():
        await Ledger(gateway.database).settle(record(name, started_ms=started_ms, token_id=token_id, cost_nano=10))


async def left(gateway: Gateway) -> list[str]:
    rows = await gateway.database.read("SELECT request_id FROM usage_records ORDER BY started_ms")
    return [row["request_id"] for row in rows]


AGES = {
    "month": TODAY_MS - 30 * DAY_MS,
    "before": TODAY_MS - 2 * DAY_MS - 1,
    "edge": TODAY_MS - 2 * DAY_MS,
    "today": TODAY_MS,
}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, ["month", "before", "edge", "today"]),
        (30, ["month", "before", "edge", "today"]),
        (29, ["before", "edge", "today"]),
        (2, ["edge", "today"]),
        (1, ["today"]),
        (36_500, ["month", "before", "edge", "today"]),
    ],
)
def test_another_record_than_the_old_ones_is_deleted(tmp_path: Path, days: int, expected: list[str]) -> None:
    async def story(gateway: Gateway) -> None:
        await book(gateway, AGES)
        assert len(AGES) - len(expected) == await of(gateway).forget()
        assert expected == await left(gateway)

    run(tmp_path, story, retention_days=days)


def test_sums_shrink_with_their_records(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        token, _ = await gateway.registry.create_token("a")
        await book(gateway, AGES, token.id)
        usages = Usages(gateway.database)
        before = [await usages.sums(by, 0) for by in ("token", "model", "channel", "day")]
        await of(gateway).forget()
        assert before == [await usages.sums(by, 0) for by in ("token", "model", "channel", "day")]
        (row,) = await gateway.database.read("SELECT spent_nano FROM tokens")
        assert 40 == row["spent_nano"]

    run(tmp_path, story, retention_days=1)


def test_a_running_budget_forgets_what_was_spent_of_it(tmp_path: Path) -> None:
    """The clock's day is a Monday: a month's budget began four days before."""

    async def spend(gateway: Gateway) -> None:
        budget = Budget(nano=1000, period="month")
        token, _ = await gateway.registry.create_token("a", lambda each: attrs.evolve(each, budget=budget))
        await book(gateway, {f"r{days}": TODAY_MS - days * DAY_MS for days in range(8)}, token.id)
        await of(gateway).forget()
        assert ["r1", "r0"] == await left(gateway)

    async def look(gateway: Gateway) -> None:
        (account,) = gateway.ledger.accounts.values()
        assert (80, 50) == (account.spent, account.spent_now(gateway.clock.wall()))

    run(tmp_path, spend, retention_days=1)
    run(tmp_path, look, retention_days=1)


def test_a_token_whose_records_are_gone_was_never_used(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        old, _ = await gateway.registry.create_token("old")
        busy, _ = await gateway.registry.create_token("busy")
        await book(gateway, {"a": AGES["month"] + 5000}, old.id)
        await book(gateway, {"b": AGES["month"], "c": TODAY_MS + 7}, busy.id)
        await of(gateway).forget()
        found = await Usages(gateway.database).last_used()
        assert {old.id: AGES["month"], busy.id: TODAY_MS + 7} == found

    run(tmp_path, story, retention_days=1)


def test_everything_is_deleted_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is booked meanwhile waits for one batch, not for all."""
    monkeypatch.setattr(retention, "BATCH", 10)

    async def story(gateway: Gateway) -> None:
        await book(gateway, {f"old{number}": AGES["month"] for number in range(200)})
        forgetting = asyncio.create_task(of(gateway).forget())
        while len(await left(gateway)) == 200:
            await asyncio.sleep(0)
        await book(gateway, {"new": TODAY_MS})
        assert 100 < len(await left(gateway)) < 200
        assert 200 == await forgetting
        assert ["new"] == await left(gateway)

    run(tmp_path, story, retention_days=1)


def test_a_change_of_the_setting_waits_for_the_next_hour(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        await book(gateway, AGES)
        async with forgetting(gateway):
            await gateway.tuning.change({"retention_days": 2})
            async with asyncio.timeout(5):
                while len(await left(gateway)) > 2:
                    await asyncio.sleep(0)
        assert ["edge", "today"] == await left(gateway)

    run(tmp_path, story)
