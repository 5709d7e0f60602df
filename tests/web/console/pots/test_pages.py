"""The pages of budgets, credits and statements."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from tests.web.console.visitor import Visitor, at_console

ODD = '<i>"Ada"'


async def shared(visitor: Visitor) -> str:
    """A person of a team who has credit and asks for more; returns their id."""
    gateway = visitor.gateway
    await visitor.sign_in()
    team = await gateway.people.create_team("research")
    ada = await gateway.people.create_person("Ada", lambda person: attrs.evolve(person, team_id=team.id))
    key = gateway.credits.key_of("Ada")
    await gateway.credits.add(key, 5_000_000_001, ODD, "admin key")
    await gateway.pots.set_budgets(key, ["1/day", "gpt-*=2/week"])
    await gateway.credits.ask(ada, 7 * 10**9, ODD)
    return ada.id


@pytest.mark.parametrize("path", ["/console/pots", "/console/pots/{ada}", "/console/pots/{ada}/statement", "/console"])
def test_every_page_shows_the_person_and_escapes_what_was_noted(tmp_path: Path, path: str) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await shared(visitor)
        text = await visitor.page(path.format(ada=ada))
        assert "Ada" in text
        assert ODD not in text

    at_console(tmp_path, story)


def test_a_pot_is_shown_with_bars_a_form_and_what_is_asked_for(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await shared(visitor)
        text = await visitor.page(f"/console/pots/{ada}")
        assert 3 == text.count('class="track')
        assert "Budget per week for gpt-*" in text
        assert 'data-call="POST /credit-requests/1/give"' in text
        await visitor.gateway.credits.refuse(1, "admin key")
        assert "/credit-requests/" not in await visitor.page(f"/console/pots/{ada}")

    at_console(tmp_path, story)


@pytest.mark.parametrize("who", ["gateway", "bob"])
def test_a_pot_without_credits_has_budgets_alone(tmp_path: Path, who: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        await visitor.gateway.registry.tokens.create("bob")
        text = await visitor.page(f"/console/pots/{who}")
        assert (True, False) == ('name="budgets"' in text, "/credits/" in text)

    at_console(tmp_path, story)


def test_a_statement_as_csv_adds_up(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await shared(visitor)
        answer = await visitor.get(f"/console/pots/{ada}/statement.csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert "text/csv; charset=utf-8" == answer.headers["content-type"]
        assert Decimal("5.000000001") == sum(Decimal(row["usd"]) for row in rows)

    at_console(tmp_path, story)


def test_the_pages_of_pots_are_there_in_chinese(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await shared(visitor)
        answer = await visitor.get(f"/console/pots/{ada}", accept_language="zh")
        assert "预算" in answer.text

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "may spend. A budget refills"), ("zh", "可以花多少。预算每个周期")]
)
def test_the_list_of_pots_says_what_it_is_for(tmp_path: Path, language: str, words: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert words in await visitor.page("/console/pots", accept_language=language)

    at_console(tmp_path, story)


def test_a_statement_names_the_last_day_that_it_is_of(tmp_path: Path) -> None:
    """It said "2026-02-01 – 2026-03-01", and the second of them belongs to the next one."""

    async def story(visitor: Visitor) -> None:
        person = await visitor.gateway.people.create_person("ada")
        await visitor.sign_in()
        text = await visitor.page(f"/console/pots/{person.id}/statement?month=2026-02")
        assert "2026-02-01 – 2026-02-28 UTC" in text

    at_console(tmp_path, story)


def test_a_statement_leads_to_no_month_that_has_not_begun(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        person = await visitor.gateway.people.create_person("ada")
        await visitor.sign_in()
        statement = f"/console/pots/{person.id}/statement"
        assert "Earlier" in await visitor.page(statement)
        assert "Later" not in await visitor.page(statement)
        assert "Later" in await visitor.page(f"{statement}?month=2026-02")

    at_console(tmp_path, story)
