"""OpenAI Responses as a surface: as they are for upstreams that have them too, through chat for all others."""

from __future__ import annotations

from typing import Any

import attrs

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.gateway.flight import Flight
from aihub_lite.gateway.pulse import Idle
from aihub_lite.gateway.routing import Lane
from aihub_lite.gateway.thinkers import Thinkers
from aihub_lite.gateway.wires import JSON, Reader, Sent, Wire, url_of, wire_of
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.chat_answer import ChatAnswer
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.passed_answer import PassedAnswer
from aihub_lite.wire.responses_answer import responses_answer
from aihub_lite.wire.responses_errors import ResponsesErrors
from aihub_lite.wire.responses_fit import fit
from aihub_lite.wire.responses_native import native_answer, native_body
from aihub_lite.wire.responses_request import ResponsesRequest, parse_responses
from aihub_lite.wire.responses_stream import NativeStream, WrittenStream
from aihub_lite.wire.responses_told import Told

ID_PREFIX = "resp_"


@attrs.frozen
class Posted:
    """A request's body, and what its client is told from now on."""

    data: bytes | bytearray = attrs.field(repr=False)
    told: Told


@attrs.frozen
class ResponsesWire:
    """One candidate: asked in the client's words where its upstream knows them, else as chat."""

    candidate: Candidate

    def send(self, asked: ResponsesRequest, lane: Lane, thinkers: Thinkers, *, again: bool, strict: bool) -> Sent:
        """Raises InvalidRequest for what cannot be said, and, when `strict`, for what would be left out."""
        told, channel = asked.told, self.candidate.channel
        provider = PROVIDERS[channel.provider]
        told.native = channel.id not in told.lacking and provider.answers(asked.kinds, channel.base_url)
        if told.native:
            body = native_body(asked, self.candidate.upstream_model)
            url = url_of(channel.base_url, "/responses")
            return Sent(url, JSON, body, unread=True, lacks=lambda: told.lacking.add(channel.id))
        elsewhere, model = channel.base_url != provider.base_url, self.candidate.upstream_model
        chat, missing = fit(asked, provider.wire, provider.name, model, elsewhere=elsewhere, strict=strict)
        sent = wire_of(self.candidate).send(chat, lane, thinkers, again=again, strict=strict)
        return attrs.evolve(sent, dropped=tuple(sorted(missing.union(sent.dropped))))

    def reader(self, stream: NativeStream | WrittenStream, sent: Sent) -> Reader:
        """The stream itself, or what reads the chat stream beneath."""
        return stream if isinstance(stream, NativeStream) else wire_of(self.candidate).reader(stream.chat, sent)

    def answer_body(self, data: bytes, sent: Sent) -> bytes:
        """As it is, or a chat answer; raises AnswerNonsense."""
        return data if sent.lacks is not None else wire_of(self.candidate).answer_body(data, sent)


class Responses:
    """OpenAI Responses, as clients speak them."""

    name = "responses"
    everywhere = True
    whole_for_stream = False

    async def body(self, exchange: Exchange, limit: int, timeout: float) -> Posted:  # noqa: ASYNC109
        """JSON; from here on a failed stream ends as this response."""
        told = Told(ID_PREFIX + exchange.request_id)
        exchange.errors = ResponsesErrors(told)
        return Posted(await exchange.body(limit, timeout), told)

    def parse(self, body: Posted) -> ResponsesRequest:
        """Raises InvalidRequest."""
        return parse_responses(body.data, body.told)

    def chat(self, asked: ResponsesRequest) -> ChatRequest:
        """What it is in chat's words."""
        return asked.chat

    def wire(self, candidate: Candidate) -> Wire | None:
        """Every upstream can chat."""
        return ResponsesWire(candidate)

    def idle(self, asked: ResponsesRequest, flight: Flight, clock: Clock) -> Idle | None:
        """The beginning of the response, then that it goes on; nothing while an answer's own beginning waits."""
        told = asked.told
        told.created = int(clock.wall())
        told.relaying = lambda: _begun(flight.relayed)

        def event() -> bytes | None:
            if told.opened or told.relaying():
                return None if _waits(flight) else told.alive()
            if _waits(flight):
                return None
            told.opened = True
            return told.opening()

        return event

    def stream(self, asked: ResponsesRequest, flight: Flight, created: int) -> NativeStream | WrittenStream:
        """For the kind of upstream that is being asked."""
        if asked.told.native:
            return NativeStream(asked)
        return WrittenStream.of(asked, flight.request_id, created)

    def whole(
        self, asked: ResponsesRequest, data: bytes, content_type: str, request_id: str, created: int
    ) -> ChatAnswer | PassedAnswer:
        """Raises AnswerNonsense."""
        if asked.told.native:
            return native_answer(asked, data)
        return responses_answer(asked, data, request_id, created)


def _waits(flight: Flight) -> bool:
    """Whether an answer has begun of which nothing was sent: what is numbered now would come before it."""
    return flight.relayed is None and _begun(flight.read)


def _begun(stream: Any) -> bool:
    """Whether a stream, if there is one, has told anything: its first content may be nothing to this client."""
    return stream is not None and bool(stream.begun)


RESPONSES = Responses()
