"""`/api/admin/aliases`: the operator's own; the built-in ones are data."""

from __future__ import annotations

import attrs
from litestar import Router, delete, get, post
from litestar.params import FromPath, RawBody

from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.bodies import read
from aihub_lite.web.admin.views import Json, TheGateway


@attrs.frozen(kw_only=True)
class AliasInput:
    """Body of POST."""

    alias: str
    model: str


def alias_json(gateway: Gateway, alias: str) -> Json:
    """An alias and the model it leads to at the moment, null when none is offered."""
    led_to = gateway.registry.catalog.resolve(alias)
    return {"alias": alias, "model": gateway.registry.aliases[alias], "leads_to": led_to[0].id if led_to else None}


@get("/")
async def list_aliases(gateway: TheGateway) -> list[Json]:
    """In alphabetical order."""
    return [alias_json(gateway, alias) for alias in sorted(gateway.registry.aliases)]


@post("/", status_code=200)
async def set_alias(gateway: TheGateway, body: RawBody) -> Json:
    """Add, or point elsewhere."""
    given = read(body, AliasInput)
    await gateway.registry.set_alias(given.alias, given.model)
    return alias_json(gateway, given.alias)


@delete("/{alias:path}", status_code=200)
async def delete_alias(gateway: TheGateway, alias: FromPath[str]) -> Json:
    """Aliases may hold slashes."""
    alias = alias.removeprefix("/")
    await gateway.registry.delete_alias(alias)
    return {"alias": alias, "deleted": True}


aliases_router = Router("/aliases", route_handlers=[list_aliases, set_alias, delete_alias])
