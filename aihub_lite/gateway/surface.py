"""What the line needs to know of the format a client speaks; everything else about formats stays in `wire`."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.gateway.flight import Flight
from aihub_lite.gateway.pulse import Idle
from aihub_lite.gateway.wires import Wire, wire_of
from aihub_lite.wire.chat_answer import ChatAnswer, answer_of
from aihub_lite.wire.chat_idle import idle_event
from aihub_lite.wire.chat_request import ChatRequest, parse_chat
from aihub_lite.wire.chat_stream import ChatStream
from aihub_lite.wire.shapes import Answer, Request, Stream


class Surface(Protocol):
    """One endpoint. `asked` is always what its own `parse` gave."""

    @property
    def name(self) -> str:
        """As records have it."""
        ...

    @property
    def everywhere(self) -> bool:
        """Whether every upstream has it; else a 404 there says nothing of the request, and another is tried."""
        ...

    @property
    def whole_for_stream(self) -> bool:
        """Whether one document is an answer also to who asked for a stream."""
        ...

    def body(self, exchange: Exchange, limit: int, timeout: float) -> Awaitable[Any]:
        """The request's body, for `parse`; raises as Exchange.body does, and InvalidRequest."""
        ...

    def parse(self, body: Any) -> Request:
        """Raises InvalidRequest."""
        ...

    def chat(self, asked: Any) -> ChatRequest | None:
        """The request as chat; None where it is no conversation."""
        ...

    def wire(self, candidate: Candidate) -> Wire | None:
        """How a candidate is spoken to; None where its upstream has nothing of the kind."""
        ...

    def idle(self, asked: Any, flight: Flight, clock: Clock) -> Idle | None:
        """What keeps its stream alive; None where nothing can be said before its first content."""
        ...

    def stream(self, asked: Any, flight: Flight, created: int) -> Stream:
        """A fresh reader of a streamed answer."""
        ...

    def whole(self, asked: Any, data: bytes, content_type: str, request_id: str, created: int) -> Answer:
        """A whole answer; raises AnswerNonsense."""
        ...


class Chat:
    """OpenAI's Chat Completions, as clients speak it."""

    name = "chat"
    everywhere = True
    whole_for_stream = False

    def body(self, exchange: Exchange, limit: int, timeout: float) -> Awaitable[bytes | bytearray]:
        """JSON."""
        return exchange.body(limit, timeout)

    def parse(self, body: bytes | bytearray) -> ChatRequest:
        """Raises InvalidRequest."""
        return parse_chat(body)

    def chat(self, asked: ChatRequest) -> ChatRequest:
        """It is."""
        return asked

    def wire(self, candidate: Candidate) -> Wire | None:
        """Every upstream can chat."""
        return wire_of(candidate)

    def idle(self, asked: ChatRequest, flight: Flight, clock: Clock) -> Idle | None:
        """An empty chunk, with the id that the stream has or will have."""

        def chunk() -> bytes:
            read = flight.read if isinstance(flight.read, ChatStream) else None
            flight.stream_id = (read and read.id) or flight.stream_id or f"chatcmpl-{flight.request_id}"
            if read is not None:
                read.id = flight.stream_id
            return idle_event(asked.model, flight.stream_id, int(clock.wall()))

        return chunk

    def stream(self, asked: ChatRequest, flight: Flight, created: int) -> ChatStream:
        """It keeps the id that earlier events of the stream carry."""
        return ChatStream(asked.model, flight.request_id, created, asked.include_usage, id=flight.stream_id)

    def whole(self, asked: ChatRequest, data: bytes, content_type: str, request_id: str, created: int) -> ChatAnswer:
        """Raises AnswerNonsense."""
        return answer_of(data, asked.model, request_id, created, asked.prompt_estimate)


CHAT = Chat()
