"""Who somebody is here whom an issuer of OpenID Connect has let in."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.people.person import ROLES, Person, Role, check_email
from aihub_lite.errors import AccessDenied, Conflict, InvalidRequest
from aihub_lite.gateway.people.registry import PeopleRegistry
from aihub_lite.storage.people.identities import Identities

OPEN = "open"
OFF = "off"
LONGEST_NAME = 60
"""Characters of a name that is made of what an issuer says: a number may follow."""
MOST_NAMESAKES = 100


@attrs.frozen(kw_only=True)
class Identity:
    """Somebody, as an issuer says."""

    issuer: str
    subject: str
    name: str
    """For people to read; empty where it says none."""
    email: str | None
    """Only where it says that it has verified it."""
    role: Role | None
    """None where the settings name no claim for it."""
    team: str | None
    """The name of a team; empty for none, None where the settings name no claim for it."""


def identity_of(claims: Mapping[str, Any], issuer: str, settings: Settings) -> Identity:
    """What counts of an issuer's claims, as the settings say."""
    email = None
    verified = claims.get("email_verified")
    # Some issuers write the word, where the standard has a boolean.
    if verified is True or verified == "true":
        email = _email(claims.get("email"))
    name = next((text for key in ("name", "preferred_username") if (text := _plain(claims.get(key)))), "")
    role: Role | None = None
    if settings.oidc_role_claim:
        role = role_in(_texts(claims, settings.oidc_role_claim), settings.oidc_roles)
    team = None
    if settings.oidc_team_claim:
        team = next(iter(_texts(claims, settings.oidc_team_claim)), "")
    return Identity(issuer=issuer, subject=claims["sub"], name=name, email=email, role=role, team=team)


def role_in(words: list[str], mapping: str) -> Role:
    """The highest role that any of an issuer's words stands for, in a mapping like `gateway-admins=admin,staff=member`;
    `member` where none does."""
    roles = {word.strip(): role.strip() for word, _, role in (part.partition("=") for part in mapping.split(","))}
    given = {roles.get(word) for word in words}
    return next((role for role in ROLES if role in given), "member")


def _texts(claims: Mapping[str, Any], path: str) -> list[str]:
    """The words of a claim, which may lie deeper (`realm_access.roles`) and be one word or a list."""
    value: Any = claims
    steps = path.split(".")
    if path in claims:
        steps = [path]
    for step in steps:
        if not isinstance(value, Mapping):
            return []
        value = value.get(step)
    if not isinstance(value, list):
        value = [value]
    return [text for text in value if isinstance(text, str)]


def _email(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        return check_email(value)
    except InvalidRequest:
        return None


def _plain(value: object) -> str:
    """A name that can be one here; empty where nothing is left of it."""
    if not isinstance(value, str):
        return ""
    text = unicodedata.normalize("NFKC", value).replace("/", "-").replace("\\", "-")
    text = "".join(letter for letter in text if letter.isprintable()).strip()
    while text and not text[0].isalnum():
        text = text[1:]
    return text[:LONGEST_NAME].strip()


@attrs.define(eq=False)
class SingleSignOn:
    """Finds who an identity is, and makes somebody new where people may sign up by themselves."""

    people: PeopleRegistry
    identities: Identities
    settings: Settings
    welcome: Callable[[Person], Awaitable[None]] | None = None
    """What is done for whoever signed up."""
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    """Two first sign-ins of one identity are one person."""

    async def person(self, identity: Identity) -> Person:
        """Who it is, with the role and team of this sign-in. Raises AccessDenied for nobody here, and whoever is
        disabled."""
        async with self._turn:
            person = await self._known(identity)
            if person is None:
                person = await self._sign_up(identity)
            if not person.enabled:
                raise AccessDenied("Nobody here is known by this identity.")
            return await self._updated(person, identity)

    async def _known(self, identity: Identity) -> Person | None:
        person_id = await self.identities.find(identity.issuer, identity.subject)
        person = self.people.persons.get(person_id or "")
        if person is not None or identity.email is None:
            return person
        for person in self.people.persons.values():
            if person.email == identity.email:
                await self.identities.link(identity.issuer, identity.subject, person.id)
                return person
        return None

    async def _sign_up(self, identity: Identity) -> Person:
        if not self._may_sign_up(identity.email):
            raise AccessDenied("Nobody here is known by this identity.")
        person = await self._create(identity)
        await self.identities.link(identity.issuer, identity.subject, person.id)
        if self.welcome is not None:
            await self.welcome(person)
        return person

    def _may_sign_up(self, email: str | None) -> bool:
        if self.settings.sign_up in (OFF, OPEN):
            return self.settings.sign_up == OPEN
        domains = {domain.strip().lower() for domain in self.settings.sign_up.split(",")}
        return email is not None and email.rpartition("@")[2] in domains

    async def _create(self, identity: Identity) -> Person:
        wanted = identity.name or _plain((identity.email or "").partition("@")[0]) or "Somebody"
        for number in range(1, MOST_NAMESAKES):
            name = wanted
            if number > 1:
                name = f"{wanted} {number}"
            if name.casefold() in {person.name.casefold() for person in self.people.persons.values()}:
                continue
            return await self.people.create_person(name, lambda person: attrs.evolve(person, email=identity.email))
        raise Conflict("Too many people have this name.")

    async def _updated(self, person: Person, identity: Identity) -> Person:
        """With what the issuer says of role and team. It takes the last owner's role from nobody."""
        changes: dict[str, Any] = {}
        if identity.role is not None and identity.role != person.role:
            changes["role"] = identity.role
        if identity.team is not None:
            ids = {team.name: team.id for team in self.people.teams.values()}
            team_id = ids.get(identity.team, "")
            if team_id != person.team_id:
                changes["team_id"] = team_id
        if not changes:
            return person
        try:
            return await self.people.edit_person(person.id, lambda person: attrs.evolve(person, **changes))
        except Conflict:
            return person
