"""`/api/admin/pots`: people, teams and the gateway, each with its credits and budgets.

A pot is named as `person:NAME`, `team:NAME`, `token:NAME` or `gateway`; a name or id alone does where only one has it.
"""

from __future__ import annotations

import attrs
from litestar import get, patch
from litestar.params import FromPath

from aihub_lite.domain.pots.budget import GATEWAY
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.bodies import read_object, structure
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, takes
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.pots import pot_json
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class PotInput:
    """Body of PATCH: all budgets of the pot, like `5/day`, `20/30d`, `claude-opus-*=5/day`, `tag:ci=2/day`."""

    budgets: tuple[str, ...] = ()


async def pots_json(gateway: Gateway) -> list[Json]:
    """The gateway's, then those of people and teams, oldest first."""
    keys = [GATEWAY, *(key for key in gateway.ledger.pots if key.kind in ("person", "team"))]
    return [await pot_json(gateway, key) for key in keys]


@get("/")
async def list_pots(gateway: TheGateway) -> Json:
    """List all pots but those of tokens."""
    return {"pots": await pots_json(gateway)}


@get("/{who:str}")
async def show_pot(gateway: TheGateway, who: FromPath[str]) -> Json:
    """Show a pot: what is spent and left of it."""
    return await pot_json(gateway, gateway.pots.key_of(who))


@patch("/{who:str}", opt=takes(PotInput))
async def edit_pot(gateway: TheGateway, who: FromPath[str], content: TheBody) -> Json:
    """Set the budgets of a pot; what was spent in the windows of those that stay counts on."""
    key = gateway.pots.key_of(who)
    fields = read_object(content)
    budgets = structure(fields, PotInput).budgets
    if "budgets" in fields:
        await gateway.pots.set_budgets(key, budgets)
    return await pot_json(gateway, key)


pots_router = PathRouter("/pots", route_handlers=[list_pots, show_pot, edit_pot])
