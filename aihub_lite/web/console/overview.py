"""`/console`: what is happening."""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from aihub_lite.web.admin.status import status_of
from aihub_lite.web.admin.views import TheGateway
from aihub_lite.web.console.pages import AnyRequest, page


@get("/")
async def show_overview(request: AnyRequest, gateway: TheGateway) -> Template:
    """The front page."""
    return page(request, "overview.html", status=status_of(gateway))
