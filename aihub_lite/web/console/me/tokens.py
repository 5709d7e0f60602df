"""`/console/me/tokens`: the reader's own tokens, and how to set up clients with them."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from aihub_lite.gateway.people.own_tokens import own_token
from aihub_lite.web.access.actor import person_of
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.tokens import last_used_of
from aihub_lite.web.console.connect import connect
from aihub_lite.web.console.pages import page
from aihub_lite.web.console.tokens import token_view
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.me.tokens import own_token_json, own_token_rows


@get("/me/tokens")
async def show_own_tokens(request: AnyRequest, gateway: TheGateway) -> Template:
    """The reader's tokens, oldest first."""
    person = person_of(request)
    tokens = [token_view(row) for row in await own_token_rows(gateway, person)]
    return page(request, "me/tokens.html", tokens=tokens, most=person.most_tokens)


@get("/me/tokens/new")
async def show_new_own_token(request: AnyRequest, gateway: TheGateway) -> Template:
    """The form for a new token, and what its script shows then: the key and how to set up clients with it."""
    return page(request, "me/token_new.html", me=person_of(request), **connect(request, gateway))


@get("/me/tokens/{ref:str}")
async def show_own_token_page(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Template:
    """One of the reader's tokens: what it has spent, and how to set up clients with it."""
    person = person_of(request)
    token = own_token(gateway.registry.tokens, person, ref)
    last_used = await last_used_of(gateway, [token.id])
    shown = {**token_view(own_token_json(gateway, person, token)), "last_used": last_used[token.id]}
    return page(request, "me/token.html", token=shown, **connect(request, gateway, token))
