"""`/console/tokens`: who may call, how much, and with what settings in which client."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.tokens import list_tokens, token_json
from aihub_lite.web.admin.views import Json, TheGateway, moment_text
from aihub_lite.web.console.channels import groups
from aihub_lite.web.console.connect import connect
from aihub_lite.web.console.pages import AnyRequest, page

NEAR = Decimal("0.8")
"""The share of a limit from which on it is shown as something to look at."""


def meter(token: Json) -> Json | None:
    """The limit that is nearest: what it is, what is spent of it, the share; None for a token without a limit."""
    meters = []
    if token["quota"] is not None:
        meters.append(_meter(token["spent_usd"], token["quota"], "total"))
    if token["budget"] is not None:
        amount, _, period = token["budget"].partition("/")
        meters.append(_meter(token["spent_now_usd"], amount, period))
    return max(meters, key=lambda each: each["share"], default=None)


def _meter(spent: str, limit: str, period: str) -> Json:
    share = float(Decimal(spent) / Decimal(limit)) if Decimal(limit) else 1.0
    return {"spent": spent, "limit": limit, "period": period, "share": share}


def state_of(token: Json, now: str) -> str:
    """`active`, or why it opens nothing. Times in RFC 3339 and UTC compare as text."""
    if not token["enabled"]:
        return "disabled"
    if token["expires"] is not None and token["expires"] <= now:
        return "expired"
    if token["left_usd"] is not None and not Decimal(token["left_usd"]):
        return "exhausted"
    return "active"


def shown(token: Json, gateway: Gateway) -> Json:
    """A token as a row or the head of its page."""
    now = moment_text(gateway.clock.wall())
    return {**token, "meter": meter(token), "state": state_of(token, now)}


@get("/tokens")
async def show_tokens(request: AnyRequest, gateway: TheGateway) -> Template:
    """All tokens, newest first."""
    tokens: list[Json] = await list_tokens.fn(gateway)
    return page(request, "tokens.html", tokens=[shown(each, gateway) for each in reversed(tokens)])


@get("/tokens/new")
async def show_new_token(request: AnyRequest, gateway: TheGateway) -> Template:
    """The form, and what follows it: the key and how to use it."""
    return page(request, "token_new.html", token=None, groups=groups(gateway), **connect(request, gateway))


@get("/tokens/{ref:str}")
async def show_token_page(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Template:
    """One token."""
    token = gateway.registry.token(ref)
    context: dict[str, Any] = connect(request, gateway, token)
    return page(
        request, "token.html", token=shown(token_json(gateway, token), gateway), groups=groups(gateway), **context
    )


TOKENS = [show_tokens, show_new_token, show_token_page]
