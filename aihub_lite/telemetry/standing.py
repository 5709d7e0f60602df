"""The gateway as it stands at the moment of a scrape: nothing of this is counted beside requests."""

from __future__ import annotations

import os
from collections import Counter as Multiset
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from aihub_lite import __version__
from aihub_lite.domain.channel import Channel, ChannelKey
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.routing.account_limits import Meter
from aihub_lite.gateway.steps import in_steps
from aihub_lite.telemetry.families import LabelNames, Labels, MetricFamily, counted, gauge, gauges
from aihub_lite.telemetry.tallies import NANO

NEAR = 0.8
"""The used share of a limit from which a token is near it."""
KEY_STATES = ("usable", "refused", "resting", "rate_limited")
ChannelState = Callable[[Gateway, Channel], str]
"""A channel's state in the words of the console."""


@attrs.frozen(eq=False)
class Standing:
    """Reads a gateway. Channels and teams beyond those that have labels of their own are left out."""

    gateway: Gateway
    channels: LabelNames
    channel_state: ChannelState
    teams: LabelNames = attrs.field(factory=lambda: LabelNames(100))

    async def families(self) -> list[MetricFamily]:
        """All of it, read in steps between which others have their turn."""
        channels = [
            channel
            async for channel in in_steps(self.gateway.registry.channels.all)
            if self.channels.label(channel.name) and channel.name in self.channels
        ]
        return [
            *self._of_requests(),
            *self._of_storage(),
            *self._of_channels(channels),
            *self._of_pots(),
            await self._near_limit(),
            MetricFamily("aihub_info", "gauge", "The version that runs.", ("version",), [((__version__,), 1)]),
        ]

    def _of_requests(self) -> Iterator[MetricFamily]:
        flights = self.gateway.flights
        yield gauge("aihub_in_flight_requests", "Requests under way.", flights.slots_taken)
        yield gauge("aihub_in_flight_limit", "Requests that may be under way at once.", flights.limit)
        yield gauge("aihub_waiting_requests", "Requests that wait for a channel.", self.gateway.queue.waiting)
        yield gauge("aihub_draining", "1 while the gateway stops.", flights.draining)

    def _of_storage(self) -> Iterator[MetricFamily]:
        ledger = self.gateway.ledger
        yield gauge("aihub_writer_queue_length", "Writes that are not committed yet.", self.gateway.database.waiting)
        yield gauge("aihub_unbooked_settlements", "Settlements that the disk refused, kept in memory.", ledger.unbooked)
        yield counted("aihub_lost_settlements", "Settlements that nothing will book.", ledger.lost)
        yield gauge("aihub_held_usd", "Money on hold, in USD.", ledger.held / NANO)

    def _of_channels(self, channels: list[Channel]) -> Iterator[MetricFamily]:
        states: dict[Labels, float] = {}
        up: dict[Labels, float] = {}
        keys: dict[Labels, float] = {}
        used: dict[Labels, float] = {}
        for channel in channels:
            label = self.channels.label(channel.name)
            state = self.channel_state(self.gateway, channel)
            states[label, state.replace(" ", "_")] = 1
            up[label,] = state in ("ok", "at its limit")
            found = Multiset(self._key_state(channel, key) for key in channel.keys)
            keys |= {(label, each): found[each] for each in KEY_STATES if channel.keys}
            used |= self._limits_of(label, channel)
        yield from gauges("aihub_channel_up", "1 where a channel may be asked.", ("channel",), up)
        yield from gauges("aihub_channel_state", "1 for the state a channel is in.", ("channel", "state"), states)
        yield from gauges("aihub_channel_keys", "Keys of a channel, by how they are.", ("channel", "state"), keys)
        yield from gauges(
            "aihub_limit_used_ratio",
            "The used share of a channel's limit.",
            ("channel", "key", "limit"),
            used,
        )

    def _key_state(self, channel: Channel, key: ChannelKey) -> str:
        health = self.gateway.health
        if key.refused or health.refused(channel.id, key.id):
            return "refused"
        if key.rests_until:
            return "resting"
        if health.rate_limit_wait(channel.id, key.id):
            return "rate_limited"
        return "usable"

    def _limits_of(self, label: str, channel: Channel) -> dict[Labels, float]:
        used: dict[Labels, float] = {}
        for holder, meter in self.gateway.line.router.limits.meters_of(channel).items():
            key = holder
            if holder == channel.id:
                key = ""
            used |= {(label, key, limit): share for limit, share in self._shares(meter)}
        return used

    def _shares(self, meter: Meter) -> Iterator[tuple[str, float]]:
        now = self.gateway.clock.monotonic()
        for limit, measured in (("requests", meter.requests), ("tokens", meter.tokens)):
            if measured is not None:
                yield limit, measured.used(now) / measured.size
        if meter.limits.concurrency:
            yield "concurrency", meter.running / meter.limits.concurrency
        if (budget := meter.limits.budget) is not None:
            yield "budget", meter.spent.within(budget, self.gateway.clock.wall()) / max(budget.nano, 1)

    def _of_pots(self) -> Iterator[MetricFamily]:
        """Of teams and the gateway: what one person has left is that person's affair."""
        wall = self.gateway.clock.wall()
        used: dict[Labels, float] = {}
        for pot in self.gateway.ledger.pots.values():
            if pot.key.kind not in ("team", "gateway") or not (shares := pot.shares_left(wall)):
                continue
            name = self.teams.label(pot.name)
            if pot.name in self.teams:
                used[pot.key.kind, name] = 1 - min(shares)
        yield from gauges("aihub_pot_used_ratio", "The used share of a pot's nearest limit.", ("kind", "name"), used)

    async def _near_limit(self) -> MetricFamily:
        wall = self.gateway.clock.wall()
        near = spent = 0
        async for balance in in_steps([*self.gateway.ledger.balances.values()]):
            token = balance.token
            left = balance.left(wall)
            if left is None or not token.live(wall):
                continue
            limits = [token.quota_nano] if token.quota_nano is not None else []
            if token.budget is not None:
                limits.append(token.budget.nano)
            if left <= 0:
                spent += 1
            elif left <= (1 - NEAR) * min(limits):
                near += 1
        samples = [(("near",), near), (("spent",), spent)]
        text = "Tokens that have used 80 % of what they may spend (near), or all of it (spent)."
        return MetricFamily("aihub_limited_tokens", "gauge", text, ("state",), samples)


def of_disk(database: Path) -> Iterator[MetricFamily]:
    """What the disk says: it may hang, so not on the event loop."""
    space = os.statvfs(database.parent)
    yield gauge("aihub_disk_free_bytes", "Free where the database lies.", space.f_bavail * space.f_frsize)
    size = sum(file.stat().st_size for file in database.parent.glob(f"{database.name}*"))
    yield gauge("aihub_database_bytes", "Size of the database, with its WAL.", size)
