"""Which channels of a model a request would try, in which order and why; nothing is sent and nothing changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs

from aihub_lite.domain.catalog import Candidate, Model
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.route import NamedRoute, PassedOver
from aihub_lite.domain.strategy import EVERY_MODEL, Strategy
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import (
    ChannelsDisabled,
    GatewayError,
    ModelNotAllowed,
    ModelUnpriced,
    NoChannel,
    NotFound,
    Unauthenticated,
)
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.routing.ordering import ByConversation, ByLatency, ByPrice, known_cost, latency_key
from aihub_lite.gateway.routing.route import Route
from aihub_lite.gateway.routing.router import RankedLane, Router
from aihub_lite.gateway.upkeep.explained_request import Sample
from aihub_lite.upstream.credentials import flaw_of, headers_unset
from aihub_lite.upstream.providers import PROVIDERS

SetFor = Literal["model", "all", "default"]


@attrs.frozen(kw_only=True)
class ExplainedChannel:
    """One channel that offers the model."""

    place: int | None
    """From 1 on; None: it is not tried, and `why` says what keeps it out."""
    channel: Channel
    upstream_model: str
    cost_nano: int | None
    """For a request of the assumed size; None where no price is known."""
    first_content: float | None
    """Seconds on average until a stream's first content; None: not measured."""
    whole_answer: float | None
    """Seconds on average until an answer that is not streamed is complete; None: not measured."""
    why: str
    model: str
    """Of a named route, which of its models; else the model that is explained."""


@attrs.frozen(kw_only=True)
class Explanation:
    """The route of a model as it is at this moment."""

    model: str
    strategy: Strategy
    set_for: SetFor
    group: str
    assumed: Usage
    refusal: GatewayError | None
    """What a client would be told instead of an answer."""
    waits: float | None = None
    """Every channel is at a limit of its account and the request waits: for so many seconds, at least."""
    channels: tuple[ExplainedChannel, ...]
    """Those that are tried, in order, then the others."""
    route: NamedRoute | None = None
    """Set where the name is that of a named route."""
    passed: tuple[PassedOver, ...] = ()
    """The models of the route that are not tried, and why."""


@attrs.frozen
class Explainer:
    """Says what the line plans: the order of trying is the one that requests get."""

    gateway: Gateway
    model: Model
    """With the candidates of disabled channels too."""
    token: Token
    sample: Sample

    @property
    def router(self) -> Router:
        return self.gateway.line.router

    def channels(self, route: Route, *, first: int = 1, tries: bool = True) -> list[ExplainedChannel]:
        """Those that are tried, in order from the place `first` on, then those left out; all are unless it `tries`."""
        lanes = self.first_lanes(route)
        if not tries:
            lanes = [attrs.evolve(ranked, share=0.0) for ranked in lanes]
        tried = [ranked for ranked in lanes if ranked.share]
        in_order = [
            self.explained(ranked.lane.candidate, place, self.reason(ranked, tried, route))
            for place, ranked in enumerate(tried, first)
        ]
        out = [(ranked.lane.candidate, _why_out(ranked)) for ranked in lanes if not ranked.share]
        planned = {_key(ranked.lane.candidate) for ranked in lanes}
        others = [candidate for candidate in self.model.candidates if _key(candidate) not in planned]
        out += [(candidate, self.barrier(candidate)) for candidate in others]
        out.sort(key=lambda pair: _by_priority(pair[0]))
        return in_order + [self.explained(candidate, None, why) for candidate, why in out]

    def left_out(self, why: str = "") -> list[ExplainedChannel]:
        """All of them, where none is tried: each with what keeps it out, or the one reason that holds for all."""
        candidates = sorted(self.model.candidates, key=_by_priority)
        return [self.explained(candidate, None, why or self.barrier(candidate)) for candidate in candidates]

    def first_lanes(self, route: Route) -> list[RankedLane]:
        """Of each candidate the lane that is tried first or, where none is tried, that is free again first."""
        lanes = self.router.ranked(route.lanes, route.ordering)
        lanes.sort(key=_wait)
        first: dict[int, RankedLane] = {}
        for ranked in lanes:
            # By identity: a channel that offers the model under two names has two candidates, and they may be equal.
            first.setdefault(id(ranked.lane.candidate), ranked)
        return list(first.values())

    def explained(self, candidate: Candidate, place: int | None, why: str) -> ExplainedChannel:
        latencies = self.router.latencies
        return ExplainedChannel(
            place=place,
            channel=candidate.channel,
            upstream_model=candidate.upstream_model,
            cost_nano=self.cost_at(candidate),
            first_content=latencies.average(latency_key(candidate, streamed=True)),
            whole_answer=latencies.average(latency_key(candidate, streamed=False)),
            why=why,
            model=self.model.id,
        )

    def cost_at(self, candidate: Candidate) -> int | None:
        """What the request may come to there at most; None where no price is known."""
        size = self.gateway.line.size_at(self.model, self.sample.request, self.sample.surface)(candidate)
        return known_cost(candidate, size, self.gateway.clock.wall())

    def barrier(self, candidate: Candidate) -> str:
        """What keeps a channel out of the plan until an operator changes it."""
        channel = candidate.channel
        if not channel.enabled:
            if channel.disabled:
                return f"disabled: {channel.disabled}"
            return "disabled"
        if not self.token.reaches(channel.group):
            return f"it serves group {channel.group}, not {self.token.group}"
        if not self.sample.surface.serves(candidate):
            return "its upstream has no such endpoint"
        if unset := headers_unset(channel.overrides, self.gateway.environ):
            return f"a header of it needs {', '.join(unset)}, which is not set"
        if not self.router.lanes([candidate]):
            return f"no key can be used: {'; '.join(self.unusable_keys(channel))}"
        return "it has no price, and the token has a quota or budget"

    def unusable_keys(self, channel: Channel) -> list[str]:
        """Why each key of a channel is of no use."""
        reasons = []
        for key in channel.keys:
            if key.disabled or self.router.health.refused(channel.id, key.id):
                reasons.append(f"{key.id} is disabled: {key.disabled or 'the upstream refused it'}")
            elif flaw := flaw_of(key, PROVIDERS[channel.provider], self.gateway.environ):
                reasons.append(f"{key.id}: {flaw}")
        return reasons

    def reason(self, ranked: RankedLane, tried: Sequence[RankedLane], route: Route) -> str:
        """Why a channel that is tried stands where it does."""
        candidate = ranked.lane.candidate
        if ranked.obstacle is not None:
            return f"{_why_out(ranked)}; tried all the same, as no other is left"
        if isinstance(route.ordering, ByPrice):
            return self.price_reason(candidate)
        if isinstance(route.ordering, ByLatency):
            return self.speed_reason(candidate)
        priority = f"priority {candidate.channel.priority}"
        if isinstance(route.ordering, ByConversation):
            return f"{priority}, by conversation"
        chosen = "by chance"
        if self.model.strategy == "sticky":
            chosen = "by conversation"
        chance = _chance(ranked, tried)
        if chance == 1:
            return priority
        return f"{priority}, {chosen}: {100 * chance:.0f} % of this priority"

    def price_reason(self, candidate: Candidate) -> str:
        cost = self.cost_at(candidate)
        if cost is None:
            return "its price is unknown, so it comes last"
        if cost == 0:
            return "it costs nothing"
        return "by price"

    def speed_reason(self, candidate: Candidate) -> str:
        key = latency_key(candidate, streamed=True)
        average = self.router.latencies.average(key)
        expected = self.router.latencies.expected(key)
        if average is None and expected == 0:
            return "not measured yet, so it comes first"
        if average is None:
            return "being measured"
        if expected > 0.9 * average:
            return "by time to first content"
        return f"not asked for a while, so its {average:.2f} s count as {expected:.2f} s"


def _chance(ranked: RankedLane, tried: Sequence[RankedLane]) -> float:
    """Of one candidate among those of the same rank; a channel that has several of them shares its own out evenly."""
    same_channel = [
        other for other in tried if other.rank == ranked.rank and other.lane.channel_id == ranked.lane.channel_id
    ]
    return ranked.share / len(same_channel)


def _why_out(ranked: RankedLane) -> str:
    """What keeps a lane out and passes by itself; empty when nothing does."""
    if ranked.obstacle is None:
        return ""
    return ranked.obstacle.text


def explain_model(gateway: Gateway, name: str, token: Token, sample: Sample) -> Explanation:
    """The channels of a model for a token; raises NotFound."""
    model, names = model_of(gateway, name)
    assumed = gateway.line.most_of(sample.request)
    explainer = Explainer(gateway, model, token, sample)
    refusal = _refusal(gateway, token, names, name)
    waits = None
    if isinstance(refusal, ModelNotAllowed):
        channels = explainer.left_out("the token may not use the model")
    elif refusal is not None:
        channels = explainer.left_out("the token is disabled or has expired")
    else:
        channels, refusal, waits = _planned(explainer, name)
    return Explanation(
        model=model.id,
        strategy=model.strategy,
        set_for=_set_for(gateway, model.id),
        group=token.group,
        assumed=assumed,
        refusal=refusal,
        waits=waits,
        channels=tuple(channels),
    )


def _planned(explainer: Explainer, name: str) -> tuple[list[ExplainedChannel], GatewayError | None, float | None]:
    """The channels as the line plans them; where it could try none now, what a client would be told or, where it would
    wait instead, the seconds."""
    gateway = explainer.gateway
    group = explainer.token.group
    resolved = gateway.registry.catalog.plain(name)
    if resolved is None:  # all that offer it are disabled
        if explainer.model.for_group(group):
            return explainer.left_out(), ChannelsDisabled(name, group), None
        return explainer.left_out(), NoChannel(name, group), None
    try:
        route = gateway.line.plan(resolved[0], explainer.token, explainer.sample.request, explainer.sample.surface)
    except (NoChannel, ModelUnpriced) as error:
        if isinstance(error, NoChannel) and explainer.model.for_group(group):
            return explainer.left_out(), _nobody_serves(explainer, name), None
        return explainer.left_out(), error, None
    channels = explainer.channels(route)
    if channels[0].place is not None:
        return channels, None, None
    waits = gateway.queue.wait_for(route)
    if waits is not None:
        return channels, None, waits
    return channels, explainer.router.out_of_lanes(route.lanes, name, group, route.demand), None


def _nobody_serves(explainer: Explainer, name: str) -> GatewayError:
    """What is told of a model that channels of the group offer, but none that is enabled and has the endpoint."""
    group = explainer.token.group
    if any(candidate.channel.enabled for candidate in explainer.model.for_group(group)):
        return NoChannel(name, group)
    return ChannelsDisabled(name, group)


def _key(candidate: Candidate) -> tuple[str, str]:
    return candidate.channel.id, candidate.upstream_model


def model_of(gateway: Gateway, name: str) -> tuple[Model, frozenset[str]]:
    """A model with all of its channels as they are, disabled ones too, and the names by which it may be allowed."""
    registry = gateway.registry
    offered = registry.live_catalog.offered
    resolved = registry.catalog.plain(name) or offered.plain(name)
    if resolved is None:
        raise NotFound(f"There is no model {name[:64]!r}.")
    model, names = resolved
    with_disabled = offered.models.get(model.id)
    if with_disabled is None:  # a pattern's: it is made of the name that was asked for
        with_disabled, _ = offered.plain(name) or resolved
    candidates = tuple(
        attrs.evolve(candidate, channel=registry.channels.by_id[candidate.channel.id])
        for candidate in with_disabled.candidates
    )
    return attrs.evolve(model, candidates=candidates), names


def _set_for(gateway: Gateway, model: str) -> SetFor:
    strategies = gateway.registry.models.strategies
    if model in strategies:
        return "model"
    if EVERY_MODEL in strategies:
        return "all"
    return "default"


def _refusal(gateway: Gateway, token: Token, names: frozenset[str], name: str) -> GatewayError | None:
    if not token.live(gateway.clock.wall()):
        return Unauthenticated()
    if (paused := gateway.pauses.refusal_of(token)) is not None:
        return paused
    if not token.may_use(names):
        return ModelNotAllowed(f"This token may not use model {name}.")
    return None


def _by_priority(candidate: Candidate) -> tuple[int, int, str]:
    """How those are listed that are not tried."""
    return -candidate.channel.priority, -candidate.channel.weight, candidate.channel.name


def _wait(ranked: RankedLane) -> float:
    """Seconds until a lane is free again; 0 for one that is tried."""
    if ranked.share or ranked.obstacle is None:
        return 0.0
    return ranked.obstacle.seconds
