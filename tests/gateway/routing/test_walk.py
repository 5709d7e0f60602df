"""Any named route under any faults: what a walk may never do, and what it always does."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.domain.catalog import Candidate, Model, ModelStep
from aihub_lite.domain.channel import Channel, keys_of
from aihub_lite.domain.money import UNPRICED
from aihub_lite.domain.route import REASONS, NamedRoute, Reason, RouteStep
from aihub_lite.domain.token import Token
from aihub_lite.errors import RouteFault, UpstreamBroken, UpstreamRejected
from aihub_lite.gateway.line.named import Case, walk_of
from aihub_lite.gateway.routing.fault_policy import POLICY, AttemptFailed, Fault
from aihub_lite.gateway.routing.health import Health, HealthPolicy
from aihub_lite.gateway.routing.route import route_of
from aihub_lite.gateway.routing.router import Lane, Router
from aihub_lite.gateway.routing.walk import Walk
from aihub_lite.gateway.upkeep.explained_request import AssumedRequest
from tests.support.clock import ManualClock

FAULTS = [fault for fault, policy in POLICY.items() if not policy.rephrase]
TOO_LONG = UpstreamRejected(400, "context_length_exceeded", "maximum context length")
REFUSED = UpstreamRejected(400, "content_filter", "refused")
WRONG = UpstreamRejected(400, "invalid", "temperature: must be a number")

channels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 2)), max_size=4)
"""Of one model: (upstream account, priority, keys); models share accounts and upstream models."""
houses = st.lists(channels, min_size=1, max_size=4)


def model_of(number: int, offers: list[tuple[int, int, int]]) -> Model:
    """A model; at the same account, models of the same parity are one upstream."""
    candidates = []
    for account, priority, keys in dict.fromkeys(offers):
        channel = Channel(
            id=f"chn{account}",
            name=f"channel-{account}",
            provider="openai",
            base_url="http://127.0.0.1/v1",
            created_at=0,
            priority=priority,
            keys=keys_of(f"sk-{key}" for key in range(keys)),
        )
        candidates.append(Candidate(channel, f"upstream-{number % 2}", UNPRICED))
    return Model(f"m{number}", frozenset({f"m{number}"}), tuple(candidates))


def walk(house: list[list[tuple[int, int, int]]], allowed: set[int], on: tuple[Reason, ...], router: Router) -> Walk:
    """The walk of a token that may use some of the models."""
    models = [model_of(number, offers) for number, offers in enumerate(house)]
    steps = tuple(ModelStep(RouteStep(model=model.id), model) for model in models)
    route = NamedRoute(name="route", steps=tuple(step.step for step in steps), on=on, patience=1.0)
    globs = tuple(f"m{number}" for number in sorted(allowed)) or ("nothing",)
    token = Token(id="t", name="t", digest="", hint="", created_at=0, models=globs)
    case = Case(AssumedRequest("route"), None, token, frozenset({"route"}))
    return walk_of(route, steps, case, router, lambda model: route_of(model, "default", "route", router))


def upstream(lane: Lane) -> tuple[str, str, str]:
    return (*lane.account, lane.candidate.upstream_model)


@given(
    house=houses,
    allowed=st.sets(st.integers(0, 3)),
    on=st.lists(st.sampled_from(REASONS), unique=True).map(tuple),
    faults=st.lists(
        st.tuples(st.sampled_from(FAULTS), st.sampled_from((TOO_LONG, REFUSED, WRONG))), min_size=40, max_size=40
    ),
    seed=st.integers(0, 9),
)
def test_a_walk_repeats_no_lane_and_leaves_neither_its_order_nor_the_token_s_rights(
    house: list[list[tuple[int, int, int]]],
    allowed: set[int],
    on: tuple[Reason, ...],
    faults: list[tuple[Fault, UpstreamRejected]],
    seed: int,
) -> None:
    clock = ManualClock()
    router = Router(Health(clock, HealthPolicy(5, 30.0, 300.0)), {}, random.Random(seed))
    way = walk(house, allowed, on, router)
    if way.refusal is not None:
        return
    way.start()
    tried: list[Lane] = []
    legs: list[str] = []
    try:
        lane: Lane | None = way.next()
    except RouteFault:
        lane = None
    for fault, refusal in faults:
        if lane is None:
            break
        tried.append(lane)
        legs.append(way.leg.model.id)
        assert lane.candidate in way.leg.model.candidates
        error = refusal if fault == "client" else UpstreamBroken("broken")
        left = way.leg
        failure = AttemptFailed(fault, error)
        if fault == "rate":
            router.health.rate_limit(lane.channel_id, lane.key_id, 10)
        lane = way.after(lane, failure)
        if fault == "late" or (refusal is WRONG and fault == "client"):
            assert lane is None
        if lane is not None and way.leg is not left and fault in ("slow", "client"):
            reason = "slow"
            if fault == "client":
                reason = "context" if refusal is TOO_LONG else "content"
            assert reason in on
    assert lane is None, "a walk ends"
    assert len({upstream(lane) for lane in tried}) == len(tried)
    assert legs == sorted(legs)
    assert {int(leg[1:]) for leg in legs} <= allowed


def test_a_token_that_may_use_the_route_by_name_may_use_all_of_it() -> None:
    router = Router(Health(ManualClock(), HealthPolicy(5, 30.0, 300.0)), {}, random.Random(1))
    way = walk([[(0, 0, 1)], [(1, 0, 1)]], {1}, ("down",), router)
    assert (["m1"], {"m0": "the token may not use it"}) == ([leg.model.id for leg in way.legs], way.passed)
