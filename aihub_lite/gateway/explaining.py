"""Which channels a request would try, in which order and why; nothing is sent and nothing changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import attrs

from aihub_lite.domain.catalog import Candidate, Model
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.strategy import EVERY_MODEL, Strategy
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import GatewayError, ModelNotAllowed, NoChannel, NotFound, Unauthenticated
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.routing import Lane, Router
from aihub_lite.gateway.strategy import ByPrice, BySpeed, known_cost, speed_key
from aihub_lite.upstream.credentials import resolve

ASSUMED_PROMPT = 1000
"""Tokens: no request is there to be estimated."""
SetFor = Literal["model", "all", "default"]


@attrs.frozen(kw_only=True)
class Way:
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
    ways: tuple[Way, ...]
    """Those that are tried, in order, then the others."""


@attrs.frozen
class _Explainer:
    gateway: Gateway
    model: Model
    """With disabled channels too, each in its place."""
    group: str
    assumed: Usage

    @property
    def router(self) -> Router:
        return self.gateway.line.router

    def ways(self, refused: str) -> tuple[list[Way], list[Way]]:
        """Those in the order of trying, and those left out; `refused` is what keeps the token from all of them."""
        out = [(each, self.obstacle(each, refused)) for each in self.model.candidates]
        well = sorted((each for each, obstacle in out if not obstacle), key=self.place)
        if not well:
            well = self.last_resort(out, refused)
        tried = [self.way(each, place, self.reason(each, well)) for place, each in enumerate(well, 1)]
        left = sorted((pair for pair in out if pair[0] not in well), key=lambda pair: _by_priority(pair[0]))
        return tried, [self.way(each, None, obstacle) for each, obstacle in left]

    def last_resort(self, out: Sequence[tuple[Candidate, str]], refused: str) -> list[Candidate]:
        able = [each for each, _ in out if not refused and not self.barrier(each)]
        lane = self.router.last_resort(self.router.lanes(able))
        return [lane.candidate] if lane else []

    def way(self, candidate: Candidate, place: int | None, why: str) -> Way:
        speeds = self.router.speeds
        return Way(
            place=place,
            channel=candidate.channel,
            upstream_model=candidate.upstream_model,
            cost_nano=known_cost(candidate, self.assumed),
            first_content=speeds.average(speed_key(candidate, streamed=True)),
            whole_answer=speeds.average(speed_key(candidate, streamed=False)),
            why=why,
        )

    def place(self, candidate: Candidate) -> tuple[object, ...]:
        """Where chance or the conversation decides, the likelier channel stands first."""
        last = _by_priority(candidate)
        if self.model.strategy == "cheapest":
            return (*ByPrice(self.assumed).place(candidate, ""), *last)
        if self.model.strategy == "fastest":
            return (*BySpeed(self.router.speeds, streamed=True).place(candidate, ""), *last)
        return last

    def obstacle(self, candidate: Candidate, refused: str) -> str:
        """What keeps a channel out; nothing when it is well."""
        lanes = [] if refused else self.router.lanes([candidate])
        if any(self.router.well(lane) for lane in lanes):
            return self.barrier(candidate)
        return refused or self.barrier(candidate) or self.ailment(candidate.channel, lanes)

    def barrier(self, candidate: Candidate) -> str:
        """What only an operator changes."""
        channel = candidate.channel
        if not channel.enabled:
            return f"disabled: {channel.disabled}" if channel.disabled else "disabled"
        if channel.group != self.group:
            return f"it serves group {channel.group}, not {self.group}"
        if not self.router.lanes([candidate]):
            return "no key can be used: " + "; ".join(self.keys_out(channel))
        return ""

    def keys_out(self, channel: Channel) -> list[str]:
        """Why each key of a channel is of no use."""
        said = []
        for key in channel.keys:
            if key.disabled or self.router.health.refused(channel.id, key.id):
                said.append(f"{key.id} is disabled: {key.disabled or 'the upstream refused it'}")
            elif not resolve(key.ref, self.gateway.environ):
                said.append(f"{key.id}: {key.env} is not set")
        return said

    def ailment(self, channel: Channel, lanes: Sequence[Lane]) -> str:
        """What passes by itself."""
        health, now = self.router.health, self.gateway.clock.monotonic()
        if not health.fit(channel.id):
            state = health.of(channel.id)
            left = state.cooling_until - now
            if left <= 0:
                return "its cooldown is over, and another request finds out how it is"
            return f"cooling down for {math.ceil(left)} s after {state.faults} faults in a row ({state.last_fault})"
        wait = min(health.waits(channel.id, lane.key_id) for lane in lanes)
        return f"its upstream asked to wait (429): {math.ceil(wait)} s left"

    def reason(self, candidate: Candidate, well: Sequence[Candidate]) -> str:
        """Why a channel that is tried stands where it does."""
        channel = candidate.channel
        if len(well) == 1 and (obstacle := self.obstacle(candidate, "")):
            return f"{obstacle}; tried all the same, as no other is left"
        if self.model.strategy == "cheapest":
            return self.price_reason(candidate)
        if self.model.strategy == "fastest":
            return self.speed_reason(candidate)
        peers = [each.channel.weight for each in well if each.channel.priority == channel.priority]
        if len(peers) == 1:
            return f"priority {channel.priority}"
        chosen = "by conversation" if self.model.strategy == "sticky" else "by chance"
        return f"priority {channel.priority}, {chosen}: {100 * channel.weight / sum(peers):.0f} % of this priority"

    def price_reason(self, candidate: Candidate) -> str:
        cost = known_cost(candidate, self.assumed)
        if cost is None:
            return "its price is unknown, so it comes last"
        return "by price" if cost else "it costs nothing"

    def speed_reason(self, candidate: Candidate) -> str:
        key = speed_key(candidate, streamed=True)
        average, expected = self.router.speeds.average(key), self.router.speeds.expected(key)
        if average is None:
            return "being measured" if expected else "not measured yet, so it comes first"
        if expected > 0.9 * average:
            return "by time to first content"
        return f"not asked for a while, so its {average:.2f} s count as {expected:.2f} s"


def _by_priority(candidate: Candidate) -> tuple[object, ...]:
    return -candidate.channel.priority, -candidate.channel.weight, candidate.channel.name


def explain(gateway: Gateway, asked: str, token: Token | None) -> Explanation:
    """The route of a model for a token, or for anybody of the default group; raises NotFound."""
    registry = gateway.registry
    everything = registry.catalog_of(attrs.evolve(each, enabled=True) for each in registry.channels.values())
    found = registry.catalog.resolve(asked) or everything.resolve(asked)
    if found is None:
        raise NotFound(f"There is no model {asked[:64]!r}.")
    model, names = found
    candidates = everything.models[model.id].candidates
    model = attrs.evolve(model, candidates=tuple(_as_it_is(gateway, each) for each in candidates))
    group = "default" if token is None else token.group
    assumed = Usage(ASSUMED_PROMPT, min(gateway.settings.completion_hold, gateway.settings.completion_hold_cap))
    explainer = _Explainer(gateway, model, group, assumed)
    refusal, reason = None if token is None else _refusal(token, names, asked, gateway.clock.wall()), ""
    if refusal is not None:
        reason = "the token may not use the model" if refusal.status == 403 else "the token is disabled or has expired"
    tried, left = explainer.ways(reason)
    if refusal is None and not tried:
        refusal = _nothing_left(explainer, asked)
    return Explanation(
        model=model.id,
        strategy=model.strategy,
        set_for=_set_for(gateway, model.id),
        group=group,
        assumed=assumed,
        refusal=refusal,
        ways=(*tried, *left),
    )


def _as_it_is(gateway: Gateway, candidate: Candidate) -> Candidate:
    return attrs.evolve(candidate, channel=gateway.registry.channels[candidate.channel.id])


def _set_for(gateway: Gateway, model: str) -> SetFor:
    strategies = gateway.registry.strategies
    return "model" if model in strategies else "all" if EVERY_MODEL in strategies else "default"


def _refusal(token: Token, names: frozenset[str], asked: str, now: float) -> GatewayError | None:
    if not token.live(now):
        return Unauthenticated()
    return None if token.may_use(names) else ModelNotAllowed(f"This token may not use model {asked}.")


def _nothing_left(explainer: _Explainer, asked: str) -> GatewayError:
    able = [each for each in explainer.model.for_group(explainer.group) if each.channel.enabled]
    router = explainer.router
    return router.out_of_lanes(router.lanes(able), asked) if able else NoChannel(asked, explainer.group)
