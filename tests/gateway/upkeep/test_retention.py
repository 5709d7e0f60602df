"""Usage records that are older than their operator wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest

from aihub_lite.config import Settings
from aihub_lite.domain.token import Budget
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.upkeep import retention
from aihub_lite.gateway.upkeep.retention import Retention, deleting_old_records
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.requests.filters import RecordFilter
from aihub_lite.storage.requests.refusals import Refusals
from aihub_lite.storage.retention import OldRecords
from aihub_lite.storage.usage import Usages
from tests.storage.facts import record
from tests.storage.requests.test_refusals import refusal
from tests.support.clock import MONDAY, ManualClock

DAY_MS = 86_400_000
TODAY_MS = int(MONDAY * 1000)
"""The start of the clock's day."""


def run(directory: Path, story: Callable[[Gateway], Awaitable[None]], **settings: int) -> None:
    async def play() -> None:
        started = Settings(data_dir=directory, discover_local=False, **settings)  # type: ignore[arg-type]
        async with open_gateway(started, {}, ManualClock()) as gateway:
            await story(gateway)

    asyncio.run(play())


def of(gateway: Gateway) -> Retention:
    records = OldRecords(gateway.database)
    refusals = Refusals(gateway.database)
    return Retention(gateway.live_settings, gateway.clock, records, gateway.cells, refusals)


async def book(gateway: Gateway, starts: dict[str, int], token_id: str = "t1") -> None:
    for name, started_ms in starts.items():
        await Journal(gateway.database).settle(record(name, started_ms=started_ms, token_id=token_id, cost_nano=10))


async def left(gateway: Gateway) -> list[str]:
    rows = await gateway.database.read("SELECT request_id FROM usage_records ORDER BY started_ms")
    return [row["request_id"] for row in rows]


COUNT_OLD = "UPDATE usage_records SET id = id WHERE request_id LIKE 'old%'"
"""Changes nothing, and says how many there are."""
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
def test_the_old_records_and_no_others_are_deleted(tmp_path: Path, days: int, expected: list[str]) -> None:
    async def story(gateway: Gateway) -> None:
        await book(gateway, AGES)
        assert len(AGES) - len(expected) == await of(gateway).delete_old()
        assert expected == await left(gateway)

    run(tmp_path, story, retention_days=days)


@pytest.mark.parametrize(("days", "expected"), [(0, 3), (29, 2), (1, 1)])
def test_refused_calls_are_kept_as_long_as_records(tmp_path: Path, days: int, expected: int) -> None:
    async def story(gateway: Gateway) -> None:
        refusals = Refusals(gateway.database)
        starts = (AGES["month"], AGES["edge"], AGES["today"])
        await refusals.put(refusal(number * 10, started_ms=started_ms) for number, started_ms in enumerate(starts))
        await of(gateway).delete_refusals()
        assert expected == len(await refusals.page(RecordFilter()))

    run(tmp_path, story, retention_days=days)


def test_sums_stay_as_they_were_without_their_records(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        token, _ = await gateway.registry.tokens.create("a")
        await book(gateway, AGES, token.id)
        usages = Usages(gateway.database)
        before = [await usages.sums(by, 0) for by in ("token", "model", "channel", "day")]
        await of(gateway).delete_old()
        assert before == [await usages.sums(by, 0) for by in ("token", "model", "channel", "day")]
        (row,) = await gateway.database.read("SELECT spent_nano FROM tokens")
        assert 40 == row["spent_nano"]

    run(tmp_path, story, retention_days=1)


def test_a_running_budget_keeps_what_was_spent_of_it(tmp_path: Path) -> None:
    """The clock's day is a Monday: a month's budget began four days before."""

    async def spend(gateway: Gateway) -> None:
        budget = Budget(nano=1000, period="month")
        token, _ = await gateway.registry.tokens.create("a", lambda each: attrs.evolve(each, budget=budget))
        await book(gateway, {f"r{days}": TODAY_MS - days * DAY_MS for days in range(8)}, token.id)
        await of(gateway).delete_old()
        assert ["r1", "r0"] == await left(gateway)

    async def look(gateway: Gateway) -> None:
        (account,) = gateway.ledger.balances.values()
        assert (80, 50) == (account.spent, account.spent_now(gateway.clock.wall()))

    run(tmp_path, spend, retention_days=1)
    run(tmp_path, look, retention_days=1)


def test_when_a_token_was_last_used_outlives_its_records(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        old, _ = await gateway.registry.tokens.create("old")
        busy, _ = await gateway.registry.tokens.create("busy")
        await book(gateway, {"a": AGES["month"] + 5000}, old.id)
        await book(gateway, {"b": AGES["month"], "c": TODAY_MS + 7}, busy.id)
        await of(gateway).delete_old()
        usages = Usages(gateway.database)
        last_used = await usages.last_used([old.id, busy.id, "tok_gone"])
        assert {old.id: AGES["month"], busy.id: TODAY_MS + 7} == last_used
        assert {busy.id: TODAY_MS + 7} == await usages.last_used([busy.id])

    run(tmp_path, story, retention_days=1)


def test_records_are_deleted_in_batches_with_room_for_others_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is booked meanwhile waits for one batch, not for all."""
    monkeypatch.setattr(retention, "BATCH", 10)

    async def story(gateway: Gateway) -> None:
        await book(gateway, {f"old{number}": AGES["month"] for number in range(200)})
        deleting = asyncio.create_task(of(gateway).delete_old())
        await asyncio.sleep(0)  # the first batch is with the writer now
        booking = asyncio.create_task(book(gateway, {"new": TODAY_MS}))
        await asyncio.sleep(0)
        # Counted by the writer too, in its turn: what it takes until a reader looks is the machine's.
        others = await gateway.database.write((COUNT_OLD, ()))
        await booking
        assert 150 < others < 200
        assert 200 == await deleting
        assert ["new"] == await left(gateway)

    run(tmp_path, story, retention_days=1)


def test_a_change_of_the_setting_counts_at_once(tmp_path: Path) -> None:
    async def story(gateway: Gateway) -> None:
        await book(gateway, AGES)
        async with deleting_old_records(gateway):
            await gateway.live_settings.change({"retention_days": 2})
            async with asyncio.timeout(5):
                while len(await left(gateway)) > 2:
                    await asyncio.sleep(0)
        assert ["edge", "today"] == await left(gateway)

    run(tmp_path, story)
