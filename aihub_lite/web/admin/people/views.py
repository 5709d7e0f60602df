"""People and teams as the admin API shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from aihub_lite.domain.people.person import Person, Team
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.ownership import team_name
from aihub_lite.gateway.state.tokens import owner_of
from aihub_lite.storage.people.persons import Persons
from aihub_lite.storage.people.teams import Teams
from aihub_lite.web.pauses import person_pause_json
from aihub_lite.web.remaining import person_remaining, team_remaining
from aihub_lite.web.views import Json, moment_text, money, optional_moment


def owned(gateway: Gateway) -> Counter[str]:
    """How many tokens each person and team has as their own, by the owner's id."""
    owners = (owner_of(token) for token in gateway.registry.tokens.by_digest.values())
    return Counter(person_id or team_id for person_id, team_id in owners)


async def people_json(gateway: Gateway, people: Sequence[Person]) -> list[Json]:
    """Each with what they have spent in USD; `invited` is until when their link opens, if there is one."""
    tokens = owned(gateway)
    spent = await Persons(gateway.database).spent([person.id for person in people])
    now = int(gateway.clock.wall())
    invited = {open_one.person_id: open_one.expires_at for open_one in await gateway.people.invitations.all(now)}
    return [
        {
            "id": person.id,
            "name": person.name,
            "email": person.email,
            "role": person.role,
            "team": team_name(gateway.people, person),
            "enabled": person.enabled,
            "paused": person_pause_json(gateway, person),
            "most_tokens": person.most_tokens,
            "token_group": person.token_group,
            "token_models": person.token_models,
            "token_rpm": person.token_rpm,
            "created": moment_text(person.created_at),
            "tokens": tokens[person.id],
            "spent_usd": money(spent.get(person.id, 0)),
            **person_remaining(gateway, person),
            "invited": optional_moment(invited.get(person.id)),
        }
        for person in people
    ]


async def person_json(gateway: Gateway, person: Person) -> Json:
    """One of them."""
    (shown,) = await people_json(gateway, [person])
    return shown


async def teams_json(gateway: Gateway, teams: Sequence[Team]) -> list[Json]:
    """Each with the names of its members; `tokens` are its own, `spent_usd` is of its members' tokens as well."""
    tokens = owned(gateway)
    spent = await Teams(gateway.database).spent([team.id for team in teams])
    return [
        {
            "id": team.id,
            "name": team.name,
            "created": moment_text(team.created_at),
            "members": [person.name for person in gateway.people.members(team)],
            "tokens": tokens[team.id],
            "spent_usd": money(spent.get(team.id, 0)),
            **team_remaining(gateway, team),
        }
        for team in teams
    ]


async def team_json(gateway: Gateway, team: Team) -> Json:
    """One of them."""
    (shown,) = await teams_json(gateway, [team])
    return shown
