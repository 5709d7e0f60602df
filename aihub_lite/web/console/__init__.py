"""The console under `/console`: pages that show and change, over the same functions as the admin API.

A page is rendered from what those functions return; what a reader changes goes to the admin API itself, by the
scripts of the page, with the session's cookie. So nothing is possible here that is not possible there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from litestar import Response, get, head
from litestar.di import Provide
from litestar.params import FromQuery
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from aihub_lite.errors import AccessDenied, GatewayError, NotFound, Unauthenticated
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.access.actor import optional_actor
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.records import read_search
from aihub_lite.web.console.assets import serve_asset
from aihub_lite.web.console.channels import CHANNELS
from aihub_lite.web.console.key import show_key_page
from aihub_lite.web.console.models import MODELS
from aihub_lite.web.console.overview import show_overview
from aihub_lite.web.console.pages import OWN_HOME, address_of, page
from aihub_lite.web.console.playground import PLAYGROUND
from aihub_lite.web.console.requests import REQUESTS
from aihub_lite.web.console.routes import ROUTES
from aihub_lite.web.console.settings import SETTINGS
from aihub_lite.web.console.sign_in import ENTRANCE, with_status
from aihub_lite.web.console.statistics import STATISTICS
from aihub_lite.web.console.tokens import TOKENS
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.search import hits
from aihub_lite.web.sign_in import SignIn

PATH = "/console"
PAGES = (*TOKENS, *CHANNELS, *MODELS, *ROUTES, *PLAYGROUND, *REQUESTS, *STATISTICS, *SETTINGS)
"""Those behind the session's guard, beside the front page."""


def console_router(gateway: Gateway, sign_in: SignIn, more: Sequence[ControllerRouterHandler] = ()) -> PathRouter:
    """Sign-in, the page of a key and the assets, which are open to all, and the pages of whoever is signed in.

    `more` are the pages of the rooms within this one.
    """
    pages = PathRouter(
        "/",
        route_handlers=[
            show_overview,
            search_everything,
            *PAGES,
            *more,
        ],
        exception_handlers={
            Unauthenticated: redirect_to_sign_in,
            AccessDenied: on_denial,
            GatewayError: on_refusal,
        },
    )
    return PathRouter(
        PATH,
        route_handlers=[serve_asset, show_key_page, *ENTRANCE, pages],
        dependencies={
            "gateway": Provide(lambda: gateway, sync_to_thread=False),
            "search": Provide(read_search, sync_to_thread=False),
            "sign_in": Provide(lambda: sign_in, sync_to_thread=False),
        },
        include_in_schema=False,
    )


@get("/search")
async def search_everything(gateway: TheGateway, q: FromQuery[str] = "") -> Response[dict[str, Any]]:
    """What a text finds, as `web.search` has it, for the search of every page."""
    return Response({"hits": await hits(gateway, q)}, headers={"cache-control": "no-store"})


def redirect_to_sign_in(request: AnyRequest, _: Unauthenticated) -> Redirect:
    """Without a session, to the sign-in, and from there back to the page."""
    target = f"{PATH}/sign-in"
    address = address_of(request)
    if address != PATH:
        target += f"?then={quote(address)}"
    return Redirect(target, status_code=303)


def on_denial(request: AnyRequest, error: AccessDenied) -> Response[Any]:
    """The front page is the administrators': everybody else goes on to their own, and is refused elsewhere."""
    if request.scope["path"] == PATH and optional_actor(request) is not None:
        return Redirect(OWN_HOME, status_code=303)
    return on_refusal(request, error)


def on_refusal(request: AnyRequest, error: GatewayError) -> Response[Any]:
    """A page with the refusal's text, inside the console's frame."""
    request_id = str(request.scope["aihub.request_id"])  # type: ignore[typeddict-item]
    return with_status(page(request, "errors/framed.html", error=error, request_id=request_id), error)


@head("/", include_in_schema=False)
async def answer_root_head() -> None:
    """200 for `HEAD /`, by which Claude Code finds out whether the gateway is there (RULES.md C-25)."""


@get("/", include_in_schema=False)
async def redirect_root(request: AnyRequest) -> Redirect:
    """A browser at the bare address goes on to the console; for a program there is nothing (RULES.md C-5)."""
    if "text/html" not in request.headers.get("accept", ""):
        raise NotFound("GET /: no such path.")
    return Redirect(PATH, status_code=303)
