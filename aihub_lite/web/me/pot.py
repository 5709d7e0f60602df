"""`/api/me/pot` and `/api/me/credit-requests`: what one may still spend, and asking for more."""

from __future__ import annotations

import attrs
from litestar import get, post
from litestar.params import FromQuery

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.pots.credit import CreditRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.access.actor import person_of
from aihub_lite.web.admin.bodies import Nano, read
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, takes
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.pots import pot_json, statement_view
from aihub_lite.web.views import Json, moment_text, money


@attrs.frozen(kw_only=True)
class CreditWish:
    """Body of POST /api/me/credit-requests."""

    usd: Nano
    note: str = ""


async def own_pot_json(gateway: Gateway, person: Person) -> Json:
    """A person's own pot: what is spent and left of their credit and budgets."""
    return await pot_json(gateway, PotKey("person", person.id))


def wish_json(wish: CreditRequest) -> Json:
    """What one has asked for; who answered is the admins' to know."""
    return {
        "id": wish.id,
        "usd": money(wish.nano),
        "note": wish.note,
        "at": moment_text(wish.at),
        "state": wish.state,
    }


async def wishes_json(gateway: Gateway, person: Person) -> list[Json]:
    """All that a person has asked for, newest first."""
    return [wish_json(wish) for wish in await gateway.credits.requests(open_only=False, person_id=person.id)]


@get("/pot")
async def show_own_pot(request: AnyRequest, gateway: TheGateway) -> Json:
    """Show what one may still spend; a team's and the gateway's own limits come on top."""
    return await own_pot_json(gateway, person_of(request))


async def own_statement(gateway: Gateway, person: Person, month: str) -> Json:
    """A person's own month, the running one where it is empty; who gave a credit is the admins' to know."""
    statement = await statement_view(gateway, PotKey("person", person.id), month)
    entries = [{name: value for name, value in entry.items() if name != "by"} for entry in statement["credits"]]
    return {**statement, "credits": entries}


@get("/statement")
async def show_own_statement(request: AnyRequest, gateway: TheGateway, month: FromQuery[str] = "") -> Json:
    """Show what one had, got and spent in a month (UTC) like `2027-01`."""
    return await own_statement(gateway, person_of(request), month)


@get("/credit-requests")
async def list_wishes(request: AnyRequest, gateway: TheGateway) -> Json:
    """List what one has asked for."""
    return {"requests": await wishes_json(gateway, person_of(request))}


@post("/credit-requests", opt=takes(CreditWish))
async def ask_for_credit(request: AnyRequest, gateway: TheGateway, content: TheBody) -> Json:
    """Ask for more credit, in place of what is asked for already."""
    wish = read(content, CreditWish)
    person = person_of(request)
    asked_before = await gateway.credits.requests(person_id=person.id)
    asked = await gateway.credits.ask(person, wish.usd, wish.note)
    if not asked_before:  # a mail for each change of mind would fill their boxes
        _tell_admins(gateway, person, asked)
    return wish_json(asked)


def _tell_admins(gateway: Gateway, person: Person, asked: CreditRequest) -> None:
    """By mail, where a server is set and their addresses are known; nobody waits for it."""
    if not gateway.mailer.on:
        return
    usd = f"{money(asked.nano):.2f}"
    for admin, address in gateway.people.admins_with_mail():
        gateway.mailer.tell_of_credit(address, admin.name, person.name, usd, asked.note, asked.id)


POT = [show_own_pot, show_own_statement, list_wishes, ask_for_credit]
