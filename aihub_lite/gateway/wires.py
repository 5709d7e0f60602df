"""How each kind of upstream is spoken to: what a chat request becomes, and what its answers mean.

Chat Completions is the hub: a wire translates to its own words and back, and everything behind it is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

import attrs
import msgspec

from aihub_lite.domain.catalog import Candidate
from aihub_lite.gateway.exchange import Headers
from aihub_lite.gateway.routing import Lane
from aihub_lite.gateway.thinkers import Thinkers, binds
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire import anthropic_request, gemini_request
from aihub_lite.wire.anthropic_answer import chat_of as anthropic_chat_of
from aihub_lite.wire.anthropic_betas import headers_of
from aihub_lite.wire.anthropic_stream import AnthropicStream
from aihub_lite.wire.anthropic_thinking import has_thinking, strip_thinking
from aihub_lite.wire.chat_request import ChatRequest, upstream_body
from aihub_lite.wire.chat_stream import ChatStream
from aihub_lite.wire.claude_models import described_model
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_json import decode
from aihub_lite.wire.form import FormBody
from aihub_lite.wire.gemini_answer import chat_of as gemini_chat_of
from aihub_lite.wire.gemini_stream import GeminiStream
from aihub_lite.wire.quirks import quirks_of

JSON: Headers = [(b"content-type", b"application/json")]
NO_NAMES: Mapping[str, str] = {}
Thought = Callable[[Iterable[Mapping[str, Any]]], None]
"""Takes `reasoning_details`."""


@attrs.frozen
class Sent:
    """One request on its way upstream; `headers` without the key."""

    url: str
    headers: Headers
    body: bytes | FormBody
    names: Mapping[str, str] = NO_NAMES
    """Names of tools that had to be changed, back to the client's."""
    dropped: tuple[str, ...] = ()
    """The client's fields that this wire has no word for."""
    thought: Thought | None = None
    """Takes the thinking of the answer, where only this account will read it again."""
    unread: bool = False
    """Whether the client's own words go along as they are: a 403 may then be about what it asked for, not the key."""
    lacks: Callable[[], object] | None = None
    """What to tell if the upstream turns out not to know these words: then the wire will say the same in others."""


class Reader(Protocol):
    """Turns the payloads of one upstream's stream into events for the client."""

    def push(self, payload: bytes) -> list[bytes]:
        """Raises AnswerNonsense and StreamError."""
        ...


class Wire(Protocol):
    """One format."""

    def send(self, asked: Any, lane: Lane, thinkers: Thinkers, *, again: bool, strict: bool) -> Sent:
        """The request for a lane; raises InvalidRequest.

        Thinking that only its own account can read is left out where `thinkers` knows it for another's, or, `again`
        when another lane has been tried, where nobody knows.
        """
        ...

    def reader(self, stream: Any, sent: Sent) -> Reader:
        """For a streamed answer to what was sent; `stream`, its surface's, knows what it says so far."""
        ...

    def answer_body(self, data: bytes, sent: Sent) -> bytes:
        """A whole answer in the words of its surface; raises AnswerNonsense."""
        ...


class ChatWire:
    """OpenAI's own, and everybody's who speaks like it: passed on with a tap."""

    def send(self, asked: ChatRequest, lane: Lane, thinkers: Thinkers, *, again: bool, strict: bool) -> Sent:
        channel = lane.candidate.channel
        body = upstream_body(asked, lane.candidate.upstream_model, quirks_of(channel.provider))
        return Sent(url_of(channel.base_url, "/chat/completions"), JSON, body)

    def reader(self, stream: ChatStream, sent: Sent) -> Reader:
        return stream

    def answer_body(self, data: bytes, sent: Sent) -> bytes:
        return data


class AnthropicWire:
    """Anthropic Messages."""

    def send(self, asked: ChatRequest, lane: Lane, thinkers: Thinkers, *, again: bool, strict: bool) -> Sent:
        candidate = lane.candidate
        known = described_model(candidate.upstream_model, candidate.description)
        translated = anthropic_request.translate(asked, candidate.upstream_model, strict=strict, known=known)
        body: Mapping[str, Any] = translated.body
        bound = binds(lane)
        if bound and has_thinking(asked):
            body = strip_thinking(body, lambda signature: thinkers.readable(lane.place, signature, unknown=not again))
        more = [(name.encode(), value.encode()) for name, value in headers_of(body).items()]
        url = url_of(candidate.channel.base_url, "/messages")
        thought = partial(thinkers.thought, lane.place) if bound else None
        data = msgspec.json.encode(body)
        return Sent(url, [*JSON, *more], data, translated.names, translated.dropped, thought)

    def reader(self, stream: ChatStream, sent: Sent) -> Reader:
        return Translating(AnthropicStream(sent.names), stream, sent.thought)

    def answer_body(self, data: bytes, sent: Sent) -> bytes:
        chat = anthropic_chat_of(document_of(data), sent.names)
        if sent.thought is not None:
            sent.thought(chat["choices"][0]["message"].get("reasoning_details", ()))
        return msgspec.json.encode(chat)


class GeminiWire:
    """Gemini's generateContent."""

    def send(self, asked: ChatRequest, lane: Lane, thinkers: Thinkers, *, again: bool, strict: bool) -> Sent:
        candidate = lane.candidate
        translated = gemini_request.translate(asked, candidate.upstream_model, strict=strict)
        path = gemini_request.path_of(candidate.upstream_model, stream=asked.stream).removeprefix("/v1beta")
        url = url_of(candidate.channel.base_url, path)
        return Sent(url, JSON, msgspec.json.encode(translated.body), translated.names, translated.dropped)

    def reader(self, stream: ChatStream, sent: Sent) -> Reader:
        return Translating(GeminiStream(sent.names), stream)

    def answer_body(self, data: bytes, sent: Sent) -> bytes:
        return msgspec.json.encode(gemini_chat_of(document_of(data), sent.names))


class Foreign(Protocol):
    """A stream of another wire, read as chat chunks."""

    done: bool

    def push(self, payload: bytes) -> list[dict[str, Any]]: ...


@attrs.define(eq=False)
class Translating:
    """Reads another wire's stream through the chat stream, which meters it and makes it strict."""

    foreign: Foreign
    chat: ChatStream
    thought: Thought | None = None

    def push(self, payload: bytes) -> list[bytes]:
        chunks = self.foreign.push(payload)
        if self.thought is not None:
            for chunk in chunks:
                if details := chunk["choices"][0]["delta"].get("reasoning_details"):
                    self.thought(details)
        events = [event for chunk in chunks for event in self.chat.push_chunk(chunk)]
        if isinstance(self.foreign, AnthropicStream) and self.foreign.done:
            self.chat.done = True  # Gemini's `done` is no end yet: its usage may still come
        return events


WIRES: Mapping[str, Wire] = {"chat": ChatWire(), "anthropic": AnthropicWire(), "gemini": GeminiWire()}


def wire_of(candidate: Candidate) -> Wire:
    """The wire of a candidate's upstream."""
    return WIRES[PROVIDERS[candidate.channel.provider].wire]


def url_of(base_url: str, path: str) -> str:
    """An endpoint's URL."""
    return base_url + path


def document_of(data: bytes) -> dict[str, Any]:
    """A JSON object; raises AnswerNonsense."""
    value = decode(data) if data.strip() else None
    if isinstance(value, list) and value:
        value = value[0]  # Gemini wraps errors in an array
    if not isinstance(value, dict):
        raise AnswerNonsense("The upstream's answer is not a JSON object.")
    return value
