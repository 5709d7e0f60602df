"""`/api/admin/strategies`, `/routes` and `/route`: how channels are ordered, the operator's named routes, which clients
ask for like models, and what a request would try."""

from __future__ import annotations

from typing import Any, cast

import attrs
from litestar import delete, get, patch, post, put
from litestar.params import FromPath, FromQuery

from aihub_lite.domain.route import DEFAULT_REASONS, Conditions, DayHours, NamedRoute, Reason, RouteStep
from aihub_lite.domain.strategy import EVERY_MODEL, Strategy, checked_strategy
from aihub_lite.domain.validation import hours_of
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.upkeep.explain import explain
from aihub_lite.gateway.upkeep.explain_model import ExplainedChannel, Explanation
from aihub_lite.gateway.upkeep.explained_request import CHAT_PATH, sample_of
from aihub_lite.gateway.upkeep.samples import SentSample, samples
from aihub_lite.web.admin.bodies import read, read_object, structure
from aihub_lite.web.admin.dependencies import TheAsked, TheBody, TheGateway, takes
from aihub_lite.web.admin.paging import Order, page_json
from aihub_lite.web.admin.tokens import optional_token
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.views import Json, optional_money


@attrs.frozen(kw_only=True)
class StrategyInput:
    """Body of PUT; without a model it sets the strategy of all that have none of their own."""

    strategy: str
    model: str | None = None


def strategy_json(gateway: Gateway, model: str, strategy: Strategy) -> Json:
    """One strategy; `model` is null for that of all models, `offered` says whether any channel offers the model."""
    if model == EVERY_MODEL:
        return {"model": None, "strategy": strategy, "offered": True}
    return {"model": model, "strategy": strategy, "offered": model in gateway.registry.catalog.models}


def explained_json(explained: ExplainedChannel) -> Json:
    """One channel of a route. Times in ms, money in USD; `place` is null for a channel that is not tried."""
    return {
        "place": explained.place,
        "model": explained.model,
        "channel": explained.channel.name,
        "upstream_model": explained.upstream_model,
        "priority": explained.channel.priority,
        "weight": explained.channel.weight,
        "cost_usd": optional_money(explained.cost_nano),
        "first_content_ms": _ms(explained.first_content),
        "whole_answer_ms": _ms(explained.whole_answer),
        "why": explained.why,
    }


def _ms(seconds: float | None) -> int | None:
    if seconds is None:
        return None
    return round(seconds * 1000)


def explanation_json(explanation: Explanation) -> Json:
    """A route; `assumed` is the request that costs are worked out for, `set_for` is `model`, `all` or `default`.

    Of a named one, `route` says when it goes on, and `passed` which of its models are not tried. Where every channel is
    at a limit of its account and the request waits, `waits_ms` says how long at least; else it is null.
    """
    assumed = explanation.assumed
    refusal = None
    if error := explanation.refusal:
        refusal = {"status": error.status, "code": error.code, "message": error.message}
    route = None
    if explanation.route is not None:
        route = {"on": list(explanation.route.on), "patience": explanation.route.patience}
    return {
        "model": explanation.model,
        "strategy": explanation.strategy,
        "set_for": explanation.set_for,
        "group": explanation.group,
        "assumed": {"prompt_tokens": assumed.prompt_tokens, "completion_tokens": assumed.completion_tokens},
        "refusal": refusal,
        "waits_ms": _ms(explanation.waits),
        "channels": [explained_json(channel) for channel in explanation.channels],
        "route": route,
        "passed": [{"model": passed.model, "why": passed.why} for passed in explanation.passed],
    }


@get("/strategies")
async def list_strategies(gateway: TheGateway) -> list[Json]:
    """List strategies that were set, that of all models first."""
    strategies = gateway.registry.models.strategies
    return [strategy_json(gateway, model, strategies[model]) for model in sorted(strategies)]


@put("/strategies", opt=takes(StrategyInput))
async def set_strategy(gateway: TheGateway, content: TheBody) -> Json:
    """Set a strategy from the next request on; the answer has the model's public id, by whatever name it was given."""
    request = read(content, StrategyInput)
    strategy = checked_strategy(request.strategy)
    model = request.model
    if model is None:
        model = EVERY_MODEL
    elif not model:
        # An empty variable in somebody's script must not change all models.
        raise InvalidRequest("model: must not be empty; leave it out to mean all models")
    public_id = await gateway.registry.models.set_strategy(model, strategy)
    return strategy_json(gateway, public_id, strategy)


@delete("/strategies", status_code=200)
async def delete_common_strategy(gateway: TheGateway) -> Json:
    """Remove the strategy of all models: those without their own go by priority again."""
    await gateway.registry.models.delete_strategy(EVERY_MODEL)
    return {"model": None, "deleted": True}


@delete("/strategies/{model:path}", status_code=200)
async def delete_strategy(gateway: TheGateway, model: FromPath[str]) -> Json:
    """Remove a model's own strategy: that of all models counts again."""
    return {"model": await gateway.registry.models.delete_strategy(model.removeprefix("/")), "deleted": True}


def explained_route(gateway: Gateway, model: str, token: str | None) -> Json:
    """The route of a name for a token, by its name or id; without one, for anybody of the default group who may use
    every model. Raises NotFound."""
    return explanation_json(explain(gateway, model, optional_token(gateway, token)))


@get("/route")
async def show_route(gateway: TheGateway, model: FromQuery[str], token: FromQuery[str | None] = None) -> Json:
    """Explain a route; nothing is sent. Without a token: for one of the default group that may use every model."""
    return explained_route(gateway, model, token)


def sample_json(sample: SentSample) -> Json:
    """One request as text; `head` and `body` are null where nothing would be sent, and `refusal` says why."""
    if sample.refusal:
        return {"surface": sample.surface, "head": None, "body": None, "dropped": [], "refusal": sample.refusal}
    return {
        "surface": sample.surface,
        "head": sample.head.decode("latin-1"),
        "body": sample.body.decode(),
        "dropped": [*sample.dropped],
        "refusal": None,
    }


@get("/channels/{ref:str}/sent")
async def show_sent(
    gateway: TheGateway, ref: FromPath[str], model: FromQuery[str], stream: FromQuery[bool] = False
) -> Json:
    """Show the bytes that would go to a channel for a small request on each surface, secrets masked; nothing is
    sent."""
    channel = gateway.registry.channels.get(ref)
    shown = samples(gateway, channel, model, stream=stream)
    return {"channel": channel.name, "model": model, "requests": [sample_json(sample) for sample in shown]}


@attrs.frozen(kw_only=True)
class ExplainInput:
    """Body of POST: the request that is explained, as its client would post it to the endpoint."""

    request: dict[str, Any] | None = None
    model: str | None = None
    """By default the request's."""
    token: str | None = None
    endpoint: str = CHAT_PATH
    tags: tuple[str, ...] = ()


@post("/route", status_code=200, opt=takes(ExplainInput))
async def explain_request(gateway: TheGateway, content: TheBody) -> Json:
    """Explain the route of one request, which is not sent, nor kept; without one, as GET does for the endpoint."""
    asked = read(content, ExplainInput)
    token = optional_token(gateway, asked.token)
    body = dict(asked.request or {})
    model = asked.model or body.get("model")
    if not isinstance(model, str) or not model:
        raise InvalidRequest("model: is missing")
    sample = sample_of(asked.endpoint, {**body, "model": model} if asked.request else None, model, asked.tags)
    return explanation_json(explain(gateway, model, token, sample))


@attrs.frozen(kw_only=True)
class StepInput:
    """One model; a condition that is left out is none. `hours` as `00:30-08:30@UTC`."""

    model: str
    below_budget: int | None = None
    over_tokens: int | None = None
    tag: str | None = None
    hours: str | None = None


@attrs.frozen(kw_only=True)
class RouteChange:
    """Body of PATCH: what is left out stays; null puts a field back to its default."""

    steps: tuple[StepInput, ...] | None = None
    on: tuple[str, ...] | None = None
    patience: float | None = None


@attrs.frozen(kw_only=True)
class RouteInput(RouteChange):
    """Body of POST."""

    name: str


def steps_of(steps: tuple[StepInput, ...]) -> tuple[RouteStep, ...]:
    """As the domain has them; raises InvalidRequest, which names the field."""
    return tuple(RouteStep(model=step.model, when=_conditions(step, number)) for number, step in enumerate(steps))


def _conditions(step: StepInput, number: int) -> Conditions:
    hours: DayHours | None = None
    if step.hours:
        try:
            hours = hours_of(step.hours)
        except ValueError as error:
            raise InvalidRequest(f"steps.{number}.hours: {error}") from None
    return Conditions(below_budget=step.below_budget, over_tokens=step.over_tokens, tag=step.tag or "", hours=hours)


def reasons_of(on: tuple[str, ...] | None, patience: float | None) -> tuple[Reason, ...]:
    """Those that are set, each once; by default the usual ones, and `slow` where a patience is set."""
    if on is not None:
        return cast("tuple[Reason, ...]", tuple(dict.fromkeys(on)))
    if patience is not None:
        return (*DEFAULT_REASONS, "slow")
    return DEFAULT_REASONS


def route_json(gateway: Gateway, route: NamedRoute) -> Json:
    """A route; `leads_to` is the model of a step at the moment, null where none is offered. `hidden`: a channel offers
    a model of its name, and that is what clients get."""
    steps = [{**own_step_json(step), "leads_to": leads_to(gateway, step)} for step in route.steps]
    return {**own_json(route), "steps": steps, "hidden": gateway.registry.routes.is_hidden(route.name)}


def own_json(route: NamedRoute) -> Json:
    """A route as it was set."""
    return {
        "name": route.name,
        "steps": [own_step_json(step) for step in route.steps],
        "on": list(route.on),
        "patience": route.patience,
    }


def leads_to(gateway: Gateway, step: RouteStep) -> str | None:
    """The model that a step's name stands for at the moment."""
    model = gateway.registry.catalog.model_named(step.model)
    if model is None:
        return None
    return model.id


def own_step_json(step: RouteStep) -> Json:
    """One model of a route with its conditions, null where it has none."""
    hours = None
    if step.when.hours is not None:
        hours = step.when.hours.text
    return {
        "model": step.model,
        "below_budget": step.when.below_budget,
        "over_tokens": step.when.over_tokens,
        "tag": step.when.tag or None,
        "hours": hours,
    }


BY_NAME = Order[NamedRoute](place=lambda route: (route.name,), kind=tuple[str])


@get("/routes")
async def list_routes(gateway: TheGateway, asked: TheAsked) -> Json:
    """List routes, a page at a time, in alphabetical order; `q` is of a name, or a model in it."""
    routes = gateway.registry.routes.all.values()
    matching = (route for route in routes if asked.wants(route.name, *(step.model for step in route.steps)))
    rows = ((route, route_json(gateway, route)) for route in BY_NAME.beyond(matching, asked))
    return page_json("routes", BY_NAME, rows, asked.limit)


@post("/routes", opt=takes(RouteInput))
async def create_route(gateway: TheGateway, content: TheBody) -> Json:
    """Add a route: it is listed, and answers, from the next request on."""
    request = read(content, RouteInput)
    route = NamedRoute(
        name=request.name,
        steps=steps_of(request.steps or ()),
        on=reasons_of(request.on, request.patience),
        patience=request.patience,
    )
    return route_json(gateway, await gateway.registry.routes.create(route))


@get("/routes/{name:path}")
async def show_named_route(gateway: TheGateway, name: FromPath[str]) -> Json:
    """Show a route, whose name may hold slashes."""
    return route_json(gateway, gateway.registry.routes.get(name.removeprefix("/")))


@patch("/routes/{name:path}", opt=takes(RouteChange))
async def change_route(gateway: TheGateway, name: FromPath[str], content: TheBody) -> Json:
    """Change a route: the fields of the body; requests on their way go on as they began."""
    fields = read_object(content)
    changed = changed_route(gateway.registry.routes.get(name.removeprefix("/")), fields)
    return route_json(gateway, await gateway.registry.routes.change(changed))


def changed_route(route: NamedRoute, fields: dict[str, Any]) -> NamedRoute:
    """The route with the fields of a body; raises InvalidRequest. A patience comes and goes with `slow`."""
    request = structure(fields, RouteChange)
    if "steps" in fields:
        route = attrs.evolve(route, steps=steps_of(request.steps or ()))
    if "patience" in fields:
        route = attrs.evolve(route, patience=request.patience)
        if "on" not in fields:
            others = tuple(reason for reason in route.on if reason != "slow")
            route = attrs.evolve(route, on=others if request.patience is None else (*others, "slow"))
    if "on" in fields:
        route = attrs.evolve(route, on=reasons_of(request.on, route.patience))
        if "slow" not in route.on and "patience" not in fields:
            route = attrs.evolve(route, patience=None)
    return route


@delete("/routes/{name:path}", status_code=200)
async def delete_route(gateway: TheGateway, name: FromPath[str]) -> Json:
    """Remove a route; requests on their way go on as they began. `was` is what `/undelete/routes` takes to put it
    back."""
    name = name.removeprefix("/")
    hidden = gateway.registry.routes.is_hidden(name)
    route = await gateway.registry.routes.delete(name)
    return {"name": name, "deleted": True, "was": {**own_json(route), "hidden": hidden}}


routes_router = PathRouter(
    "/",
    route_handlers=[
        list_strategies,
        set_strategy,
        delete_common_strategy,
        delete_strategy,
        show_route,
        show_sent,
        explain_request,
        list_routes,
        create_route,
        show_named_route,
        change_route,
        delete_route,
    ],
)
