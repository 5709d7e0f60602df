"""Credits: entries that are never changed, and statements that add up."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import Conflict, InvalidRequest, NotFound, QuotaExhausted
from aihub_lite.storage.retention import OldRecords
from tests.gateway.people.sharing import USD, Holder, Sharing, key_of, play
from tests.support.clock import ManualClock

DAY = 86_400


def wall(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_pot_with_credits_has_what_they_come_to(tmp_path: Path) -> None:
    async def give(it: Sharing) -> None:
        ada = await it.person("Ada")
        token = await it.token(ada)
        giver = it.gateway.credits
        await it.spend(token, 300)  # nothing limits it yet
        await giver.add(key_of(ada), 1000, "Welcome", "admin key")
        await it.spend(token, 500)
        empty = r"but \$0.000000 of the credits of person Ada is left\. It never refills by itself\.$"
        with pytest.raises(QuotaExhausted, match=empty):
            it.hold(token, Usage(201))
        await giver.add(key_of(ada), -150, "Too much", "admin key")
        with pytest.raises(QuotaExhausted):
            it.hold(token, Usage(51))
        await it.spend(token, 50)
        assert (850, 850, 0) == (it.pot(ada).credit, it.pot(ada).spent, it.pot(ada).credit_left)

    async def look(it: Sharing) -> None:
        ada = it.gateway.people.person("Ada")
        assert (850, 850, 0) == (it.pot(ada).credit, it.pot(ada).spent, it.pot(ada).credit_left)
        entries = await it.gateway.pots.credits.of(key_of(ada))
        assert [(1000, "Welcome", "admin key"), (-150, "Too much", "admin key")] == [
            (entry.nano, entry.note, entry.by) for entry in entries
        ]

    play(tmp_path, give)
    play(tmp_path, look)


@pytest.mark.parametrize("change", ["UPDATE credits SET nano = 5", "DELETE FROM credits"])
def test_no_credit_is_ever_changed(tmp_path: Path, change: str) -> None:
    """Not by a slip of ours either: the database itself refuses."""

    async def give(it: Sharing) -> None:
        await it.gateway.credits.add(key_of(await it.person("Ada")), 1000, "", "admin key")

    play(tmp_path, give)
    with closing(sqlite3.connect(tmp_path / "aihub.db")) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="add another one"):
            connection.execute(change)
        assert [(1000,)] == connection.execute("SELECT nano FROM credits").fetchall()


@pytest.mark.parametrize(("nano", "note"), [(0, ""), (10**16, ""), (1, "a\nb"), (1, "x" * 201)])
def test_what_is_no_credit_is_refused_by_field(tmp_path: Path, nano: int, note: str) -> None:
    async def story(it: Sharing) -> None:
        ada = await it.person("Ada")
        with pytest.raises(InvalidRequest, match=r"^(usd|note): "):
            await it.gateway.credits.add(key_of(ada), nano, note, "admin key")
        assert it.pot(ada).credit is None

    play(tmp_path, story)


def test_a_token_has_a_quota_and_the_gateway_budgets_but_no_credits(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        token = await it.token()
        for who in (token.name, "gateway"):
            with pytest.raises(InvalidRequest, match="credits are of people and teams"):
                it.gateway.credits.key_of(who)

    play(tmp_path, story)


@pytest.mark.parametrize("seed", range(4))
def test_statements_add_up_to_the_ledgers_nano_dollars(tmp_path: Path, seed: int) -> None:
    """Whatever was given and spent when: every month begins as the one before ended, and the last is what is left."""
    rng = random.Random(seed)

    async def story(it: Sharing) -> None:
        team = await it.team("research")
        ada = await it.person("Ada", team)
        bob = await it.person("Bob", team)
        tokens = [await it.token(each) for each in (ada, ada, bob, team)] + [await it.token()]
        holders: dict[str, Holder] = {"Ada": ada, "Bob": bob, "research": team}
        for who in holders.values():
            await it.gateway.credits.add(key_of(who), 10**9, "", "admin key")
        for _ in range(60):
            it.clock.advance(rng.uniform(0, 4 * DAY))
            if rng.random() < 0.3:
                nano = rng.choice([-1, 1]) * rng.randint(1, 10**6)
                await it.gateway.credits.add(key_of(rng.choice([*holders.values()])), nano, "", "admin key")
            else:
                await it.spend(rng.choice(tokens), rng.randint(0, 10**6), rng.choice("abc"))
        await OldRecords(it.gateway.database).delete(int((it.clock.wall() - 20 * DAY) * 1000), 1000)
        for name, who in holders.items():
            months = [f"2026-{month:02}" for month in range(1, 13)]
            statements = [await it.gateway.credits.statement(key_of(who), month) for month in months]
            for before, after in pairwise(statements):
                assert before.after == after.before
            pot = it.pot(who)
            stored = await it.gateway.pots.book.spent(key_of(who))
            assert (name, 0, pot.spent) == (name, statements[0].before, sum(each.spent for each in statements))
            assert (pot.credit, stored) == (sum(each.credited for each in statements), pot.spent)
            assert pot.credit_left == statements[-1].after
        teams = it.pot(team).spent
        own = it.pot(ada).spent + it.pot(bob).spent
        assert 0 < own <= teams

    play(tmp_path, story, ManualClock(wall_now=wall("2026-01-05")))


def test_a_statement_is_of_one_month_in_utc(tmp_path: Path) -> None:
    clock = ManualClock(wall_now=wall("2026-01-31T23:59:59"))

    async def story(it: Sharing) -> None:
        ada = await it.person("Ada")
        token = await it.token(ada)
        await it.gateway.credits.add(key_of(ada), 1000, "January", "admin key")
        hold = it.hold(token, Usage(10), "old")
        clock.wall_now += 1
        await it.gateway.credits.add(key_of(ada), 500, "February", "admin key")
        await hold.settle("ok", usage=Usage(10), source="upstream")
        await it.spend(token, 7, "new")
        first = await it.gateway.credits.statement(key_of(ada), "2026-01")
        second = await it.gateway.credits.statement(key_of(ada), "")
        assert (0, 1000, 10, 990) == (first.before, first.credited, first.spent, first.after)
        assert (990, 500, 7, 1483) == (second.before, second.credited, second.spent, second.after)
        assert ["old"] == [day.model for day in first.days]
        for month in ("2026-13", "2026-1", "x", "0999-01"):
            with pytest.raises(InvalidRequest, match=r"^month: "):
                await it.gateway.credits.statement(key_of(ada), month)

    play(tmp_path, story, clock)


def test_what_is_asked_for_is_given_once(tmp_path: Path) -> None:
    """Two admins click at the same moment."""

    async def story(it: Sharing) -> None:
        giver = it.gateway.credits
        ada = await it.person("Ada")
        await giver.ask(ada, 5 * USD, "less")
        request = await giver.ask(ada, 7 * USD, "for the report")
        assert [request] == await giver.requests()
        answers = await asyncio.gather(
            *(giver.give(request.id, "admin key") for _ in range(3)),
            giver.refuse(request.id, "admin key"),
            return_exceptions=True,
        )
        assert 3 == sum(isinstance(answer, Conflict) for answer in answers)
        entries = await it.gateway.pots.credits.of(key_of(ada))
        (answered,) = await giver.requests(open_only=False)
        assert (answered.state == "given") == (len(entries) == 1)
        assert [] == await giver.requests()
        with pytest.raises(Conflict):
            await giver.refuse(request.id, "admin key")
        with pytest.raises(NotFound):
            await giver.give(request.id + 1, "admin key")

    play(tmp_path, story)


def test_another_amount_than_was_asked_for_may_be_given(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        ada = await it.person("Ada")
        request = await it.gateway.credits.ask(ada, 7 * USD, "for the report")
        await it.gateway.credits.give(request.id, "Eve", 2 * USD)
        (entry,) = await it.gateway.pots.credits.of(key_of(ada))
        assert (2 * USD, "for the report", "Eve") == (entry.nano, entry.note, entry.by)
        assert 2 * USD == it.pot(ada).credit_left

    play(tmp_path, story)


def test_nobody_asks_for_less_than_nothing(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        ada = await it.person("Ada")
        for nano in (-USD, 0):
            with pytest.raises(InvalidRequest, match=r"^usd: "):
                await it.gateway.credits.ask(ada, nano, "")
        assert [] == await it.gateway.credits.requests()

    play(tmp_path, story)


@pytest.mark.parametrize(("setting", "credit"), [("0", None), ("2.50", 2_500_000_000)])
def test_who_signs_up_has_the_starting_credit(tmp_path: Path, setting: str, credit: int | None) -> None:
    async def story(it: Sharing) -> None:
        ada = await it.person("Ada")
        await it.gateway.credits.start(ada)
        assert credit == it.pot(ada).credit

    play(tmp_path, story, starting_credit=setting)


def test_a_statement_of_a_deleted_holder_is_not_found(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        with pytest.raises(NotFound):
            await it.gateway.credits.statement(PotKey("person", "per_gone"), "")

    play(tmp_path, story)
