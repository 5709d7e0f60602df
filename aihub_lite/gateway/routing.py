"""Which channel and key serve a request, in which order."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Mapping, Sequence

import attrs

from aihub_lite.domain.catalog import Candidate, Model
from aihub_lite.domain.channel import ChannelKey
from aihub_lite.errors import ChannelsCoolingDown, ChannelsDown, GatewayError, NoChannel
from aihub_lite.gateway.health import Health
from aihub_lite.gateway.speeds import Speeds
from aihub_lite.gateway.strategy import Ordering
from aihub_lite.upstream.credentials import resolve

NO_KEY = "-"
"""The key id of a channel that needs no key."""
Place = tuple[str, str]
"""Ids of a channel and of one of its keys: an account upstream."""


@attrs.frozen
class Lane:
    """One way to one upstream: a candidate and one of its keys (empty where none is needed)."""

    candidate: Candidate
    key_id: str
    secret: str = attrs.field(repr=False)

    @property
    def channel_id(self) -> str:
        return self.candidate.channel.id

    @property
    def place(self) -> Place:
        return self.candidate.channel.id, self.key_id


@attrs.define
class Router:
    """Chooses lanes by health, and by priority and weight or the order of another strategy."""

    health: Health
    environ: Mapping[str, str]
    random: random.Random
    speeds: Speeds = attrs.field(default=attrs.Factory(lambda self: Speeds(self.health.clock), takes_self=True))

    def lanes(self, candidates: Sequence[Candidate]) -> list[Lane]:
        """Every usable lane, health aside: enabled keys that resolve."""
        return [lane for candidate in candidates for lane in self._lanes_of(candidate)]

    def _lanes_of(self, candidate: Candidate) -> list[Lane]:
        channel = candidate.channel
        if not channel.keys:
            return [Lane(candidate, NO_KEY, "")]
        return [lane for key in channel.keys if (lane := self._lane(candidate, key))]

    def _lane(self, candidate: Candidate, key: ChannelKey) -> Lane | None:
        out = key.disabled or self.health.refused(candidate.channel.id, key.id)
        secret = None if out else resolve(key.ref, self.environ)
        return Lane(candidate, key.id, secret) if secret else None

    def pick(self, lanes: Sequence[Lane], tried: Collection[str] = (), ordering: Ordering | None = None) -> Lane | None:
        """The next of the lanes left: the highest priority that is well, a weighted choice among its channels.

        Within a priority, other keys of the channels `tried` come only after the other channels. An `ordering` says
        otherwise what is highest.
        """
        well = [lane for lane in lanes if self.well(lane)]
        if len(well) <= 1:
            return well[0] if well else None
        if ordering is None:
            top = max(lane.candidate.channel.priority for lane in well)
            tier = [lane for lane in well if lane.candidate.channel.priority == top]
            tier = [lane for lane in tier if lane.channel_id not in tried] or tier
        else:
            tier = foremost(well, tried, ordering)
        by_channel: dict[str, list[Lane]] = {}
        for lane in tier:
            by_channel.setdefault(lane.channel_id, []).append(lane)
        ways = list(by_channel.values())
        weights = [way[0].candidate.channel.weight for way in ways]
        way = self.random.choices(ways, weights if any(weights) else None)[0]
        return self.random.choice(way)

    def last_resort(self, lanes: Sequence[Lane]) -> Lane | None:
        """With every channel out for faults, the one whose cooldown ends first: a model never has none.

        A key that waits after a 429 stays out: trying it would only prolong the wait.
        """
        waiting = [lane for lane in lanes if not self.health.waits(lane.channel_id, lane.key_id)]
        return min(waiting, key=lambda lane: self.health.of(lane.channel_id).cooling_until, default=None)

    def well(self, lane: Lane) -> bool:
        """Whether nothing keeps a lane out at this moment."""
        return self.health.fit(lane.channel_id) and not self.health.waits(lane.channel_id, lane.key_id)

    def out_of_lanes(self, lanes: Sequence[Lane], model: str) -> GatewayError:
        """Why a model with channels has no lane to try: they wait after 429s, or nothing about them is usable."""
        waits = [self.health.waits(lane.channel_id, lane.key_id) for lane in lanes]
        if waits and all(waits):
            return ChannelsCoolingDown(model, min(60, max(1, math.ceil(min(waits)))))
        return ChannelsDown(model)


@attrs.define
class Route:
    """The lanes of one request, handed out one at a time; a lane is tried once, a channel's other keys later."""

    router: Router
    model: str
    lanes: list[Lane]
    tried: set[str] = attrs.field(factory=set)
    """Ids of channels."""
    ordering: Ordering | None = None
    """None: by priority and weight."""
    home: Place | None = None
    """Tried first while it is well, whatever the order: the account whose thoughts the conversation carries."""

    def next(self) -> Lane:
        """The next lane to try; raises what to tell the client when none is left."""
        lane = None if self.home is None else self._at_home()
        if lane is None:
            lane = self.router.pick(self.lanes, self.tried, self.ordering)
        if lane is None and not self.tried:
            lane = self.router.last_resort(self.lanes)
        if lane is None:
            raise self.router.out_of_lanes(self.lanes, self.model)
        self.tried.add(lane.channel_id)
        self.lanes = [each for each in self.lanes if each is not lane]
        if self.ordering is not None:
            self.ordering.began(lane.candidate)
        return lane

    def _at_home(self) -> Lane | None:
        return next((lane for lane in self.lanes if lane.place == self.home and self.router.well(lane)), None)

    @property
    def exhausted(self) -> bool:
        """Whether nothing that is well is left."""
        return self.router.pick(self.lanes) is None


def foremost(lanes: Sequence[Lane], tried: Collection[str], ordering: Ordering) -> list[Lane]:
    """The lanes that come first, all equally."""

    def place(lane: Lane) -> tuple[float, bool, tuple[float, ...]]:
        tier, within = ordering.place(lane.candidate, lane.key_id)
        return tier, lane.channel_id in tried, within

    places = [place(lane) for lane in lanes]
    first = min(places)
    return [lane for lane, each in zip(lanes, places, strict=True) if each == first]


def route_of(
    model: Model, group: str, asked: str, router: Router, able: Callable[[Candidate], object] | None = None
) -> Route:
    """The route of a model for a group, over the candidates that are `able` to serve it; raises NoChannel."""
    candidates = model.for_group(group)
    if able is not None:
        candidates = tuple(each for each in candidates if able(each))
    if not candidates:
        raise NoChannel(asked, group)
    return Route(router, asked, router.lanes(candidates))
