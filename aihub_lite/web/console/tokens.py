"""`/console/tokens`: the tokens, what each may do and has spent, and how to set up clients with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.domain.token import Token
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.requests.filters import ANY_FAILED, RecordFilter
from aihub_lite.storage.statistics import Sums
from aihub_lite.storage.usage import Usages
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.paging import Order, read_asked
from aihub_lite.web.admin.records import entry_json, record_json
from aihub_lite.web.admin.tokens import OLDEST_FIRST, last_used_of, token_json, token_rows
from aihub_lite.web.console.channels import figure_of, groups, known_sort, last_day
from aihub_lite.web.console.connect import connect
from aihub_lite.web.console.key import FIGURES
from aihub_lite.web.console.pages import page
from aihub_lite.web.console.statistics import zone_of
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.reports.token_usage import SPAN, limit_rows, usage_json
from aihub_lite.web.requests.listing import requests_page
from aihub_lite.web.spans import edges_of
from aihub_lite.web.views import Json


def state_of(token: Json) -> str:
    """`active`, or why its key is refused."""
    if not token["enabled"]:
        return "disabled"
    if not token["person_enabled"]:
        return "owner_disabled"
    if token["expired"]:
        return "expired"
    if token["paused"]:
        return "paused"
    if token["left_usd"] == 0:
        return "exhausted"
    return "active"


def token_view(token: Json) -> Json:
    """A token with its state, as a row or the head of its page."""
    return {**token, "state": state_of(token)}


MOST_OWNERS = 500
"""People, and teams, that a field offers: of thousands, browsers show a list for minutes."""


def owners(gateway: Gateway) -> Json:
    """Whom a token may belong to, by name."""
    people = gateway.people
    return {
        "people": sorted(person.name for person in people.persons.values())[:MOST_OWNERS],
        "teams": sorted(team.name for team in people.teams.values())[:MOST_OWNERS],
    }


FAILURES = 10
"""The latest requests of a token that failed, on its page."""
NEWEST_FIRST: Order[Token] = attrs.evolve(OLDEST_FIRST, falling=True)
BY_NAME = Order[Token](place=lambda token: (token.name.casefold(), token.id), kind=tuple[str, str])
RECENT = 10
"""Of a token's requests, those that its page shows."""
SORTS = ("name", "spent", "errors", "used")
"""What tokens can be ordered by; falling with a `-` before it."""


async def order_by(gateway: Gateway, sort: str, served: Mapping[str, Sums]) -> Order[Token]:
    """The order that an address asks for; by their age where it asks for none that there is. `served`: by each token in
    the last day."""
    key = known_sort(sort, SORTS).removeprefix("-")
    if not key:
        return NEWEST_FIRST
    order = BY_NAME
    if key == "spent":
        balances = gateway.ledger.balances
        order = Order(place=lambda token: (balances[token.id].spent, token.id), kind=tuple[int, str])
    elif key == "errors":
        shares = {token_id: figure_of(sums, "errors") for token_id, sums in served.items()}
        order = Order(place=lambda token: (shares.get(token.id, 0.0), token.id), kind=tuple[float, str])
    elif key == "used":
        ids = [token.id for token in gateway.registry.tokens.by_digest.values()]
        used = await Usages(gateway.database).last_used(ids)
        order = Order(place=lambda token: (used.get(token.id, 0), token.id), kind=tuple[int, str])
    return attrs.evolve(order, falling=sort.startswith("-"))


@get("/tokens")
async def show_tokens(
    request: AnyRequest,
    gateway: TheGateway,
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
    sort: FromQuery[str] = "",
) -> Template:
    """A page of the tokens that match the search, newest first unless another order is asked for, with how many of each
    one's requests failed in the last day."""
    asked = read_asked(q, after)
    served = await last_day(gateway, "token")
    order = await order_by(gateway, sort, served)
    rows = await token_rows(gateway, order, asked)
    return page(
        request,
        "pages/tokens.html",
        tokens=[{**token_view(row), "day": served.get(token.id, Sums())} for token, row in rows[: asked.limit]],
        total=len(gateway.registry.tokens.by_digest),
        q=q.strip(),
        sort=known_sort(sort, SORTS),
        after=order.further([token for token, _ in rows], asked),
        groups=groups(gateway),
    )


@get("/tokens/new")
async def show_new_token(request: AnyRequest, gateway: TheGateway) -> Template:
    """The form for a new token, and what its script shows then: the key and how to set up clients with it."""
    context: dict[str, Any] = connect(request, gateway)
    return page(request, "pages/token_new.html", token=None, groups=groups(gateway), owners=owners(gateway), **context)


@get("/tokens/{ref:str}")
async def show_token_page(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Template:
    """One token, and so one person: what it has used and of which limits, what it asked last, how to set up
    clients with it, and the form that changes it."""
    token = gateway.registry.tokens.get(ref)
    edges = edges_of(SPAN, gateway.clock.wall(), zone_of(request))
    recent = await Usages(gateway.database).records(RecordFilter(token_id=token.id), limit=RECENT)
    usage = await usage_json(gateway, token, edges)
    failed = await requests_page(gateway, RecordFilter(token_id=token.id, outcome=ANY_FAILED), "", FAILURES)
    context: dict[str, Any] = connect(request, gateway, token)
    last_used = await last_used_of(gateway, [token.id])
    return page(
        request,
        "pages/token.html",
        token={**token_view(token_json(gateway, token)), "last_used": last_used[token.id]},
        limits=limit_rows(gateway, token),
        usage=usage,
        recent=[record_json(record) for _, record in recent],
        figures=FIGURES,
        groups=groups(gateway),
        owners=owners(gateway),
        failed=[entry_json(entry) for entry in failed.entries],
        **context,
    )


TOKENS = [show_tokens, show_new_token, show_token_page]
