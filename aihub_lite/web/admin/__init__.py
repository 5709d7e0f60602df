"""The admin API under `/api/admin`: what the command line and the console speak.

One guard stands before every route. A handler reads, checks, makes one call and answers.
"""

from __future__ import annotations

import hmac
from typing import Any

from litestar import Request, Response, Router
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler

from aihub_lite.domain.token import digest_of
from aihub_lite.errors import Conflict
from aihub_lite.gateway.admin_key import admin_key
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.faults import Duplicate
from aihub_lite.web.admin.aliases import aliases_router
from aihub_lite.web.admin.channels import channels_router
from aihub_lite.web.admin.prices import prices_router
from aihub_lite.web.admin.status import status_router
from aihub_lite.web.admin.tokens import tokens_router
from aihub_lite.web.admin.usage import usage_router
from aihub_lite.wire.errors_out import error_body

PATH = "/api/admin"
AnyRequest = Request[Any, Any, Any]


def admin_router(gateway: Gateway) -> Router:
    """All routes, open to the holder of the admin key, which is made if there is none. Raises BadSetting."""
    expected = digest_of(admin_key(gateway.settings.data_dir, gateway.environ))

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        # Digests are compared: their length says nothing, and neither does the time it takes.
        if not hmac.compare_digest(digest_of(bearer(connection)), expected):
            raise gateway.limits.authentication_failed(address_of(connection))

    return Router(
        PATH,
        route_handlers=[tokens_router, channels_router, aliases_router, prices_router, usage_router, status_router],
        dependencies={"gateway": Provide(lambda: gateway, sync_to_thread=False)},
        guards=[guard],
        exception_handlers={Duplicate: taken},
        include_in_schema=False,
    )


def bearer(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The key in `Authorization: Bearer`, or nothing: no other place is looked at."""
    scheme, _, key = connection.headers.get("authorization", "").strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The caller's address, as far as the gate believes it."""
    found = connection.scope.get("aihub.address")
    return str(found or (connection.client.host if connection.client else ""))


def taken(_: AnyRequest, error: Duplicate) -> Response[bytes]:
    """A unique value that is taken although memory did not know."""
    conflict = Conflict(str(error))
    return Response(error_body(conflict), status_code=conflict.status, media_type="application/json")
