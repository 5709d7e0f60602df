"""What the line needs to know of the format a client speaks; everything else about formats stays in `wire`."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Protocol, TypeVar

from aihub_lite.domain.catalog import Candidate
from aihub_lite.gateway.adapters.adapter import Adapter, AttemptContext
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.client.keepalive import IdleEvent
from aihub_lite.gateway.routing.affinity import Affinity
from aihub_lite.gateway.routing.key_rests import Account
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.protocols import Request

Body = TypeVar("Body")
R = TypeVar("R", bound=Request)


class SurfaceTraits(Protocol):
    """What is true of a surface whatever its requests are."""

    @property
    def name(self) -> str:
        """As usage records have it."""
        ...

    @property
    def everywhere(self) -> bool:
        """Whether every upstream has it; else a 404 there says nothing of the request, and another one is tried."""
        ...

    @property
    def whole_for_stream(self) -> bool:
        """Whether one document is an answer also to a request for a stream."""
        ...


class Serving(Protocol):
    """What the planning of a route asks of a surface."""

    @property
    def name(self) -> str:
        """As usage records have it."""
        ...

    def chat(self, request: Any) -> ChatRequest | None:
        """The request as chat; None where it is no conversation."""
        ...

    def serves(self, candidate: Candidate) -> bool:
        """Whether a candidate's upstream has anything of the kind."""
        ...


class Surface(SurfaceTraits, Protocol[Body, R]):
    """One endpoint: its clients post a `Body`, which is parsed into a request `R`."""

    def body(self, exchange: Exchange, limit: int, timeout: float) -> Awaitable[Body]:
        """The request's body, for `parse`; raises as Exchange.body does, and InvalidRequest."""
        ...

    def parse(self, body: Body) -> R:
        """The request in a body; raises InvalidRequest."""
        ...

    def chat(self, request: R) -> ChatRequest | None:
        """The request as chat; None where it is no conversation."""
        ...

    def origin(self, request: R, lanes: Sequence[Lane], affinity: Affinity) -> Account | None:
        """The account whose thoughts a conversation carries; None where nobody knows, or every lane reads them."""
        ...

    def serves(self, candidate: Candidate) -> bool:
        """Whether a candidate's upstream has anything of the kind."""
        ...

    def adapter(self, request: R, lane: Lane, context: AttemptContext) -> Adapter:
        """For one attempt at a lane whose candidate this surface `serves`."""
        ...

    def idle_event(self, request: R, flight: Flight, context: AttemptContext) -> IdleEvent | None:
        """Makes the events that keep its stream alive; None where nothing can be sent before its first content."""
        ...


AnySurface = Surface[Any, Any]
"""For the line, which serves them all: what one member of a surface gives it goes to another of the same surface."""
