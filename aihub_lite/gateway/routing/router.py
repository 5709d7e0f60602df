"""Which channel and key serve a request, in which order."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import attrs

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import ChannelKey
from aihub_lite.domain.overrides import PUBLIC
from aihub_lite.errors import (
    ChannelsCoolingDown,
    ChannelsDisabled,
    ChannelsDown,
    ChannelsFull,
    GatewayError,
)
from aihub_lite.gateway.routing.account_limits import NOTHING, AccountLimits, Demand, Place
from aihub_lite.gateway.routing.health import Health, Obstacle, seconds_told
from aihub_lite.gateway.routing.key_rests import NO_KEY, Account
from aihub_lite.gateway.routing.latency import Latencies
from aihub_lite.gateway.routing.ordering import BY_PRIORITY, Ordering
from aihub_lite.upstream.credentials import Headers, headers_unset, resolved_headers, secret_of
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.scrubbing import together

LaneRank = tuple[float, bool, tuple[float, ...]]
"""Tier, whether the channel has failed the request already, and rank within the tier; smaller comes first."""


@attrs.frozen
class Lane:
    """One way to one upstream: a candidate and one of its keys (empty where none is needed)."""

    candidate: Candidate
    key_id: str
    secret: str = attrs.field(repr=False)
    headers: Headers = attrs.field(default=(), repr=False)
    """The channel's own, by names in small letters."""

    @property
    def secrets(self) -> str:
        """What no answer may show: the key, and what the channel's headers say, as `wire/scrubbing.py` takes them."""
        if not self.headers:
            return self.secret
        values = [value.decode() for name, value in self.headers if name.decode() not in PUBLIC]
        return together(self.secret, *values)

    @property
    def channel_id(self) -> str:
        return self.candidate.channel.id

    @property
    def account(self) -> Account:
        return self.candidate.channel.id, self.key_id

    @property
    def place(self) -> Place:
        return self.candidate.channel.id, self.key_id, self.candidate.upstream_model


@attrs.frozen
class RankedLane:
    """A lane, and why it stands where it does."""

    lane: Lane
    rank: LaneRank
    """Smaller comes first."""
    obstacle: Obstacle | None
    """What keeps the lane out; None when nothing does."""
    share: float
    """The chance of its channel among those of the same rank; 0 when the lane is not tried."""


@attrs.define
class Router:
    """Chooses lanes: by health, by the order of the request, by weight."""

    health: Health
    environ: Mapping[str, str]
    random: random.Random
    latencies: Latencies = attrs.field(
        default=attrs.Factory(lambda self: Latencies(self.health.clock), takes_self=True)
    )
    limits: AccountLimits = attrs.field(
        default=attrs.Factory(lambda self: AccountLimits(self.health.clock), takes_self=True)
    )

    def lanes(self, candidates: Sequence[Candidate]) -> list[Lane]:
        """Every usable lane, health aside: keys that resolve and wait for nobody."""
        return [lane for candidate in candidates for lane in self._lanes_of(candidate)]

    def _lanes_of(self, candidate: Candidate) -> list[Lane]:
        channel = candidate.channel
        headers: Headers = ()
        if channel.overrides is not None:
            if headers_unset(channel.overrides, self.environ):
                return []
            headers = resolved_headers(channel.overrides, self.environ)
        if not channel.keys:
            return [Lane(candidate, NO_KEY, "", headers)]
        return [lane for key in channel.keys if (lane := self._lane(candidate, key, headers))]

    def _lane(self, candidate: Candidate, key: ChannelKey, headers: Headers) -> Lane | None:
        if key.refused or self.health.refused(candidate.channel.id, key.id):
            return None
        secret = secret_of(key, PROVIDERS[candidate.channel.provider], self.environ)
        if not secret:
            return None
        return Lane(candidate, key.id, secret, headers)

    def pick(
        self,
        lanes: Sequence[Lane],
        tried: Collection[str] = (),
        ordering: Ordering = BY_PRIORITY,
        demand: Demand = NOTHING,
    ) -> Lane | None:
        """The next of the lanes left: of those that are available the foremost, a weighted choice among their channels.

        Within a tier of the `ordering`, other keys of the channels `tried` come only after the other channels.
        """
        return self.choose([lane for lane in lanes if self.available(lane, demand)], tried, ordering)

    def choose(
        self, available: Sequence[Lane], tried: Collection[str] = (), ordering: Ordering = BY_PRIORITY
    ) -> Lane | None:
        """As `pick`, of lanes that are available."""
        if not available:
            return None
        if len(available) == 1:
            return available[0]
        by_channel: dict[str, list[Lane]] = {}
        for lane in foremost(available, tried, ordering):
            by_channel.setdefault(lane.channel_id, []).append(lane)
        channels = list(by_channel.values())
        weights = [keys[0].candidate.channel.weight for keys in channels]
        keys = self.random.choices(channels, weights if any(weights) else None)[0]
        if len(keys) == 1:
            return keys[0]
        return self.random.choice(keys)

    def ranked(self, lanes: Sequence[Lane], ordering: Ordering = BY_PRIORITY) -> list[RankedLane]:
        """Every lane as `pick` sees it at this moment: those that a request would try, in order, then those kept out.

        Where chance decides among equals, the heavier channel stands first. With every lane kept out, the last resort
        alone is tried.
        """
        obstacles = {lane: self.obstacle(lane) for lane in lanes}
        tried = [lane for lane, obstacle in obstacles.items() if obstacle is None]
        if not tried and (last := self.last_resort(lanes)) is not None:
            tried = [last]
        ranks = {lane: rank_of(lane, (), ordering) for lane in lanes}
        shares = _shares(tried, ranks)
        ranked = [RankedLane(lane, ranks[lane], obstacles[lane], shares.get(lane, 0.0)) for lane in lanes]
        return sorted(ranked, key=_in_order)

    def last_resort(self, lanes: Sequence[Lane], demand: Demand = NOTHING) -> Lane | None:
        """With every channel out for faults, the one whose cooldown ends first: no model is down for want of a try.

        A key that waits after a 429 stays out: trying it would only prolong the wait. So does one at a limit. One that
        rests is tried where all do: it may have money again, and nothing else could answer.
        """
        usable = [lane for lane in self._awake(lanes) if self.wait(lane, demand) is None]
        return min(usable, key=self._until_free, default=None)

    def _awake(self, lanes: Sequence[Lane]) -> Sequence[Lane]:
        """Those whose key does not rest; all, where all do."""
        return [lane for lane in lanes if self.health.rests.of(lane.account) is None] or lanes

    def _until_free(self, lane: Lane) -> tuple[float, float]:
        """Compares lanes by when they are free again."""
        seconds = 0.0
        if (rest := self.health.rests.of(lane.account)) is not None:
            seconds = self.health.rests.seconds(rest)
        return self.health.of(lane.channel_id).cooling_until, seconds

    def available(self, lane: Lane, demand: Demand = NOTHING) -> bool:
        """Whether a lane may be tried at this moment, by a request that takes so much of its limits."""
        if self.health.obstacle(lane.channel_id, lane.key_id) is not None:
            return False
        if not self.limits.in_use:
            return True
        return self.limits.full(lane.place, demand) is None

    def obstacle(self, lane: Lane, demand: Demand = NOTHING) -> Obstacle | None:
        """What keeps a lane out at this moment; None when nothing does."""
        obstacle = self.health.obstacle(lane.channel_id, lane.key_id)
        if obstacle is not None:
            return obstacle
        full = self.limits.full(lane.place, demand)
        if full is None:
            return None
        return Obstacle("limit", full.seconds, last_fault=full.limit)

    def wait(self, lane: Lane, demand: Demand = NOTHING) -> float | None:
        """Seconds, at least, until a lane's limits, or its upstream's after a 429, take a request; None: now."""
        wait = self.health.rate_limit_wait(lane.channel_id, lane.key_id)
        full = None
        if self.limits.in_use:
            full = self.limits.full(lane.place, demand)
        if full is not None:
            return max(wait, full.seconds)
        return wait or None

    def out_of_lanes(self, lanes: Sequence[Lane], model: str, group: str, demand: Demand = NOTHING) -> GatewayError:
        """What to tell where a model has channels, but no lane to try: when to come back, or that it is in vain."""
        if not lanes:
            return ChannelsDisabled(model, group)
        awake = self._awake(lanes)
        waits = [wait for lane in awake if (wait := self.wait(lane, demand)) is not None]
        if len(waits) == len(awake):
            if any(self.limits.full(lane.place, demand) for lane in awake):
                return ChannelsFull(model, seconds_told(min(waits)))
            return ChannelsCoolingDown(model, seconds_told(min(waits)))
        obstacles = [self.obstacle(lane, demand) for lane in lanes]
        wait = min((obstacle.seconds for obstacle in obstacles if obstacle is not None), default=0.0)
        return ChannelsDown(model, seconds_told(wait))


def foremost(lanes: Sequence[Lane], tried: Collection[str], ordering: Ordering) -> list[Lane]:
    """The lanes that come first, all equally."""
    ranks = [rank_of(lane, tried, ordering) for lane in lanes]
    first = min(ranks)
    return [lane for lane, rank in zip(lanes, ranks, strict=True) if rank == first]


def rank_of(lane: Lane, tried: Collection[str], ordering: Ordering) -> LaneRank:
    """Where a lane stands; a channel that failed this request stands behind the others of its tier."""
    tier, within = ordering.rank(lane.candidate, lane.key_id)
    return tier, lane.channel_id in tried, within


def _shares(lanes: Sequence[Lane], ranks: Mapping[Lane, LaneRank]) -> dict[Lane, float]:
    """The chance of each lane's channel, by weight, among those of its rank."""
    weights: defaultdict[LaneRank, dict[str, int]] = defaultdict(dict)
    for lane in lanes:
        weights[ranks[lane]][lane.channel_id] = lane.candidate.channel.weight
    return {lane: lane.candidate.channel.weight / sum(weights[ranks[lane]].values()) for lane in lanes}


def _in_order(ranked: RankedLane) -> tuple[bool, LaneRank, int, str]:
    channel = ranked.lane.candidate.channel
    return not ranked.share, ranked.rank, -channel.weight, channel.name
