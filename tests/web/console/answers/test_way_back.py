"""From every page there is a way back to the one that it was opened from."""

from __future__ import annotations

import re
from pathlib import Path

from litestar.routes import HTTPRoute

from aihub_lite.web.console.pages import ACCOUNT, OWN_RAIL, RAIL
from tests.web.access.team import add_person, signed_in
from tests.web.admin.desk import framed_routes
from tests.web.console.test_requests import book
from tests.web.console.test_walls import OPEN
from tests.web.console.visitor import Visitor, at_console

BACK = re.compile(r'<p class="back"><a href="([^"]+)">')
CURRENT = re.compile(r'<a class="entry" href="([^"]+)" aria-current="page">')
PARAMETER = re.compile(r"^(.*)/\{[^}]+\}")
NO_PAGES = ("/console/search", ".csv")
"""Files and answers to scripts."""
FIRST = {entry.path for entry in (*RAIL, *OWN_RAIL, ACCOUNT)}


async def addresses(visitor: Visitor) -> dict[str, str]:
    """Every page's route, and the address of one that is there."""
    await visitor.call("POST", "/channels", {"name": "d", "provider": "demo", "models": ["demo"]}, status=201)
    token = await visitor.call("POST", "/tokens", {"name": "ada", "person": "Ada"}, status=201)
    await visitor.call("POST", "/teams", {"name": "crew"}, status=201)
    await visitor.call("POST", "/routes", {"name": "coding", "steps": [{"model": "demo"}]}, status=201)
    (person,) = visitor.gateway.people.persons
    await book(visitor, "r1", token_id=token["id"], token="ada", person_id=person)
    filled = {
        "/console/tokens": "ada",
        "/console/me/tokens": token["id"],
        "/console/me/requests": "r1",
        "/console/requests": "r1",
        "/console/channels": "d",
        "/console/models": "demo",
        "/console/routes": "demo",
        "/console/routes/named": "coding",
        "/console/people": "Ada",
        "/console/people/teams": "crew",
        "/console/pots": person,
    }
    framed = await framed_routes(visitor.app)
    routes = [route.path for route in framed if isinstance(route, HTTPRoute) and "GET" in route.methods]
    pages = [path for path in routes if path.startswith("/console") and not path.startswith(OPEN)]
    pages = [path for path in pages if not path.endswith(NO_PAGES)]
    return {path: PARAMETER.sub(lambda match: f"{match[1]}/{filled[match[1]]}", path) for path in pages}


def test_every_page_below_the_first_level_leads_back_to_what_it_is_one_of(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        owner = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "owner"))
        pages = await addresses(visitor)
        assert {"/console/pots", "/console/doctor", "/console/people/teams", "/console/channels/{ref:str}"} < {*pages}
        lost = {}
        for route, address in pages.items():
            answer = await visitor.get(address, **owner)
            assert 200 == answer.status_code, (route, address, answer.text)
            back = BACK.findall(answer.text)
            if address in FIRST:
                continue
            if len(back) != 1 or (await visitor.get(back[0], **owner)).status_code != 200:
                lost[route] = back
            elif not address.startswith(back[0]) and back[0] not in CURRENT.findall(answer.text):
                # Neither its parent by its address, nor the one that the rail shows it under.
                lost[route] = back
        assert {} == lost

    at_console(tmp_path, story)


def test_the_rail_shows_where_every_page_belongs(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add_person(visitor.gateway, "Ada", "owner")
        await visitor.sign_in()
        pages = await addresses(visitor)
        nowhere = {}
        for route, address in pages.items():
            if address.startswith("/console/me"):
                continue
            current = CURRENT.findall(await visitor.page(address))
            if len(current) != 1:
                nowhere[route] = current
        assert {} == nowhere

    at_console(tmp_path, story)
