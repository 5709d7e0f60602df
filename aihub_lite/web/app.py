"""The web application: relay surfaces, admin API, health, and one shape for every error that no surface has told."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Litestar, Request, Response, route
from litestar.exceptions import HTTPException

from aihub_lite.errors import ClientFault, GatewayError, InvalidRequest, MethodNotAllowed, NotFound, RequestTooLarge
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.exchange import error_headers
from aihub_lite.web.admin import admin_router
from aihub_lite.web.console import anybody_there, console_router, front_door
from aihub_lite.web.console.lost import lost, wants_page
from aihub_lite.web.console.pages import language_of, template_config
from aihub_lite.web.console.refusals import said
from aihub_lite.web.gate import Gate, own_room
from aihub_lite.web.sightings import Sightings, asked_path
from aihub_lite.web.sign_in import SignIn
from aihub_lite.web.surfaces import CHAT, exchange_of, relay_surfaces, routes_of
from aihub_lite.web.unforeseen import log_unforeseen
from aihub_lite.wire.errors_out import error_body

AnyRequest = Request[Any, Any, Any]

FRAMEWORK_ERRORS: dict[int, type[ClientFault]] = {
    400: InvalidRequest,
    404: NotFound,
    405: MethodNotAllowed,
    413: RequestTooLarge,
}


def create_app(gateway: Gateway) -> Gate:
    """The ASGI application over an open gateway."""

    @route("/healthz", http_method=[HttpMethod.GET, HttpMethod.HEAD], sync_to_thread=False)
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @route("/readyz", http_method=[HttpMethod.GET, HttpMethod.HEAD], sync_to_thread=False)
    def readyz() -> Response[dict[str, str]]:
        """Whether new requests are welcome."""
        if gateway.flights.draining:
            return Response({"status": "draining"}, status_code=503)
        return Response({"status": "ready"})

    sign_in = SignIn.of(gateway)
    sightings = Sightings(gateway.registry, gateway.clock)
    surfaces = relay_surfaces(gateway, sightings)

    def on_http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
        """The framework's errors: nothing of their texts or shapes leaks, only the status."""
        refusal = refusal_for(request, error)
        sightings.note(exchange_of(request.scope, request.receive, None), refusal)
        return on_refusal(request, refusal)

    app = Litestar(
        route_handlers=[
            healthz,
            readyz,
            admin_router(gateway, sign_in, sightings),
            front_door,
            anybody_there,
            console_router(gateway, sign_in),
            *routes_of(surfaces),
        ],
        template_config=template_config(),
        exception_handlers={HTTPException: on_http_error, GatewayError: on_refusal, Exception: on_unforeseen},
        openapi_config=None,
        request_max_body_size=gateway.settings.max_body_bytes,
        logging_config=None,
        debug=False,
    )
    proxies = tuple(each.strip() for each in gateway.settings.trusted_proxies.split(",") if each.strip())
    return Gate(app, gateway.clock, proxies, {CHAT: surfaces[CHAT]})


def reply(error: GatewayError) -> Response[bytes]:
    """An error in the public shape."""
    headers = {name.decode(): value.decode() for name, value in error_headers(error)}
    return Response(error_body(error), status_code=error.status, media_type="application/json", headers=headers)


def on_refusal(request: AnyRequest, error: GatewayError) -> Response[Any]:
    """Our own refusals: a page for a browser in the console, else in the public shape, in the caller's language."""
    if wants_page(request):
        return lost(request, error)
    if own_room(request.scope["path"]):
        error.message = said(language_of(request), error.message)
    return reply(error)


def refusal_for(request: AnyRequest, error: HTTPException) -> GatewayError:
    """Our own error for one of the framework's."""
    kind = FRAMEWORK_ERRORS.get(error.status_code)
    if kind is None:
        return unforeseen(request, error)
    return kind(f"{request.method} {asked_path(request.scope)}: {TEXTS[error.status_code]}.")


TEXTS = {400: "the request cannot be read", 404: "no such path", 405: "no such method here", 413: "body too large"}


def on_unforeseen(request: AnyRequest, error: Exception) -> Response[Any]:
    """A fault of ours."""
    return on_refusal(request, unforeseen(request, error))


def unforeseen(request: AnyRequest, error: Exception) -> GatewayError:
    """The refusal for a fault of ours, which is logged."""
    log_unforeseen(request.scope["aihub.request_id"], error)  # type: ignore[typeddict-item]
    return GatewayError()
