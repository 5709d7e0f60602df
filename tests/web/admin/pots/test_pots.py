"""Budgets, credits and statements over the admin API."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from tests.web.admin.desk import Desk, at_desk


async def shared(desk: Desk) -> None:
    """A team, and a person of it."""
    people = desk.gateway.people
    team = await people.create_team("research")
    await people.create_person("Ada", lambda person: attrs.evolve(person, team_id=team.id))


def test_a_pot_shows_its_budgets_as_bars(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await shared(desk)
        await desk.call("PATCH", "/pots/Ada", {"budgets": ["5/day", "claude-opus-*=1/week", "tag:ci=2/5h"]})
        pot = await desk.call("GET", "/pots/person:Ada")
        assert ("person", "Ada", None, None) == (pot["kind"], pot["name"], pot["credit_usd"], pot["left_usd"])
        assert [(None, 5.0), ("claude-opus-*", 1.0), ("tag:ci", 2.0)] == [
            (bar["of"], bar["usd"]) for bar in pot["budgets"]
        ]
        bar = pot["budgets"][0]
        assert (0.0, 0.0, 5.0, "day") == (bar["spent_usd"], bar["held_usd"], bar["left_usd"], bar["period"])
        assert bar["refills"].endswith("T00:00:00Z")
        names = [(each["kind"], each["name"]) for each in (await desk.call("GET", "/pots"))["pots"]]
        assert [("gateway", ""), ("person", "Ada"), ("team", "research")] == sorted(names)

    at_desk(tmp_path, story)


def test_budgets_stay_where_a_body_does_not_name_them(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("PATCH", "/pots/gateway", {"budgets": ["5/day"]})
        kept = await desk.call("PATCH", "/pots/gateway", {})
        gone = await desk.call("PATCH", "/pots/gateway", {"budgets": []})
        assert ([5.0], []) == ([bar["usd"] for bar in kept["budgets"]], gone["budgets"])

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("/pots/nobody", {"budgets": []}, 404, "no person, team or token"),
        ("/pots/gateway", {"budgets": ["5"]}, 400, "budget: "),
        ("/pots/gateway", {"budgets": "5/day"}, 400, "budgets: must be a list of strings"),
        ("/pots/gateway", {"budget": ["5/day"]}, 400, "unknown field budget"),
    ],
)
def test_what_is_no_budget_is_refused(tmp_path: Path, path: str, body: object, status: int, text: str) -> None:
    async def story(desk: Desk) -> None:
        assert text in await desk.refused("PATCH", path, body, status=status)

    at_desk(tmp_path, story)


def test_a_token_has_more_budgets_beside_its_own(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        body = {"name": "bob", "budget": "5/day", "budgets": ["gpt-*=1/day"]}
        token = await desk.call("POST", "/tokens", body, status=201)
        assert ("5.00/day", ["gpt-*=1.00/day"]) == (token["budget"], [bar["budget"] for bar in token["budgets"]])
        kept = await desk.call("PATCH", "/tokens/bob", {"rpm": 5})
        changed = await desk.call("PATCH", "/tokens/bob", {"budgets": ["tag:ci=2/hour"]})
        assert ["gpt-*=1.00/day"] == [bar["budget"] for bar in kept["budgets"]]
        assert ("5.00/day", ["tag:ci=2.00/hour"]) == (
            changed["budget"],
            [bar["budget"] for bar in changed["budgets"]],
        )
        await desk.refused("POST", "/tokens", {"name": "eve", "budgets": ["nonsense"]})
        assert ["bob"] == [token["name"] for token in (await desk.call("GET", "/tokens"))["tokens"]]
        await desk.call("DELETE", "/tokens/bob")
        assert [] == list(await desk.gateway.database.read("SELECT * FROM pot_budgets"))

    at_desk(tmp_path, story)


def test_a_person_is_given_credit_and_has_a_statement(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await shared(desk)
        await desk.call("POST", "/credits/Ada", {"usd": "5.50", "note": "Welcome"}, status=201)
        pot = await desk.call("POST", "/credits/Ada", {"usd": -0.5}, status=201)
        assert (5.0, 5.0, [5.5, -0.5]) == (pot["credit_usd"], pot["left_usd"], [each["usd"] for each in pot["credits"]])
        statement = await desk.call("GET", "/credits/Ada/statement")
        lines = [(line["kind"], line["what"], line["usd"]) for line in statement["lines"]]
        assert [("balance", "", 0.0), ("credit", "Welcome", 5.5), ("credit", "", -0.5)] == lines
        assert sum(Decimal(str(line["usd"])) for line in statement["lines"]) == Decimal(str(statement["after_usd"]))
        earlier = await desk.call("GET", "/credits/Ada/statement?month=2001-01")
        assert (0.0, []) == (earlier["after_usd"], earlier["days"])

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("who", "body", "text"),
    [
        ("Ada", {}, "usd: is missing"),
        ("Ada", {"usd": "five"}, "usd: 'five' is not an amount in USD"),
        ("Ada", {"usd": "--5"}, "usd: '-5' is not an amount"),
        ("Ada", {"usd": True}, "usd: must be an amount in USD"),
        ("Ada", {"usd": 0}, "usd: must not be 0"),
        ("gateway", {"usd": 5}, "credits are of people and teams"),
    ],
)
def test_what_is_no_credit_is_refused(tmp_path: Path, who: str, body: object, text: str) -> None:
    async def story(desk: Desk) -> None:
        await shared(desk)
        assert text in await desk.refused("POST", f"/credits/{who}", body)

    at_desk(tmp_path, story)


def test_what_a_person_asks_for_is_on_the_overview_until_it_is_answered(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await shared(desk)
        ada = desk.gateway.people.person("Ada")
        await desk.gateway.credits.ask(ada, 7 * 10**9, "for the report")
        attention = (await desk.call("GET", "/overview"))["attention"]
        assert [("credit_asked", "Ada", "7.00")] == [
            (item["kind"], item["subject"], item["detail"]) for item in attention
        ]
        (request,) = (await desk.call("GET", "/credit-requests"))["requests"]
        assert ("Ada", 7.0, "for the report", "open") == tuple(
            request[key] for key in ("person", "usd", "note", "state")
        )
        pot = await desk.call("POST", f"/credit-requests/{request['id']}/give", {"usd": "3"})
        assert 3.0 == pot["left_usd"]
        assert [] == (await desk.call("GET", "/credit-requests"))["requests"]
        (answered,) = (await desk.call("GET", "/credit-requests?answered=true"))["requests"]
        assert ("given", "admin key") == (answered["state"], answered["answered_by"])
        await desk.refused("POST", f"/credit-requests/{request['id']}/refuse", status=409)
        # More than the database counts to: it was a 500.
        await desk.refused("POST", f"/credit-requests/{2**64}/refuse", status=404)

    at_desk(tmp_path, story)


def test_a_pot_with_little_left_needs_attention(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await shared(desk)
        await desk.call("POST", "/credits/research", {"usd": 10}, status=201)
        assert [] == (await desk.call("GET", "/overview"))["attention"]
        desk.gateway.ledger.pots[desk.gateway.pots.key_of("research")].spent = 85 * 10**8
        (item,) = (await desk.call("GET", "/overview"))["attention"]
        assert ("pot_near_limit", "research", "15 %") == (item["kind"], item["subject"], item["detail"])

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("who", "id_of"), [("research", "research"), ("Ada", "Ada"), ("gateway", "gateway"), ("t", "t")]
)
def test_a_budget_for_some_requests_with_little_left_needs_attention(tmp_path: Path, who: str, id_of: str) -> None:
    async def story(desk: Desk) -> None:
        await shared(desk)
        await desk.call("POST", "/tokens", {"name": "t"}, status=201)
        await desk.call("PATCH", f"/pots/{who}", {"budgets": ["100/day", "tag:night=50/day", "gpt-*=10/day"]})
        key = desk.gateway.pots.key_of(who)
        pot = desk.gateway.ledger.pots[key]
        pot.charge(5 * 10**9, desk.gateway.clock.wall(), "gpt-5", ())
        assert [] == (await desk.call("GET", "/overview"))["attention"]
        pot.charge(4 * 10**9, desk.gateway.clock.wall(), "gpt-5", ())
        (item,) = (await desk.call("GET", "/overview"))["attention"]
        assert ("pot_near_limit", "10 % (gpt-*)", id_of) == (item["kind"], item["detail"], item["subject"])
        if key.kind == "token":
            await desk.call("POST", "/tokens/t/disable")
            assert [] == (await desk.call("GET", "/overview"))["attention"]

    at_desk(tmp_path, story)


def test_the_audit_log_says_what_a_pot_had_and_has(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await shared(desk)
        await desk.call("PATCH", "/pots/Ada", {"budgets": ["5/day"]})
        await desk.call("PATCH", "/pots/Ada", {"budgets": ["6/day"]})
        await desk.call("POST", "/credits/Ada", {"usd": "5.50"}, status=201)
        entries = (await desk.call("GET", "/audit"))["audit"][:2]
        assert [
            ("add_credit", "person", "Ada", {"credit": [None, "5.50"]}),
            ("edit_pot", "person", "Ada", {"budgets": [["5.00/day"], ["6.00/day"]]}),
        ] == [(entry["action"], entry["kind"], entry["object"], entry["changes"]) for entry in entries]

    at_desk(tmp_path, story)
