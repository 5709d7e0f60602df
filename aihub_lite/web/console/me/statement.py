"""`/console/me/statement`: the reader's own month, as a page that prints and as a file."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Template

from aihub_lite.web.access.actor import person_of
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.console.pages import OWN_HOME
from aihub_lite.web.console.pots.statement import statement_file, statement_page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.me.pot import own_statement


@get("/me/statement")
async def show_own_statement_page(request: AnyRequest, gateway: TheGateway, month: FromQuery[str] = "") -> Template:
    """What the reader had, got and spent in a month."""
    statement = await own_statement(gateway, person_of(request), month)
    return statement_page(request, gateway, statement, OWN_HOME, f"{OWN_HOME}/statement")


@get("/me/statement.csv")
async def download_own_statement(request: AnyRequest, gateway: TheGateway, month: FromQuery[str] = "") -> Response[str]:
    """The same as CSV."""
    return statement_file(await own_statement(gateway, person_of(request), month))
