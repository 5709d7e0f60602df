"""`/console/playground`: chat with models as a token. The conversation is in the page's memory and nowhere else."""

from __future__ import annotations

from litestar import get
from litestar.params import FromQuery
from litestar.response import Template

from aihub_lite.domain.catalog import Model, may_reach, reachable
from aihub_lite.domain.route import Conditions
from aihub_lite.domain.token import Token
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.models import BY_ID, find_model, is_up, offered_to
from aihub_lite.web.admin.paging import LIMIT, Asked
from aihub_lite.web.admin.tokens import OWN, own_token
from aihub_lite.web.console.connect import root_of
from aihub_lite.web.console.pages import page
from aihub_lite.web.framework import AnyRequest

COLUMNS = 3
"""Models side by side, at most."""


def callers(gateway: Gateway, chosen: str) -> list[Token]:
    """The console's own token, and those that are neither disabled nor expired, newest first: a page of them.

    Before them the one that is chosen by its name or id, where it is none of these. Raises NotFound.
    """
    now = gateway.clock.wall()
    own = own_token(gateway)
    live = [token for token in reversed(gateway.registry.tokens.all) if token.live(now) and token.id != own.id]
    tokens = [own, *(token.in_force for token in live[:LIMIT])]
    if not chosen or chosen == OWN:
        return tokens
    first = gateway.registry.tokens.get(chosen).in_force
    return [first, *(token for token in tokens if token.id != first.id)]


def caller_for(tokens: list[Token], model: Model | None) -> Token:
    """The console's own token: nobody else pays unasked. Only where it may not use the model, one that may, if there is
    any; of several, one that is not restricted to some models. The page then says who pays."""
    own = tokens[0]
    if model is None:
        return own
    able = [token for token in tokens if reachable(token, model, model.names) is not None]
    if own in able:
        return own
    return min(able, key=lambda token: bool(token.models), default=own)


def routes_for(gateway: Gateway, token: Token) -> list[Model]:
    """The named routes that a token may ask for, by name; one that a model hides is none."""
    catalog = gateway.registry.catalog
    named = [catalog.routes[name] for name in sorted(catalog.routes) if name not in catalog.by_name]
    return [route for route in named if reachable(token, route, route.names) is not None]


def first_to_answer(gateway: Gateway, token: Token, models: list[Model]) -> str:
    """The id of the first that answers whatever is asked of it now; empty where there is none."""
    return next((offered.id for offered in models if answers_anything(gateway, token, offered)), "")


def answers_anything(gateway: Gateway, token: Token, model: Model) -> bool:
    """Whether a channel of the token's group serves a model at the moment; a route has to have one for a step without
    conditions, as a first question meets none."""
    reached = reachable(token, model, model.names)
    if reached is None or not model.steps:
        return reached is not None and is_up(gateway, reached)
    plain = [step.model for step in model.steps if step.model is not None and step.step.when == Conditions()]
    own = [each.over(each.for_group(token.group)) for each in plain if may_reach(token, each, model.names)]
    return any(is_up(gateway, each) for each in own)


@get("/playground")
async def show_playground(
    request: AnyRequest, gateway: TheGateway, model: FromQuery[str] = "", token: FromQuery[str] = ""
) -> Template:
    """The playground, with the model and the token that the address names already chosen; a model that answers, where
    it names none."""
    chosen = None
    if model:
        chosen = find_model(gateway, model) or gateway.registry.catalog.routes.get(model)
    tokens = callers(gateway, token)
    caller = tokens[0]
    if not token:
        caller = caller_for(tokens, chosen)
    models = [*routes_for(gateway, caller), *BY_ID.beyond(offered_to(gateway, caller), Asked())]
    return page(
        request,
        "pages/playground.html",
        tokens=tokens,
        token=caller,
        own=OWN,
        instead=not token and caller.name != OWN,
        models=[offered.id for offered in models[:LIMIT]],
        more_models=len(models) > LIMIT,
        model=chosen.id if chosen else first_to_answer(gateway, caller, models[:LIMIT]),
        most=COLUMNS,
        root=root_of(request, gateway),
    )


PLAYGROUND = [show_playground]
