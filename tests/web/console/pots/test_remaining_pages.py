"""The console says of every limit what was spent, since when, what is left and when it refills."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from tests.web.console.answers.test_failures import words_of
from tests.web.console.visitor import Visitor, at_console
from tests.web.me.test_own import member

NANO = 10**9
HEADS = {
    "en": ["Spent", "Left", "Of", "Counted since", "Refills"],
    "zh": ["已用", "剩余", "上限", "计算起点", "恢复时间"],
}
FIRST_OF_DAY = re.compile(r"\d{4}-\d\d-\d\d 00:00 UTC")


async def spending(visitor: Visitor) -> dict[str, str]:
    """Ada of a team has spent one dollar of her credit and her budget, by a token with limits of its own; the ids."""
    gateway = visitor.gateway
    team = await gateway.people.create_team("research")
    ada = await gateway.people.create_person("Ada", lambda person: attrs.evolve(person, team_id=team.id))
    await gateway.credits.add(gateway.credits.key_of("Ada"), 5 * NANO, "", "admin key")
    await gateway.pots.set_budgets(gateway.pots.key_of("Ada"), ["3/day"])
    body = {"name": "laptop", "person": "Ada", "quota": "9", "budget": "8/month"}
    token = await visitor.call("POST", "/tokens", body, status=201)
    gateway.ledger.balances[token["id"]].charge(NANO, visitor.clock.wall())
    for pot in gateway.ledger.balances[token["id"]].pots:
        pot.charge(NANO, visitor.clock.wall(), "gpt-5", ())
    await visitor.sign_in()
    return {"ada": ada.id, "team": team.id, "token": token["id"]}


@pytest.mark.parametrize("language", HEADS)
@pytest.mark.parametrize(
    ("path", "limits"),
    [
        ("/console/pots", ["$1.00 $4.00 $5.00", "$1.00 $2.00 $3.00"]),
        ("/console/pots/{ada}", ["$1.00 $4.00 $5.00", "$1.00 $2.00 $3.00"]),
        ("/console/people/{ada}", ["$1.00 $4.00 $5.00", "$1.00 $2.00 $3.00"]),
        ("/console/tokens/{token}", ["$1.00 $8.00 $9.00", "$1.00 $7.00 $8.00"]),
        ("/console/pots/{token}", ["$1.00 $8.00 $9.00", "$1.00 $7.00 $8.00"]),
    ],
)
def test_each_limit_is_a_row_with_what_is_left_and_its_window(
    tmp_path: Path, path: str, limits: list[str], language: str
) -> None:
    async def story(visitor: Visitor) -> None:
        ids = await spending(visitor)
        page = await visitor.page(path.format(**ids), accept_language=language)
        words = " ".join(words_of(page).split())
        assert " ".join(HEADS[language]) in words
        never = {"en": "all time never", "zh": "全部时间 不恢复"}[language]
        assert f"{limits[0]} {never}" in words
        start, end = words.split(f"{limits[1]} ", 1)[1].split(" UTC ")[:2]
        assert FIRST_OF_DAY.fullmatch(f"{start} UTC")
        assert FIRST_OF_DAY.fullmatch(f"{end.removesuffix(' UTC')} UTC")

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    "path", ["/console/tokens", "/console/people", "/console/people/teams/{team}", "/console/people/{ada}"]
)
def test_a_list_says_all_time_of_what_was_spent_and_what_the_tightest_limit_has_left(tmp_path: Path, path: str) -> None:
    """A row said what was spent of all time or of this month, whichever its limit was."""

    async def story(visitor: Visitor) -> None:
        page = await visitor.page(path.format(**await spending(visitor)))
        words = " ".join(words_of(page).split())
        assert "Spent, all time Left" in words
        assert "$2.00 of $3.00 Budget per day" in words

    at_console(tmp_path, story)


@pytest.mark.parametrize("path", ["/console/tokens", "/console/people", "/console/people/teams", "/console/pots"])
@pytest.mark.parametrize(("language", "words"), [("en", "no limit"), ("zh", "不限额")])
def test_what_nothing_limits_says_so_in_words(tmp_path: Path, path: str, language: str, words: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/tokens", {"name": "free"}, status=201)
        await visitor.gateway.people.create_team("research")
        await visitor.gateway.people.create_person("Ada")
        await visitor.sign_in()
        assert words in await visitor.page(path, accept_language=language)

    at_console(tmp_path, story)


def test_what_has_no_limit_says_so_once_in_its_row(tmp_path: Path) -> None:
    """It said "no limit" three times, and "never" of refills: on a phone a card of six lines without a figure."""

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        words = " ".join(words_of(await visitor.page("/console/pots")).split())
        assert "Gateway no limit $0.00 – – all time – " in words

    at_console(tmp_path, story)


def test_what_has_no_requests_says_so_in_a_sentence(tmp_path: Path) -> None:
    """Its line alone ended without a full stop."""

    async def story(visitor: Visitor) -> None:
        team = await visitor.gateway.people.create_team("research")
        person = await visitor.gateway.people.create_person("Ada")
        await visitor.sign_in()
        for path in (f"/console/people/{person.id}", f"/console/people/teams/{team.id}"):
            assert "No requests in this time." in words_of(await visitor.page(path))

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/console/people/{ada}", "Budget per day refuses first"),
        ("/console/pots/{ada}", "Budget per day refuses first"),
        ("/console/tokens/{token}", "Refuses first: Budget per day of Ada, which has $2.00 left."),
    ],
)
def test_of_several_limits_the_one_that_refuses_first_is_named(tmp_path: Path, path: str, words: str) -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.page(path.format(**await spending(visitor)))
        assert words in " ".join(words_of(page).split())

    at_console(tmp_path, story)


def test_members_see_what_is_left_of_their_own_limits_and_of_none_above(tmp_path: Path) -> None:
    """A team's pot is its admin's to see, the tightest or not."""

    async def story(visitor: Visitor) -> None:
        gateway = visitor.gateway
        team = await gateway.people.create_team("research")
        ada = await member(visitor, "Ada", team_id=team.id)
        await gateway.pots.set_budgets(gateway.pots.key_of("research"), ["1.23/day"])
        await gateway.pots.set_budgets(gateway.pots.key_of("gateway"), ["1.24/day"])
        await gateway.pots.set_budgets(gateway.pots.key_of("Ada"), ["3/day"])
        token = await ada.ask("POST", "/tokens", {"name": "laptop", "quota": "9"}, status=201)
        assert ("person", 3.0) == (token["tightest"]["whose"], token["tightest"]["left_usd"])
        for path in ("/console/me", "/console/me/tokens", f"/console/me/tokens/{token['id']}"):
            page = await ada.page(path)
            assert "$3.00" in page
            assert "Spent, all time" in page
            assert not re.search(r"1\.2[34]", page)
        for path in ("/pot", "/tokens", f"/tokens/{token['id']}"):
            assert not re.search(r"1\.2[34]", str(await ada.ask("GET", path)))

    at_console(tmp_path, story)
