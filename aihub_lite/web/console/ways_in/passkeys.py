"""`/console/passkey`: the sign-in by a passkey, which the script of the sign-in's page asks for."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.di import Provide

from aihub_lite.web.admin.bodies import read_object
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, TheSignIn, read_admin_body
from aihub_lite.web.console.sign_in import first_page
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.me.passkeys import check_available
from aihub_lite.web.sign_in import check_origin, site_of


@post("/options", status_code=200)
async def show_request_options(request: AnyRequest, gateway: TheGateway, sign_in: TheSignIn) -> dict[str, Any]:
    """What the browser needs to look for a passkey of this site."""
    check_origin(request)
    check_available(sign_in)
    return sign_in.passkeys.request_options(site_of(request, gateway))


@post("/", status_code=200)
async def enter_by_passkey(
    request: AnyRequest, gateway: TheGateway, sign_in: TheSignIn, content: TheBody
) -> Response[Any]:
    """Open a session for whose passkey has signed: the body is its credential, the answer says where to go on."""
    check_origin(request)
    check_available(sign_in)
    with sign_in.counted_try(request):
        person = await sign_in.passkeys.person(site_of(request, gateway), read_object(content))
    cookie = await sign_in.open_for(request, person)
    return Response({"then": first_page(person)}, cookies=[cookie], headers={"cache-control": "no-store"})


passkey_router = PathRouter(
    "/passkey",
    route_handlers=[show_request_options, enter_by_passkey],
    dependencies={"content": Provide(read_admin_body)},
)
