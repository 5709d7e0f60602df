"""Chains of pots: nobody spends more than what they share with others has left."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.token import Budget
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest, NotFound, QuotaExhausted
from aihub_lite.storage.retention import OldRecords
from tests.gateway.people.sharing import MOST, Holder, Sharing, play
from tests.support.clock import MONDAY, ManualClock

HOUR = 3600
DAY = 86_400


def wall(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.attack("T-44")
def test_a_team_for_ten_requests_passes_exactly_ten_of_200_over_ten_tokens_of_three(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        team = await it.team("research")
        people = [await it.person(name, team) for name in ("Ada", "Bob", "Eve")]
        tokens = [await it.token(people[number % 3]) for number in range(10)]
        await it.limit(team, "1000/day")

        async def request(number: int) -> bool:
            try:
                hold = it.hold(tokens[number % 10])
            except QuotaExhausted:
                return False
            async with hold:
                await asyncio.sleep(0)
                await hold.settle("ok", usage=MOST, source="upstream")
            return True

        passed = await asyncio.gather(*(request(number) for number in range(200)))
        booked = await it.one("SELECT sum(charge_nano) FROM usage_records")
        assert (10, [0], 1000, 1000) == (sum(passed), it.left(team), it.pot(team).spent, booked)
        assert 1000 == sum(it.pot(person).spent for person in people)

    play(tmp_path, story)


@pytest.mark.parametrize("short", ["token", "person", "team", "gateway"])
def test_a_hold_takes_from_all_pots_or_from_none(tmp_path: Path, short: str) -> None:
    async def story(it: Sharing) -> None:
        team = await it.team("research")
        ada = await it.person("Ada", team)
        token = await it.token(ada)
        pots: dict[str, Holder] = {"token": token, "person": ada, "team": team, "gateway": None}
        for name, who in pots.items():
            await it.limit(who, "99/day" if name == short else "150/day")
        before = {name: it.left(who) for name, who in pots.items()}
        with pytest.raises(QuotaExhausted):
            it.hold(token)
        assert before == {name: it.left(who) for name, who in pots.items()}
        await it.limit(pots[short], "150/day")
        async with it.hold(token) as hold:
            assert {name: [50] for name in pots} == {name: it.left(who) for name, who in pots.items()}
            await hold.settle("ok", usage=Usage(10), source="upstream")
        assert {name: [140] for name in pots} == {name: it.left(who) for name, who in pots.items()}
        assert 0 == sum(it.pot(who).held for who in pots.values())

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("whose", "budget", "text"),
    [
        (
            "token",
            "m*=99/hour",
            "but $0.000000 of the token's budget per hour for m* is left. It refills at 2026-01-05T13:00:00Z.",
        ),
        (
            "person",
            "99/day",
            "but $0.000000 of the budget per day of person Ada is left. It refills at 2026-01-06T00:00:00Z.",
        ),
        (
            "team",
            "tag:ci=99/week",
            "more than is left of the budget per week for the tag ci of team research."
            " It refills at 2026-01-12T00:00:00Z.",
        ),
        (
            "gateway",
            "99/30d",
            "more than is left of the budget per 30d of the gateway. It refills at 2026-02-04T00:00:00Z.",
        ),
    ],
)
def test_a_refusal_says_which_pot_is_empty_and_when_it_refills(
    tmp_path: Path, whose: str, budget: str, text: str
) -> None:
    """Of what others share it says the kind and the name, and nothing that tells what they spend."""

    async def story(it: Sharing) -> None:
        team = await it.team("research")
        ada = await it.person("Ada", team)
        token = await it.token(ada)
        pots: dict[str, Holder] = {"token": token, "person": ada, "team": team}
        await it.limit(pots.get(whose), budget)
        with pytest.raises(QuotaExhausted) as caught:
            it.hold(token, model="m", tags=["ci"])
        start = "Insufficient credits (insufficient quota): this request may cost up to $0.000000, "
        assert (start + text, "insufficient_user_quota") == (caught.value.message, caught.value.code)

    play(tmp_path, story)


def test_the_refusal_of_a_tokens_own_budget_says_when_it_refills(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        token = await it.token(quota_nano=5000, budget=Budget(nano=99, period="month"))
        with pytest.raises(QuotaExhausted, match=r"of the token's budget per month is left. It refills at 2026-02-01T"):
            it.hold(token)
        tight = await it.token(quota_nano=98, budget=Budget(nano=99, period="month"))
        with pytest.raises(QuotaExhausted, match=r"of the token's quota is left\. It never refills by itself\.$"):
            it.hold(tight)

    play(tmp_path, story)


def test_a_budget_for_a_family_counts_its_models_alone(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        ada = await it.person("Ada")
        token = await it.token(ada)
        await it.limit(ada, "claude-opus-*=100/day", "1000/day")
        await it.spend(token, 60, "claude-opus-4")
        await it.spend(token, 500, "gpt-5")
        with pytest.raises(QuotaExhausted):
            it.hold(token, Usage(50), "claude-opus-4")
        assert [40, 440] == it.left(ada)

    play(tmp_path, story)


def test_a_budget_for_a_tag_counts_requests_that_have_it(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        token = await it.token()
        await it.limit(None, "tag:ci=100/day")
        await it.spend(token, 60, tags=["ci", "nightly"])
        await it.spend(token, 500)
        await it.spend(token, 500, tags=["nightly"])
        with pytest.raises(QuotaExhausted, match="for the tag ci of the gateway"):
            it.hold(token, Usage(50), tags=["ci"])
        assert [40] == it.left(None)

    play(tmp_path, story)


def test_another_model_draws_on_its_own_budget_in_place_of_the_first_ones(tmp_path: Path) -> None:
    """A named route goes on to another model with the hold of the first."""

    async def story(it: Sharing) -> None:
        ada = await it.person("Ada")
        token = await it.token(ada)
        await it.limit(ada, "dear=1000/day", "cheap=150/day", "1000/day")
        hold = it.hold(token, Usage(400), "dear")
        assert [600, 150, 600] == it.left(ada)
        hold.flight.model = "cheap"
        with pytest.raises(QuotaExhausted, match="for cheap"):
            it.gateway.ledger.reprice(hold, hold.flight.candidate.price, Usage(200), Usage(1))  # type: ignore[union-attr]
        assert [600, 150, 600] == it.left(ada)
        it.gateway.ledger.reprice(hold, hold.flight.candidate.price, Usage(120), Usage(1))  # type: ignore[union-attr]
        assert [1000, 30, 880] == it.left(ada)
        await hold.settle("ok", usage=Usage(20), source="upstream")
        assert [1000, 130, 980] == it.left(ada)
        assert (0, 20) == (it.pot(ada).held, it.pot(ada).spent)

    play(tmp_path, story)


BUDGETS = ("1000/hour", "1000/day", "1000/week", "1000/month", "1000/30d", "1000/5h", "a*=1000/day", "tag:ci=1000/day")


@pytest.mark.parametrize("whose", ["token", "person", "team", "gateway"])
@pytest.mark.parametrize("kept", [True, False])
def test_every_window_has_seen_the_same_after_a_restart(tmp_path: Path, whose: str, kept: bool) -> None:
    """What is older than yesterday may have no record any more: then the sums of its day know it."""
    clock = ManualClock(wall_now=wall("2026-01-02T08:30"))
    left: dict[str, list[int]] = {}

    async def spend(it: Sharing) -> None:
        team = await it.team("research")
        ada = await it.person("Ada", team)
        token = await it.token(ada)
        other = await it.token(await it.person("Bob"))
        pots: dict[str, Holder] = {"token": token, "person": ada, "team": team}
        who = pots.get(whose)
        await it.limit(who, *BUDGETS)
        for hours in (0, 20, 24, 50, 51):
            clock.wall_now = wall("2026-01-02T08:30") + hours * HOUR
            await it.spend(token, 1 + hours, "abc", ["ci"])
            await it.spend(token, 100, "xyz", ["ci", "ci"])
            if who is not None:
                await it.spend(other, 5000, "abc", ["ci"])
        left["before"] = it.left(who)
        if not kept:
            assert 0 < await OldRecords(it.gateway.database).delete(int(wall("2026-01-03") * 1000), 100)

    async def look(it: Sharing) -> None:
        token = it.gateway.registry.tokens.get("token-1")
        people = it.gateway.people
        pots: dict[str, Holder] = {"token": token, "person": people.person("Ada"), "team": people.team("research")}
        left["after"] = it.left(pots.get(whose))

    play(tmp_path, spend, clock)
    play(tmp_path, look, clock)
    assert [848, 697, 350, 350, 350, 697, 897, 697] == left["before"] == left["after"]


@pytest.mark.parametrize(
    ("budget", "moment", "refills"),
    [
        ("100/hour", "2026-01-05T12:59:59", "2026-01-05T13:00"),
        ("100/day", "2026-01-05T23:59:59", "2026-01-06"),
        ("100/week", "2026-01-11T23:59:59", "2026-01-12"),
        ("100/month", "2026-01-31T23:59:59", "2026-02-01"),
        ("100/2d", "2026-03-29T23:59:59", "2026-03-30"),
        ("100/5h", "2026-01-05T16:59:59", "2026-01-05T17:00"),
    ],
)
def test_a_budget_refills_at_the_turn_of_its_window_and_not_before(
    tmp_path: Path, budget: str, moment: str, refills: str
) -> None:
    async def story(it: Sharing) -> None:
        team = await it.team("research")
        token = await it.token(team)
        await it.limit(team, budget)
        it.clock.wall_now = wall(moment)
        await it.spend(token, 100)
        with pytest.raises(QuotaExhausted):
            it.hold(token, Usage(1))
        it.clock.wall_now = wall(refills)
        await it.spend(token, 40)
        assert [60] == it.left(team)

    play(tmp_path, story)


@pytest.mark.attack("T-63")
def test_a_clock_that_leaps_ahead_and_comes_back_spends_no_teams_month_twice(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        team = await it.team("research")
        token = await it.token(team)
        await it.limit(team, "1000/month", "500/hour")
        await it.spend(token, 400)
        it.clock.jump(400 * DAY)
        await it.spend(token, 450)
        assert [550, 50] == it.left(team)
        it.clock.jump(-400 * DAY)
        assert [600, 100] == it.left(team)
        assert it.gateway.ledger.leaps.last is not None

    play(tmp_path, story)


@pytest.mark.attack("T-63")
def test_a_clock_that_is_set_right_finds_what_the_book_has_of_a_teams_month(tmp_path: Path) -> None:
    clock = ManualClock()

    async def spend(it: Sharing) -> None:
        team = await it.team("research")
        token = await it.token(team)
        await it.limit(team, "1000/month")
        await it.spend(token, 900)

    async def look(it: Sharing) -> None:
        team = it.gateway.people.team("research")
        assert [1000] == it.left(team)
        clock.wall_now = MONDAY + 13 * HOUR
        async with asyncio.timeout(20):
            while it.left(team) != [100]:
                await asyncio.sleep(0.001)  # between two looks

    play(tmp_path, spend, clock)
    clock.wall_now = 0.0
    play(tmp_path, look, clock)


def test_a_budget_that_is_set_counts_what_was_spent_before_and_what_is_on_hold(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        team = await it.team("research")
        token = await it.token(team)
        await it.spend(token, 300)
        hold = it.hold(token)
        await it.limit(team, "1000/day")
        await it.limit(None, "2000/day")
        assert ([600], [1600]) == (it.left(team), it.left(None))
        await hold.settle("ok", usage=Usage(10), source="upstream")
        assert ([690], [1690]) == (it.left(team), it.left(None))
        await it.limit(team, "2000/day", "m=50/day")
        assert [1690, -260] == it.left(team)

    play(tmp_path, story)


def test_a_budget_that_is_taken_away_limits_nothing_more(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        token = await it.token()
        await it.limit(None, "100/day")
        hold = it.hold(token)
        await it.limit(None)
        other = it.hold(token)
        for each in (hold, other):
            await each.settle("ok", usage=MOST, source="upstream")
        assert () == it.gateway.ledger.balances[token.id].pots
        assert 0 == it.pot(None).held

    play(tmp_path, story)


def test_a_person_deleted_with_requests_under_way_is_charged_for_them(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        team = await it.team("research")
        ada = await it.person("Ada", team)
        token = await it.token(ada)
        await it.limit(ada, "1000/day")
        await it.limit(team, "1000/day")
        async with it.hold(token) as hold:
            await it.gateway.people.delete_person("Ada")
            assert [900] == it.left(team)
            await hold.settle("ok", usage=Usage(30), source="upstream")
        assert ([970], 0) == (it.left(team), it.pot(team).held)
        spent = await it.one(f"SELECT sum(charge_nano) FROM people_days WHERE person_id = '{ada.id}'")
        assert (30, 0) == (spent, await it.one("SELECT count(*) FROM pot_budgets WHERE kind = 'person'"))

    play(tmp_path, story)


def test_a_token_that_is_given_to_another_draws_from_their_pot_from_then_on(tmp_path: Path) -> None:
    """The request under way is booked to whose the token was when it began, and so it is in memory."""

    async def story(it: Sharing) -> None:
        ada = await it.person("Ada")
        bob = await it.person("Bob")
        token = await it.token(ada)
        hold = it.hold(token)
        moved = await it.gateway.registry.tokens.edit(token.name, lambda token: attrs.evolve(token, person_id=bob.id))
        await it.limit(None, "1000/day")
        assert (100, 0) == (it.pot(ada).held, it.pot(bob).held)
        await hold.settle("ok", usage=Usage(30), source="upstream")
        await it.spend(moved, 5)
        assert (30, 5) == (it.pot(ada).spent, it.pot(bob).spent)
        assert 5 == await it.one(f"SELECT spent_nano FROM persons WHERE id = '{bob.id}'")

    play(tmp_path, story)


def test_a_gateway_without_people_has_no_chain_to_look_at(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        token = await it.token(quota_nano=1000)
        await it.spend(token, 100)
        assert () == it.gateway.ledger.balances[token.id].pots
        tables = ("people_days", "tag_days", "pot_budgets", "credits")
        assert [0, 0, 0, 0] == [await it.one(f"SELECT count(*) FROM {table}") for table in tables]

    play(tmp_path, story)


def test_a_name_that_several_have_is_asked_for_by_kind(tmp_path: Path) -> None:
    async def story(it: Sharing) -> None:
        ada = await it.person("ada")
        team = await it.team("ada")
        pots = it.gateway.pots
        with pytest.raises(InvalidRequest, match="say person:ada or team:ada"):
            pots.key_of("ada")
        with pytest.raises(NotFound):
            pots.key_of("nobody")
        keys = [pots.key_of(who).holder for who in ("person:ada", "team:ada", ada.id, team.id, "gateway")]
        assert [ada.id, team.id, ada.id, team.id, ""] == keys

    play(tmp_path, story)
