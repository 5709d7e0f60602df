"""A request on its way: what is known of it so far, for the ledger, the console and the logs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self

import attrs

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import Attempt, Outcome, Usage, UsageRecord, UsageSource
from aihub_lite.errors import Overloaded
from aihub_lite.wire.shapes import Stream


def uncuttable(_: Outcome) -> None:
    """For a request whose task is not at work yet, or no longer."""


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
    attempts: list[Attempt] = attrs.field(factory=list)
    candidate: Candidate | None = None
    """The channel that serves it, or tries to."""
    first_byte: float = 0.0
    """Monotonic time of the first content sent to the client."""
    read: Stream | None = None
    """The stream of the running attempt, once its head is in."""
    relayed: Stream | None = None
    """The stream, once any of its content was sent to the client."""
    dropped: tuple[str, ...] = ()
    """The client's fields that the channel's wire has no word for."""
    abandoned: bool = False
    """The client has left; what goes on goes on for its usage alone."""
    stream_id: str = ""
    """The id that events of the stream already carry; empty while any id will do."""
    cut: Callable[[Outcome], None] = uncuttable
    """Ends the request from outside: the client left, the gateway stops, an operator wants it gone."""

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
    ) -> UsageRecord:
        """The one row that is kept."""
        candidate = self.candidate
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
            channel=candidate.channel.name if candidate else "",
            upstream_model=candidate.upstream_model if candidate else "",
            attempts=tuple(self.attempts),
            usage=usage,
            usage_source=source,
            price=price,
            cost_nano=cost,
            overrun_nano=overrun,
            first_byte_ms=round((self.first_byte - self.started) * 1000) if self.first_byte else 0,
            duration_ms=round((now - self.started) * 1000),
            client=self.client,
        )


class Place:
    """A place, taken inside the block; a class, because a generator costs four times as much and every request pays."""

    __slots__ = ("_flight", "flights")

    def __init__(self, flights: Flights) -> None:
        self.flights = flights
        self._flight: Flight | None = None

    def __enter__(self) -> Self:
        self.flights.places_taken += 1
        return self

    def __exit__(self, *_: object) -> None:
        if self._flight is not None:
            del self.flights.open[self._flight.request_id]
        self.flights.left()

    @property
    def flight(self) -> Flight:
        """What has the place, once that is known; listed from then on for everyone to see, and to end."""
        assert self._flight is not None  # noqa: S101  set before it is asked for
        return self._flight

    @flight.setter
    def flight(self, flight: Flight) -> None:
        self._flight = self.flights.open[flight.request_id] = flight


@attrs.define
class Flights:
    """Every request under way, and the doors: how many fit, and whether new ones are let in."""

    limit: int
    open: dict[str, Flight] = attrs.field(factory=dict)
    draining: bool = False
    places_taken: int = 0
    _landed: asyncio.Event = attrs.field(factory=asyncio.Event)

    def place(self) -> Place:
        """One of the gateway's places for requests under way, for a block; raises Overloaded when there is none."""
        if self.draining:
            raise Overloaded("The gateway is shutting down.")
        if self.places_taken >= self.limit:
            raise Overloaded(f"The gateway is full: {self.limit} requests are under way.")
        return Place(self)

    def left(self) -> None:
        """A place is free again."""
        self.places_taken -= 1
        self._landed.set()

    async def empty(self) -> None:
        """Wait until no request is under way."""
        while self.places_taken:
            self._landed.clear()
            await self._landed.wait()
