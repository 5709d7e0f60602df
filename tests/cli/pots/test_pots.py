"""`aihub-lite budget …` and `aihub-lite credit …`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import attrs
import pytest

from aihub_lite.config import Settings
from aihub_lite.gateway.core import Gateway, open_gateway
from tests.cli.terminal import Terminal


async def share(directory: Path) -> None:
    """A team, a person of it, and what they ask for."""
    async with open_gateway(Settings(data_dir=directory), {}) as gateway:
        await people_of(gateway)


async def people_of(gateway: Gateway) -> None:
    team = await gateway.people.create_team("research")
    ada = await gateway.people.create_person("Ada", lambda person: attrs.evolve(person, team_id=team.id))
    await gateway.people.create_person("Bob")
    await gateway.credits.ask(ada, 7 * 10**9, "for the report")
    await gateway.credits.ask(gateway.people.person("Bob"), 9 * 10**9, "")


@pytest.fixture
def shared(terminal: Terminal) -> Terminal:
    terminal.directory.mkdir(exist_ok=True)
    asyncio.run(share(terminal.directory))
    return terminal


def test_budgets_are_set_shown_and_listed(shared: Terminal) -> None:
    shared.ok("budget", "set", "gateway", "100/month")
    shared.ok("budget", "set", "Ada", "5/day", "claude-opus-*=1/week")
    shown = shared.ok("budget", "show", "person:Ada").stdout
    listed = shared.ok("budget", "list").stdout
    gone = shared.ok("budget", "set", "Ada", "none", "--json").json

    assert "5.00/day: $0.00 spent, refills " in shown
    assert {"gateway", "100.00/month", "person:Ada", "claude-opus-*=1.00/week"} <= {*listed.split()}
    assert [] == gone["budgets"]


def test_credit_is_given_listed_and_stated(shared: Terminal) -> None:
    said = shared.ok("credit", "add", "Ada", "5", "--note", "Welcome").stdout
    corrected = shared.ok("credit", "add", "Ada", "-1.25").stdout
    listed = shared.ok("credit", "list", "Ada").stdout
    statement = shared.ok("credit", "statement", "Ada").stdout
    table = shared.ok("credit", "statement", "Ada", "--csv").stdout.splitlines()

    assert "Ada: $5.00 left of $5.00.\n" == said
    assert "Ada: $3.75 left of $3.75.\n" == corrected
    assert {"Welcome", "$5.00", "-$1.25"} <= {*listed.split()}
    assert "after     $3.75" in statement
    assert "day,kind,what,requests,usd" == table[0]
    assert [",balance,,,0.00", ",credit,Welcome,,5.00", ",credit,,,-1.25"] == [line[10:] for line in table[1:]]


def test_requests_for_credit_are_answered(shared: Terminal) -> None:
    asked = shared.ok("credit", "requests").stdout
    numbers = {each["person"]: str(each["id"]) for each in shared.ok("credit", "requests", "--json").json}
    given = shared.ok("credit", "give", numbers["Ada"], "--usd", "3").stdout
    refused = shared.ok("credit", "refuse", numbers["Bob"]).stdout
    left = shared.ok("credit", "requests").stdout
    states = {each["person"]: each["state"] for each in shared.ok("credit", "requests", "--all", "--json").json}

    assert {"Ada", "$7.00", "Bob", "$9.00"} <= {*asked.split()}
    assert ("Ada: $3.00 left of $3.00.\n", "Bob was refused more credit.\n") == (given, refused)
    assert ("Nobody asks for anything.\n", {"Ada": "given", "Bob": "refused"}) == (left, states)


def test_what_a_statement_calls_a_model_is_no_formula(shared: Terminal) -> None:
    shared.ok("credit", "add", "Ada", "5", "--note", "=cmd()")
    table = shared.ok("credit", "statement", "Ada", "--csv").stdout
    assert ",credit,'=cmd(),,5.00" in table


def test_several_budgets_of_a_token_are_one_option_each(terminal: Terminal) -> None:
    words = ("--budget", "5/day", "--budget", "gpt-*=1/day", "--budget", "2/hour")
    terminal.ok("token", "create", "bob", *words)
    shown = terminal.ok("token", "show", "bob", "--json").json
    facts = terminal.ok("token", "show", "bob").stdout
    terminal.ok("token", "set", "bob", "--budget", "3/week")
    one = terminal.ok("token", "show", "bob", "--json").json
    terminal.ok("token", "set", "bob", "--budget", "none")
    none = terminal.ok("token", "show", "bob", "--json").json

    assert ("5.00/day", ["gpt-*=1.00/day", "2.00/hour"]) == (
        shown["budget"],
        [bar["budget"] for bar in shown["budgets"]],
    )
    assert "gpt-*=1.00/day: $0.00 spent, refills " in facts
    assert [("3.00/week", []), (None, [])] == [(each["budget"], each["budgets"]) for each in (one, none)]
