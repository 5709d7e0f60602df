"""`/console/playground`: ask models as a token would. What is said is in the page's memory, and nowhere else."""

from __future__ import annotations

from litestar import get
from litestar.params import FromQuery
from litestar.response import Template

from aihub_lite.domain.token import Token
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.models import models_for, open_to
from aihub_lite.web.admin.views import TheGateway
from aihub_lite.web.console.connect import root_of
from aihub_lite.web.console.pages import AnyRequest, page

COLUMNS = 3


def callers(gateway: Gateway) -> list[Token]:
    """Tokens whose keys open something, newest first as on their own page."""
    now = gateway.clock.wall()
    return [token for token in reversed(gateway.registry.tokens) if token.live(now)]


def caller_for(gateway: Gateway, tokens: list[Token], model: str) -> Token | None:
    """One that may use the model, if there is any; and, of several, one that may use every other as well."""
    found = gateway.registry.catalog.resolve(model) if model else None
    able = [token for token in tokens if found and open_to(token, found[0])]
    return min(able or tokens, key=lambda token: bool(token.models), default=None)


@get("/playground")
async def show_playground(request: AnyRequest, gateway: TheGateway, model: FromQuery[str] = "") -> Template:
    """With the model that the address names."""
    tokens = callers(gateway)
    token = caller_for(gateway, tokens, model)
    found = gateway.registry.catalog.resolve(model) if model else None
    return page(
        request,
        "playground.html",
        tokens=tokens,
        token=token,
        models=[each.id for each in models_for(gateway, token)] if token else [],
        model=found[0].id if found else "",
        most=COLUMNS,
        root=root_of(request, gateway),
    )


PLAYGROUND = [show_playground]
