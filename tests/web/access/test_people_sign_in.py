"""How people get into the console (T-69)."""

from __future__ import annotations

from pathlib import Path

import attrs
import httpx
import pytest

from aihub_lite.domain.people.person import Role
from tests.web.access.team import PASSWORD, add_person, invited
from tests.web.console.visitor import SAME_ORIGIN, Visitor, at_console

pytestmark = pytest.mark.attack("T-69")

WEEK = 7 * 86_400


async def accept(visitor: Visitor, path: str, password: str = PASSWORD, again: str | None = None) -> httpx.Response:
    """Post the form of an invitation."""
    fields = {"password": password, "again": password if again is None else again}
    return await visitor.post(path, fields)


async def enter(visitor: Visitor, name: str, password: str = PASSWORD) -> httpx.Response:
    """Post the sign-in's form."""
    return await visitor.post("/console/sign-in", {"name": name, "password": password})


async def me(visitor: Visitor) -> int:
    """What whoever holds the cookie is answered."""
    return (await visitor.http.get("/api/me")).status_code


@pytest.mark.parametrize(("role", "first"), [("member", "/console/me"), ("admin", "/console"), ("owner", "/console")])
def test_an_invitation_sets_a_password_and_signs_in(tmp_path: Path, role: Role, first: str) -> None:
    async def story(visitor: Visitor) -> None:
        path = await invited(visitor.gateway, await add_person(visitor.gateway, "Ada", role))
        assert "minlength" in await visitor.page(path)
        answer = await accept(visitor, path)
        assert (303, first) == (answer.status_code, answer.headers["location"])
        visitor.http.cookies.clear()
        answer = await enter(visitor, "Ada")
        assert (303, first) == (answer.status_code, answer.headers["location"])
        assert "Ada" == (await visitor.http.get("/api/me")).json()["name"]

    at_console(tmp_path, story)


def test_an_invitation_works_once(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        path = await invited(visitor.gateway, await add_person(visitor.gateway, "Ada"))
        assert [303, 401] == [(await accept(visitor, path)).status_code for _ in range(2)]

    at_console(tmp_path, story)


@pytest.mark.parametrize(("password", "again"), [("short", "short"), ("", ""), (PASSWORD, PASSWORD + "x")])
def test_an_invitation_is_not_used_up_by_a_password_that_cannot_be(tmp_path: Path, password: str, again: str) -> None:
    async def story(visitor: Visitor) -> None:
        path = await invited(visitor.gateway, await add_person(visitor.gateway, "Ada"))
        assert 400 == (await accept(visitor, path, password, again)).status_code
        assert 303 == (await accept(visitor, path)).status_code

    at_console(tmp_path, story)


def test_an_invitation_ends_after_a_week(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        path = await invited(visitor.gateway, await add_person(visitor.gateway, "Ada"))
        visitor.clock.ahead += WEEK + 1
        assert 401 == (await accept(visitor, path)).status_code

    at_console(tmp_path, story)


def test_an_invitation_opens_nothing_for_a_disabled_person(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        path = await invited(visitor.gateway, await add_person(visitor.gateway, "Ada"))
        await visitor.gateway.people.edit_person("Ada", lambda person: attrs.evolve(person, enabled=False))
        assert 401 == (await accept(visitor, path)).status_code
        assert 401 == await me(visitor)

    at_console(tmp_path, story)


def test_guesses_of_invitations_are_counted(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        tries = [await accept(visitor, f"/console/invitation/{number}") for number in range(12)]
        assert [401] * 10 == [answer.status_code for answer in tries[:10]]
        assert 429 == tries[-1].status_code

    at_console(tmp_path, story)


def test_a_new_invitation_replaces_a_forgotten_password_and_ends_its_sessions(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await add_person(visitor.gateway, "Ada")
        await accept(visitor, await invited(visitor.gateway, ada))
        old = dict(visitor.http.cookies)
        await accept(visitor, await invited(visitor.gateway, ada), "another one entirely")
        assert 200 == await me(visitor)
        visitor.http.cookies.clear()
        visitor.http.cookies.update(old)
        assert 401 == await me(visitor)
        assert [401, 303] == [
            (await enter(visitor, "Ada", word)).status_code for word in (PASSWORD, "another one entirely")
        ]

    at_console(tmp_path, story)


@pytest.mark.parametrize("name", ["Ada", "ada", " ADA ", "ada@example.org", "Ada@Example.org"])
def test_a_person_signs_in_by_name_or_address(tmp_path: Path, name: str) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await add_person(visitor.gateway, "Ada")
        await visitor.gateway.people.edit_person("Ada", lambda person: attrs.evolve(person, email="ada@example.org"))
        await accept(visitor, await invited(visitor.gateway, ada))
        visitor.http.cookies.clear()
        assert 303 == (await enter(visitor, name)).status_code

    at_console(tmp_path, story)


def test_whoever_may_not_come_in_is_told_the_same(tmp_path: Path) -> None:
    """Who is unknown, has no password yet or is disabled cannot be told from a wrong password."""

    async def story(visitor: Visitor) -> None:
        for name in ("Ada", "Bob", "Cem"):
            person = await add_person(visitor.gateway, name)
            if name != "Bob":
                await accept(visitor, await invited(visitor.gateway, person))
        visitor.http.cookies.clear()
        await visitor.gateway.people.edit_person("Cem", lambda person: attrs.evolve(person, enabled=False))
        answers = set()
        for name, password in (("Ada", PASSWORD + "x"), ("Bob", ""), ("Bob", PASSWORD), ("Cem", PASSWORD), ("Dan", "")):
            answer = await enter(visitor, name, password)
            answers.add((answer.status_code, answer.text.replace(f'value="{name}"', "")))
        assert 1 == len(answers)
        assert {401} == {status for status, _ in answers}
        assert not visitor.http.cookies

    at_console(tmp_path, story)


def test_passwords_and_admin_keys_share_one_count_of_wrong_tries(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await add_person(visitor.gateway, "Ada")
        await accept(visitor, await invited(visitor.gateway, ada))
        for number in range(6):
            await enter(visitor, "Ada", str(number))
            await visitor.post("/console/sign-in", {"key": str(number)})
        assert 429 == (await enter(visitor, "Ada")).status_code
        visitor.clock.ahead += 61
        assert 303 == (await enter(visitor, "Ada")).status_code

    at_console(tmp_path, story)


def test_a_session_of_a_disabled_or_deleted_person_ends_at_once(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for end in ("disable", "delete"):
            await accept(visitor, await invited(visitor.gateway, await add_person(visitor.gateway, end)))
            assert 200 == await me(visitor)
            if end == "disable":
                await visitor.gateway.people.edit_person(end, lambda person: attrs.evolve(person, enabled=False))
            else:
                await visitor.gateway.people.delete_person(end)
            assert 401 == await me(visitor)
            visitor.http.cookies.clear()

    at_console(tmp_path, story)


def test_the_sign_in_asks_for_a_name_only_where_there_are_people(tmp_path: Path) -> None:
    """Nothing changes for a gateway that one person has for themselves."""

    async def story(visitor: Visitor) -> None:
        assert 'name="password"' not in await visitor.page("/console/sign-in")
        await add_person(visitor.gateway, "Ada")
        assert 'name="password"' in await visitor.page("/console/sign-in")
        await visitor.sign_in()

    at_console(tmp_path, story)


# One's own account


async def change(visitor: Visitor, old: str, new: str) -> httpx.Response:
    return await visitor.http.post("/api/me/password", json={"old": old, "new": new}, headers=SAME_ORIGIN)


def test_a_password_is_changed_by_whoever_knows_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await accept(visitor, await invited(visitor.gateway, await add_person(visitor.gateway, "Ada")))
        assert 403 == (await change(visitor, "not this one, no", "another one entirely")).status_code
        assert 400 == (await change(visitor, PASSWORD, "short")).status_code
        assert 200 == (await change(visitor, PASSWORD, "another one entirely")).status_code
        assert 200 == await me(visitor)
        assert [401, 303] == [
            (await enter(visitor, "Ada", word)).status_code for word in (PASSWORD, "another one entirely")
        ]

    at_console(tmp_path, story)


def test_a_stolen_session_cannot_guess_the_password(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await accept(visitor, await invited(visitor.gateway, await add_person(visitor.gateway, "Ada")))
        tries = [(await change(visitor, f"guess number {number}", PASSWORD)).status_code for number in range(12)]
        assert ([403] * 10, 429) == (tries[:10], tries[-1])

    at_console(tmp_path, story)


def test_a_person_sees_and_ends_their_own_sessions_alone(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await add_person(visitor.gateway, "Ada")
        await accept(visitor, await invited(visitor.gateway, ada))
        visitor.http.cookies.clear()
        await accept(visitor, await invited(visitor.gateway, await add_person(visitor.gateway, "Bob")))
        (foreign,) = (await visitor.http.get("/api/me/sessions")).json()
        visitor.http.cookies.clear()
        await enter(visitor, "Ada")
        own = (await visitor.http.get("/api/me/sessions")).json()
        assert [True, False] == [session["current"] for session in own]
        path = f"/api/me/sessions/{foreign['id']}"
        assert 404 == (await visitor.http.delete(path, headers=SAME_ORIGIN)).status_code
        path = f"/api/me/sessions/{own[1]['id']}"
        assert 200 == (await visitor.http.delete(path, headers=SAME_ORIGIN)).status_code
        assert 200 == await me(visitor)
        assert 2 == len(await visitor.call("GET", "/sessions"))

    at_console(tmp_path, story)


def test_signing_out_elsewhere_leaves_this_browser_and_other_people(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        await accept(visitor, await invited(visitor.gateway, await add_person(visitor.gateway, "Ada")))
        await enter(visitor, "Ada")
        answer = await visitor.http.delete("/api/me/sessions", headers=SAME_ORIGIN)
        assert {"ended": 1} == answer.json()
        assert 200 == await me(visitor)
        assert {None, "Ada"} == {session["person"] for session in await visitor.call("GET", "/sessions")}

    at_console(tmp_path, story)
