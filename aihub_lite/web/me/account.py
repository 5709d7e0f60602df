"""`/api/me`: who one is, and `/api/me/password` and `/api/me/sessions`: how one signs in, and where one is."""

from __future__ import annotations

import attrs
from litestar import delete, get, post
from litestar.params import FromPath

from aihub_lite.domain.people.person import Person
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.access.actor import actor_of, person_of
from aihub_lite.web.admin.access import session_of, sessions_json
from aihub_lite.web.admin.bodies import read
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, TheSignIn, takes
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class PasswordChange:
    """Body of POST /api/me/password."""

    old: str
    new: str


def me_json(gateway: Gateway, person: Person) -> Json:
    """A person as they see themselves."""
    team = gateway.people.teams.get(person.team_id)
    name = None
    if team is not None:
        name = team.name
    return {"name": person.name, "email": person.email, "role": person.role, "team": name}


def own_session(request: AnyRequest) -> str:
    """The digest of the session that the request came with."""
    session = actor_of(request).session
    if session is None:
        return ""
    return session.digest


@get("/")
async def show_me(request: AnyRequest, gateway: TheGateway) -> Json:
    """Show who is signed in."""
    return me_json(gateway, person_of(request))


@post("/password", status_code=200, opt=takes(PasswordChange))
async def change_password(request: AnyRequest, sign_in: TheSignIn, content: TheBody) -> Json:
    """Replace one's password; every other browser of the person is signed out."""
    change = read(content, PasswordChange)
    await sign_in.change_password(request, person_of(request), change.old, change.new, own_session(request))
    return {"changed": True}


@get("/sessions")
async def list_own_sessions(request: AnyRequest, sign_in: TheSignIn) -> list[Json]:
    """List one's own sessions, newest first."""
    return await sessions_json(request, sign_in, person_of(request))


@delete("/sessions", status_code=200)
async def end_other_sessions(request: AnyRequest, sign_in: TheSignIn) -> Json:
    """Sign the person out everywhere but here."""
    return {"ended": await sign_in.sessions.end_of(person_of(request).id, own_session(request))}


@delete("/sessions/{ref:str}", status_code=200)
async def end_own_session(request: AnyRequest, sign_in: TheSignIn, ref: FromPath[str]) -> Json:
    """Sign one of the person's browsers out; of anybody else's there is none here."""
    session = await session_of(sign_in, ref, person_of(request))
    await sign_in.sessions.end(session.digest)
    return {"id": ref, "ended": True}


ACCOUNT = [show_me, change_password, list_own_sessions, end_other_sessions, end_own_session]
