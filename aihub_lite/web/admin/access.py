"""`/api/admin/console-links`, `/api/admin/sessions` and `/api/admin/admin-key`: who may administer."""

from __future__ import annotations

from litestar import delete, get, post
from litestar.params import FromPath

from aihub_lite.domain.people.person import Person
from aihub_lite.errors import AccessDenied, NotFound
from aihub_lite.storage.sessions import Session
from aihub_lite.web.access.actor import actor_of, check_over
from aihub_lite.web.admin.dependencies import TheGateway, TheSignIn
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.sign_in import SignIn
from aihub_lite.web.views import Json, moment_text

ID_LENGTH = 16
"""Characters of a session's digest: enough to name it, and no use to anybody who reads them."""


def session_json(session: Session, own: Session | None, person: Person | None) -> Json:
    """A browser that is signed in; `current` marks the session of the request itself.

    `person` is the name of who uses it, null for whoever holds the admin key.
    """
    name = None
    if person is not None:
        name = person.name
    return {
        "id": session.digest[:ID_LENGTH],
        "current": session == own,
        "person": name,
        "created": moment_text(session.created_at),
        "expires": moment_text(session.expires_at),
        "address": session.address,
        "client": session.client,
    }


@post("/console-links")
async def create_link(gateway: TheGateway, sign_in: TheSignIn) -> Json:
    """Make a link that signs one browser in, once; `public_url` is where the gateway is, if that is set."""
    path, until = await sign_in.new_link()
    return {"path": path, "expires": moment_text(until), "public_url": gateway.settings.public_url or None}


async def sessions_json(request: AnyRequest, sign_in: SignIn, person: Person | None = None) -> list[Json]:
    """The sessions of a person, or all, that are still good, newest first."""
    own = actor_of(request).session
    persons = sign_in.gateway.people.persons
    return [
        session_json(session, own, persons.get(session.person_id))
        for session in await sign_in.sessions.all(sign_in.now)
        if person is None or session.person_id == person.id
    ]


async def session_of(sign_in: SignIn, ref: str, person: Person | None = None) -> Session:
    """The session of an id, of a person or of all; raises NotFound."""
    for session in await sign_in.sessions.all(sign_in.now):
        if session.digest[:ID_LENGTH] == ref and (person is None or session.person_id == person.id):
            return session
    raise NotFound(f"There is no session {ref[:64]!r}.")


@get("/sessions")
async def list_sessions(request: AnyRequest, sign_in: TheSignIn) -> list[Json]:
    """List sessions, newest first: who is signed in."""
    return await sessions_json(request, sign_in)


@delete("/sessions", status_code=200)
async def end_sessions(sign_in: TheSignIn) -> Json:
    """Sign everybody out; links that were handed out open nothing any more."""
    return {"ended": await sign_in.sessions.end_all()}


@delete("/sessions/{ref:str}", status_code=200)
async def end_session(request: AnyRequest, sign_in: TheSignIn, ref: FromPath[str]) -> Json:
    """Sign one browser out; an owner's, or one that the admin key opened, by no admin."""
    session = await session_of(sign_in, ref)
    check_over(actor_of(request), sign_in.gateway.people.persons.get(session.person_id))
    await sign_in.sessions.end(session.digest)
    return {"id": ref, "ended": True}


@post("/admin-key", status_code=200)
async def reset_key(request: AnyRequest, sign_in: TheSignIn) -> Json:
    """Replace the admin key; the new one is shown once. A session lasts a month and may be stolen: it gets none that
    lasts."""
    if actor_of(request).session is not None:
        raise AccessDenied("Only the holder of the admin key can change it.")
    key, ended = await sign_in.reset_key()
    return {"key": key, "ended": ended}


access_router = PathRouter("/", route_handlers=[create_link, list_sessions, end_sessions, end_session, reset_key])
