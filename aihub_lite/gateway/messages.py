"""Anthropic Messages as a surface: as they are for upstreams that speak it too, through chat for all others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import attrs
import msgspec

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.gateway.flight import Flight
from aihub_lite.gateway.pulse import Idle
from aihub_lite.gateway.routing import Lane
from aihub_lite.gateway.thinkers import Thinkers, binds
from aihub_lite.gateway.wires import JSON, Reader, Sent, Thought, Wire, url_of, wire_of
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.anthropic_betas import VERSION
from aihub_lite.wire.anthropic_thinking import detail_of
from aihub_lite.wire.chat_answer import ChatAnswer
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.claude_models import upstream_id
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.messages_answer import native_answer, thinking_in, translated_answer
from aihub_lite.wire.messages_asked import MessagesAsked, Posted, parse_messages
from aihub_lite.wire.messages_events import PING
from aihub_lite.wire.messages_fit import MARKED, fitted
from aihub_lite.wire.messages_stream import NativeStream, WrittenStream
from aihub_lite.wire.messages_thoughts import signed_for
from aihub_lite.wire.translated import check_strict

SPOKEN = "anthropic"
"""The wire of upstreams that are asked in the client's own words."""


class NativeWire:
    """The client's own request, with the upstream's name of the model and nothing that another provider thought."""

    def send(self, asked: MessagesAsked, lane: Lane, thinkers: Thinkers, *, again: bool, strict: bool) -> Sent:
        """The client's `anthropic-version` and `anthropic-beta` go along: its body is written for those."""
        asked.native = True
        candidate, bound = lane.candidate, binds(lane)
        body = {name: value for name, value in asked.body.items() if name not in ROUTING_FIELDS}
        body["model"] = upstream_id(candidate.upstream_model)
        signed: Mapping[str, Any]
        if bound:
            signed = signed_for(body, lambda signature: thinkers.readable(lane.place, signature, unknown=not again))
        else:
            signed = signed_for(body)
        headers = [*JSON, (b"anthropic-version", asked.version.encode("latin-1"))]
        if asked.betas:
            headers.append((b"anthropic-beta", asked.betas.encode("latin-1")))
        thought = partial(thinkers.thought, lane.place) if bound else None
        url = url_of(candidate.channel.base_url, "/messages")
        return Sent(url, headers, msgspec.json.encode(signed), thought=thought, unread=True)

    def reader(self, stream: NativeStream, sent: Sent) -> Reader:
        """The stream itself, unless somebody wants to know its thoughts."""
        return stream if sent.thought is None else Listening(stream, sent.thought)

    def answer_body(self, data: bytes, sent: Sent) -> bytes:
        """As it is."""
        if sent.thought is not None:
            sent.thought(detail_of(block, 0, 0) for block in thinking_in(data))
        return data


@attrs.define(eq=False)
class Listening:
    """Reads Anthropic's own stream, and tells of each thought that has ended."""

    stream: NativeStream
    thought: Thought

    def push(self, payload: bytes) -> list[bytes]:
        """As the stream's own."""
        events = self.stream.push(payload)
        if thoughts := self.stream.thoughts:
            self.thought([detail_of(block, 0, 0) for block in thoughts])
            thoughts.clear()
        return events


@attrs.frozen
class ChatBehind:
    """A wire that chat is translated to, asked by way of chat."""

    wire: Wire

    def send(self, asked: MessagesAsked, lane: Lane, thinkers: Thinkers, *, again: bool, strict: bool) -> Sent:
        """Raises InvalidRequest for what only Anthropic can do, and, when `strict`, for what would be left out."""
        asked.native = False
        asked.sayable()
        candidate = lane.candidate
        known = PROVIDERS[candidate.channel.provider]
        chat = asked.marked() if known.name in MARKED else asked.chat
        elsewhere = candidate.channel.base_url != known.base_url
        chat, dropped = fitted(chat, known.wire, known.name, candidate.upstream_model, elsewhere=elsewhere)
        missing = {*asked.spoken.dropped, *dropped}
        check_strict(missing, strict=strict)
        sent = self.wire.send(chat, lane, thinkers, again=again, strict=strict)
        return attrs.evolve(sent, dropped=tuple(sorted(missing.union(sent.dropped))))

    def reader(self, stream: WrittenStream, sent: Sent) -> Reader:
        """Of the chat stream beneath."""
        return self.wire.reader(stream.chat, sent)

    def answer_body(self, data: bytes, sent: Sent) -> bytes:
        """A chat answer; raises AnswerNonsense."""
        return self.wire.answer_body(data, sent)


NATIVE = NativeWire()


class Messages:
    """Anthropic Messages, as clients speak it."""

    name = "messages"
    everywhere = True
    whole_for_stream = False

    async def body(self, exchange: Exchange, limit: int, timeout: float) -> Posted:  # noqa: ASYNC109
        """JSON, and the headers that say how it is meant."""
        data = await exchange.body(limit, timeout)
        version, betas = exchange.header(b"anthropic-version"), exchange.listed(b"anthropic-beta")
        return Posted(data, version.strip() or VERSION, betas.strip())

    def parse(self, body: Posted) -> MessagesAsked:
        """Raises InvalidRequest."""
        return parse_messages(body)

    def chat(self, asked: MessagesAsked) -> ChatRequest:
        """What it is in chat's words."""
        return asked.chat

    def wire(self, candidate: Candidate) -> Wire | None:
        """Every upstream can chat."""
        return NATIVE if PROVIDERS[candidate.channel.provider].wire == SPOKEN else ChatBehind(wire_of(candidate))

    def idle(self, asked: MessagesAsked, flight: Flight, clock: Clock) -> Idle | None:
        """The ping that Anthropic itself sends."""
        return lambda: PING

    def stream(self, asked: MessagesAsked, flight: Flight, created: int) -> NativeStream | WrittenStream:
        """For the kind of upstream that is being asked."""
        if asked.native:
            return NativeStream(asked.model)
        return WrittenStream.of(asked, flight.request_id, created)

    def whole(self, asked: MessagesAsked, data: bytes, content_type: str, request_id: str, created: int) -> ChatAnswer:
        """Raises AnswerNonsense."""
        if asked.native:
            return native_answer(data, asked.model)
        return translated_answer(data, asked.model, request_id, asked.prompt_estimate, asked.names)


MESSAGES = Messages()
