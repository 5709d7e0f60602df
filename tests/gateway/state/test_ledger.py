"""The ledger: nobody spends more than is left, and what was spent is booked once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.money import Price, Rates
from aihub_lite.domain.token import Budget, Period, Token
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import GatewayError, QuotaExhausted, StorageUnavailable, Unauthenticated
from aihub_lite.gateway.flight import Flight
from aihub_lite.gateway.ledger import Hold, Ledger, window
from aihub_lite.storage.database import Database
from aihub_lite.storage.ledger import Ledger as Journal
from aihub_lite.storage.tokens import Tokens
from tests.support.clock import MONDAY, ManualClock
from tests.support.storage import refusing, stalled

PRICE = Price(Rates(1_000_000, 2_000_000), source="test")
"""1 nano-USD a prompt token, 2 a completion token."""
MOST = Usage(20, 40)
"""A hold of 100."""
TOKEN = Token(id="tok_1", name="one", digest="d", hint="", created_at=0)
CHANNEL = Channel(id="chn_1", name="c", provider="openai", base_url="http://127.0.0.1/v1", created_at=0)


@attrs.define(eq=False)
class Desk:
    """A ledger over a real database, with one token."""

    ledger: Ledger
    database: Database
    clock: ManualClock
    token: Token
    _number: int = 0

    def hold(self, most: Usage = MOST, price: Price = PRICE) -> Hold:
        self._number += 1
        flight = Flight(
            request_id=f"r{self._number}",
            token=self.token,
            surface="chat",
            model="m",
            streamed=False,
            client="",
            started=self.clock.monotonic(),
            started_ms=int(self.clock.wall() * 1000),
            candidate=Candidate(CHANNEL, "m", price),
        )
        return self.ledger.hold(flight, price, most, Usage(most.prompt_tokens))

    @property
    def left(self) -> int | None:
        return self.ledger.accounts[self.token.id].left(self.clock.wall())

    async def one(self, sql: str) -> Any:
        """One value, after everything queued is committed."""
        await self.database.write(("DELETE FROM holds WHERE request_id = ''", ()))
        return next(iter((await self.database.read(sql))[0]))

    async def booked(self) -> Any:
        return await self.one("SELECT coalesce(sum(charge_nano), 0) FROM usage_records")

    async def holds(self) -> Any:
        return await self.one("SELECT count(*) FROM holds")


@asynccontextmanager
async def desk(directory: Path, **fields: Any) -> AsyncIterator[Desk]:
    token = attrs.evolve(TOKEN, **fields)
    async with await Database.open(directory / "test.db") as database:
        await Tokens(database).insert(token)
        clock = ManualClock()
        ledger = Ledger(clock, Journal(database), "boot")
        ledger.open_account(token, 0)
        try:
            yield Desk(ledger, database, clock, token)
        finally:
            await ledger.close()


def play(directory: Path, story: Callable[[Desk], Awaitable[None]], **fields: Any) -> None:
    async def run() -> None:
        async with desk(directory, **fields) as opened:
            await story(opened)

    asyncio.run(run())


# Quota


def test_a_quota_for_ten_requests_passes_nine_or_eleven(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async def request() -> bool:
            try:
                hold = it.hold()
            except QuotaExhausted:
                return False
            async with hold:
                await asyncio.sleep(0)
                await hold.settle("ok", usage=MOST, source="upstream")
            return True

        passed = await asyncio.gather(*(request() for _ in range(200)))
        assert (10, 0, 1000) == (sum(passed), it.left, await it.booked())

    play(tmp_path, story, quota_nano=1000)


def test_what_is_refused_stays_held(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        with pytest.raises(QuotaExhausted) as caught:
            it.hold(Usage(1000))
        assert (1000, 999, 999) == (caught.value.needed, caught.value.left, it.left)

    play(tmp_path, story, quota_nano=999)


def test_a_spent_token_goes_on_with_requests_that_cost_nothing_to_hold(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=MOST, source="upstream")
        with pytest.raises(QuotaExhausted):
            it.hold(Usage(0))

    play(tmp_path, story, quota_nano=100)


def test_an_unlimited_token_is_refused(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold(Usage(10**8, 10**8)) as hold:
            await hold.settle("ok")
        assert it.left is None

    play(tmp_path, story)


def test_a_deleted_token_starts_another_request(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        it.ledger.close_account(it.token.id)
        with pytest.raises(Unauthenticated):
            it.hold()

    play(tmp_path, story)


def test_deleting_a_token_breaks_its_running_request(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            it.ledger.close_account(it.token.id)
            await hold.settle("ok", usage=Usage(10), source="upstream")
        assert 10 == await it.booked()

    play(tmp_path, story, quota_nano=1000)


def test_a_raised_quota_waits_for_a_restart(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            it.ledger.update_account(attrs.evolve(it.token, quota_nano=500))
            assert 400 == it.left
            await hold.settle("ok", usage=Usage(10), source="upstream")
        assert 490 == it.left

    play(tmp_path, story, quota_nano=100)


# Settling


def test_the_rest_of_a_hold_is_kept(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            assert 900 == it.left
            await hold.settle("ok", usage=Usage(7), source="upstream")
        assert (993, 7, 0) == (it.left, await it.booked(), await it.holds())

    play(tmp_path, story, quota_nano=1000)


def test_settling_twice_charges_twice(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=Usage(7), source="upstream")
            await hold.settle("error", usage=Usage(9), source="upstream")
        assert (993, 7) == (it.left, await it.booked())

    play(tmp_path, story, quota_nano=1000)


def test_a_true_cost_over_the_hold_is_cut_to_it(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=Usage(20, 400), source="upstream")
        assert (820, 720) == (await it.booked(), await it.one("SELECT overrun_nano FROM usage_records"))
        with pytest.raises(QuotaExhausted):
            it.hold()

    play(tmp_path, story, quota_nano=500)


def test_an_estimate_costs_more_than_was_held(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=Usage(20, 4000), source="estimated")
        assert (100, 0) == (await it.booked(), await it.one("SELECT overrun_nano FROM usage_records"))

    play(tmp_path, story)


def test_leaving_a_hold_unsettled_keeps_the_money(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        with pytest.raises(KeyError):
            async with it.hold():
                raise KeyError
        assert (1000, 0, 0) == (it.left, await it.holds(), it.ledger.held)
        assert "error" == await it.one("SELECT outcome FROM usage_records")

    play(tmp_path, story, quota_nano=1000)


def test_a_settle_returns_before_it_is_on_disk(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=Usage(7), source="upstream")
            assert 7 == (await it.database.read("SELECT sum(charge_nano) FROM usage_records"))[0][0]

    play(tmp_path, story)


def test_a_settle_that_is_cancelled_is_not_booked(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            with stalled(tmp_path / "test.db"):
                settling = asyncio.create_task(hold.settle("ok", usage=Usage(7), source="upstream"))
                await asyncio.sleep(0)
                settling.cancel()
                await asyncio.wait({settling})
        assert (7, 0) == (await it.booked(), await it.holds())

    play(tmp_path, story)


# The disk refuses


def test_a_settle_the_disk_refused_is_lost(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        hold = it.hold()
        await hold.durable
        async with refusing(it.database):
            with pytest.raises(StorageUnavailable):
                await hold.settle("ok", usage=Usage(7), source="upstream")
        await it.ledger._book_kept()
        assert (7, 0, 993) == (await it.booked(), await it.holds(), it.left)

    play(tmp_path, story, quota_nano=1000)


def test_requests_go_on_while_nothing_can_be_booked(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        hold = it.hold()
        async with refusing(it.database):
            with pytest.raises(StorageUnavailable):
                await hold.settle("ok")
            with pytest.raises(StorageUnavailable):
                it.hold()
        await it.ledger._book_kept()
        async with it.hold() as again:
            await again.settle("ok")

    play(tmp_path, story)


def test_a_cancelled_settle_that_the_disk_refuses_is_lost(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        hold = it.hold()
        await hold.durable
        async with refusing(it.database):
            settling = asyncio.create_task(hold.settle("ok", usage=Usage(7), source="upstream"))
            await asyncio.sleep(0)
            settling.cancel()
            await asyncio.wait({settling})
            with pytest.raises(GatewayError):
                await it.database.write(("DELETE FROM holds", ()))
        await it.ledger._book_kept()
        assert (7, 0) == (await it.booked(), await it.holds())

    play(tmp_path, story)


def test_one_record_that_cannot_be_booked_stops_everything(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        hold = it.hold(price=Price(Rates(10**18, 10**18), source="test"))
        with pytest.raises(OverflowError):
            await hold.settle("ok", usage=Usage(10**8, 10**8), source="upstream")
        async with it.hold() as again:
            await again.settle("ok")

    play(tmp_path, story)


# Budgets


def wall(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("period", "now", "start", "end"),
    [
        ("day", "2026-03-29T23:59:59", "2026-03-29", "2026-03-30"),
        ("day", "2026-03-30T00:00:00", "2026-03-30", "2026-03-31"),
        ("week", "2026-01-04T23:59:59", "2025-12-29", "2026-01-05"),
        ("week", "2026-01-05T00:00:00", "2026-01-05", "2026-01-12"),
        ("month", "2024-02-29T12:00:00", "2024-02-01", "2024-03-01"),
        ("month", "2025-12-31T23:59:59", "2025-12-01", "2026-01-01"),
        ("month", "2026-01-31T00:00:00", "2026-01-01", "2026-02-01"),
    ],
)
def test_a_window_begins_or_ends_at_the_wrong_second(period: Period, now: str, start: str, end: str) -> None:
    assert (wall(start), wall(end)) == window(period, wall(now))


@pytest.mark.parametrize(("period", "days"), [("day", 1), ("week", 7), ("month", 27)])
def test_a_budget_does_not_refill_when_its_window_turns(tmp_path: Path, period: Period, days: int) -> None:
    async def story(it: Desk) -> None:
        it.clock.wall_now = MONDAY
        it.ledger.open_account(it.token, 0)
        async with it.hold() as hold:
            await hold.settle("ok", usage=MOST, source="upstream")
        it.clock.wall_now = MONDAY + days * 86_400 - 1
        before = it.left
        it.clock.wall_now += 1
        assert (900, 1000) == (before, it.left)

    play(tmp_path, story, budget=Budget(nano=1000, period=period))


def test_a_budget_is_oversold(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        holds = [it.hold() for _ in range(10)]
        with pytest.raises(QuotaExhausted):
            it.hold()
        for hold in holds:
            await hold.settle("ok")

    play(tmp_path, story, budget=Budget(nano=1000, period="day"))


def test_a_request_across_midnight_is_charged_to_nobody(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        it.clock.wall_now = MONDAY + 86_399
        it.ledger.open_account(it.token, 0)
        async with it.hold() as hold:
            it.clock.wall_now += 2
            assert 900 == it.left
            await hold.settle("ok", usage=Usage(30), source="upstream")
        assert 970 == it.left

    play(tmp_path, story, budget=Budget(nano=1000, period="day"))


def test_the_smaller_of_quota_and_budget_does_not_hold(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        assert 150 == it.left
        it.clock.advance(86_400)
        assert 150 == it.left

    play(tmp_path, story, quota_nano=150, budget=Budget(nano=1000, period="day"))


def test_a_wall_clock_set_back_refills_a_budget(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=MOST, source="upstream")
        it.clock.jump(-86_400)
        assert 900 == it.left

    play(tmp_path, story, budget=Budget(nano=1000, period="day"))


def test_an_edited_budget_forgets_what_was_spent(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=MOST, source="upstream")
        it.ledger.update_account(attrs.evolve(it.token, budget=Budget(nano=2000, period="day")))
        assert 1900 == it.left

    play(tmp_path, story, budget=Budget(nano=1000, period="day"))
