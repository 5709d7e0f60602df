"""Pots are an administrator's to fill: a person sees their own, and nothing of another's."""

from __future__ import annotations

from pathlib import Path

from tests.web.console.visitor import Visitor, at_console
from tests.web.me.test_own import member


def test_a_person_learns_nothing_of_others_pots(tmp_path: Path) -> None:
    """Nor gives themselves anything: the routes of credits are the administrators'."""

    async def story(visitor: Visitor) -> None:
        gateway = visitor.gateway
        team = await gateway.people.create_team("research")
        ada = await member(visitor, "Ada", team_id=team.id)
        bob = await member(visitor, "Bob", team_id=team.id)
        await gateway.pots.set_budgets(gateway.pots.key_of("research"), ["1.23/day"])
        await bob.ask("POST", "/credit-requests", {"usd": "7"}, status=201)
        pot = await ada.ask("GET", "/pot")
        asked = await ada.ask("GET", "/credit-requests")
        assert ("Ada", [], []) == (pot["name"], pot["budgets"], asked["requests"])
        page = await ada.page("/console/me")
        assert "1.23" not in page
        for path in ("/pots", f"/pots/{ada.person.id}", f"/credits/{bob.person.id}/statement", "/credit-requests"):
            answer = await visitor.http.get(f"/api/admin{path}", headers=ada.headers)
            assert (path, 403) == (path, answer.status_code)
        answer = await visitor.http.post(f"/api/admin/credits/{ada.person.id}", json={"usd": 5}, headers=ada.headers)
        assert 403 == answer.status_code

    at_console(tmp_path, story)


def test_a_member_gives_their_own_token_no_budgets_but_as_before(tmp_path: Path) -> None:
    """Budgets of several kinds are an administrator's to set: what a member chooses is a field of the token."""

    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        await ada.ask("POST", "/tokens", {"name": "laptop", "budgets": ["5/day"]}, status=400)
        made = await ada.ask("POST", "/tokens", {"name": "laptop", "budget": "5/day"}, status=201)
        assert ("5.00/day", []) == (made["budget"], made["budgets"])

    at_console(tmp_path, story)


def test_an_admin_who_gives_credit_is_named_in_its_entry(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await member(visitor, "Ada")
        eve = await member(visitor, "Eve", role="admin")
        answer = await visitor.http.post("/api/admin/credits/Ada", json={"usd": 5}, headers=eve.headers)
        assert (201, "Eve") == (answer.status_code, answer.json()["credits"][0]["by"])

    at_console(tmp_path, story)
