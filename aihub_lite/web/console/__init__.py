"""The console under `/console`: pages that show and change, over the same functions as the admin API.

Pages read through those functions when they are made; what a reader changes goes to the admin API itself, by the
scripts of the page, with the session's cookie. So nothing is possible here that is not possible there.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response, Router, get, head
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect

from aihub_lite.errors import GatewayError, NotFound, Unauthenticated
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.console.assets import serve_asset
from aihub_lite.web.console.channels import CHANNELS
from aihub_lite.web.console.entrance import ENTRANCE, refused
from aihub_lite.web.console.key import show_key_page
from aihub_lite.web.console.models import MODELS
from aihub_lite.web.console.overview import show_overview
from aihub_lite.web.console.pages import AnyRequest, page
from aihub_lite.web.console.playground import PLAYGROUND
from aihub_lite.web.console.requests import REQUESTS
from aihub_lite.web.console.settings import SETTINGS
from aihub_lite.web.console.statistics import STATISTICS
from aihub_lite.web.console.tokens import TOKENS
from aihub_lite.web.sign_in import SignIn

PATH = "/console"


def console_router(gateway: Gateway, sign_in: SignIn) -> Router:
    """The entrance, the page of a key and the files, open to all, and the pages for those who are signed in."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        await sign_in.admit(connection)

    pages = Router(
        "/",
        route_handlers=[show_overview, *TOKENS, *CHANNELS, *MODELS, *PLAYGROUND, *REQUESTS, *STATISTICS, *SETTINGS],
        guards=[guard],
        exception_handlers={Unauthenticated: to_sign_in, GatewayError: on_refusal},
    )
    return Router(
        PATH,
        route_handlers=[serve_asset, show_key_page, *ENTRANCE, pages],
        dependencies={
            "gateway": Provide(lambda: gateway, sync_to_thread=False),
            "sign_in": Provide(lambda: sign_in, sync_to_thread=False),
        },
        include_in_schema=False,
    )


def to_sign_in(request: AnyRequest, _: Unauthenticated) -> Redirect:
    """A page without a session leads to the sign-in, and from there back."""
    wanted = request.scope["path"]
    return Redirect(f"{PATH}/sign-in" + (f"?then={quote(wanted)}" if wanted != PATH else ""), status_code=303)


def on_refusal(request: AnyRequest, error: GatewayError) -> Response[Any]:
    """What cannot be shown says why."""
    request_id = str(request.scope["aihub.request_id"])  # type: ignore[typeddict-item]
    return refused(page(request, "error.html", error=error, request_id=request_id), error)


@head("/", include_in_schema=False)
async def anybody_there() -> None:
    """Claude Code asks the bare address for a sign of life before it asks for anything else."""


@get("/", include_in_schema=False)
async def front_door(request: AnyRequest) -> Redirect:
    """A browser that was given the bare address finds the console; a program finds nothing."""
    if "text/html" not in request.headers.get("accept", ""):
        raise NotFound("GET /: no such path.")
    return Redirect(PATH, status_code=303)
