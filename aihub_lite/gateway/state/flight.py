"""A request on its way: what is known of it so far, for the ledger, the console and the logs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Protocol, Self

import attrs

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.route import PassedOver
from aihub_lite.domain.safety.repeats import Repeats
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import Attempt, OtherBill, Outcome, Usage, UsageRecord, UsageSource
from aihub_lite.errors import Overloaded
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.wire.protocols import Stream

NOTHING_PASSED: Mapping[str, str] = MappingProxyType({})
NO_LANES: Mapping[tuple[str, ...], PassedOver] = MappingProxyType({})
MOST_LANES = 16
"""Passed over lanes that a record lists; of the others it says how many they are."""


def nothing_to_cut(_: Outcome) -> None:
    """For a request whose task does not work on it yet, or no longer."""


class Reserved(Protocol):
    """What a request takes of the limits of the account that serves it."""

    @property
    def booked_as(self) -> str:
        """As `account` in UsageRecord."""
        ...

    def answered(self) -> None:
        """The upstream has counted it."""
        ...

    def settle(self, tokens: int = 0, cost: int = 0, started: float = 0.0) -> None:
        """It is over, and came to so many tokens and nano-USD; it began at Unix time `started`."""
        ...


@attrs.frozen
class KeptOut:
    """A lane that is not tried now."""

    lane: tuple[str, ...]
    """What tells it apart."""
    passed: PassedOver
    """As it is recorded, but for its place."""
    ahead: bool
    """Whether it would have come before the one that is tried."""


@attrs.define(eq=False, kw_only=True)
class Flight:
    """One relayed request from its arrival to its settlement."""

    request_id: str
    token: Token
    surface: str
    model: str
    streamed: bool
    client: str
    started: float
    """Monotonic."""
    started_ms: int
    """Unix ms."""
    asked: str = ""
    """As in UsageRecord."""
    tags: tuple[str, ...] = ()
    """As in UsageRecord."""
    end_user: str = ""
    """As in UsageRecord."""
    traceparent: bytes = b""
    """What its upstreams are told of its trace; empty where they are told nothing."""
    route: bool = False
    """Whether it is for a named route: `model` is then the one of it that was tried last."""
    passed: Mapping[str, str] = NOTHING_PASSED
    """Why models of the named route were passed over, by their ids."""
    lanes_passed: Mapping[tuple[str, ...], PassedOver] = NO_LANES
    """Lanes that something kept out as others were tried, by what tells them apart."""
    attempts: list[Attempt] = attrs.field(factory=list)
    candidate: Candidate | None = None
    """The channel that serves it, or tries to."""
    reserved: Reserved | None = None
    """Of the attempt made last; None where its account has no limits."""
    waiting: bool = False
    """Whether every channel that may serve it is at a limit."""
    waited_ms: int = 0
    """For a channel that was not at a limit."""
    first_byte: float = 0.0
    """Monotonic time of the first content sent to the client."""
    relayed: Stream | None = None
    """The stream, once any of its content was sent to the client."""
    repeats: Repeats | None = None
    """How often its conversation came, where it came before."""
    drift: float | None = None
    """As in UsageRecord, once its answer came to its end."""
    error_text: str = ""
    upstream_code: str = ""
    dropped: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    """As in UsageRecord."""
    abandoned: bool = False
    """The client has left; what goes on goes on for its usage alone."""
    cut: Callable[[Outcome], None] = nothing_to_cut
    """Ends the request from outside: the client left, the gateway stops, an operator wants it gone."""

    def give_back(self, tokens: int, cost: int, began: float) -> None:
        """What it took of its account's limits, as `Reserved.settle` has it."""
        if self.reserved is not None:
            self.reserved.settle(tokens, cost, began)

    def pass_over(self, kept_out: Iterable[KeptOut]) -> None:
        """Lanes are not tried now. One that stood ahead of an attempt keeps its place, whatever becomes of it later."""
        attempt = len(self.attempts) + 1
        lanes = {lane: passed for lane, passed in self.lanes_passed.items() if passed.before}
        for each in kept_out:
            if each.lane not in lanes:
                lanes[each.lane] = attrs.evolve(each.passed, before=attempt if each.ahead else 0)
        self.lanes_passed = lanes

    def _first_byte_ms(self) -> int:
        if not self.first_byte:
            return 0
        return round((self.first_byte - self.started) * 1000)

    def record(
        self,
        *,
        now: float,
        outcome: Outcome,
        status: int,
        error_code: str,
        usage: Usage,
        source: UsageSource,
        price: str,
        cost: int,
        overrun: int,
        others: tuple[OtherBill, ...] = (),
        saved: int | None = None,
    ) -> UsageRecord:
        """The one row that is kept; `now` is monotonic, `cost`, `overrun` and `saved` in nano-USD."""
        channel = upstream_model = ""
        if self.candidate is not None:
            channel = self.candidate.channel.name
            upstream_model = self.candidate.upstream_model
        return UsageRecord(
            request_id=self.request_id,
            started_ms=self.started_ms,
            token_id=self.token.id,
            token=self.token.name,
            model=self.model,
            surface=self.surface,
            streamed=self.streamed,
            outcome=outcome,
            status=status,
            error_code=error_code,
            channel=channel,
            upstream_model=upstream_model,
            attempts=tuple(self.attempts),
            usage=usage,
            usage_source=source,
            price=price,
            cost_nano=cost,
            overrun_nano=overrun,
            first_byte_ms=self._first_byte_ms(),
            duration_ms=round((now - self.started) * 1000),
            client=self.client,
            others=others,
            asked=self.asked,
            passed=self._all_passed(),
            drift=self.drift,
            waited_ms=self.waited_ms,
            account=self._account(),
            person_id=self.token.person_id,
            team_id=self.token.team_id,
            tags=self.tags,
            end_user=self.end_user,
            saved_nano=saved,
            error_text=self.error_text,
            upstream_code=self.upstream_code,
            dropped=self.dropped,
            renamed=self.renamed,
        )

    def _account(self) -> str:
        if self.reserved is None:
            return ""
        return self.reserved.booked_as

    def _all_passed(self) -> tuple[PassedOver, ...]:
        if not self.passed and not self.lanes_passed:
            return ()
        models = [PassedOver(model, why) for model, why in self.passed.items()]
        lanes = [*self.lanes_passed.values()]
        listed = lanes[:MOST_LANES]
        if more := len(lanes) - len(listed):
            listed.append(PassedOver("", f"{more} more lanes were kept out"))
        return (*models, *listed)


class Slot:
    """One of the gateway's slots for requests under way, taken inside the block.

    A class, because a generator would cost four times as much, and every request pays.
    """

    __slots__ = ("_flight", "flights")

    def __init__(self, flights: Flights) -> None:
        self.flights = flights
        self._flight: Flight | None = None

    def __enter__(self) -> Self:
        self.flights.slots_taken += 1
        return self

    def __exit__(self, *_: object) -> None:
        if self._flight is not None:
            del self.flights.open[self._flight.request_id]
        self.flights.release()

    @property
    def flight(self) -> Flight:
        """The request that has the slot, once it is known; listed from then on for everyone to see, and to end."""
        assert self._flight is not None  # noqa: S101  set before anybody reads it
        return self._flight

    @flight.setter
    def flight(self, flight: Flight) -> None:
        self._flight = self.flights.open[flight.request_id] = flight


@attrs.define
class Flights:
    """Every request under way, how many there may be, and whether new ones are let in."""

    live_settings: LiveSettings
    open: dict[str, Flight] = attrs.field(factory=dict)
    """By request id."""
    draining: bool = False
    """New requests are refused, because the process is to end."""
    slots_taken: int = 0
    """At least as many as are `open`: what a request is becomes known after its body was read."""
    _released: asyncio.Event = attrs.field(factory=asyncio.Event)

    @property
    def limit(self) -> int:
        """How many may be under way at once."""
        return self.live_settings.now.max_in_flight

    def slot(self) -> Slot:
        """A slot, for a `with` block; raises Overloaded when there is none."""
        if self.draining:
            raise Overloaded("The gateway is shutting down.")
        if self.slots_taken >= self.limit:
            raise Overloaded(f"The gateway is full: {self.limit} requests are under way.")
        return Slot(self)

    def release(self) -> None:
        """A slot is free again."""
        self.slots_taken -= 1
        self._released.set()

    async def wait_until_empty(self) -> None:
        """Wait until no request is under way."""
        while self.slots_taken:
            self._released.clear()
            await self._released.wait()
