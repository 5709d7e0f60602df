"""Admin API, people's own API, documentation and console, and an error for every path that nothing answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig
from litestar.types import ControllerRouterHandler

from aihub_lite.errors import ClientFault, GatewayError, InvalidRequest, MethodNotAllowed, NotFound, RequestTooLarge
from aihub_lite.gateway.client.callers import received_path
from aihub_lite.gateway.client.exchange import ClientGone, error_headers
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin import ROUTERS, admin_router
from aihub_lite.web.admin.alerts import ALERTS
from aihub_lite.web.admin.care import care_routers
from aihub_lite.web.admin.moving import import_router
from aihub_lite.web.admin.people import PEOPLE
from aihub_lite.web.admin.pots import POTS
from aihub_lite.web.admin.undo import UNDO
from aihub_lite.web.administration.later import MadeLater, Paths
from aihub_lite.web.configuration.routes import configuration_router
from aihub_lite.web.console import answer_root_head, console_router, redirect_root
from aihub_lite.web.console.alerts import ALERT_PAGES
from aihub_lite.web.console.care import doctor_page
from aihub_lite.web.console.error_page import error_page, wants_page
from aihub_lite.web.console.me import OWN_PAGES
from aihub_lite.web.console.pages import language_of, template_config
from aihub_lite.web.console.people import PEOPLE_PAGES
from aihub_lite.web.console.pots import POT_PAGES
from aihub_lite.web.console.translate import translated
from aihub_lite.web.console.ways_in.oidc import oidc_router
from aihub_lite.web.console.ways_in.passkeys import passkey_router
from aihub_lite.web.crash_log import log_unforeseen
from aihub_lite.web.description import description_router
from aihub_lite.web.description.document import OWN_API, Description
from aihub_lite.web.docs import docs_router
from aihub_lite.web.doctor.examination import Doctor
from aihub_lite.web.framework import AnyRequest, Framework, PathRouter
from aihub_lite.web.gate import is_own_path
from aihub_lite.web.guard import guard_of
from aihub_lite.web.me import me_router
from aihub_lite.web.relay.endpoint import exchange_of
from aihub_lite.web.relay.sightings import Sightings
from aihub_lite.web.relay.unspoken import INSTEAD
from aihub_lite.web.sign_in import SignIn
from aihub_lite.wire.client_error import error_body

FRAMEWORK_ERRORS: dict[int, type[ClientFault]] = {
    400: InvalidRequest,
    404: NotFound,
    405: MethodNotAllowed,
    413: RequestTooLarge,
}
PAGES = (*ALERT_PAGES, *PEOPLE_PAGES, *POT_PAGES, *OWN_PAGES)
"""Those of the console that stand in rooms of their own."""
Templates = TemplateConfig[JinjaTemplateEngine]
LONGEST_METHOD = 20
"""Letters of a method that a refusal names: the longest one registered has 17 (`UPDATEREDIRECTREF`)."""
FRAMEWORK_TEXTS = {
    400: "the request cannot be read",
    404: "no such path",
    405: "no such method here",
    413: "body too large",
}


def administration_rooms(gateway: Gateway, sign_in: SignIn, sightings: Sightings) -> Paths:
    """What the framework serves over an open gateway: each room is made when it is first asked for. Whoever looks at
    the console needs no documentation, a program that calls the admin API none of both, and of that but a part."""

    def administering(routers: Sequence[PathRouter]) -> PathRouter:
        return admin_router(gateway, sign_in, sightings, routers)

    def owning() -> PathRouter:
        return me_router(gateway, sign_in, sightings, (description_router(own_description),))

    def console() -> list[ControllerRouterHandler]:
        more: list[ControllerRouterHandler] = [*PAGES, doctor_page(doctor), oidc_router(gateway), passkey_router]
        return [redirect_root, answer_root_head, console_router(gateway, sign_in, more)]

    def room(handlers: Callable[[], list[ControllerRouterHandler]]) -> MadeLater:
        return MadeLater(lambda: framework(gateway, sign_in, sightings, templates, handlers()))

    def part(routers: Sequence[PathRouter]) -> MadeLater:
        return room(lambda: [administering(routers)])

    templates = template_config()
    doctor = Doctor(gateway)
    description = Description(lambda: administering(routers))
    own_description = Description(owning, OWN_API)
    routers = admin_routers(doctor, description)
    docs = room(lambda: [docs_router(gateway, sign_in, description, own_description)])
    mounted = {"/api/admin": part(()), "/api/me": room(lambda: [owning()]), "/docs": docs}
    for names, together in parts_of(routers):
        made = part(together)
        mounted |= {f"/api/admin/{name}": made for name in names}
    return Paths({**mounted, "/docs.md": docs, "/openapi.json": docs}, frozenset(mounted), room(console))


def admin_routers(doctor: Doctor, description: Description) -> list[PathRouter]:
    """All of the admin API."""
    return [
        *ROUTERS,
        *ALERTS,
        *PEOPLE,
        *POTS,
        *UNDO,
        *care_routers(doctor),
        import_router,
        configuration_router,
        description_router(description),
    ]


def parts_of(routers: Sequence[PathRouter]) -> list[tuple[frozenset[str], list[PathRouter]]]:
    """Routers by the first names of their paths: those that share one are together, in their order."""
    parts: list[tuple[frozenset[str], list[PathRouter]]] = []
    for router in routers:
        names = frozenset(route.path.split("/")[1] for route in router.routes)
        shared = [part for part in parts if part[0] & names]
        together = [each for _, members in shared for each in members]
        parts = [part for part in parts if part not in shared]
        parts.append((names.union(*(part[0] for part in shared)), [*together, router]))
    return parts


def framework(
    gateway: Gateway,
    sign_in: SignIn,
    sightings: Sightings,
    templates: Templates,
    handlers: Sequence[ControllerRouterHandler],
) -> Framework:
    """The application of one room; `templates` are those of all."""

    def on_http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
        """The framework's errors: nothing of their texts or shapes leaks, only the status."""
        refusal = refusal_for(request, error)
        # A client with a wrong base URL ends here, and whoever sets it up waits for a sign of it. Nothing is sent by
        # this exchange: it only reads the request's headers.
        if not is_own_path(request.scope["path"]):
            sightings.refused(exchange_of(request.scope, request.receive, None), refusal)
        return on_refusal(request, refusal)

    return Framework(
        route_handlers=handlers,
        guards=[guard_of(gateway, sign_in)],
        template_config=templates,
        exception_handlers={
            HTTPException: on_http_error,
            GatewayError: on_refusal,
            ClientGone: on_client_gone,
            Exception: on_unforeseen,
        },
        # By default Litestar serves a schema of all routes, and sets up logging of its own.
        openapi_config=None,
        request_max_body_size=gateway.settings.max_body_bytes,
        logging_config=None,
        debug=False,
    )


def reply(error: GatewayError) -> Response[bytes]:
    """An error in the public shape."""
    headers = {name.decode(): value.decode() for name, value in error_headers(error)}
    return Response(error_body(error), status_code=error.status, media_type="application/json", headers=headers)


def on_refusal(request: AnyRequest, error: GatewayError) -> Response[Any]:
    """Our own refusals: a page for a browser in the console, else in the public shape, in the caller's language."""
    if wants_page(request):
        return error_page(request, error)
    # Clients of the relay read English: some match on a refusal's text.
    if is_own_path(request.scope["path"]):
        error.message = translated(language_of(request), error.message)
    return reply(error)


def on_client_gone(_: AnyRequest, __: Exception) -> Response[bytes]:
    """Nobody is there to read it; the framework wants an answer all the same."""
    return Response(b"", status_code=400)


def refusal_for(request: AnyRequest, error: HTTPException) -> GatewayError:
    """Our own error for one of the framework's."""
    kind = FRAMEWORK_ERRORS.get(error.status_code)
    if kind is None:
        return unforeseen(request, error)
    method = request.method[:LONGEST_METHOD]
    text = f"{method} {received_path(request.scope)}: {FRAMEWORK_TEXTS[error.status_code]}."
    if kind is NotFound and not is_own_path(request.scope["path"]):
        text = f"{text} {INSTEAD}"
    return kind(text)


def on_unforeseen(request: AnyRequest, error: Exception) -> Response[Any]:
    """Whatever else was raised: our own fault, as a refusal that says nothing of it."""
    return on_refusal(request, unforeseen(request, error))


def unforeseen(request: AnyRequest, error: Exception) -> GatewayError:
    """Log a fault of ours; the refusal that stands for it."""
    log_unforeseen(request.scope["aihub.request_id"], error)  # type: ignore[typeddict-item]
    return GatewayError()
