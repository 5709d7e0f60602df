"""`/console/pots`: all pots, one of them with its budgets and credits, and the statement of a month."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.pots.credits import credits_json, requests_json
from aihub_lite.web.admin.pots.pots import pots_json
from aihub_lite.web.console.pages import page
from aihub_lite.web.console.pots.statement import statement_file, statement_page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.pots import pot_json, statement_view
from aihub_lite.web.views import Json


@get("/pots")
async def show_pots(request: AnyRequest, gateway: TheGateway) -> Template:
    """The gateway, people and teams, each with its limits."""
    return page(request, "pots/pots.html", pots=await pots_json(gateway), requests=await requests_json(gateway))


@get("/pots/{who:str}")
async def show_pot_page(request: AnyRequest, gateway: TheGateway, who: FromPath[str]) -> Template:
    """One pot: what is left of each limit, the form of its budgets, and its credits."""
    key = gateway.pots.key_of(who)
    shared = key.kind in ("person", "team")
    pot: Json = {**await pot_json(gateway, key), "credits": []}
    requests: list[Json] = []
    if shared:
        pot = await credits_json(gateway, key)
    if key.kind == "person":
        requests = await requests_json(gateway, person_id=key.holder)
    return page(request, "pots/pot.html", pot=pot, shared=shared, ref=key.holder or key.kind, requests=requests)


@get("/pots/{who:str}/statement")
async def show_statement_page(
    request: AnyRequest, gateway: TheGateway, who: FromPath[str], month: FromQuery[str] = ""
) -> Template:
    """A month on one page, which prints as it is."""
    key = gateway.credits.key_of(who)
    pot = f"/console/pots/{key.holder}"
    statement = await statement_view(gateway, key, month)
    return statement_page(request, gateway, statement, pot, f"{pot}/statement")


@get("/pots/{who:str}/statement.csv")
async def download_statement(gateway: TheGateway, who: FromPath[str], month: FromQuery[str] = "") -> Response[str]:
    """The same as CSV, whose amounts together are what is left at the month's end."""
    return statement_file(await statement_view(gateway, gateway.credits.key_of(who), month))


POT_PAGES = [show_pots, show_pot_page, show_statement_page, download_statement]
