"""`/api/admin/aliases`: the operator's own; the built-in ones are data."""

from __future__ import annotations

import attrs
from litestar import delete, get, post
from litestar.params import FromPath

from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.bodies import read
from aihub_lite.web.admin.dependencies import TheAsked, TheBody, TheGateway, takes
from aihub_lite.web.admin.paging import Order, page_json
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class AliasInput:
    """Body of POST: another name for a model."""

    alias: str
    model: str


def alias_json(gateway: Gateway, alias: str) -> Json:
    """An alias and the model it leads to at the moment, null when none is offered."""
    leads_to = None
    if resolved := gateway.registry.catalog.resolve(alias):
        leads_to = resolved[0].id
    return {"alias": alias, "model": gateway.registry.models.aliases[alias], "leads_to": leads_to}


BY_ALIAS = Order[str](place=lambda alias: (alias,), kind=tuple[str])


@get("/")
async def list_aliases(gateway: TheGateway, asked: TheAsked) -> Json:
    """List the operator's aliases, a page at a time, in alphabetical order; the built-in ones are listed with their
    models."""
    matching = (alias for alias, model in gateway.registry.models.aliases.items() if asked.wants(alias, model))
    rows = ((alias, alias_json(gateway, alias)) for alias in BY_ALIAS.beyond(matching, asked))
    return page_json("aliases", BY_ALIAS, rows, asked.limit)


@post("/", status_code=200, opt=takes(AliasInput))
async def set_alias(gateway: TheGateway, content: TheBody) -> Json:
    """Add an alias, or point one elsewhere."""
    request = read(content, AliasInput)
    await gateway.registry.models.set_alias(request.alias, request.model)
    return alias_json(gateway, request.alias)


@delete("/{alias:path}", status_code=200)
async def delete_alias(gateway: TheGateway, alias: FromPath[str]) -> Json:
    """Remove an alias, which may hold slashes. `was` is what `/undelete/aliases` takes to put it back."""
    alias = alias.removeprefix("/")
    model = await gateway.registry.models.delete_alias(alias)
    was = {"alias": alias, "model": model, "hidden": alias in gateway.registry.catalog.by_name}
    return {"alias": alias, "deleted": True, "was": was}


aliases_router = PathRouter("/aliases", route_handlers=[list_aliases, set_alias, delete_alias])
