"""The admin API under `/api/admin`: what the command line and the console speak.

One guard stands before every route. A handler reads, checks, makes one call and answers.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler

from aihub_lite.errors import Conflict
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.faults import Duplicate
from aihub_lite.web.admin.access import access_router
from aihub_lite.web.admin.acting import acting_router
from aihub_lite.web.admin.aliases import aliases_router
from aihub_lite.web.admin.backup import backup_router
from aihub_lite.web.admin.channels import channels_router
from aihub_lite.web.admin.flights import flights_router
from aihub_lite.web.admin.models import models_router
from aihub_lite.web.admin.overview import overview_router
from aihub_lite.web.admin.prices import prices_router
from aihub_lite.web.admin.records import records_router
from aihub_lite.web.admin.routes import routes_router
from aihub_lite.web.admin.settings import settings_router
from aihub_lite.web.admin.statistics import statistics_router
from aihub_lite.web.admin.status import status_router
from aihub_lite.web.admin.tokens import tokens_router
from aihub_lite.web.admin.usage import usage_router
from aihub_lite.web.sightings import Sightings
from aihub_lite.web.sign_in import SignIn, address_of
from aihub_lite.wire.errors_out import error_body

PATH = "/api/admin"
AnyRequest = Request[Any, Any, Any]


def admin_router(gateway: Gateway, sign_in: SignIn, sightings: Sightings) -> Router:
    """All routes, open to the holder of the admin key and to the pages of a session of the console."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        if key := bearer(connection):
            sign_in.check(connection, key)
        elif "authorization" in connection.headers or not await sign_in.session(connection):
            raise gateway.limits.authentication_failed(address_of(connection))
        else:
            await sign_in.admit(connection)

    return Router(
        PATH,
        route_handlers=[
            tokens_router,
            acting_router,
            channels_router,
            aliases_router,
            prices_router,
            usage_router,
            status_router,
            access_router,
            backup_router,
            flights_router,
            models_router,
            overview_router,
            records_router,
            routes_router,
            settings_router,
            statistics_router,
        ],
        dependencies={
            "gateway": Provide(lambda: gateway, sync_to_thread=False),
            "sign_in": Provide(lambda: sign_in, sync_to_thread=False),
            "sightings": Provide(lambda: sightings, sync_to_thread=False),
        },
        guards=[guard],
        exception_handlers={Duplicate: taken},
        include_in_schema=False,
    )


def bearer(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The key in `Authorization: Bearer`, or nothing: no other place is looked at."""
    scheme, _, key = connection.headers.get("authorization", "").strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def taken(_: AnyRequest, error: Duplicate) -> Response[bytes]:
    """A unique value that is taken although memory did not know."""
    conflict = Conflict(str(error))
    return Response(error_body(conflict), status_code=conflict.status, media_type="application/json")
