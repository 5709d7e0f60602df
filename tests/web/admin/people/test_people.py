"""People over the admin API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.web.admin.desk import Desk, at_desk


async def named(desk: Desk, *names: str, **fields: Any) -> None:
    """People of these names."""
    for name in names:
        await desk.call("POST", "/people", {"name": name, **fields}, status=201)


def test_a_person_is_made_shown_and_changed_field_by_field(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/teams", {"name": "lab"}, status=201)
        body = {"name": "Ada", "email": "Ada@Example.org", "role": "admin", "team": "lab"}
        made = await desk.call("POST", "/people", body, status=201)
        assert made.pop("id").startswith("per_")
        del made["created"]
        assert {
            "name": "Ada",
            "email": "ada@example.org",
            "role": "admin",
            "team": "lab",
            "enabled": True,
            "tokens": 0,
            "spent_usd": 0.0,
            "limits": [],
            "tightest": None,
            "invited": None,
            "most_tokens": 10,
            "token_group": "default",
            "token_models": [],
            "token_rpm": None,
            "paused": None,
        } == made
        await desk.call("PATCH", "/people/ada@example.org", {"name": "Eve", "team": None, "role": "member"})
        shown = await desk.call("GET", "/people/Eve")
        assert ("ada@example.org", "member", None) == (shown["email"], shown["role"], shown["team"])
        await desk.call("PATCH", "/people/Eve", {"email": None})
        assert (await desk.call("GET", "/people/Eve"))["email"] is None

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "name: "),
        ({"name": "a/b"}, "name: "),
        ({"name": "per_1"}, "name: must not begin with per_"),
        ({"name": "Ada", "role": "king"}, "role: must be one of owner, admin, member"),
        ({"name": "Ada", "email": "nobody"}, "email: "),
        ({"name": "Ada", "team": "nowhere"}, "team: There is no team 'nowhere'."),
        ({"name": "Ada", "team_id": "team_1"}, "unknown field team_id"),
        ({"name": "Ada", "spent": 1}, "unknown field spent"),
        ({"name": "Ada", "enabled": "yes"}, "enabled: must be true or false"),
    ],
)
def test_a_refusal_names_the_field(tmp_path: Path, body: dict[str, Any], says: str) -> None:
    async def story(desk: Desk) -> None:
        assert says in await desk.refused("POST", "/people", body)
        assert [] == (await desk.call("GET", "/people"))["people"]

    at_desk(tmp_path, story)


def test_nobody_can_be_taken_for_somebody_else(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await named(desk, "Ada", email="ada@example.org")
        for body in ({"name": "ada"}, {"name": "Ada@example.org"}, {"name": "x", "email": "ADA@example.org"}):
            await desk.refused("POST", "/people", body, status=409)
        await named(desk, "bob@example.org")
        await desk.refused("PATCH", "/people/Ada", {"email": "bob@example.org"}, status=409)

    at_desk(tmp_path, story)


def test_a_list_comes_in_pages_and_is_searched_by_name_address_role_and_team(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/teams", {"name": "lab"}, status=201)
        await named(desk, *(f"person {number:03}" for number in range(5)))
        await named(desk, "Ada", email="ada@example.org", role="owner", team="lab")
        first = await desk.call("GET", "/people?limit=4")
        rest = await desk.call("GET", f"/people?limit=4&after={first['after']}")
        assert ([4, 2], True, False) == ([len(each["people"]) for each in (first, rest)], first["more"], rest["more"])
        for q in ("ADA", "example.org", "owner", "lab"):
            assert ["Ada"] == [person["name"] for person in (await desk.call("GET", f"/people?q={q}"))["people"]]

    at_desk(tmp_path, story)


def test_a_token_is_given_to_a_person_to_a_team_and_back_to_the_gateway(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/teams", {"name": "lab"}, status=201)
        await named(desk, "Ada", team="lab")
        await desk.call("POST", "/tokens", {"name": "a", "person": "Ada"}, status=201)
        owners = []
        for body in ({"team": "lab"}, {"person": None}, {"person": "Ada"}, {"rpm": 5}, {"person": None, "team": None}):
            shown = await desk.call("PATCH", "/tokens/a", body)
            owners.append((shown["person"], shown["team"]))
        assert [(None, "lab"), (None, None), ("Ada", "lab"), ("Ada", "lab"), (None, None)] == owners
        assert "team: " in await desk.refused("PATCH", "/tokens/a", {"person": "Ada", "team": "lab"})
        assert "person: There is no person 'Bob'." == await desk.refused("PATCH", "/tokens/a", {"person": "Bob"})
        assert "team: There is no team 'x'." == await desk.refused("POST", "/tokens", {"name": "b", "team": "x"})

    at_desk(tmp_path, story)


def test_tokens_are_found_and_counted_by_their_owner(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/teams", {"name": "lab"}, status=201)
        await named(desk, "Ada", team="lab")
        for name, owner in (("a", {"person": "Ada"}), ("b", {"team": "lab"}), ("c", {})):
            await desk.call("POST", "/tokens", {"name": name, **owner}, status=201)
        found = {
            q: [token["name"] for token in (await desk.call("GET", f"/tokens?q={q}"))["tokens"]] for q in ["ada", "lab"]
        }
        assert {"ada": ["a"], "lab": ["a", "b"]} == found
        assert [1, 1] == [(await desk.call("GET", path))["tokens"] for path in ("/people/Ada", "/teams/lab")]

    at_desk(tmp_path, story)


def test_who_deletes_a_person_is_told_which_tokens_went_along(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await named(desk, "Ada")
        for name, owner in (("a", {"person": "Ada"}), ("b", {"person": "Ada"}), ("c", {})):
            await desk.call("POST", "/tokens", {"name": name, **owner}, status=201)
        assert ["a", "b"] == (await desk.call("DELETE", "/people/Ada"))["tokens"]
        assert ["c"] == [token["name"] for token in (await desk.call("GET", "/tokens"))["tokens"]]
        await desk.refused("GET", "/people/Ada", status=404)

    at_desk(tmp_path, story)


def test_the_last_owner_can_neither_be_deleted_disabled_nor_made_less(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await named(desk, "Ada", role="owner")
        await named(desk, "Bob")
        for call in (
            ("DELETE", "/people/Ada"),
            ("POST", "/people/Ada/disable"),
            ("PATCH", "/people/Ada", {"role": "admin"}),
        ):
            await desk.refused(*call, status=409)
        await desk.call("PATCH", "/people/Bob", {"role": "owner"})
        await desk.call("DELETE", "/people/Ada")

    at_desk(tmp_path, story)


# Teams


def test_a_person_joins_one_team_at_a_time_and_leaves_only_their_own(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for name in ("lab", "office"):
            await desk.call("POST", "/teams", {"name": name}, status=201)
        await named(desk, "Ada", "Bob")
        await desk.call("PUT", "/teams/lab/members/Bob")
        assert ["Ada", "Bob"] == (await desk.call("PUT", "/teams/lab/members/Ada"))["members"]
        assert ["Ada"] == (await desk.call("PUT", "/teams/office/members/Ada"))["members"]
        await desk.refused("DELETE", "/teams/lab/members/Ada", status=409)
        assert [] == (await desk.call("DELETE", "/teams/lab/members/Bob"))["members"]
        await desk.refused("PUT", "/teams/nowhere/members/Ada", status=404)
        await desk.refused("PUT", "/teams/lab/members/Eve", status=404)

    at_desk(tmp_path, story)


def test_a_team_is_renamed_and_deleted_once_nobody_belongs_to_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/teams", {"name": "lab"}, status=201)
        await desk.call("PATCH", "/teams/lab", {"name": "research"})
        await named(desk, "Ada", team="research")
        await desk.call("POST", "/tokens", {"name": "t", "team": "research"}, status=201)
        assert "still has members" in await desk.refused("DELETE", "/teams/research", status=409)
        await desk.call("DELETE", "/people/Ada")
        assert ["t"] == (await desk.call("DELETE", "/teams/research"))["tokens"]
        assert [] == (await desk.call("GET", "/teams"))["teams"]

    at_desk(tmp_path, story)


# Invitations


def test_an_invitation_makes_who_is_new_and_its_link_is_shown_once(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        body = {"name": "Ada", "email": "ada@example.org", "role": "admin"}
        made = await desk.call("POST", "/invitations", body, status=201)
        secret = made["path"].removeprefix("/console/invitation/")
        assert (True, "admin", True) == (made["new"], made["person"]["role"], len(secret) > 40)
        assert made["expires"] == made["person"]["invited"]
        shown = [await desk.call("GET", path) for path in ("/invitations", "/people", "/people/Ada")]
        assert (True, False) == (made["expires"] in str(shown), secret in str(shown))
        again = await desk.call("POST", "/invitations", {"name": "Ada"}, status=201)
        assert (False, False) == (again["new"], again["path"] == made["path"])
        assert 1 == len((await desk.call("GET", "/invitations"))["invitations"])

    at_desk(tmp_path, story)


def test_the_secret_of_a_link_is_nowhere_in_the_data_directory(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        made = await desk.call("POST", "/invitations", {"name": "Ada"}, status=201)
        secret = made["path"].rpartition("/")[2].encode()
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
        assert (True, False) == (b"Ada" in kept, secret in kept)

    at_desk(tmp_path, story)


def test_an_invitation_changes_nobody_who_is_there(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await named(desk, "Ada", email="ada@example.org")
        for field, value in (("role", "owner"), ("email", "eve@example.org"), ("team", "lab")):
            if field == "team":
                await desk.call("POST", "/teams", {"name": "lab"}, status=201)
            message = await desk.refused("POST", "/invitations", {"name": "Ada", field: value}, status=409)
            assert message.startswith(f"{field}: ")
        same = {"name": "Ada", "role": "member", "email": "ADA@example.org"}
        await desk.call("POST", "/invitations", same, status=201)

    at_desk(tmp_path, story)


def test_an_open_invitation_is_ended_and_nobody_disabled_is_invited(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/invitations", {"name": "Ada"}, status=201)
        await desk.call("DELETE", "/invitations/Ada")
        await desk.refused("DELETE", "/invitations/Ada", status=404)
        await desk.call("POST", "/people/Ada/disable")
        await desk.refused("POST", "/invitations", {"name": "Ada"}, status=409)
        assert [] == (await desk.call("GET", "/invitations"))["invitations"]

    at_desk(tmp_path, story)
