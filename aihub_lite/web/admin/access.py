"""`/api/admin/console-links` and `/api/admin/sessions`: who may open the console."""

from __future__ import annotations

from litestar import Router, delete, get, post
from litestar.params import FromPath

from aihub_lite.errors import NotFound
from aihub_lite.storage.sessions import Session
from aihub_lite.web.admin.views import Json, TheSignIn, moment_text

ID_LENGTH = 16
"""Of a session's digest: enough to name it, useless to anybody who reads it."""


def session_json(session: Session) -> Json:
    """A browser that is signed in."""
    return {
        "id": session.digest[:ID_LENGTH],
        "created": moment_text(session.created_at),
        "expires": moment_text(session.expires_at),
        "address": session.address,
        "client": session.client,
    }


@post("/console-links")
async def create_link(sign_in: TheSignIn) -> Json:
    """A path on this gateway that signs one browser in, once."""
    path, until = await sign_in.new_link()
    return {"path": path, "expires": moment_text(until)}


@get("/sessions")
async def list_sessions(sign_in: TheSignIn) -> list[Json]:
    """Newest first."""
    return [session_json(session) for session in await sign_in.sessions.all(sign_in.now)]


@delete("/sessions", status_code=200)
async def end_sessions(sign_in: TheSignIn) -> Json:
    """Everybody is signed out, and links that were handed out open nothing any more."""
    return {"ended": await sign_in.sessions.end_all()}


@delete("/sessions/{ref:str}", status_code=200)
async def end_session(sign_in: TheSignIn, ref: FromPath[str]) -> Json:
    """One browser is signed out."""
    found = [each for each in await sign_in.sessions.all(sign_in.now) if each.digest[:ID_LENGTH] == ref]
    if not found:
        raise NotFound(f"There is no session {ref[:64]!r}.")
    await sign_in.sessions.end(found[0].digest)
    return {"id": ref, "ended": True}


access_router = Router("/", route_handlers=[create_link, list_sessions, end_sessions, end_session])
