"""A named route as one request walks it: the models that can take it, one after another.

Within a model it goes as for any other: its channels and keys, in the order of its strategy. What an attempt failed of
decides whether the next model is tried; no lane is tried twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import attrs

from aihub_lite.domain.catalog import Model
from aihub_lite.domain.route import NamedRoute, Reason
from aihub_lite.errors import GatewayError, QuotaExhausted
from aihub_lite.gateway.routing.account_limits import Reservation
from aihub_lite.gateway.routing.affinity import is_account_bound
from aihub_lite.gateway.routing.fault_policy import AttemptFailed, Fault
from aihub_lite.gateway.routing.health import Obstacle
from aihub_lite.gateway.routing.key_rests import SPENT, Account
from aihub_lite.gateway.routing.ordering import Ordering
from aihub_lite.gateway.routing.refusals import reason_of_refusal
from aihub_lite.gateway.routing.route import Route
from aihub_lite.gateway.routing.router import Lane, Router
from aihub_lite.gateway.state.flight import KeptOut

REASON_OF: Mapping[Fault, Reason] = {"rate": "rate", "funds": "quota", "slow": "slow"}
"""Of what ended an attempt; all else is the model being down, unless the request itself is at fault."""
OF_THE_MODEL: Mapping[Fault, Reason | None] = {"client": None, "slow": "slow", "withheld": "content"}
"""What another lane of the model would do as well; of the first, its words say what it is."""


@attrs.define(eq=False)
class Leg:
    """One model of a route, as one request may try it."""

    model: Model
    way: Route
    window: int | None = None
    """Tokens of prompt and completion together that its channels take, the most of them; None where nobody knows."""
    unsure: str = ""
    """What the request needs and nobody knows whether the model has; such a one is tried last."""
    failures: list[AttemptFailed] = attrs.field(factory=list)
    over: bool = False
    """Whether the model refused the request, or took too long: its other lanes would do the same."""
    too_dear: bool = False
    """Whether the token could not pay for it when it was looked at last."""

    @property
    def suits(self) -> bool:
        """Whether any attempt failed of something else than that the upstream cannot say such a request."""
        return any(failure.fault != "unsuited" for failure in self.failures)

    def reasons(self, router: Router) -> frozenset[Reason]:
        """Why the model does not answer: of the attempts that failed, and of what keeps its other lanes out."""
        reasons: set[Reason] = {REASON_OF.get(failure.fault, "down") for failure in self.failures}
        for lane in self.way.lanes:
            obstacle = router.obstacle(lane, self.way.demand)
            if obstacle is not None:
                reasons.add(_reason_of_obstacle(obstacle))
        return frozenset(reasons or {"down"})


def _reason_of_obstacle(obstacle: Obstacle) -> Reason:
    if obstacle.kind in ("rate_limit", "limit"):
        return "rate"
    if obstacle.kind == "rest" and obstacle.last_fault == SPENT:
        return "quota"
    return "down"


def _enter_freely(_: Leg) -> None:
    """For a walk that costs nothing: one that is explained."""


@attrs.define(eq=False)
class Walk:
    """The legs of one request, in order. `start` first; then `next` once, and `after` for each attempt that failed."""

    facts: NamedRoute
    group: str
    router: Router
    legs: list[Leg]
    """Those that can take the request."""
    passed: dict[str, str] = attrs.field(factory=dict)
    """Why models were passed over, by their ids."""
    enter: Callable[[Leg], None] = _enter_freely
    """Called before a leg is tried: sets money aside for it, or raises QuotaExhausted."""
    refusal: GatewayError | None = None
    """What to tell where no model can take the request; there are no legs then."""
    answered: Callable[[Leg], None] = _enter_freely
    """Called once a leg has answered."""
    at_home: bool = False
    """Whether the first leg is the model that answered the conversation last."""
    over: bool = False
    """Whether the request ends with the attempt that failed last."""
    leg: Leg = attrs.field(init=False)
    """The one under way, once it has started."""
    offered: list[Lane] = attrs.field(init=False)
    """Those that there were before the first was tried."""
    _window: int | None = None
    """Of a model that the prompt was too long for: the next one must take more."""
    _waiting: list[Leg] = attrs.field(factory=list)
    """Legs all of whose lanes are kept out."""
    _too_dear: QuotaExhausted | None = None
    """The first leg that the token could not pay for."""

    def __attrs_post_init__(self) -> None:
        if self.legs:
            self.leg = self.legs[0]
        self.offered = [lane for leg in self.legs for lane in leg.way.lanes]

    @property
    def ordering(self) -> Ordering:
        """Of the model under way."""
        return self.leg.way.ordering

    @property
    def lanes(self) -> Sequence[Lane]:
        """All that are left."""
        return [lane for leg in self.legs for lane in leg.way.lanes]

    def prefer(self, account: Account | None) -> None:
        """Try lanes of an account first, whose thoughts the conversation carries: within each model and, where nobody
        knows which model answered last, the model that reads them there."""
        for leg in self.legs:
            leg.way.preferred = account
        if account is None or self.at_home:
            return
        for leg in self.legs:
            if any(lane.account == account and is_account_bound(lane) for lane in leg.way.lanes):
                self._go_first(leg)
                return

    def _go_first(self, leg: Leg) -> None:
        """Try a model before all others, if it can be tried now."""
        if leg is self.leg or leg.way.exhausted:
            return
        if self._afford(leg) and self._fits(leg):
            self.legs = [leg, *(other for other in self.legs if other is not leg)]
            self.leg = leg
        else:
            self._afford(self.leg)

    def start(self) -> None:
        """Go to the first model that answers at the moment and that the token can pay for; where none answers, to the
        first that it can pay for. Raises QuotaExhausted."""
        if self._go_to_first():
            return
        for leg in self._waiting:
            if self._afford(leg):
                self.leg = leg
                return
        assert self._too_dear is not None  # noqa: S101  every leg waits, or was too dear
        raise self._too_dear

    def next(self) -> Lane:
        """The first lane; raises what to tell the client where every one is kept out."""
        if self.leg.way.exhausted:
            leg = self.last_resort
            if leg is None:
                raise self.nothing_left()
            if leg is not self.leg:
                self.enter(leg)
                self.leg = leg
            self.passed.pop(leg.model.id, None)
        return self.leg.way.next()

    def available_lane(self, without: Collection[Account] = ()) -> Lane | None:
        """The next lane of the first model that has one, but for some accounts'; it is the one under way then."""
        for leg in self._wanted():
            lane = leg.way.available_lane(without)
            if lane is not None and leg is not self.leg:
                lane = self._entered(leg, without)
            if lane is not None:
                return lane
            if not leg.failures and leg.model.id not in self.passed:
                self.passed[leg.model.id] = self.why_out(leg)
        return None

    def _wanted(self) -> Iterator[Leg]:
        """The models that may answer now or later, in order: up to the first behind which the route does not go on."""
        for leg in self.legs:
            if leg.over or leg.too_dear or self._is_too_small(leg):
                continue
            yield leg
            if not self._goes_on(leg):
                return

    def _entered(self, leg: Leg, without: Collection[Account]) -> Lane | None:
        """The lane of a model whose turn it is, now that it is known what the request takes of its limits."""
        if not self._afford(leg):
            return None
        lane = leg.way.available_lane(without)
        if lane is None:
            self._afford(self.leg)
            return None
        self.leg = leg
        return lane

    def hand_out(self, lane: Lane) -> None:
        """A lane of the model under way is tried from now on."""
        self.passed.pop(self.leg.model.id, None)
        self.leg.way.hand_out(lane)

    @property
    def some_out(self) -> bool:
        """As of a Route; here it is always worth a look."""
        return True

    def kept_out(self, chosen: Lane | None, without: Collection[Account] = ()) -> Iterator[KeptOut]:
        """As of a Route: the lanes of all models."""
        ahead = True
        for leg in self.legs:
            under_way = chosen is not None and leg is self.leg
            for kept in leg.way.kept_out(chosen if under_way else None, without):
                passed = attrs.evolve(kept.passed, model=leg.model.id)
                yield KeptOut((leg.model.id, *kept.lane), passed, kept.ahead and ahead)
            if under_way:
                ahead = False

    def limit_waits(self) -> list[float]:
        """As of a Route, of every model that may answer later."""
        return [wait for leg in self._wanted() for wait in leg.way.limit_waits()]

    def wanted(self) -> list[Lane]:
        """Those that it waits for."""
        return [lane for leg in self._wanted() for lane in leg.way.lanes]

    def could_have(self, accounts: Collection[Account]) -> bool:
        """As of a Route."""
        return any(leg.way.could_have(accounts) for leg in self._wanted())

    def again(self, _lane: Lane, _failure: AttemptFailed, *, once: bool = False) -> bool:
        """No lane that failed is tried again at once: another model may do."""
        return False

    @property
    def last_resort(self) -> Leg | None:
        """With every model out, the one that is free again first, as a Router has it; None where all wait for a 429."""
        lane = self.router.last_resort([lane for leg in self._waiting for lane in leg.way.lanes])
        if lane is None:
            return None
        return next(leg for leg in self._waiting if lane in leg.way.lanes)

    def after(
        self, lane: Lane, failure: AttemptFailed, without: Collection[Account] = (), *, waits: bool = False
    ) -> Lane | None:
        """As of a Route."""
        leg = self.leg
        leg.failures.append(failure)
        self.over = self._ends_with(failure)
        if self.over:
            return None
        if waits:
            leg.way.give_back(lane, failure)
        following = self.available_lane(without)
        if following is not None:
            self.hand_out(following)
        return following

    def _ends_with(self, failure: AttemptFailed) -> bool:
        """Whether no other lane may be tried; a refusal, or a wait that was too long, is that of a whole model."""
        if failure.fault == "late":
            return True
        if failure.fault not in OF_THE_MODEL:
            return False
        reason = OF_THE_MODEL[failure.fault]
        if failure.fault == "client":
            reason = reason_of_refusal(failure.error)
        if reason not in self.facts.on:
            return True
        if reason == "context":
            self._window = self.leg.window
        self.leg.over = True
        return False

    @property
    def patience(self) -> float | None:
        """Seconds that the model under way has for its first byte; None where no other one could be tried."""
        if "slow" not in self.facts.on:
            return None
        if not self._has_other:
            return None
        return self.facts.patience

    @property
    def has_other_policy(self) -> bool:
        """Whether another model may answer what the policy of the one under way keeps back."""
        return "content" in self.facts.on and self._has_other

    @property
    def _has_other(self) -> bool:
        """Whether there is a model behind the one under way that could be tried now."""
        others = self.legs[self.legs.index(self.leg) + 1 :]
        return any(not leg.way.exhausted for leg in others)

    def nothing_left(self) -> GatewayError:
        """What to tell where no model of the route has a lane to try."""
        return self.router.out_of_lanes(self.offered, self.facts.name, self.group, self.leg.way.demand)

    @property
    def reserved(self) -> Reservation | None:
        """As of a Route."""
        return self.leg.way.reserved

    def reserve(self, lane: Lane) -> None:
        """Count an attempt on a lane of the model under way once more."""
        self.leg.way.reserve(lane)

    def rate_limit_wait(self) -> int | None:
        """As of a Route, of every model."""
        waits = [wait for leg in self.legs if (wait := leg.way.rate_limit_wait()) is not None]
        return min(waits, default=None)

    def _is_too_small(self, leg: Leg) -> bool:
        """Whether a model takes no more than one that the prompt was too long for."""
        if self._window is None or leg.window is None or leg.window > self._window:
            return False
        if not leg.failures:
            self.passed[leg.model.id] = f"its context window is no larger: {leg.window} tokens"
        return True

    def _go_to_first(self) -> bool:
        """Go to the first leg that has a lane to try and can be paid for; says whether there is one."""
        for leg in self.legs:
            if leg.way.exhausted:
                self._waiting.append(leg)
                self.passed[leg.model.id] = self.why_out(leg)
                if not self._goes_on(leg):
                    return False
            elif self._afford(leg) and self._fits(leg):
                self.leg = leg
                return True
        return False

    def _fits(self, leg: Leg) -> bool:
        """Whether its accounts' limits take what the request comes to, now that this is known."""
        if leg.way.exhausted:
            self._waiting.append(leg)
            self.passed[leg.model.id] = self.why_out(leg)
            return False
        return True

    def _goes_on(self, leg: Leg) -> bool:
        """Whether the route goes on behind a model that does not answer."""
        if leg.failures and not leg.suits:
            return True
        if not leg.way.exhausted:  # whoever has waited for longer is to have its lanes
            return "rate" in self.facts.on
        return not leg.reasons(self.router).isdisjoint(self.facts.on)

    def _afford(self, leg: Leg) -> bool:
        try:
            self.enter(leg)
        except QuotaExhausted as refusal:
            self._too_dear = self._too_dear or refusal
            self.passed[leg.model.id] = "the token has less left than it may cost"
            leg.too_dear = True
            return False
        leg.too_dear = False
        return True

    def why_out(self, leg: Leg) -> str:
        """Why a model has no lane to try."""
        if not leg.way.lanes:
            return "no channel of it has a key that works"
        if not leg.way.exhausted:
            return "other requests have waited for its channels for longer"
        reasons = ", ".join(sorted(leg.reasons(self.router)))
        return f"all of its channels are kept out at the moment ({reasons})"
