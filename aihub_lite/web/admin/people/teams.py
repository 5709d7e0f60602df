"""`/api/admin/teams`: people who share a pot."""

from __future__ import annotations

import attrs
from litestar import delete, get, patch, post, put
from litestar.params import FromPath

from aihub_lite.domain.people.person import Person, Team
from aihub_lite.errors import Conflict
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.ownership import tokens_of
from aihub_lite.web.access.actor import actor_of
from aihub_lite.web.admin.bodies import read
from aihub_lite.web.admin.dependencies import TheAsked, TheBody, TheGateway, TheSightings, takes
from aihub_lite.web.admin.paging import Asked, Order, page_json
from aihub_lite.web.admin.people.persons import allowed
from aihub_lite.web.admin.people.views import team_json, teams_json
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class TeamInput:
    """Body of POST and PATCH."""

    name: str = ""


BY_NAME = Order[Team](place=lambda team: (team.name.casefold(), team.id), kind=tuple[str, str])


async def team_rows(gateway: Gateway, asked: Asked) -> list[tuple[Team, Json]]:
    """The teams beyond a page, as `Order.beyond` has them, each with what is shown of it."""
    teams = BY_NAME.beyond((team for team in gateway.people.teams.values() if asked.wants(team.name)), asked)
    return list(zip(teams, await teams_json(gateway, teams), strict=True))


@get("/")
async def list_teams(gateway: TheGateway, asked: TheAsked) -> Json:
    """List teams, a page at a time, by name; `q` is of a name."""
    return page_json("teams", BY_NAME, await team_rows(gateway, asked), asked.limit)


@post("/", opt=takes(TeamInput))
async def create_team(gateway: TheGateway, content: TheBody) -> Json:
    """Add a team, which nobody belongs to yet."""
    return await team_json(gateway, await gateway.people.create_team(read(content, TeamInput).name))


@get("/{ref:str}")
async def show_team(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Show a team, by name or id."""
    return await team_json(gateway, gateway.people.team(ref))


@patch("/{ref:str}", opt=takes(TeamInput))
async def edit_team(gateway: TheGateway, ref: FromPath[str], content: TheBody) -> Json:
    """Rename a team."""
    name = read(content, TeamInput).name
    return await team_json(gateway, await gateway.people.edit_team(ref, lambda team: attrs.evolve(team, name=name)))


@delete("/{ref:str}", status_code=200)
async def delete_team(gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]) -> Json:
    """Delete a team that nobody belongs to, and its own tokens, which are named; usage records stay."""
    tokens = tokens_of(gateway.registry.tokens, gateway.people.team(ref))
    team = await gateway.people.delete_team(ref)
    for token in tokens:
        sightings.forget(token.id)
    return {"id": team.id, "name": team.name, "deleted": True, "tokens": [token.name for token in tokens]}


@put("/{ref:str}/members/{person:str}")
async def add_member(request: AnyRequest, gateway: TheGateway, ref: FromPath[str], person: FromPath[str]) -> Json:
    """Add a person to a team, and let their tokens draw from its pot. A person belongs to one team at most."""

    def join(member: Person) -> Person:
        return attrs.evolve(member, team_id=gateway.people.team(ref).id)

    await gateway.people.edit_person(person, allowed(actor_of(request), join))
    return await team_json(gateway, gateway.people.team(ref))


@delete("/{ref:str}/members/{person:str}", status_code=200)
async def remove_member(request: AnyRequest, gateway: TheGateway, ref: FromPath[str], person: FromPath[str]) -> Json:
    """Remove a person from a team; refused with 409 for one who belongs to another."""

    def leave(member: Person) -> Person:
        team = gateway.people.team(ref)
        if member.team_id != team.id:
            raise Conflict(f"{member.name!r} does not belong to {team.name!r}.")
        return attrs.evolve(member, team_id="")

    await gateway.people.edit_person(person, allowed(actor_of(request), leave))
    return await team_json(gateway, gateway.people.team(ref))


teams_router = PathRouter(
    "/teams",
    route_handlers=[list_teams, create_team, show_team, edit_team, delete_team, add_member, remove_member],
)
