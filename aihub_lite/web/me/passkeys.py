"""`/api/me/passkeys`: one's own passkeys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from litestar import delete, get, post
from litestar.params import FromPath

from aihub_lite.errors import AccessDenied, NotFound
from aihub_lite.gateway.people.passkeys import available
from aihub_lite.storage.people.passkeys import Passkey
from aihub_lite.web.access.actor import person_of
from aihub_lite.web.admin.bodies import read_object
from aihub_lite.web.admin.dependencies import TheBody, TheSignIn, takes
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.sign_in import SignIn, browser, site_of
from aihub_lite.web.views import Json, moment_text, optional_moment


@attrs.frozen(kw_only=True)
class PasskeyCredential:
    """Body of POST /api/me/passkeys: what `PublicKeyCredential.toJSON()` of the browser gives, by its names."""

    id: str
    rawId: str  # noqa: N815
    type: str
    response: Mapping[str, Any]
    """With `clientDataJSON` and `attestationObject`, among others."""
    authenticatorAttachment: str | None = None  # noqa: N815
    clientExtensionResults: Mapping[str, Any] | None = None  # noqa: N815


def passkey_json(passkey: Passkey) -> Json:
    """A passkey, by the browser that it was made in."""
    return {
        "id": passkey.id,
        "name": passkey.name,
        "created": moment_text(passkey.created_at),
        "last_used": optional_moment(passkey.used_at),
    }


async def passkeys_json(sign_in: SignIn, person_id: str) -> list[Json]:
    """All of a person's, oldest first."""
    return [passkey_json(passkey) for passkey in await sign_in.passkeys.store.of(person_id)]


def check_available(sign_in: SignIn) -> None:
    """Raises AccessDenied where passkeys are of no use."""
    if not available() or sign_in.gateway.settings.oidc_only:
        raise AccessDenied("Nobody signs in by a passkey here.")


@get("/passkeys")
async def list_passkeys(request: AnyRequest, sign_in: TheSignIn) -> list[Json]:
    """List one's own passkeys, oldest first."""
    return await passkeys_json(sign_in, person_of(request).id)


@post("/passkeys/options", status_code=200)
async def show_creation_options(request: AnyRequest, sign_in: TheSignIn) -> dict[str, Any]:
    """Show what the browser needs to make a passkey."""
    check_available(sign_in)
    return await sign_in.passkeys.creation_options(person_of(request), site_of(request, sign_in.gateway))


@post("/passkeys", opt=takes(PasskeyCredential))
async def add_passkey(request: AnyRequest, sign_in: TheSignIn, content: TheBody) -> Json:
    """Add the passkey that the browser has made: the body is its credential."""
    check_available(sign_in)
    name = browser(request.headers.get("user-agent", ""))
    site = site_of(request, sign_in.gateway)
    return passkey_json(await sign_in.passkeys.register(person_of(request), site, read_object(content), name))


@delete("/passkeys/{ref:str}", status_code=200)
async def remove_passkey(request: AnyRequest, sign_in: TheSignIn, ref: FromPath[str]) -> Json:
    """Remove a passkey: it opens nothing any more."""
    if not await sign_in.passkeys.store.remove(person_of(request).id, ref):
        raise NotFound(f"There is no passkey {ref[:64]!r}.")
    return {"id": ref, "removed": True}


PASSKEYS = [list_passkeys, show_creation_options, add_passkey, remove_passkey]
