"""Limits of upstream accounts: what is used of them now, and what a lane still takes.

A channel's limits count for all its keys together, a key's for itself. Channels without any have no meter, and cost a
request one look at an empty dict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import attrs

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.limits import NO_LIMITS, Limits
from aihub_lite.domain.pots.windows import window
from aihub_lite.gateway.routing.gauges import Allotment, Gauge
from aihub_lite.gateway.routing.key_rests import NO_KEY, Account
from aihub_lite.gateway.routing.told_limits import Told, told
from aihub_lite.gateway.state.flight import Reserved
from aihub_lite.gateway.state.spending import Spending, Spent, day_of

Place = tuple[str, str, str]
"""Ids of a channel and its key, and a model upstream: upstreams count most limits by model."""

MOST_LEARNED = 4096
"""Places whose limits are known from their answers: some hundreds of kilobytes."""


class Demand(NamedTuple):
    """The most that one request takes of an account's limits, beside being one request."""

    tokens: int = 0
    amount: int = 0
    """Nano-USD."""


NOTHING = Demand()


@attrs.frozen
class Full:
    """A limit that is reached."""

    limit: str
    """`60 requests per minute`."""
    seconds: float
    """Until it takes the request, at least; 0 where that depends on requests that are under way."""


@attrs.define(eq=False)
class Meter:
    """One holder of limits, a channel or a key, and what is used of them."""

    holder: str
    """As in Spending; empty for limits that an upstream told."""
    spent: Spent = attrs.field(factory=Spent)
    limits: Limits = NO_LIMITS
    requests: Gauge | None = None
    tokens: Gauge | None = None
    running: int = 0
    held: int = 0
    """Nano-USD of requests that are under way, at most."""

    @property
    def _by_whom(self) -> str:
        if self.holder:
            return ""
        return ", as its upstream told"

    def follow(self, limits: Limits) -> None:
        """The limits were changed: what is used of them stays used."""
        self.limits = limits
        self.requests = _gauge(self.requests, limits.rpm)
        self.tokens = _gauge(self.tokens, limits.tpm)

    def learn(self, limit: Told, now: float) -> None:
        """The upstream told one of its limits."""
        gauge = self.requests
        if limit.unit == "tokens":
            gauge = self.tokens
        if gauge is None:
            gauge = Gauge(limit.limit) if limit.evenly else Allotment(limit.limit)
        gauge.told(limit, now)
        if limit.unit == "tokens":
            self.tokens = gauge
        else:
            self.requests = gauge

    def full(self, demand: Demand, clock: Clock, wall: float) -> Full | None:
        """The first limit that keeps a request out at this moment, which is Unix time `wall`; None where none does."""
        limits = self.limits
        if limits.concurrency is not None and self.running >= limits.concurrency:
            return Full(f"{limits.concurrency} requests at once", 0.0)
        requests = self.requests
        if requests is not None and requests.sure < 1 and (wait := requests.wait(1, clock.monotonic())):
            return Full(f"{requests.size} requests per {_span(requests.window)}{self._by_whom}", wait)
        tokens = self.tokens
        asked = demand.tokens
        if tokens is not None and tokens.sure <= asked and (wait := tokens.wait(asked, clock.monotonic())):
            return Full(f"{tokens.size} tokens per {_span(tokens.window)}{self._by_whom}", wait)
        if limits.budget is None:
            return None
        needed = min(demand.amount, limits.budget.nano)
        spent = self.spent.within(limits.budget, wall)
        if spent + self.held + needed <= limits.budget.nano and spent < limits.budget.nano:
            return None
        seconds = 0.0
        if not self.held:
            _, end = window(limits.budget.period, wall)
            seconds = end - wall
        return Full(f"its budget per {limits.budget.period}", seconds)


@attrs.define(eq=False)
class Taken:
    """What one attempt counts for in one meter."""

    meter: Meter
    requests: Gauge | None
    tokens: Gauge | None
    counted_tokens: int
    amount: int

    def answered(self, tokens: int, now: float) -> None:
        """The upstream has counted the request, and so many tokens."""
        if self.requests is not None:
            self.requests.answered(1, now)
        if self.tokens is not None:
            self.tokens.answered(self.counted_tokens, now, tokens)


@attrs.define(eq=False)
class Reservation:
    """What one attempt takes of its account's limits, until it is settled."""

    limits: AccountLimits
    account: Account
    parts: list[Taken]
    _answered: bool = False
    _settled: bool = False

    @property
    def booked_as(self) -> str:
        """What the usage record has as `account`: nothing where there is no budget to be counted for."""
        for part in self.parts:
            if part.meter.limits.budget is not None:
                return "/".join(self.account)
        return ""

    def answered(self) -> None:
        """The upstream has begun to answer, or failed to: it has counted the request by now."""
        if self._answered:
            return
        self._answered = True
        now = self.limits.clock.monotonic()
        for part in self.parts:
            part.answered(part.counted_tokens, now)
        self.limits.changed()

    def settle(self, tokens: int = 0, cost: int = 0, started: float = 0.0) -> None:
        """It came to so many tokens, and nano-USD, and began at Unix time `started`. The second call does nothing."""
        if self._settled:
            return
        self._settled = True
        now = self.limits.clock.monotonic()
        day = day_of(started)
        for part in self.parts:
            meter = part.meter
            meter.running -= 1
            meter.held -= part.amount
            if not self._answered:
                part.answered(tokens, now)
            elif part.tokens is not None:
                part.tokens.correct(tokens - part.counted_tokens, now)
            if cost and meter.limits.budget is not None:
                meter.spent.add(cost, day)
        self._answered = True
        self.limits.changed()


def nobody_waits() -> None:
    """Where nothing follows from what is free again."""


@attrs.define(eq=False)
class AccountLimits:
    """The meters of all accounts."""

    clock: Clock
    spending: Spending = attrs.field(factory=Spending)
    in_use: bool = False
    """Whether any account has limits, its own or those that its upstream told."""
    by_account: dict[Account, tuple[Meter, ...]] = attrs.field(factory=dict)
    """Of accounts that have limits of their own."""
    learned: dict[Place, Meter] = attrs.field(factory=dict)
    """Of what upstreams told in their answers."""
    changed: Callable[[], None] = nobody_waits
    """Called when something may be free again."""
    _holders: dict[str, Meter] = attrs.field(factory=dict)

    def follow(self, channel: Channel) -> None:
        """A channel was loaded or changed: what its upstream told is void."""
        self._drop_accounts(channel.id)
        whole = self._meter(channel.id, channel.limits)
        for key_id, limits in _keys_of(channel):
            own = self._meter(f"{channel.id}/{key_id}", limits)
            meters = tuple(meter for meter in (whole, own) if meter is not None)
            if meters:
                self.by_account[channel.id, key_id] = meters
        self._count()
        self.changed()

    def forget(self, channel_id: str) -> None:
        """A channel was deleted."""
        self._drop_accounts(channel_id)
        for holder in [each for each in self._holders if each.partition("/")[0] == channel_id]:
            del self._holders[holder]
        self._count()

    def full(self, place: Place, demand: Demand) -> Full | None:
        """What keeps a request from an account at this moment: of several limits the one that does so longest."""
        meters = self._meters(place)
        if not meters:
            return None
        wall = self.clock.wall()
        found = None
        for meter in meters:
            full = meter.full(demand, self.clock, wall)
            if full is not None and (found is None or full.seconds > found.seconds):
                found = full
        return found

    def reserve(self, place: Place, demand: Demand) -> Reservation | None:
        """Count an attempt that begins now, whether it fits or not; None where the account has no limits."""
        meters = self._meters(place)
        if not meters:
            return None
        return Reservation(self, place[:2], [_taken(meter, demand) for meter in meters])

    def learn(self, place: Place, headers: Mapping[str, str], reserved: Reserved | None = None) -> None:
        """An upstream answered with these headers an attempt that had `reserved` so much: that it has counted."""
        meter = self.learned.get(place)
        for limit in told(headers, plenty=meter is not None):
            if reserved is not None:
                reserved.answered()
            if meter is None:
                meter = self._new_learned(place)
            meter.learn(limit, self.clock.monotonic())

    def _new_learned(self, place: Place) -> Meter:
        """Where a pattern offers whatever a client asks for, there may be any number: the oldest make room."""
        if len(self.learned) >= MOST_LEARNED:
            del self.learned[next(iter(self.learned))]
        meter = self.learned[place] = Meter("")
        self.in_use = True
        return meter

    def _meters(self, place: Place) -> tuple[Meter, ...]:
        meters = self.by_account.get(place[:2], ())
        if place in self.learned:
            return (*meters, self.learned[place])
        return meters

    def meters_of(self, channel: Channel) -> dict[str, Meter]:
        """What is used of a channel's own limits, under its id, and of its keys', under theirs."""
        found = {}
        for name, holder in [(channel.id, channel.id)] + [(key.id, f"{channel.id}/{key.id}") for key in channel.keys]:
            if holder in self._holders:
                found[name] = self._holders[holder]
        return found

    def _meter(self, holder: str, limits: Limits) -> Meter | None:
        if limits == NO_LIMITS:
            self._holders.pop(holder, None)
            return None
        meter = self._holders.get(holder)
        if meter is None:
            meter = self._holders[holder] = Meter(holder, self.spending.of(holder))
        meter.follow(limits)
        return meter

    def _drop_accounts(self, channel_id: str) -> None:
        for account in [each for each in self.by_account if each[0] == channel_id]:
            del self.by_account[account]
        for place in [each for each in self.learned if each[0] == channel_id]:
            del self.learned[place]

    def _count(self) -> None:
        self.in_use = bool(self.by_account or self.learned)


def _taken(meter: Meter, demand: Demand) -> Taken:
    tokens = 0
    if meter.requests is not None:
        meter.requests.sent(1)
    if meter.tokens is not None:
        tokens = meter.tokens.sent(demand.tokens)
    amount = 0
    budget = meter.limits.budget
    if budget is not None:
        amount = demand.amount
        if amount > budget.nano:
            amount = budget.nano
        meter.held += amount
    meter.running += 1
    return Taken(meter, meter.requests, meter.tokens, tokens, amount)


def _keys_of(channel: Channel) -> Iterator[tuple[str, Limits]]:
    if not channel.keys:
        yield NO_KEY, NO_LIMITS
    for key in channel.keys:
        yield key.id, key.limits


def _gauge(before: Gauge | None, size: int | None) -> Gauge | None:
    """The same gauge at another size, as what was sent before is counted in it; a new one, or none."""
    if size is None:
        return None
    if before is None:
        return Gauge(size)
    if before.size != size:
        before.resize(size)
    return before


def _span(seconds: float) -> str:
    if round(seconds) == 60:
        return "minute"
    return f"{seconds:.0f} s"
