"""Who somebody is here whom an issuer has let in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.config import BadSetting, Settings, with_values
from aihub_lite.domain.people.person import Person
from aihub_lite.errors import AccessDenied
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.people.sso import SingleSignOn, identity_of, role_in
from aihub_lite.storage.people.identities import Identities

ISSUER = "https://id.example"
ADA = {"sub": "1", "name": "Ada Lovelace", "email": "Ada@Example.org", "email_verified": True}
MAPPED = {"oidc_role_claim": "groups", "oidc_roles": "bosses=owner,ops=admin", "oidc_team_claim": "team"}


@attrs.frozen(eq=False)
class Door:
    """A gateway whose issuer says who comes."""

    gateway: Gateway
    settings: Settings
    sign_on: SingleSignOn

    async def enter(self, claims: dict[str, Any]) -> Person:
        """Whom the gateway takes somebody for; raises AccessDenied."""
        return await self.sign_on.person(identity_of(claims, ISSUER, self.settings))


def at_door(directory: Path, story: Callable[[Door], Awaitable[None]], **options: Any) -> None:
    async def play() -> None:
        settings = Settings(data_dir=directory, discover_local=False, **options)
        async with open_gateway(settings, {}) as gateway:
            sign_on = SingleSignOn(gateway.people, Identities(gateway.database), settings)
            await story(Door(gateway, settings, sign_on))

    asyncio.run(play())


def test_nobody_signs_up_unless_that_is_allowed(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        with pytest.raises(AccessDenied):
            await door.enter(ADA)
        assert {} == door.gateway.people.persons

    at_door(tmp_path, story)


def test_whoever_was_made_here_is_known_by_a_verified_address_and_then_by_the_issuers_name(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        made = await door.gateway.people.create_person(
            "Ada", lambda person: attrs.evolve(person, email="ada@example.org")
        )
        assert made == await door.enter(ADA)
        assert made == await door.enter({"sub": "1"})
        with pytest.raises(AccessDenied):
            await door.enter({"sub": "2"})

    at_door(tmp_path, story)


@pytest.mark.parametrize("verified", [{}, {"email_verified": False}, {"email_verified": "no"}, {"email_verified": 1}])
def test_an_address_that_is_not_verified_is_nobodys(tmp_path: Path, verified: dict[str, Any]) -> None:
    """Whoever may write any address at an issuer would be anybody here."""

    async def story(door: Door) -> None:
        await door.gateway.people.create_person("Ada", lambda person: attrs.evolve(person, email="ada@example.org"))
        with pytest.raises(AccessDenied):
            await door.enter({"sub": "1", "name": "x", "email": "ada@example.org", **verified})

    at_door(tmp_path, story, sign_up="example.org")


@pytest.mark.parametrize(
    ("email", "comes_in"),
    [
        ("ada@example.org", True),
        ("ada@EXAMPLE.com", True),
        ("ada@evil-example.org", False),
        ("ada@example.org.evil", False),
        ("ada@sub.example.org", False),
    ],
)
def test_a_domain_lets_in_its_own_addresses_alone(tmp_path: Path, email: str, comes_in: bool) -> None:
    async def story(door: Door) -> None:
        claims = {**ADA, "email": email}
        if comes_in:
            assert ("member", email.lower()) == ((person := await door.enter(claims)).role, person.email)
            return
        with pytest.raises(AccessDenied):
            await door.enter(claims)

    at_door(tmp_path, story, sign_up="example.org, example.com")


def test_an_open_door_lets_in_everybody_once(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        people = await asyncio.gather(*(door.enter({"sub": "1", "name": "Ada"}) for _ in range(5)))
        assert 1 == len({person.id for person in people})
        assert 1 == len(door.gateway.people.persons)

    at_door(tmp_path, story, sign_up="open")


def test_people_of_one_name_are_told_apart(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        people = [await door.enter({"sub": str(number), "name": "Ada/Lovelace\n"}) for number in range(3)]
        assert ["Ada-Lovelace", "Ada-Lovelace 2", "Ada-Lovelace 3"] == [person.name for person in people]
        assert "Somebody" == (await door.enter({"sub": "9", "name": "…/"})).name

    at_door(tmp_path, story, sign_up="open")


def test_whoever_signed_up_is_welcomed_once(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        welcomed: list[str] = []

        async def welcome(person: Person) -> None:
            welcomed.append(person.name)

        door.sign_on.welcome = welcome
        for _ in range(2):
            await door.enter({"sub": "1", "name": "Ada"})
        assert ["Ada"] == welcomed

    at_door(tmp_path, story, sign_up="open")


def test_the_issuer_sets_role_and_team_at_each_sign_in(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        core = await door.gateway.people.create_team("core")
        person = await door.enter({**ADA, "groups": ["staff", "ops"], "team": "core"})
        assert ("admin", core.id) == (person.role, person.team_id)
        person = await door.enter({**ADA, "groups": ["staff"], "team": "nowhere"})
        assert ("member", "") == (person.role, person.team_id)

    at_door(tmp_path, story, sign_up="open", **MAPPED)


def test_the_issuer_takes_the_last_owner_from_nobody(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        assert "owner" == (await door.enter({**ADA, "groups": "bosses"})).role
        assert "owner" == (await door.enter({**ADA, "groups": []})).role

    at_door(tmp_path, story, sign_up="open", **MAPPED)


def test_an_issuer_that_is_not_asked_for_roles_changes_none(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        await door.enter({**ADA, "groups": ["bosses"], "role": "owner"})
        await door.gateway.people.edit_person("Ada Lovelace", lambda person: attrs.evolve(person, role="admin"))
        assert "admin" == (await door.enter(ADA)).role

    at_door(tmp_path, story, sign_up="open")


def test_whoever_is_disabled_here_does_not_come_in(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        person = await door.enter(ADA)
        await door.gateway.people.edit_person(person.id, lambda person: attrs.evolve(person, enabled=False))
        with pytest.raises(AccessDenied):
            await door.enter(ADA)

    at_door(tmp_path, story, sign_up="open")


def test_an_identity_goes_with_its_person(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        person = await door.enter(ADA)
        await door.gateway.people.delete_person(person.id)
        assert None is await door.sign_on.identities.find(ISSUER, "1")

    at_door(tmp_path, story, sign_up="open")


@pytest.mark.parametrize(
    ("words", "role"), [(["ops"], "admin"), (["ops", "bosses"], "owner"), (["x"], "member"), ([], "member")]
)
def test_the_highest_role_of_an_issuers_words_counts(words: list[str], role: str) -> None:
    assert role == role_in(words, "bosses = owner, ops=admin")


def test_a_claim_may_lie_deeper() -> None:
    settings = with_values(Settings(), oidc_role_claim="realm_access.roles", oidc_roles="ops=admin")
    assert "admin" == identity_of({"sub": "1", "realm_access": {"roles": ["ops"]}}, ISSUER, settings).role
    assert "member" == identity_of({"sub": "1", "realm_access": "ops"}, ISSUER, settings).role


@pytest.mark.parametrize(
    "values",
    [
        {"oidc_client_secret": "typed"},
        {"oidc_client_secret": "env:"},
        {"oidc_issuer": "id.example"},
        {"oidc_issuer": "https://id.example/?x"},
        {"oidc_roles": "ops"},
        {"oidc_roles": "ops=boss"},
        {"oidc_roles": "=admin"},
    ],
)
def test_a_setting_that_cannot_be_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match=next(iter(values))):
        with_values(Settings(), **values)
