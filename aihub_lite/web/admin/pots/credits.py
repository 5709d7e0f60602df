"""`/api/admin/credits` and `/credit-requests`: entries, statements, and what people ask for."""

from __future__ import annotations

import attrs
from litestar import get, post
from litestar.params import FromPath, FromQuery

from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.access.actor import actor_of
from aihub_lite.web.admin.bodies import Nano, SignedNano, read
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, takes
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.pots import credit_json, pot_json, request_json, statement_view
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class CreditInput:
    """Body of POST: an amount below zero corrects what was given."""

    usd: SignedNano
    note: str = ""


@attrs.frozen(kw_only=True)
class GiftInput:
    """Body of an answer: another amount than was asked for, or nothing."""

    usd: Nano | None = None


def giver_of(request: AnyRequest) -> str:
    """Who gives or refuses credit, as its entry names them."""
    person = actor_of(request).person
    if person is None:
        return "admin key"
    return person.name


async def credits_json(gateway: Gateway, key: PotKey) -> Json:
    """A pot with its entries, oldest first."""
    entries = await gateway.pots.credits.of(key)
    return {**await pot_json(gateway, key), "credits": [credit_json(credit) for credit in entries]}


async def requests_json(gateway: Gateway, *, open_only: bool = True, person_id: str | None = None) -> list[Json]:
    """List requests for credit, newest first."""
    requests = await gateway.credits.requests(open_only=open_only, person_id=person_id)
    return [request_json(gateway, request) for request in requests]


@get("/credits/{who:str}")
async def list_credits(gateway: TheGateway, who: FromPath[str]) -> Json:
    """List the credit entries of a person or team."""
    return await credits_json(gateway, gateway.credits.key_of(who))


@post("/credits/{who:str}", opt=takes(CreditInput))
async def add_credit(request: AnyRequest, gateway: TheGateway, who: FromPath[str], content: TheBody) -> Json:
    """Add a credit entry; from the first on, the pot has no more than its credits."""
    key = gateway.credits.key_of(who)
    entry = read(content, CreditInput)
    await gateway.credits.add(key, entry.usd, entry.note, giver_of(request))
    return await credits_json(gateway, key)


@get("/credits/{who:str}/statement")
async def show_statement(gateway: TheGateway, who: FromPath[str], month: FromQuery[str] = "") -> Json:
    """Show what a person or team had, got and spent in a month (UTC) like `2027-01`."""
    return await statement_view(gateway, gateway.credits.key_of(who), month)


@get("/credit-requests")
async def list_credit_requests(gateway: TheGateway, answered: FromQuery[bool] = False) -> Json:
    """List requests for credit, newest first; with `answered=true` what was answered too."""
    return {"requests": await requests_json(gateway, open_only=not answered)}


@post("/credit-requests/{number:int}/give", status_code=200, opt=takes(GiftInput))
async def give_credit(request: AnyRequest, gateway: TheGateway, number: FromPath[int], content: TheBody) -> Json:
    """Give the credit that is asked for, or the amount of the body."""
    pot = await gateway.credits.give(number, giver_of(request), read(content, GiftInput).usd)
    return await credits_json(gateway, pot.key)


@post("/credit-requests/{number:int}/refuse", status_code=200)
async def refuse_credit(request: AnyRequest, gateway: TheGateway, number: FromPath[int]) -> Json:
    """Refuse a request for credit."""
    refused = await gateway.credits.refuse(number, giver_of(request))
    return await credits_json(gateway, PotKey("person", refused.person_id))


credits_router = PathRouter(
    "/",
    route_handlers=[list_credits, add_credit, show_statement, list_credit_requests, give_credit, refuse_credit],
)
