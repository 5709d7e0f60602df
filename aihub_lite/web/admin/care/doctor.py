"""`/api/admin/doctor`: what is wrong with the gateway, and what to do about it."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from aihub_lite.web.console.pages import language_of
from aihub_lite.web.doctor.examination import Doctor, report_json
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.views import Json

TheDoctor = NamedDependency[SkipValidation[Doctor]]
"""The one of this gateway."""


@get("/")
async def examine(request: AnyRequest, doctor: TheDoctor) -> Json:
    """Look at the whole gateway now; upstreams are asked for their models, which nobody bills.

    `well` is false where a finding is an error or a warning. `code` is stable; `what` and `do` are sentences.
    """
    return report_json(await doctor.examine(), language_of(request))


def doctor_router(doctor: Doctor) -> PathRouter:
    """The route, over one doctor."""
    return PathRouter(
        "/doctor",
        route_handlers=[examine],
        dependencies={"doctor": Provide(lambda: doctor, sync_to_thread=False)},
    )
