"""The ledger: nobody spends more than is left, and what was spent is booked once."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import Channel, CostBy
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import MAX_COST, OPERATOR, UNPRICED, Price, Rates
from aihub_lite.domain.pots.windows import window
from aihub_lite.domain.token import Budget, Period, Token
from aihub_lite.domain.usage import Usage, UsageRecord, UsageSource
from aihub_lite.errors import GatewayError, QuotaExhausted, StorageUnavailable, Unauthenticated
from aihub_lite.gateway.state.changes import Changes
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.gateway.state.ledger import Hold, Ledger
from aihub_lite.gateway.state.tokens import TokenRegistry
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import record
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

    def hold(self, most: Usage = MOST, price: Price = PRICE, channel: Channel = CHANNEL) -> Hold:
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
            candidate=Candidate(channel, "m", price),
        )
        hold = self.ledger.hold(flight, price, most, Usage(most.prompt_tokens))
        _ = hold.durable  # has it written
        return hold

    @property
    def left(self) -> int | None:
        return self.ledger.balances[self.token.id].left(self.clock.wall())

    async def spend(self, nano: int) -> None:
        """One request of so many prompt tokens."""
        async with self.hold(Usage(nano)) as hold:
            await hold.settle("ok", usage=Usage(nano), source="upstream")

    async def left_after_a_restart(self) -> int | None:
        """What another process would say at this moment."""
        ledger = Ledger(self.clock, Journal(self.database), "another boot")
        spent = await self.one("SELECT spent_nano FROM tokens")
        await ledger.follow(TokenRegistry(Tokens(self.database), self.clock, Changes()), [(self.token, spent)])
        return ledger.balances[self.token.id].left(self.clock.wall())

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


# What the upstream says


@pytest.mark.parametrize(
    ("cost", "price", "source", "booked"),
    [
        ("auto", PRICE, "upstream", 5000),
        ("auto", attrs.evolve(PRICE, source=OPERATOR), "upstream", 12),
        ("upstream", attrs.evolve(PRICE, source=OPERATOR), "upstream", 5000),
        ("table", PRICE, "upstream", 12),
        pytest.param("auto", PRICE, "estimated", 5000, id="a figure that is known, of tokens that are not"),
        pytest.param("auto", UNPRICED, "upstream", 5000, id="a model without a price"),
    ],
)
def test_a_request_is_billed_what_its_channel_goes_by(
    tmp_path: Path, cost: CostBy, price: Price, source: UsageSource, booked: int
) -> None:
    """Perplexity's answers cost 0 here, and each of them says what it cost."""

    async def story(it: Desk) -> None:
        async with it.hold(price=price, channel=attrs.evolve(CHANNEL, cost=cost)) as hold:
            await hold.settle("ok", usage=Usage(2, 5, upstream_cost_nano=5000), source=source)
        assert (booked, booked) == (await it.booked(), it.ledger.balances[it.token.id].spent)
        assert 5000 == await it.one("SELECT upstream_cost_nano FROM usage_records")

    play(tmp_path, story)


# Quota


@pytest.mark.attack("T-44")
def test_a_quota_for_ten_requests_passes_exactly_ten_of_200_at_once(tmp_path: Path) -> None:
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


def test_what_is_refused_is_not_held(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        with pytest.raises(QuotaExhausted) as caught:
            it.hold(Usage(1000))
        assert (1000, 999, 999) == (caught.value.needed, caught.value.left, it.left)

    play(tmp_path, story, quota_nano=999)


def test_a_spent_token_is_refused_even_what_costs_nothing_to_hold(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=MOST, source="upstream")
        with pytest.raises(QuotaExhausted):
            it.hold(Usage(0))

    play(tmp_path, story, quota_nano=100)


def test_an_unlimited_token_may_hold_any_amount(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold(Usage(10**8, 10**8)) as hold:
            await hold.settle("ok")
        assert it.left is None

    play(tmp_path, story)


def test_a_deleted_token_starts_no_request(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        it.ledger.close_account(it.token.id)
        with pytest.raises(Unauthenticated):
            it.hold()

    play(tmp_path, story)


def test_the_running_request_of_a_deleted_token_is_booked(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            it.ledger.close_account(it.token.id)
            await hold.settle("ok", usage=Usage(10), source="upstream")
        assert 10 == await it.booked()

    play(tmp_path, story, quota_nano=1000)


def test_a_raised_quota_counts_at_once(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            it.ledger.update_account(attrs.evolve(it.token, quota_nano=500))
            assert 400 == it.left
            await hold.settle("ok", usage=Usage(10), source="upstream")
        assert 490 == it.left

    play(tmp_path, story, quota_nano=100)


# Settling


def test_the_rest_of_a_hold_is_given_back(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            assert 900 == it.left
            await hold.settle("ok", usage=Usage(7), source="upstream")
        assert (993, 7, 0) == (it.left, await it.booked(), await it.holds())

    play(tmp_path, story, quota_nano=1000)


@pytest.mark.attack("T-49")
def test_settling_twice_charges_once(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=Usage(7), source="upstream")
            await hold.settle("error", usage=Usage(9), source="upstream")
        assert (993, 7) == (it.left, await it.booked())

    play(tmp_path, story, quota_nano=1000)


def test_a_true_cost_over_the_hold_is_charged_in_full(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=Usage(20, 400), source="upstream")
        assert (820, 720) == (await it.booked(), await it.one("SELECT overrun_nano FROM usage_records"))
        with pytest.raises(QuotaExhausted):
            it.hold()

    play(tmp_path, story, quota_nano=500)


def test_what_no_integer_of_sqlites_holds_is_booked_all_the_same(tmp_path: Path) -> None:
    """A price from before there was a highest one overflowed the column, and the record was lost."""

    async def story(it: Desk) -> None:
        dear = Price(Rates(10**18, 10**18), source="operator")
        async with it.hold(price=dear, most=Usage(10**7, 10**7)) as hold:
            await hold.settle("ok", usage=Usage(10**8, 10**8), source="upstream")
        assert (MAX_COST, 0, 0) == (await it.booked(), await it.holds(), it.ledger.held)

    play(tmp_path, story)


def test_an_estimate_never_costs_more_than_was_held(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=Usage(20, 4000), source="estimated")
        assert (100, 0) == (await it.booked(), await it.one("SELECT overrun_nano FROM usage_records"))

    play(tmp_path, story)


def test_leaving_a_hold_unsettled_gives_the_money_back_and_books_an_error(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        with pytest.raises(KeyError):
            async with it.hold():
                raise KeyError
        assert (1000, 0, 0) == (it.left, await it.holds(), it.ledger.held)
        assert "error" == await it.one("SELECT outcome FROM usage_records")

    play(tmp_path, story, quota_nano=1000)


def test_a_settle_returns_once_it_is_on_disk(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=Usage(7), source="upstream")
            assert 7 == (await it.database.read("SELECT sum(charge_nano) FROM usage_records"))[0][0]

    play(tmp_path, story)


def test_a_settle_that_is_cancelled_is_booked(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            with stalled(tmp_path / "test.db"):
                settling = asyncio.create_task(hold.settle("ok", usage=Usage(7), source="upstream"))
                await asyncio.sleep(0)
                settling.cancel()
                await asyncio.wait({settling})
        assert (7, 0) == (await it.booked(), await it.holds())

    play(tmp_path, story)


def test_what_is_told_of_a_settlement_can_not_keep_it_off_the_disk(tmp_path: Path) -> None:
    def fails(flight: Flight, record: UsageRecord) -> None:
        raise KeyError(record.request_id)

    async def story(it: Desk) -> None:
        it.ledger.on_settle.append(fails)
        with pytest.raises(KeyError):
            await it.spend(7)
        assert (7, 0) == (await it.booked(), await it.holds())

    play(tmp_path, story)


# The disk refuses


def test_a_settle_that_the_disk_refused_is_booked_later(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        hold = it.hold()
        await hold.durable
        async with refusing(it.database):
            with pytest.raises(StorageUnavailable):
                await hold.settle("ok", usage=Usage(7), source="upstream")
        await it.ledger._book_kept()
        assert (7, 0, 993) == (await it.booked(), await it.holds(), it.left)

    play(tmp_path, story, quota_nano=1000)


def test_no_request_starts_while_nothing_can_be_booked(tmp_path: Path) -> None:
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


def test_a_cancelled_settle_that_the_disk_refused_is_booked_later(tmp_path: Path) -> None:
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


def test_settlements_beyond_what_memory_keeps_are_counted_and_told_once_a_minute(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They were dropped without a word."""

    async def story(it: Desk) -> None:
        it.ledger.most_unbooked = 2
        holds = [it.hold() for _ in range(6)]
        await asyncio.gather(*(hold.durable for hold in holds))
        async with refusing(it.database):
            for number, hold in enumerate(holds):
                if number == 5:
                    it.clock.advance(60)
                with pytest.raises(StorageUnavailable):
                    await hold.settle("ok", usage=Usage(7), source="upstream")
            assert (2, 4) == (it.ledger.unbooked, it.ledger.lost)
        told = [record.args for record in caplog.records if "are lost" in record.msg]
        why = "the disk takes nothing, and 2 others wait for it"
        assert [("r3", why, 1), ("r6", why, 4)] == told
        await it.ledger._book_kept()
        assert (0, 4, 14, 4) == (it.ledger.unbooked, it.ledger.lost, await it.booked(), await it.holds())
        await Journal(it.database).interrupted(int(it.clock.wall() * 1000), "the next boot")
        assert (14 + 4 * MOST.prompt_tokens, 0) == (await it.booked(), await it.holds())

    play(tmp_path, story)


def test_one_record_that_cannot_be_booked_does_not_stop_the_others(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        hold = it.hold()
        with pytest.raises(OverflowError):
            await hold.settle("ok", usage=Usage(10**30), source="estimated")
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
def test_a_window_is_the_day_week_or_month_in_utc_to_the_second(period: Period, now: str, start: str, end: str) -> None:
    assert (wall(start), wall(end)) == window(period, wall(now))


@pytest.mark.parametrize(("period", "days"), [("day", 1), ("week", 7), ("month", 27)])
def test_a_budget_refills_in_the_second_its_window_turns(tmp_path: Path, period: Period, days: int) -> None:
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


def test_a_budget_is_never_oversold(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        holds = [it.hold() for _ in range(10)]
        with pytest.raises(QuotaExhausted):
            it.hold()
        for hold in holds:
            await hold.settle("ok")

    play(tmp_path, story, budget=Budget(nano=1000, period="day"))


def test_a_request_across_midnight_is_charged_to_the_day_it_began(tmp_path: Path) -> None:
    """In memory it counted in the new day, in the book in the old one: a restart changed what was left."""

    async def story(it: Desk) -> None:
        it.clock.wall_now = MONDAY + 86_399
        it.ledger.open_account(it.token, 0)
        async with it.hold() as hold:
            it.clock.wall_now += 2
            assert 900 == it.left
            await hold.settle("ok", usage=Usage(30), source="upstream")
        assert 1000 == it.left == await it.left_after_a_restart()
        it.clock.wall_now -= 2
        assert 970 == it.left == await it.left_after_a_restart()

    play(tmp_path, story, budget=Budget(nano=1000, period="day"))


@pytest.mark.attack("T-45")
def test_the_smaller_of_quota_and_budget_is_what_is_left(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        assert 150 == it.left
        it.clock.advance(86_400)
        assert 150 == it.left

    play(tmp_path, story, quota_nano=150, budget=Budget(nano=1000, period="day"))


@pytest.mark.attack("T-63")
def test_a_wall_clock_set_back_does_not_refill_a_budget(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=MOST, source="upstream")
        it.clock.jump(-86_400)
        assert 900 == it.left

    play(tmp_path, story, budget=Budget(nano=1000, period="day"))


@pytest.mark.attack("T-63")
@pytest.mark.parametrize("days", [31, 400, 4000])
def test_a_clock_that_leaps_ahead_and_comes_back_spends_no_month_twice(tmp_path: Path, days: int) -> None:
    """T-63: after a leap and back the month could be spent again, and the next one could not be spent at all."""

    async def story(it: Desk) -> None:
        await it.spend(900)
        it.clock.jump(days * 86_400)
        assert 1000 == it.left
        await it.spend(600)
        it.clock.jump(-days * 86_400)
        assert 100 == it.left == await it.left_after_a_restart()
        await it.spend(50)
        it.clock.jump(days * 86_400)
        assert 400 == it.left == await it.left_after_a_restart()
        it.clock.jump(-days * 86_400)
        assert 50 == it.left == await it.left_after_a_restart()
        it.clock.wall_now = wall("2026-02-01")
        assert (400 if days == 31 else 1000) == it.left == await it.left_after_a_restart()

    play(tmp_path, story, budget=Budget(nano=1000, period="month"))


@pytest.mark.attack("T-63")
def test_a_clock_that_was_ahead_from_the_start_refills_nothing_as_it_comes_back(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        it.clock.jump(400 * 86_400)
        it.ledger.open_account(it.token, 0)
        await it.spend(600)
        it.clock.jump(-400 * 86_400)
        assert 400 == it.left
        it.clock.wall_now = wall("2026-02-01")
        assert 1000 == it.left

    play(tmp_path, story, budget=Budget(nano=1000, period="month"))


@pytest.mark.attack("T-63")
def test_a_clock_that_is_set_right_finds_what_the_book_has_of_its_month(tmp_path: Path) -> None:
    """A machine without a clock of its own starts in 1970, and every start refilled the budgets."""

    async def story(it: Desk) -> None:
        await it.spend(900)
        now = it.clock.wall_now
        it.clock.wall_now = 0.0
        ledger = Ledger(it.clock, Journal(it.database), "boot-2")
        ledger.open_account(it.token, 900)
        balance = ledger.balances[it.token.id]
        assert 1000 == balance.left(0.0)
        it.clock.wall_now = now + 60
        balance.left(it.clock.wall_now)
        async with asyncio.timeout(5):
            while balance.left(it.clock.wall_now) != 100:
                await asyncio.sleep(0.001)  # between two looks
        await ledger.close()

    play(tmp_path, story, budget=Budget(nano=1000, period="month"))


@pytest.mark.attack("T-63")
@pytest.mark.parametrize(("days", "alert"), [(1, False), (1.5, True), (3, True), (-1, False), (-3, True)])
def test_a_leap_of_the_clock_over_a_period_is_an_alert(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, days: float, alert: bool
) -> None:
    async def story(it: Desk) -> None:
        it.clock.jump(days * 86_400)
        it.left  # noqa: B018  a request's look
        told = [record.message for record in caplog.records if "leapt" in record.message]
        assert (alert, alert) == (it.ledger.leaps.last is not None, bool(told))

    play(tmp_path, story, budget=Budget(nano=1000, period="day"))


def test_time_that_passed_is_no_leap(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        for _ in range(5):
            it.clock.advance(3 * 86_400)
            assert 1000 == it.left
        assert it.ledger.leaps.last is None

    play(tmp_path, story, budget=Budget(nano=1000, period="day"))


def test_an_edited_budget_keeps_what_was_spent(tmp_path: Path) -> None:
    async def story(it: Desk) -> None:
        async with it.hold() as hold:
            await hold.settle("ok", usage=MOST, source="upstream")
        it.ledger.update_account(attrs.evolve(it.token, budget=Budget(nano=2000, period="day")))
        assert 1900 == it.left

    play(tmp_path, story, budget=Budget(nano=1000, period="day"))


# Tokens come and go


@asynccontextmanager
async def followed(directory: Path) -> AsyncIterator[tuple[TokenRegistry, Ledger]]:
    """A token registry and a ledger that follows it, as after a start on this directory."""
    async with await Database.open(directory / "test.db") as database:
        clock = ManualClock()
        tokens = TokenRegistry(Tokens(database), clock, Changes())
        ledger = Ledger(clock, Journal(database), "boot")
        await ledger.follow(tokens, await tokens.load())
        yield tokens, ledger
        await ledger.close()


def test_every_token_has_an_account_from_its_creation_to_its_deletion(tmp_path: Path) -> None:
    async def story() -> None:
        async with followed(tmp_path) as (tokens, ledger):
            token, _ = await tokens.create("alice", lambda token: attrs.evolve(token, quota_nano=100))
            assert 100 == ledger.balances[token.id].left(MONDAY)
            await tokens.edit("alice", lambda token: attrs.evolve(token, quota_nano=200))
            assert 200 == ledger.balances[token.id].left(MONDAY)
        async with followed(tmp_path) as (tokens, ledger):
            assert 200 == ledger.balances[token.id].left(MONDAY)
            await tokens.delete("alice")
            assert {} == ledger.balances

    asyncio.run(story())


def test_a_new_budget_period_begins_with_what_it_has_seen_already(tmp_path: Path) -> None:
    """The clock's day is a Monday: the week began with it, the month four days before."""

    async def story() -> list[int | None]:
        async with followed(tmp_path) as (tokens, ledger):
            left: list[int | None] = []
            token, _ = await tokens.create("alice")
            for days, cost in ((0, 10), (3, 5)):
                started_ms = int((MONDAY - days * 86_400) * 1000)
                booked = record(f"r{days}", started_ms=started_ms, token_id=token.id, cost_nano=cost)
                await ledger.journal.settle(booked)
            periods: tuple[Period, ...] = ("day", "day", "month")
            for period in periods:
                budget = Budget(nano=1000, period=period)
                await tokens.edit("alice", functools.partial(attrs.evolve, budget=budget))
                left.append(ledger.balances[token.id].left(MONDAY))
            return left

    assert [990, 990, 985] == asyncio.run(story())


def test_a_fee_is_set_aside_and_booked_only_where_the_channel_that_was_asked_has_one(tmp_path: Path) -> None:
    """Who left early was booked a fee for the request that only another channel has, and it was shown as unpriced."""
    dear = attrs.evolve(PRICE, hosted=HostedRates(request=10_000))

    async def story(desk: Desk) -> None:
        for candidate_price in (dear, PRICE):
            hold = desk.hold(price=dear)
            hold.flight.candidate = Candidate(CHANNEL, "m", candidate_price)
            assert '{"request":1}' == await desk.one("SELECT hosted FROM holds")
            await hold.settle("client_gone", usage=hold.prompt, source="estimated")
        rows = await desk.database.read("SELECT cost_nano, hosted FROM usage_records ORDER BY request_id")
        assert [(30, '{"request":1}'), (20, None)] == [tuple(row) for row in rows]

    play(tmp_path, story)
