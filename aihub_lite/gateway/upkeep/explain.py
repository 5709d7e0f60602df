"""What becomes of a request for a name: which channels it would try, of a named route which models, and why.

The line itself plans what is explained; nothing is sent and nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.catalog import Model, may_reach_any
from aihub_lite.domain.route import PassedOver
from aihub_lite.domain.token import Token
from aihub_lite.errors import GatewayError, ModelNotAllowed, Unauthenticated
from aihub_lite.gateway.adapters.samples import CHAT_PATH
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.routing.walk import Walk
from aihub_lite.gateway.upkeep.explain_model import ExplainedChannel, Explainer, Explanation, explain_model, model_of
from aihub_lite.gateway.upkeep.explained_request import Sample, sample_of

ANYBODY = Token(id="", name="", digest="", hint="", created_at=0)
"""A token of the default group that may do everything."""


def explain(gateway: Gateway, name: str, token: Token | None, sample: Sample | None = None) -> Explanation:
    """The route of a name for a token, or for anybody of the default group; raises NotFound.

    Without a sample, for a stream of usual size to the chat endpoint.
    """
    if sample is None:
        sample = sample_of(CHAT_PATH, None, name)
    token = (token or ANYBODY).in_force
    resolved = gateway.registry.catalog.resolve(name)
    if resolved is not None and resolved[0].route is not None:
        return explain_route(gateway, name, resolved[0], resolved[1], token, sample)
    return explain_model(gateway, name, token, sample)


def explain_route(
    gateway: Gateway, name: str, model: Model, names: frozenset[str], token: Token, sample: Sample
) -> Explanation:
    """The models of a named route as a request would walk them."""
    assert model.route is not None  # noqa: S101  the caller has looked
    refusal: GatewayError | None = None
    waits = None
    if not token.live(gateway.clock.wall()):
        refusal = Unauthenticated()
    elif (paused := gateway.pauses.refusal_of(token)) is not None:
        refusal = paused
    elif not token.may_use(names) and not may_reach_any(token, model):
        refusal = ModelNotAllowed(f"This token may not use model {name}.")
    assumed = gateway.line.most_of(sample.request)
    channels: list[ExplainedChannel] = []
    passed: Mapping[str, str] = {}
    if refusal is None:
        walk = gateway.line.walk(model, model.route, token, sample.request, sample.surface, sample.tags)
        refusal = walk.refusal
        passed = walk.passed
        if refusal is None:
            channels, refusal = _walked(gateway, walk, token, sample)
            if refusal is not None:
                waits = gateway.queue.wait_for(walk)
            if waits is not None:
                refusal = None
    return Explanation(
        model=model.id,
        strategy=model.strategy,
        set_for="default",
        group=token.group,
        assumed=assumed,
        refusal=refusal,
        waits=waits,
        channels=tuple(channels),
        route=model.route,
        passed=tuple(PassedOver(model, why) for model, why in passed.items()),
    )


def _walked(
    gateway: Gateway, walk: Walk, token: Token, sample: Sample
) -> tuple[list[ExplainedChannel], GatewayError | None]:
    """The channels of each model in turn, and what is told where none can be tried."""
    walk.start()
    tried: list[ExplainedChannel] = []
    out: list[ExplainedChannel] = []
    last_resort = None
    if walk.leg.way.exhausted:
        last_resort = walk.last_resort
    for leg in walk.legs:
        model, _ = model_of(gateway, leg.model.id)
        explainer = Explainer(gateway, model, token, sample)
        tries = not leg.way.exhausted or leg is last_resort
        channels = explainer.channels(leg.way, first=len(tried) + 1, tries=tries)
        if leg.unsure:
            channels = [attrs.evolve(each, why=f"{leg.unsure}, so it comes last: {each.why}") for each in channels]
        tried += [channel for channel in channels if channel.place is not None]
        out += [channel for channel in channels if channel.place is None]
    if not tried:
        return out, walk.nothing_left()
    return tried + out, None
