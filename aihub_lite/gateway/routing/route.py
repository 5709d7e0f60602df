"""The route of one request for one model: its lanes, handed out one after another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import attrs

from aihub_lite.domain.catalog import Candidate, Model
from aihub_lite.domain.route import PassedOver
from aihub_lite.errors import GatewayError, ModelUnpriced, NoChannel
from aihub_lite.gateway.routing.account_limits import NOTHING, Demand, Reservation
from aihub_lite.gateway.routing.fault_policy import POLICY, AttemptFailed
from aihub_lite.gateway.routing.health import seconds_told
from aihub_lite.gateway.routing.key_rests import Account
from aihub_lite.gateway.routing.ordering import BY_PRIORITY, Ordering
from aihub_lite.gateway.routing.router import Lane, Router, rank_of
from aihub_lite.gateway.state.flight import KeptOut
from aihub_lite.upstream.providers import is_unpriced

WAITED_FOR = frozenset({"limit", "rate_limit"})
"""Obstacles of lanes that are well, and only full: by their own limits, or as their upstream said with a 429."""
SPOKEN_FOR = "other requests have waited for it longer"


@attrs.define
class Route:
    """The lanes of one request, handed out one at a time; a lane is tried once, a channel's other keys later."""

    router: Router
    model: str
    group: str
    lanes: list[Lane]
    tried: set[str] = attrs.field(factory=set)
    """Ids of channels."""
    ordering: Ordering = BY_PRIORITY
    offered: list[Lane] = attrs.field(default=attrs.Factory(lambda self: self.lanes, takes_self=True))
    """Those that there were before the first was tried."""
    preferred: Account | None = None
    """Tried first while it is available, whatever the order: the account whose thoughts the conversation carries."""
    demand: Demand = NOTHING
    reserved: Reservation | None = None
    """What the lane handed out last has of its account's limits; None where there are none."""
    some_out: bool = False
    """Whether any lane was kept out when one was looked for last."""
    over: bool = False
    """Whether the request ends with the attempt that failed last."""
    repeated: Lane | None = None
    """The one that was tried again at once."""

    def prefer(self, account: Account | None) -> None:
        """Try a lane of this account first, whatever the order."""
        self.preferred = account

    def next(self) -> Lane:
        """The next lane to try; raises what to tell the client when none is left."""
        lane = self.available_lane()
        if lane is None and not self.tried:
            lane = self.router.last_resort(self.lanes, self.demand)
        if lane is None:
            raise self.nothing_left()
        self.hand_out(lane)
        return lane

    def available_lane(self, without: Collection[Account] = ()) -> Lane | None:
        """The next lane to try of those that are available, but for some accounts."""
        lane = self._preferred_lane()
        if lane is not None and lane.account not in without:
            self.some_out = len(self.lanes) > 1
            return lane
        available = [lane for lane in self.lanes if self.router.available(lane, self.demand)]
        if without:
            available = [lane for lane in available if lane.account not in without]
        self.some_out = len(available) < len(self.lanes)
        return self.router.choose(available, self.tried, self.ordering)

    def hand_out(self, lane: Lane) -> None:
        """A lane is tried from now on."""
        self.reserve(lane)
        self.tried.add(lane.channel_id)
        self.lanes = [other for other in self.lanes if other is not lane]
        self.ordering.started(lane.candidate)

    def kept_out(self, chosen: Lane | None, without: Collection[Account] = ()) -> Iterator[KeptOut]:
        """The lanes that are left and cannot be tried now, as they stand to the one that is; None: none is."""
        for lane in self.lanes:
            obstacle = self.router.obstacle(lane, self.demand)
            why = ""
            if obstacle is not None:
                why = obstacle.text
            elif lane.account in without:
                why = SPOKEN_FOR
            if why:
                ahead = chosen is None or rank_of(lane, (), self.ordering) <= rank_of(chosen, (), self.ordering)
                yield KeptOut(lane.place, PassedOver("", why, lane.candidate.channel.name, key_shown(lane)), ahead)

    def nothing_left(self) -> GatewayError:
        """What to tell the client where there is no lane."""
        return self.router.out_of_lanes(self.offered, self.model, self.group, self.demand)

    def limit_waits(self) -> list[float]:
        """Of each lane that is well and full: seconds until it takes the request, at least."""
        waits = []
        for lane in self.lanes:
            obstacle = self.router.obstacle(lane, self.demand)
            if obstacle is not None and obstacle.kind in WAITED_FOR:
                waits.append(obstacle.seconds)
        return waits

    def wanted(self) -> list[Lane]:
        """Those that it waits for."""
        return self.lanes

    def could_have(self, accounts: Collection[Account]) -> bool:
        """Whether a lane of these accounts could be tried now."""
        return any(lane.account in accounts and self.router.available(lane, self.demand) for lane in self.lanes)

    def reserve(self, lane: Lane) -> None:
        """Count an attempt on a lane in the limits of its account."""
        self.reserved = None
        if self.router.limits.in_use:
            self.reserved = self.router.limits.reserve(lane.place, self.demand)

    def after(
        self, lane: Lane, failure: AttemptFailed, without: Collection[Account] = (), *, waits: bool = False
    ) -> Lane | None:
        """Another lane to go on with after an attempt that failed, but for some accounts'; None where none is free, or
        the request is `over`.

        Where the request `waits` for lanes, the one that was answered 429 is full as others are: it is tried again.
        """
        self.over = not POLICY[failure.fault].failover
        if self.over:
            return None
        if waits:
            self.give_back(lane, failure)
        following = self.available_lane(without)
        if following is not None:
            self.hand_out(following)
        return following

    def give_back(self, lane: Lane, failure: AttemptFailed) -> None:
        """A lane is left as before where its upstream only asked to wait."""
        if failure.fault == "rate":
            self.lanes = [*self.lanes, lane]

    def again(self, lane: Lane, failure: AttemptFailed, *, once: bool = False) -> bool:
        """Try the same lane once more where the fault may have passed, and its limits allow that; False where not.

        With `once`, not a second time in a row.
        """
        if not POLICY[failure.fault].again or (once and self.repeated is lane):
            return False
        if self.router.limits.in_use and self.router.limits.full(lane.place, self.demand) is not None:
            return False
        self.repeated = lane
        self.reserve(lane)
        return True

    @property
    def patience(self) -> None:
        """No other model is there to be tried."""

    @property
    def has_other_policy(self) -> bool:
        """As of a Walk: no other model is there to be asked."""
        return False

    def _preferred_lane(self) -> Lane | None:
        if self.preferred is None:
            return None
        for lane in self.lanes:
            if lane.account == self.preferred and self.router.available(lane, self.demand):
                return lane
        return None

    def rate_limit_wait(self) -> int | None:
        """Whole seconds until the first of its keys that wait after a 429 may be used again; None where none waits."""
        health = self.router.health
        waits = [health.rate_limit_wait(lane.channel_id, lane.key_id) for lane in self.offered]
        if not any(waits):
            return None
        return seconds_told(min(wait for wait in waits if wait))

    @property
    def exhausted(self) -> bool:
        """Whether no lane is left that is available."""
        return not any(self.router.available(lane, self.demand) for lane in self.lanes)


def key_shown(lane: Lane) -> str:
    """The id of a lane's key, where the channel has several."""
    if len(lane.candidate.channel.keys) > 1:
        return lane.key_id
    return ""


def route_of(
    model: Model,
    group: str,
    model_id: str,
    router: Router,
    serves: Callable[[Candidate], bool] | None = None,
    *,
    priced: bool = False,
) -> Route:
    """The route of a model for a group, over the candidates that serve the surface; raises NoChannel.

    `model_id` is the id that the client asked for. With `priced`, only over those whose price is known; raises
    ModelUnpriced where there are none.
    """
    candidates = model.for_group(group)
    if serves is not None:
        candidates = tuple(candidate for candidate in candidates if serves(candidate))
    if not candidates:
        raise NoChannel(model_id, group)
    if priced:
        candidates = tuple(candidate for candidate in candidates if not is_unpriced(candidate))
        if not candidates:
            raise ModelUnpriced(model_id)
    return Route(router, model_id, group, router.lanes(candidates))
