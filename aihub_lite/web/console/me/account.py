"""`/console/me/account`: who the reader is, their password, and where they are signed in."""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from aihub_lite.gateway.people.passkeys import available
from aihub_lite.gateway.people.passwords import SHORTEST
from aihub_lite.web.access.actor import person_of
from aihub_lite.web.admin.access import sessions_json
from aihub_lite.web.admin.dependencies import TheGateway, TheSignIn
from aihub_lite.web.console.pages import page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.me.account import me_json
from aihub_lite.web.me.passkeys import passkeys_json


@get("/me/account")
async def show_account(request: AnyRequest, gateway: TheGateway, sign_in: TheSignIn) -> Template:
    """The reader's own page."""
    person = person_of(request)
    passkeys = None
    if available() and not gateway.settings.oidc_only:
        passkeys = await passkeys_json(sign_in, person.id)
    return page(
        request,
        "me/account.html",
        me=me_json(gateway, person),
        shortest=SHORTEST,
        passkeys=passkeys,
        sessions=await sessions_json(request, sign_in, person),
    )
