"""People and teams, by id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Self

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.people.person import PERSON, TEAM, Person, Team, checked_person, checked_team
from aihub_lite.errors import Conflict, InvalidRequest, NotFound
from aihub_lite.gateway.state.changes import Changes, serialized, unchanged
from aihub_lite.gateway.state.identity import check_name_free, new_id
from aihub_lite.storage.people.invitations import Invitation, Invitations
from aihub_lite.storage.people.persons import Persons
from aihub_lite.storage.people.teams import Teams
from aihub_lite.storage.sqlite.database import Database

PersonListener = Callable[[Person | None, Person | None], Awaitable[None]]
"""Takes the person before (None: they are new) and after (None: they were deleted)."""
TeamListener = Callable[[Team | None, Team | None], Awaitable[None]]
"""As PersonListener."""


@attrs.define(eq=False)
class PeopleRegistry:
    """All people and teams. Read them freely; change them by the methods only."""

    stored_persons: Persons
    stored_teams: Teams
    invitations: Invitations
    clock: Clock
    changes: Changes = attrs.field(repr=False)
    persons: dict[str, Person] = attrs.field(factory=dict)
    """By id, oldest first."""
    teams: dict[str, Team] = attrs.field(factory=dict)
    """By id, oldest first."""
    on_person: list[PersonListener] = attrs.field(factory=list)
    """Called within the change, once it is stored and seen."""
    on_team: list[TeamListener] = attrs.field(factory=list)
    """As `on_person`."""

    @classmethod
    async def open(cls, database: Database, clock: Clock, changes: Changes) -> Self:
        """All that is stored; its changes take turns with those that `changes` has."""
        people = cls(Persons(database), Teams(database), Invitations(database), clock, changes)
        people.persons = {person.id: person for person, _ in await people.stored_persons.load()}
        people.teams = {team.id: team for team, _ in await people.stored_teams.load()}
        return people

    def person(self, ref: str) -> Person:
        """A person by name, id or address; raises NotFound."""
        for person in self.persons.values():
            if ref in (person.name, person.id, person.email):
                return person
        raise NotFound(f"There is no person {ref[:64]!r}.")

    def team(self, ref: str) -> Team:
        """A team by name or id; raises NotFound."""
        for team in self.teams.values():
            if ref in (team.name, team.id):
                return team
        raise NotFound(f"There is no team {ref[:64]!r}.")

    def members(self, team: Team) -> list[Person]:
        """Who belongs to a team, oldest first."""
        return [person for person in self.persons.values() if person.team_id == team.id]

    def admins_with_mail(self) -> list[tuple[Person, str]]:
        """Owners and admins who are told of what concerns the gateway, each with their address."""
        return [
            (person, person.email)
            for person in self.persons.values()
            if person.role != "member" and person.enabled and person.email is not None
        ]

    @serialized
    async def create_person(self, name: str, change: Callable[[Person], Person] = unchanged) -> Person:
        """A new person; `change` sets what differs from the defaults. Raises InvalidRequest or Conflict."""
        person = Person(id=new_id(PERSON), name=name, created_at=int(self.clock.wall()))
        return await self._put_person(None, change(person))

    @serialized
    async def edit_person(self, ref: str, change: Callable[[Person], Person]) -> Person:
        """Change a person; raises NotFound, InvalidRequest or Conflict."""
        person = self.person(ref)
        return await self._put_person(person, change(person))

    @serialized
    async def delete_person(self, ref: str) -> Person:
        """Their usage records stay. Raises NotFound, or Conflict for the last owner."""
        person = self.person(ref)
        self._check_owner_left(person, None)
        await self.stored_persons.delete(person.id)
        del self.persons[person.id]
        await self._person_changed(person, None)
        return person

    @serialized
    async def invite(self, ref: str, digest: str, seconds: int) -> Invitation:
        """A link for a person, by the digest of its secret; it ends the one before it. Raises NotFound, or Conflict for
        somebody who is disabled."""
        person = self.person(ref)
        if not person.enabled:
            raise Conflict(f"{person.name!r} is disabled: enable them first.")
        now = int(self.clock.wall())
        invitation = Invitation(person_id=person.id, digest=digest, created_at=now, expires_at=now + seconds)
        await self.invitations.add(invitation)
        return invitation

    @serialized
    async def create_team(self, name: str) -> Team:
        """A new team; raises InvalidRequest or Conflict."""
        return await self._put_team(None, Team(id=new_id(TEAM), name=name, created_at=int(self.clock.wall())))

    @serialized
    async def edit_team(self, ref: str, change: Callable[[Team], Team]) -> Team:
        """Change a team; raises NotFound, InvalidRequest or Conflict."""
        team = self.team(ref)
        return await self._put_team(team, change(team))

    @serialized
    async def delete_team(self, ref: str) -> Team:
        """Its usage records stay. Raises NotFound, or Conflict while anybody belongs to it."""
        team = self.team(ref)
        if self.members(team):
            raise Conflict(f"{team.name!r} still has members: move them first.")
        await self.stored_teams.delete(team.id)
        del self.teams[team.id]
        await self._team_changed(team, None)
        return team

    async def admit(self, teams: Iterable[Team], persons: Iterable[Person]) -> None:
        """Let in whom storage has already, within the change that put them there."""
        for team in teams:
            self.teams[team.id] = team
            await self._team_changed(None, team)
        for person in persons:
            self.persons[person.id] = person
            await self._person_changed(None, person)

    async def adopt(self, persons: Mapping[str, Person], teams: Mapping[str, Team]) -> None:
        """Let those count that are stored already, by id, within a change; nobody goes by it."""
        for team in teams.values():
            before = self.teams.get(team.id)
            self.teams[team.id] = team
            if before != team:
                await self._team_changed(before, team)
        for person in persons.values():
            was = self.persons.get(person.id)
            self.persons[person.id] = person
            if was != person:
                await self._person_changed(was, person)

    async def let_go(self, persons: Mapping[str, Person], teams: Mapping[str, Team]) -> None:
        """All but these are gone from storage already: within a change."""
        for person in [person for person in self.persons.values() if person.id not in persons]:
            del self.persons[person.id]
            await self._person_changed(person, None)
        for team in [team for team in self.teams.values() if team.id not in teams]:
            del self.teams[team.id]
            await self._team_changed(team, None)

    async def _put_person(self, before: Person | None, person: Person) -> Person:
        person = checked_person(person)
        others = [other for other in self.persons.values() if other.id != person.id]
        check_name_free("person", person.name, (other.name for other in others))
        if person.email is not None and person.email in {other.email for other in others}:
            raise Conflict(f"email: there is already a person with {person.email!r}")
        # Either would be taken for the other where somebody is named.
        if person.name.casefold() in {other.email for other in others}:
            raise Conflict(f"name: {person.name!r} is the address of another person")
        if person.email is not None and person.email in {other.name.casefold() for other in others}:
            raise Conflict(f"email: {person.email!r} is the name of another person")
        if person.team_id and person.team_id not in self.teams:
            raise InvalidRequest("team: there is no such team")
        self._check_owner_left(before, person)
        if before is None:
            await self.stored_persons.insert(person)
        else:
            await self.stored_persons.update(person)
        self.persons[person.id] = person
        await self._person_changed(before, person)
        return person

    def _check_owner_left(self, before: Person | None, after: Person | None) -> None:
        """Raises Conflict where the last owner who may sign in would no longer be one."""
        if before is None or not _is_owner(before) or (after is not None and _is_owner(after)):
            return
        if not any(_is_owner(other) for other in self.persons.values() if other.id != before.id):
            raise Conflict(f"{before.name!r} is the last owner: make another person one first.")

    async def _put_team(self, before: Team | None, team: Team) -> Team:
        team = checked_team(team)
        check_name_free("team", team.name, (other.name for other in self.teams.values() if other.id != team.id))
        if before is None:
            await self.stored_teams.insert(team)
        else:
            await self.stored_teams.update(team)
        self.teams[team.id] = team
        await self._team_changed(before, team)
        return team

    async def _person_changed(self, before: Person | None, after: Person | None) -> None:
        for listener in self.on_person:
            await listener(before, after)

    async def _team_changed(self, before: Team | None, after: Team | None) -> None:
        for listener in self.on_team:
            await listener(before, after)


def _is_owner(person: Person) -> bool:
    return person.role == "owner" and person.enabled
