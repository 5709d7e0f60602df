"""Which models of a named route may take a request, in which order, and why the others may not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import attrs

from aihub_lite.domain.catalog import Candidate, Model, ModelStep, may_reach
from aihub_lite.domain.channel import Ability, ModelFacts
from aihub_lite.domain.route import Conditions, NamedRoute
from aihub_lite.domain.token import Token
from aihub_lite.errors import ModelUnpriced, NoChannel, NoModelFits
from aihub_lite.gateway.pots.pot import OWN_KINDS
from aihub_lite.gateway.routing.needs import Fitness, fitness, needs_of
from aihub_lite.gateway.routing.route import Route
from aihub_lite.gateway.routing.router import Lane, Router
from aihub_lite.gateway.routing.walk import Leg, Walk
from aihub_lite.gateway.state.balance import Balance
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.protocols import Request
from aihub_lite.wire.upstream_error import CONTEXT_OVERFLOW

Plan = Callable[[Model], Route]
"""The channels of one model for the request, as for any other; raises NoChannel and ModelUnpriced."""


Facts = Callable[[Candidate], ModelFacts]


def listed_facts(candidate: Candidate) -> ModelFacts:
    """What an upstream's own list says of a model."""
    return candidate.facts or ModelFacts()


@attrs.frozen(slots=False)
class Case:
    """One request, as far as a route looks at it."""

    request: Request
    chat: ChatRequest | None
    token: Token
    names: frozenset[str]
    """Of the route, by which a token may be allowed all that it leads to."""
    tags: frozenset[str] = frozenset()
    left: float | None = None
    """What the token has left, as a share of its quota or budget; None where it has none."""
    now: float = 0.0
    """Unix time."""
    facts: Facts = listed_facts
    """What is known of a candidate's model."""
    home: str | None = None
    """The model that answered the conversation last."""

    @cached_property
    def needs(self) -> frozenset[Ability]:
        """What the conversation asks of a model."""
        return needs_of(self.chat)


def left_share(balance: Balance | None, wall: float) -> float | None:
    """What a token has left at Unix time `wall`, as a share of its quota or budget, the smallest of all that are its
    own or its person's: a refusal tells it, and what a team has left is not for each of its members to know."""
    if balance is None:
        return None
    shares = []
    token = balance.token
    if token.quota_nano is not None:
        shares.append((token.quota_nano - balance.spent - balance.held) / max(token.quota_nano, 1))
    if token.budget is not None:
        spent = balance.spent_now(wall) + balance.held
        shares.append((token.budget.nano - spent) / max(token.budget.nano, 1))
    for pot in balance.pots:
        if pot.key.kind in OWN_KINDS:
            shares += pot.shares_left(wall)
    return min(shares, default=None)


def unmet(when: Conditions, case: Case) -> str:
    """The first condition of a step that does not hold; empty where all do."""
    if when.below_budget is not None and (case.left is None or case.left * 100 >= when.below_budget):
        if case.left is None:
            return f"it is for tokens with less than {when.below_budget} % of their budget left, and this one has none"
        return f"it is for less than {when.below_budget} % of the budget left, not for {100 * case.left:.0f} %"
    if when.over_tokens is not None and case.request.prompt_estimate <= when.over_tokens:
        return f"it is for prompts over {when.over_tokens} tokens, not for {case.request.prompt_estimate}"
    if when.tag and when.tag not in case.tags:
        return f"it is for requests tagged {when.tag}"
    if when.hours is not None and not when.hours.covers(case.now):
        return f"it is for {when.hours.text}"
    return ""


def walk_of(route: NamedRoute, steps: Sequence[ModelStep], case: Case, router: Router, plan: Plan) -> Walk:
    """The models of a route that can take a request, in order; without one, the walk says what to tell."""
    planner = _Planner(case, plan)
    for step in steps:
        planner.take(step)
    legs = sorted(planner.legs, key=lambda leg: (leg.model.id != case.home, bool(leg.unsure)))
    at_home = bool(legs) and legs[0].model.id == case.home
    refusal = None
    if not planner.legs:
        refusal = planner.refusal(route.name)
    return Walk(route, case.token.group, router, legs, planner.passed, refusal=refusal, at_home=at_home)


@attrs.define(eq=False)
class _Planner:
    """Takes one step after the other: as a leg, or with the reason why not."""

    case: Case
    plan: Plan
    legs: list[Leg] = attrs.field(factory=list)
    passed: dict[str, str] = attrs.field(factory=dict)
    unfit: list[Fitness] = attrs.field(factory=list)
    """Of models that lack what the request needs."""
    unpriced: ModelUnpriced | None = None

    def take(self, step: ModelStep) -> None:
        """Add a leg, or pass the model over."""
        model = step.model
        if model is None:
            self.passed[step.step.model] = "no channel offers it"
            return
        if any(leg.model.id == model.id for leg in self.legs):
            return  # under conditions that hold, it stands further up already
        why = self.barrier(model, step.step.when)
        if why:
            self.passed[model.id] = why
            return
        try:
            way = self.plan(model)
        except NoChannel:
            self.passed[model.id] = f"no channel of group {self.case.token.group} serves it here"
            return
        except ModelUnpriced as error:
            self.unpriced = error
            self.passed[model.id] = "it has no price, and the token has a quota or budget"
            return
        leg = self._able(model, way)
        if isinstance(leg, str):
            self.passed[model.id] = leg
            return
        self.passed.pop(model.id, None)
        self.legs.append(leg)

    def barrier(self, model: Model, when: Conditions) -> str:
        """Why a model may not be tried for this request; empty where it may."""
        if not may_reach(self.case.token, model, self.case.names):
            return "the token may not use it"
        return unmet(when, self.case)

    def _able(self, model: Model, way: Route) -> Leg | str:
        """The model by those of its channels that can take the request, or why none can."""
        self._keep_apart(way)
        case = self.case
        prompt = case.request.prompt_estimate
        fits: dict[int, Fitness] = {}
        for lane in way.lanes:
            candidate = lane.candidate
            if id(candidate) not in fits:
                facts = case.facts(candidate)
                fits[id(candidate)] = fitness(facts, candidate.upstream_model, case.needs, prompt)
        able = [lane for lane in way.lanes if not fits[id(lane.candidate)].lacks]
        if way.lanes and not able:
            self.unfit += fits.values()
            return self.unfit[-1].lacks
        way.lanes = able
        way.offered = able
        unsure = [fits[id(lane.candidate)].unsure for lane in able]
        windows = [case.facts(lane.candidate).context_length for lane in able]
        leg = Leg(model, way)
        if all(unsure):
            leg.unsure = next(iter(unsure), "")
        if all(windows):
            leg.window = max((window for window in windows if window), default=None)
        return leg

    def _keep_apart(self, way: Route) -> None:
        """Two models, or two names of one, may be the same upstream: no lane is tried again under another name."""
        taken = {_upstream(lane) for leg in self.legs for lane in leg.way.lanes}
        apart = {_upstream(lane): lane for lane in reversed(way.lanes)}
        way.lanes = [lane for upstream, lane in apart.items() if upstream not in taken][::-1]
        way.offered = way.lanes

    def refusal(self, name: str) -> NoChannel | ModelUnpriced | NoModelFits:
        """What to tell where no model can take the request."""
        if self.unfit:
            reasons = dict.fromkeys(fit.lacks for fit in self.unfit)
            code = "invalid_request"
            if any(fit.too_long for fit in self.unfit):
                code = CONTEXT_OVERFLOW
            return NoModelFits(f"No model of {name} can take this request: {'; '.join(reasons)}.", code)
        if self.unpriced is not None:
            return self.unpriced
        reasons = dict.fromkeys(self.passed.values())
        return NoChannel(name, self.case.token.group, f": of the models of this route, {'; '.join(reasons)}.")


def _upstream(lane: Lane) -> tuple[str, str, str]:
    return (*lane.account, lane.candidate.upstream_model)
