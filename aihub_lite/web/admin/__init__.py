"""The admin API under `/api/admin`: what the command line and the console speak.

One guard stands before every route (`web.guard`). A handler reads, checks, makes one call and answers.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response
from litestar.di import Provide

from aihub_lite.errors import Conflict
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.sqlite.faults import Duplicate
from aihub_lite.web.admin.access import access_router
from aihub_lite.web.admin.aliases import aliases_router
from aihub_lite.web.admin.backup import backup_router
from aihub_lite.web.admin.channels import channels_router
from aihub_lite.web.admin.dependencies import read_admin_body
from aihub_lite.web.admin.flights import flights_router
from aihub_lite.web.admin.models import models_router
from aihub_lite.web.admin.overview import overview_router
from aihub_lite.web.admin.paging import read_asked
from aihub_lite.web.admin.playground import playground_router
from aihub_lite.web.admin.prices import prices_router
from aihub_lite.web.admin.records import read_search, records_router
from aihub_lite.web.admin.routes import routes_router
from aihub_lite.web.admin.settings import settings_router
from aihub_lite.web.admin.statistics import statistics_router
from aihub_lite.web.admin.tokens import tokens_router
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.relay.sightings import Sightings
from aihub_lite.web.sign_in import SignIn
from aihub_lite.web.trail import trail_of
from aihub_lite.wire.client_error import error_body

PATH = "/api/admin"


ROUTERS = (
    tokens_router,
    playground_router,
    channels_router,
    aliases_router,
    prices_router,
    access_router,
    backup_router,
    flights_router,
    models_router,
    overview_router,
    records_router,
    routes_router,
    settings_router,
    statistics_router,
)
"""Those of this room; `web.administration` has them all."""


def admin_router(gateway: Gateway, sign_in: SignIn, sightings: Sightings, routers: Sequence[PathRouter]) -> PathRouter:
    """The routes of some routers or of all; `web.access.rights` says who may use which."""
    return PathRouter(
        PATH,
        route_handlers=routers,
        dependencies={
            "asked": Provide(read_asked, sync_to_thread=False),
            "content": Provide(read_admin_body),
            "gateway": Provide(lambda: gateway, sync_to_thread=False),
            "search": Provide(read_search, sync_to_thread=False),
            "sign_in": Provide(lambda: sign_in, sync_to_thread=False),
            "sightings": Provide(lambda: sightings, sync_to_thread=False),
        },
        middleware=[trail_of(gateway)],
        exception_handlers={Duplicate: on_duplicate},
    )


def on_duplicate(_: AnyRequest, error: Duplicate) -> Response[bytes]:
    """A value that only storage knew to be taken already, as a conflict instead of our own fault."""
    conflict = Conflict(str(error))
    return Response(error_body(conflict), status_code=conflict.status, media_type="application/json")
