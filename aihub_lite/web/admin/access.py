"""`/api/admin/console-links`, `/api/admin/sessions` and `/api/admin/admin-key`: who may administer."""

from __future__ import annotations

from typing import Any

from litestar import Request, Router, delete, get, post
from litestar.params import FromPath

from aihub_lite.errors import AccessDenied, NotFound
from aihub_lite.storage.sessions import Session
from aihub_lite.web.admin.views import Json, TheGateway, TheSignIn, moment_text

AnyRequest = Request[Any, Any, Any]
ID_LENGTH = 16
"""Of a session's digest: enough to name it, useless to anybody who reads it."""


def session_json(session: Session, own: Session | None) -> Json:
    """A browser that is signed in; `current` is the one that asks."""
    return {
        "id": session.digest[:ID_LENGTH],
        "current": session == own,
        "created": moment_text(session.created_at),
        "expires": moment_text(session.expires_at),
        "address": session.address,
        "client": session.client,
    }


@post("/console-links")
async def create_link(gateway: TheGateway, sign_in: TheSignIn) -> Json:
    """A path on this gateway that signs one browser in, once; `public_url` is where the gateway is, if that is set."""
    path, until = await sign_in.new_link()
    return {"path": path, "expires": moment_text(until), "public_url": gateway.settings.public_url or None}


@get("/sessions")
async def list_sessions(request: AnyRequest, sign_in: TheSignIn) -> list[Json]:
    """Newest first."""
    own = await sign_in.session(request)
    return [session_json(session, own) for session in await sign_in.sessions.all(sign_in.now)]


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


@post("/admin-key", status_code=200)
async def reset_key(request: AnyRequest, sign_in: TheSignIn) -> Json:
    """The only answer that holds the new key. A session lasts a month and may be stolen: it gets none that lasts."""
    if "authorization" not in request.headers:
        raise AccessDenied("Only the holder of the admin key can change it.")
    key, ended = await sign_in.reset_key()
    return {"key": key, "ended": ended}


access_router = Router("/", route_handlers=[create_link, list_sessions, end_sessions, end_session, reset_key])
