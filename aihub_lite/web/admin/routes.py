"""`/api/admin/strategies` and `/api/admin/route`: by what channels are ordered, and which way a request would go."""

from __future__ import annotations

import attrs
from litestar import Router, delete, get, put
from litestar.params import FromPath, FromQuery, RawBody

from aihub_lite.domain.strategy import EVERY_MODEL, Strategy, checked_strategy
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.explaining import Explanation, Way, explain
from aihub_lite.web.admin.bodies import read
from aihub_lite.web.admin.views import Json, TheGateway, optional_money


@attrs.frozen(kw_only=True)
class StrategyInput:
    """Body of PUT; without a model it is the strategy of all that have none of their own."""

    strategy: str
    model: str | None = None


def strategy_json(gateway: Gateway, model: str, strategy: Strategy) -> Json:
    """`model` is null for that of all models; `offered` says whether any channel offers it."""
    every = model == EVERY_MODEL
    offered = every or model in gateway.registry.catalog.models
    return {"model": None if every else model, "strategy": strategy, "offered": offered}


def way_json(way: Way) -> Json:
    """Times in ms, money in USD; `place` is null for a channel that is not tried."""
    return {
        "place": way.place,
        "channel": way.channel.name,
        "upstream_model": way.upstream_model,
        "priority": way.channel.priority,
        "weight": way.channel.weight,
        "cost_usd": optional_money(way.cost_nano),
        "first_content_ms": _ms(way.first_content),
        "whole_answer_ms": _ms(way.whole_answer),
        "why": way.why,
    }


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def explanation_json(explanation: Explanation) -> Json:
    """`assumed` is the request that costs are worked out for; `set_for` is `model`, `all` or `default`."""
    refusal, assumed = explanation.refusal, explanation.assumed
    return {
        "model": explanation.model,
        "strategy": explanation.strategy,
        "set_for": explanation.set_for,
        "group": explanation.group,
        "assumed": {"prompt_tokens": assumed.prompt_tokens, "completion_tokens": assumed.completion_tokens},
        "refusal": refusal and {"status": refusal.status, "code": refusal.code, "message": refusal.message},
        "channels": [way_json(way) for way in explanation.ways],
    }


@get("/strategies")
async def list_strategies(gateway: TheGateway) -> list[Json]:
    """Those that were set, that of all models first."""
    return [strategy_json(gateway, *each) for each in sorted(gateway.registry.strategies.items())]


@put("/strategies")
async def set_strategy(gateway: TheGateway, body: RawBody) -> Json:
    """From the next request on; of a model given by another name, its public id is answered."""
    given = read(body, StrategyInput)
    strategy = checked_strategy(given.strategy)
    model = await gateway.registry.set_strategy(_model(given.model), strategy)
    return strategy_json(gateway, model, strategy)


def _model(given: str | None) -> str:
    if given == "":
        # An empty variable in somebody's script must not change all models.
        raise InvalidRequest("model: must not be empty; leave it out to mean all models")
    return EVERY_MODEL if given is None else given


@delete("/strategies", status_code=200)
async def delete_common_strategy(gateway: TheGateway) -> Json:
    """All models without a strategy of their own go by priority again."""
    await gateway.registry.delete_strategy(EVERY_MODEL)
    return {"model": None, "deleted": True}


@delete("/strategies/{model:path}", status_code=200)
async def delete_strategy(gateway: TheGateway, model: FromPath[str]) -> Json:
    """Back to the strategy of all models."""
    return {"model": await gateway.registry.delete_strategy(model.removeprefix("/")), "deleted": True}


@get("/route")
async def show_route(gateway: TheGateway, model: FromQuery[str], token: FromQuery[str | None] = None) -> Json:
    """Nothing is sent. Without a token: for one of the default group that may use every model."""
    return explanation_json(explain(gateway, model, gateway.registry.token(token) if token else None))


routes_router = Router(
    "/",
    route_handlers=[list_strategies, set_strategy, delete_common_strategy, delete_strategy, show_route],
)
