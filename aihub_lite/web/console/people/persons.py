"""`/console/people`: everybody, one person with their tokens, and the link by which they come in."""

from __future__ import annotations

import attrs
from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.domain.people.person import ROLES, Person
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.ownership import tokens_of
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.paging import Order, read_asked
from aihub_lite.web.admin.people.persons import OLDEST_FIRST, people_rows
from aihub_lite.web.admin.people.views import person_json
from aihub_lite.web.admin.tokens import token_json
from aihub_lite.web.console.pages import page
from aihub_lite.web.console.people.usage import usage_by_model
from aihub_lite.web.console.tokens import token_view
from aihub_lite.web.framework import AnyRequest

NEWEST_FIRST: Order[Person] = attrs.evolve(OLDEST_FIRST, falling=True)
MOST_TOKENS = 100
"""Tokens of one owner that are listed; the list of tokens finds the others by the owner's name."""


def team_names(gateway: Gateway) -> list[str]:
    """Of all teams, in order."""
    return sorted((team.name for team in gateway.people.teams.values()), key=str.casefold)


@get("/people")
async def show_people(
    request: AnyRequest, gateway: TheGateway, q: FromQuery[str] = "", after: FromQuery[str] = ""
) -> Template:
    """A page of the people that match the search, newest first."""
    asked = read_asked(q, after)
    rows = await people_rows(gateway, NEWEST_FIRST, asked)
    return page(
        request,
        "people/people.html",
        people=[row for _, row in rows[: asked.limit]],
        total=len(gateway.people.persons),
        q=q.strip(),
        after=NEWEST_FIRST.further([person for person, _ in rows], asked),
    )


@get("/people/new")
async def show_new_person(request: AnyRequest, gateway: TheGateway) -> Template:
    """The form for somebody new."""
    return page(request, "people/person_new.html", person=None, roles=ROLES, teams=team_names(gateway))


@get("/people/{ref:str}")
async def show_person_page(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Template:
    """One person: what they have spent and on what, their tokens, their invitation, and the form that changes them."""
    person = gateway.people.person(ref)
    tokens = tokens_of(gateway.registry.tokens, person)
    return page(
        request,
        "people/person.html",
        person=await person_json(gateway, person),
        tokens=[token_view(token_json(gateway, token)) for token in tokens[:MOST_TOKENS]],
        more=len(tokens) > MOST_TOKENS,
        usage=await usage_by_model(gateway, "person", person.id),
        roles=ROLES,
        teams=team_names(gateway),
    )


PERSONS = [show_people, show_new_person, show_person_page]
