"""`/console/routes`: the operator's named routes, each with its models in order and what would become of a request."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.domain.route import REASONS, NamedRoute
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.models import is_up
from aihub_lite.web.admin.routes import explained_route, route_json
from aihub_lite.web.console.pages import page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.views import Json

MOST_NAMES = 500
"""Names that a field for a model offers: of an aggregator's thousands, browsers show a list for minutes."""
EMPTY_STEP: Json = {"model": "", "below_budget": None, "over_tokens": None, "tag": None, "hours": None}


def names_of_models(gateway: Gateway) -> list[str]:
    """What may be tried: models and the operator's aliases for them."""
    registry = gateway.registry
    names = sorted({*registry.catalog.models, *registry.models.aliases})
    return names[:MOST_NAMES]


def answers(gateway: Gateway, route: NamedRoute) -> bool:
    """Whether any of a route's models has a channel that takes requests at the moment, whatever the request is."""
    models = [gateway.registry.catalog.resolve(step.model) for step in route.steps]
    return any(resolved is not None and is_up(gateway, resolved[0]) for resolved in models)


def ways_of(gateway: Gateway, route: NamedRoute, token: str) -> Json:
    """What a request for a route would try, and why; or what such a question is refused with."""
    try:
        return explained_route(gateway, route.name, token)
    except GatewayError as error:
        return {"channels": [], "passed": [], "waits_ms": None, "refusal": {"message": error.message}}


def editor(request: AnyRequest, gateway: Gateway, route: NamedRoute | None, token: str = "") -> Template:
    """The page of one route, or of a new one; `token`: whose request is explained."""
    shown = None
    ways = None
    steps = [EMPTY_STEP]
    if route is not None:
        shown = route_json(gateway, route)
        ways = ways_of(gateway, route, token)
        steps = shown["steps"]
    return page(
        request,
        "pages/route.html",
        route=shown,
        steps=[*steps, EMPTY_STEP] if shown else [EMPTY_STEP, EMPTY_STEP],
        reasons=REASONS,
        names=names_of_models(gateway),
        tokens=[token.name for token in gateway.registry.tokens.all],
        ways=ways,
        asker=token,
    )


@get("/routes")
async def show_routes(request: AnyRequest, gateway: TheGateway) -> Template:
    """All routes, by name."""
    routes = [
        {**route_json(gateway, route), "answers": answers(gateway, route)}
        for _, route in sorted(gateway.registry.routes.all.items())
    ]
    return page(request, "pages/routes.html", routes=routes)


@get("/routes/new")
async def show_new_route(request: AnyRequest, gateway: TheGateway) -> Template:
    """The form for a new route."""
    return editor(request, gateway, None)


@get("/routes/named/{name:path}")
async def show_route_page(
    request: AnyRequest, gateway: TheGateway, name: FromPath[str], token: FromQuery[str] = ""
) -> Template:
    """One route, whose name may hold slashes, and what a request of a token would try."""
    return editor(request, gateway, gateway.registry.routes.get(name.removeprefix("/")), token)


ROUTES = [show_routes, show_new_route, show_route_page]
