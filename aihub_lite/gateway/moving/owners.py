"""Teams, people and tokens of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial

import attrs

from aihub_lite.domain.people.person import PERSON, TEAM, Person, check_email, checked_person, checked_team
from aihub_lite.domain.pots.budget import PotKey, budgets_of
from aihub_lite.domain.token import Token
from aihub_lite.domain.validation import checked_token
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.moving.names import Names, clean
from aihub_lite.gateway.moving.planning import Planning, Said, renamed
from aihub_lite.gateway.state.identity import new_id
from aihub_lite.moving.move import MovedPerson, MovedTeam, MovedToken
from aihub_lite.storage.moving.arrivals import Granted


def plan_owners(plan: Planning) -> None:
    """All three, owners before what is theirs."""
    _Owners(plan).plan_all()


@attrs.define(eq=False)
class _Owners:
    plan: Planning
    teams: Names = attrs.field(init=False)
    people: Names = attrs.field(init=False)
    emails: dict[str, Person] = attrs.field(init=False)
    tokens: Names = attrs.field(init=False)
    digests: dict[str, str] = attrs.field(init=False)
    """The names of tokens by their keys."""
    persons: dict[str, Person] = attrs.field(init=False)
    """Those here and those that arrive, by our id."""
    alike: Mapping[str, int] = attrs.field(init=False)
    """How many tokens that arrive have a name."""

    def __attrs_post_init__(self) -> None:
        people, tokens = self.plan.gateway.people, self.plan.gateway.registry.tokens
        self.teams = Names.of(team.name for team in people.teams.values())
        self.persons = dict(people.persons)
        self.people = Names.of(text for person in self.persons.values() for text in (person.name, person.email or ""))
        self.emails = {person.email: person for person in self.persons.values() if person.email}
        self.tokens = Names.of(token.name for token in tokens.all)
        self.digests = {token.digest: token.name for token in tokens.all}
        self.alike = Counter(moved.token.name.casefold() for moved in self.plan.move.tokens)

    def plan_all(self) -> None:
        """Each row by itself."""
        move = self.plan.move
        for team in move.teams:
            self.plan.add("team", team.team.name, (team.source,), partial(self.team, team))
        for person in move.people:
            self.plan.add("person", person.person.name, (person.source,), partial(self.person, person))
        for token in move.tokens:
            self.plan.add("token", token.token.name, (token.source,), partial(self.token, token))

    def team(self, moved: MovedTeam) -> Said:
        """A team of its own, whatever teams are here."""
        name = self.teams.take(clean(moved.team.name, f"team-{moved.source}"))
        team = attrs.evolve(moved.team, id=new_id(TEAM), name=name, created_at=moved.team.created_at or self.plan.now)
        team = checked_team(team)
        self.fill(PotKey("team", team.id), moved)
        self.plan.arrivals.teams.append(team)
        return team.id, f"team {name}", [*renamed(moved.team.name, name), *moved.notes]

    def person(self, moved: MovedPerson) -> Said:
        """A new person, or the one here who has the same address."""
        email, notes = _email(moved.person.email)
        if email in self.emails:
            same = self.emails[email]
            return same.id, f"person {same.name}", ["has this address already, and stays as here: no credit was added"]
        name = self.people.take(clean(moved.person.name, f"person-{moved.source}"))
        person = attrs.evolve(
            moved.person,
            id=new_id(PERSON),
            name=name,
            email=email,
            team_id=self.plan.our_id("team", moved.team),
            created_at=moved.person.created_at or self.plan.now,
        )
        person = checked_person(person)
        self.fill(PotKey("person", person.id), moved)
        self.plan.arrivals.people.append(person)
        self.persons[person.id] = person
        if person.email:
            self.emails[person.email] = person
            self.people.take(person.email)
        return person.id, f"person {name}, {person.role}", [*renamed(moved.person.name, name), *notes, *moved.notes]

    def fill(self, key: PotKey, moved: MovedPerson | MovedTeam) -> None:
        """Two entries, for what was granted and what was used: so the statements here are right from the first one."""
        if moved.budgets:
            self.give_budgets(key, moved)
        if moved.granted_nano is None:
            return
        program = self.plan.move.program
        self.plan.arrivals.granted.append(Granted(key=key, nano=moved.granted_nano, note=f"Granted at {program}"))
        if moved.used_nano:
            self.plan.arrivals.granted.append(Granted(key=key, nano=-moved.used_nano, note=f"Used at {program}"))

    def give_budgets(self, key: PotKey, moved: MovedToken | MovedPerson | MovedTeam) -> None:
        """Budgets, whose running windows have seen something already."""
        self.plan.arrivals.budgets[key] = budgets_of(moved.budgets, self.plan.now)
        if moved.window_nano:
            self.plan.arrivals.opened[key] = moved.window_nano

    def token(self, moved: MovedToken) -> Said:
        """A token with the key that it had."""
        if moved.token.digest in self.digests:
            raise InvalidRequest(f"its key opens token {self.digests[moved.token.digest]} here already")
        owner = self.persons.get(self.plan.our_id("person", moved.person))
        if owner is None and moved.person:
            raise InvalidRequest("whose it was does not come along")
        name = self.tokens.take(*self.names_for(moved.token.name, owner))
        token = attrs.evolve(
            moved.token, id=new_id("tok_"), name=name, created_at=moved.token.created_at or self.plan.now
        )
        token = checked_token(self.given_to(owner, token, moved.team))
        if moved.budgets:
            self.give_budgets(PotKey("token", token.id), moved)
        self.plan.arrivals.tokens.append((token, moved.used_nano))
        self.digests[token.digest] = name
        whose = ""
        if owner is not None:
            whose = f" of {owner.name}"
        return token.id, f"token {name}{whose}", [*renamed(moved.token.name, name), *moved.notes]

    def names_for(self, name: str, owner: Person | None) -> list[str]:
        """Where several have a name, none of them is the one that everybody means by it."""
        own = clean(name, "token")
        if owner is None:
            return [own]
        of_owner = clean(f"{owner.name}-{own}", own)
        if self.alike[name.casefold()] > 1:
            return [of_owner]
        return [own, of_owner]

    def given_to(self, owner: Person | None, token: Token, team: str) -> Token:
        """Whose it is from now on."""
        if owner is None:
            return attrs.evolve(token, team_id=self.plan.our_id("team", team))
        return attrs.evolve(token, person_id=owner.id, team_id=owner.team_id, person_enabled=owner.enabled)


def _email(text: str | None) -> tuple[str | None, list[str]]:
    if not text:
        return None, []
    try:
        return check_email(text), []
    except InvalidRequest:
        return None, ["has no address that mail could be sent to: left out"]
