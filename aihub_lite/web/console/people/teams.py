"""`/console/people/teams`: people who share a pot."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.gateway.people.ownership import tokens_of
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.paging import read_asked
from aihub_lite.web.admin.people.teams import BY_NAME, team_rows
from aihub_lite.web.admin.people.views import people_json, team_json
from aihub_lite.web.admin.tokens import token_json
from aihub_lite.web.console.pages import page
from aihub_lite.web.console.people.persons import MOST_TOKENS
from aihub_lite.web.console.people.usage import usage_by_model
from aihub_lite.web.console.tokens import token_view
from aihub_lite.web.framework import AnyRequest


@get("/people/teams")
async def show_teams(
    request: AnyRequest, gateway: TheGateway, q: FromQuery[str] = "", after: FromQuery[str] = ""
) -> Template:
    """A page of the teams that match the search, by name."""
    asked = read_asked(q, after)
    rows = await team_rows(gateway, asked)
    return page(
        request,
        "people/teams.html",
        teams=[row for _, row in rows[: asked.limit]],
        total=len(gateway.people.teams),
        q=q.strip(),
        after=BY_NAME.further([team for team, _ in rows], asked),
    )


@get("/people/teams/{ref:str}")
async def show_team_page(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Template:
    """One team: who belongs to it, what they used, its own tokens, and the form that renames it."""
    team = gateway.people.team(ref)
    tokens = tokens_of(gateway.registry.tokens, team)
    return page(
        request,
        "people/team.html",
        team=await team_json(gateway, team),
        members=await people_json(gateway, gateway.people.members(team)),
        tokens=[token_view(token_json(gateway, token)) for token in tokens[:MOST_TOKENS]],
        more=len(tokens) > MOST_TOKENS,
        usage=await usage_by_model(gateway, "team", team.id),
    )


TEAMS = [show_teams, show_team_page]
