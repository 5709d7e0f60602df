"""`/console/doctor`: what is wrong with the gateway, and what to do about it."""

from __future__ import annotations

from litestar import get
from litestar.di import Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Stream, Template

from aihub_lite.errors import NotFound
from aihub_lite.web.admin.care.doctor import TheDoctor
from aihub_lite.web.console.pages import language_of, page
from aihub_lite.web.doctor.examination import Doctor, report_json
from aihub_lite.web.doctor.way_back import dots
from aihub_lite.web.framework import AnyRequest, PathRouter


@get("/doctor")
async def show_doctor(request: AnyRequest, doctor: TheDoctor, look: FromQuery[str] = "") -> Template:
    """What it found last, and when; with `look` what it finds now: that takes seconds, so nobody gets it unasked."""
    if look:
        await doctor.examine()
    examined = await doctor.last.get()
    report = None
    if examined is not None:
        report = report_json(examined, language_of(request))
    return page(request, "care/doctor.html", report=report)


@get("/doctor/stream/{ticket:str}", media_type="text/event-stream")
async def stream_dots(ticket: FromPath[str], doctor: TheDoctor) -> Stream:
    """A second of dots, by which the doctor sees whether streams come through as they are sent: with its ticket."""
    if not doctor.tickets.take(ticket):
        raise NotFound("No such ticket.")
    return Stream(dots(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


def doctor_page(doctor: Doctor) -> PathRouter:
    """The page, over the doctor of the admin API."""
    return PathRouter(
        "/",
        route_handlers=[show_doctor, stream_dots],
        dependencies={"doctor": Provide(lambda: doctor, sync_to_thread=False)},
    )
