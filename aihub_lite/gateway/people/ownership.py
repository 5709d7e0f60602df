"""Whose a token is: a person's, a team's or the gateway's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.domain.people.person import Person, Team
from aihub_lite.domain.token import Ceiling, Token
from aihub_lite.errors import InvalidRequest, NotFound
from aihub_lite.gateway.people.registry import PeopleRegistry
from aihub_lite.gateway.state.tokens import TokenRegistry, followed_by, owner_of

NOBODYS: Mapping[str, Any] = {"person_enabled": True, "self_made": False, "ceiling": None}
"""What is said of a token that no person has."""


def follow_owners(people: PeopleRegistry, tokens: TokenRegistry) -> None:
    """From now on tokens follow their owners: to another team, out of use and back, and away."""

    async def person_changed(before: Person | None, after: Person | None) -> None:
        if after is not None:
            await tokens.follow_person(after.id, after.team_id, after.enabled, ceiling_of(after))
        elif before is not None:
            await tokens.go_with(person_id=before.id)

    async def team_changed(before: Team | None, after: Team | None) -> None:
        if before is not None and after is None:
            await tokens.go_with(team_id=before.id)

    people.on_person.append(person_changed)
    people.on_team.append(team_changed)


def ceiling_of(person: Person) -> Ceiling:
    """What the tokens may at most that a person has made for themselves."""
    return Ceiling(group=person.token_group, models=person.token_models, rpm=person.token_rpm)


def owned_by(person: Person, token: Token) -> Token:
    """The token as a person's; whose it was before, they have not made it."""
    self_made = token.self_made and token.person_id in ("", person.id)
    token = attrs.evolve(token, person_id=person.id, self_made=self_made)
    return followed_by(token, person.team_id, person.enabled, ceiling_of(person))


def given_to(people: PeopleRegistry, token: Token, person: str | None, team: str | None) -> Token:
    """The token as a person's or a team's own, by name or id, or the gateway's where both are None or empty.

    To be called within the change of the token, during which nobody is deleted. Raises InvalidRequest.
    """
    if person and team:
        raise InvalidRequest("team: a person's token draws from the pot of that person's team: give one of the two")
    try:
        if person:
            owner = people.person(person)
            return owned_by(owner, token)
    except NotFound as error:
        raise InvalidRequest(f"person: {error.message}") from None
    return attrs.evolve(token, person_id="", team_id=team_id_of(people, team), **NOBODYS)


def team_id_of(people: PeopleRegistry, team: str | None) -> str:
    """The id of a team by name or id; empty where none is named. Raises InvalidRequest."""
    if not team:
        return ""
    try:
        return people.team(team).id
    except NotFound as error:
        raise InvalidRequest(f"team: {error.message}") from None


def tokens_of(tokens: TokenRegistry, owner: Person | Team) -> list[Token]:
    """A person's or a team's own tokens, oldest first."""
    return [token for token in tokens.all if owner.id in owner_of(token)]


def owner_names(people: PeopleRegistry, token: Token) -> tuple[str | None, str | None]:
    """The names of the person and of the team that a token belongs to, a person's team with the person."""
    person = people.persons.get(token.person_id)
    name = None
    if person is not None:
        name = person.name
    return name, team_name(people, token)


def team_name(people: PeopleRegistry, member: Token | Person) -> str | None:
    """The name of the team that a token draws from, or a person belongs to."""
    team = people.teams.get(member.team_id)
    if team is None:
        return None
    return team.name
