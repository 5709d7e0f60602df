"""Every route and every role, against one table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from litestar.routes import HTTPRoute

from aihub_lite.domain.people.person import ROLES as PERSON_ROLES
from aihub_lite.domain.people.person import Person, Role
from aihub_lite.errors import AccessDenied
from aihub_lite.web.access.rights import RIGHTS, right_of
from tests.web.access.team import ROLES, add_person, invited, signed_in
from tests.web.admin.desk import framed_routes
from tests.web.console.visitor import SAME_ORIGIN, Visitor, at_console

GOLDEN = Path(__file__).with_name("rights.txt")
SHUT, NO, YES = "401", "403", "yes"
UNLIMITED: dict[str, Any] = {"console_rpm": 0, "auth_failures_per_minute": 0, "admin_failures_per_minute": 0}


def golden() -> dict[tuple[str, str], list[str]]:
    """What each role is answered, in the order of ROLES, by method and path."""
    heading, *lines = GOLDEN.read_text().splitlines()
    assert ["method", "path", *ROLES] == heading.split()
    rows = [line.split() for line in lines]
    return {(method, path): answers for method, path, *answers in rows}


async def routes_of(visitor: Visitor) -> list[tuple[str, str]]:
    """Method and path of every route of the framework, from the application itself: a new one is there by itself."""
    routes = await framed_routes(visitor.app)
    plain = [route for route in routes if isinstance(route, HTTPRoute)]
    assert routes == plain
    return sorted((method, route.path_format) for route in plain for method in route.methods if method != "OPTIONS")


async def headers_of(visitor: Visitor, role: str, people: dict[str, Person], path: str) -> dict[str, str]:
    """A fresh way in for each request: some end the one that they came by."""
    if role == "nobody":
        return SAME_ORIGIN
    if role == "key" and path.startswith("/api/"):
        return {"authorization": f"Bearer {visitor.gateway.run_key}"}
    return await signed_in(visitor.gateway, people.get(role))


async def answer_of(visitor: Visitor, method: str, path: str, headers: dict[str, str]) -> str:
    """Whether a request is let in: with nothing in it, and for things that are not there."""
    address = re.sub(r"\{[^}]*\}", "x", path.replace("{number}", "1"))
    answer = await visitor.http.request(method, address, headers={**headers, "accept": "text/html"})
    visitor.http.cookies.clear()
    target = answer.headers.get("location", "")
    if answer.status_code == 401 or (path != "/console/sign-out" and target.startswith("/console/sign-in")):
        return SHUT
    if answer.status_code == 403 or (path == "/console" and target == "/console/me"):
        return NO
    assert answer.status_code != 500, (method, path, answer.text)
    return YES


def test_every_route_is_open_to_those_roles_alone_that_the_table_names(tmp_path: Path) -> None:
    answers: dict[tuple[str, str], list[str]] = {}

    async def story(visitor: Visitor) -> None:
        people: dict[str, Person] = {role: await add_person(visitor.gateway, role, role) for role in PERSON_ROLES}
        for method, path in await routes_of(visitor):
            if path == "/console/enter/{secret}" or path == "/console/invitation/{secret}":
                continue  # open to whoever has the secret: nobody has this one
            answers[method, path] = [
                await answer_of(visitor, method, path, await headers_of(visitor, role, people, path)) for role in ROLES
            ]

    at_console(tmp_path, story, **UNLIMITED)

    assert golden() == answers


def test_every_route_has_a_right_and_every_right_a_route(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert await routes_of(visitor) == sorted(route for route in RIGHTS if route[0] != "OPTIONS")

    at_console(tmp_path, story)


def test_a_route_without_a_right_is_refused_to_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(visitor: Visitor) -> None:
        assert "tokens" in await visitor.call("GET", "/tokens")
        monkeypatch.delitem(RIGHTS, ("GET", "/api/admin/tokens"))
        await visitor.call("GET", "/tokens", status=403)

    at_console(tmp_path, story)


def test_a_path_that_nobody_knows_has_no_right() -> None:
    with pytest.raises(AccessDenied):
        right_of("GET", "/api/admin/nothing")


def test_to_ask_for_methods_takes_the_lowest_right_of_a_path() -> None:
    assert ["open", "person", "admin", "owner"] == [
        right_of("OPTIONS", path)
        for path in ("/console/sign-in", "/api/me/sessions", "/api/admin/sessions", "/api/admin/console-links")
    ]


def test_an_admin_ends_no_session_of_an_owner_or_of_the_admin_key(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        owner = await add_person(visitor.gateway, "Olga", "owner")
        member = await add_person(visitor.gateway, "Max")
        headers = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "admin"))
        await signed_in(visitor.gateway, None)
        await signed_in(visitor.gateway, owner)
        await signed_in(visitor.gateway, member)
        ended = {}
        for session in await visitor.call("GET", "/sessions"):
            path = f"/api/admin/sessions/{session['id']}"
            ended[session["person"]] = (await visitor.http.delete(path, headers=headers)).status_code
        assert {None: 403, "Olga": 403, "Max": 200, "Ada": 200} == ended

    at_console(tmp_path, story)


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_a_role_counts_from_the_moment_on_that_it_is_given(tmp_path: Path, role: Role) -> None:
    async def story(visitor: Visitor) -> None:
        await add_person(visitor.gateway, "Olga", "owner")
        person = await add_person(visitor.gateway, "Ada", role)
        headers = await signed_in(visitor.gateway, person)
        assert 200 == (await visitor.http.get("/api/admin/tokens", headers=headers)).status_code
        await visitor.gateway.people.edit_person("Ada", lambda person: attrs.evolve(person, role="member"))
        assert 403 == (await visitor.http.get("/api/admin/tokens", headers=headers)).status_code

    at_console(tmp_path, story)


def test_a_member_is_led_from_the_front_page_to_their_own(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        headers = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Max"))
        answer = await visitor.http.get("/console", headers={**headers, "accept": "text/html"})
        assert (303, "/console/me") == (answer.status_code, answer.headers["location"])

    at_console(tmp_path, story)


def test_a_page_that_is_refused_shows_a_member_their_own_way_around(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        headers = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Max"))
        answer = await visitor.http.get("/console/channels", headers={**headers, "accept": "text/html"})
        assert (403, True) == (answer.status_code, 'class="entry" href="/console/me"' in answer.text)
        assert 'class="entry" href="/console/channels"' not in answer.text

    at_console(tmp_path, story)


def test_a_member_that_asks_from_another_site_changes_nothing(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        headers = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Max"))
        foreign = {**headers, "origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        assert 403 == (await visitor.http.delete("/api/me/sessions", headers=foreign)).status_code
        assert 200 == (await visitor.http.get("/api/me", headers=headers)).status_code

    at_console(tmp_path, story)


OWNERS = [
    ("PATCH", "/people/Olga", {"name": "Olga B"}),
    ("POST", "/people/Olga/disable", None),
    ("DELETE", "/people/Olga", None),
    ("POST", "/invitations", {"name": "Olga"}),
    ("DELETE", "/invitations/Olga", None),
    ("PUT", "/teams/lab/members/Olga", None),
    ("POST", "/people", {"name": "Eve", "role": "owner"}),
    ("POST", "/invitations", {"name": "Eve", "role": "owner"}),
    ("PATCH", "/people/Max", {"role": "owner"}),
    ("PATCH", "/people/Ada", {"role": "owner"}),
]
"""What would change an owner, or make one: a link lets whoever has it choose the owner's password."""


@pytest.mark.parametrize(("method", "path", "body"), OWNERS)
def test_an_admin_changes_and_makes_no_owner(tmp_path: Path, method: str, path: str, body: Any) -> None:
    async def story(visitor: Visitor) -> None:
        people = visitor.gateway.people
        for name, role in (("Olga", "owner"), ("Olaf", "owner"), ("Max", "member")):
            await add_person(visitor.gateway, name, cast("Role", role))
        await people.create_team("lab")
        await invited(visitor.gateway, people.person("Olga"))
        headers = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "admin"))
        before = dict(people.persons)
        answer = await visitor.http.request(method, f"/api/admin{path}", json=body, headers=headers)
        assert (403, before) == (answer.status_code, people.persons)
        assert None is not await people.invitations.of_person(people.person("Olga").id, 0)
        headers = await signed_in(visitor.gateway, people.person("Olaf"))
        answer = await visitor.http.request(method, f"/api/admin{path}", json=body, headers=headers)
        assert answer.is_success, answer.text

    at_console(tmp_path, story, **UNLIMITED)


def test_an_admin_changes_members_and_admins(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add_person(visitor.gateway, "Max")
        headers = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "admin"))
        for body in ({"role": "admin"}, {"name": "Maxim"}, {"most_tokens": 3, "token_models": ["gpt-*"]}):
            name = visitor.gateway.people.persons[next(iter(visitor.gateway.people.persons))].name
            answer = await visitor.http.patch(f"/api/admin/people/{name}", json=body, headers=headers)
            assert 200 == answer.status_code, answer.text
        person = visitor.gateway.people.person("Maxim")
        assert ("admin", 3, ("gpt-*",)) == (person.role, person.most_tokens, person.token_models)

    at_console(tmp_path, story)


def test_the_audit_log_knows_the_person_who_changed_something(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await add_person(visitor.gateway, "Ada", "admin")
        headers = await signed_in(visitor.gateway, ada)
        await visitor.http.post("/api/admin/tokens", json={"name": "ci"}, headers=headers)
        await visitor.http.post("/api/me/tokens", json={"name": "own"}, headers=headers)
        await visitor.http.delete("/api/me/sessions", headers=headers)
        lines = (await visitor.call("GET", "/audit"))["audit"]
        assert [("end_other_sessions", ""), ("create_own_token", "Ada: own"), ("create_token", "ci")] == [
            (line["action"], line["object"]) for line in lines
        ]
        assert {("person", "Ada")} == {(line["via"], line["by"]) for line in lines}

    at_console(tmp_path, story)
