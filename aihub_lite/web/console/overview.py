"""`/console`: what is happening."""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from aihub_lite.web.admin.channels import list_channels
from aihub_lite.web.admin.flights import list_flights
from aihub_lite.web.admin.overview import overview
from aihub_lite.web.admin.views import TheGateway
from aihub_lite.web.console.pages import AnyRequest, page


@get("/")
async def show_overview(request: AnyRequest, gateway: TheGateway) -> Template:
    """The front page."""
    return page(
        request,
        "overview.html",
        flights=await list_flights.fn(gateway),
        channels=await list_channels.fn(gateway),
        tokens=len(gateway.registry.tokens),
        **await overview(gateway),
    )
