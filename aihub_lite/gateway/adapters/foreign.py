"""Upstreams whose format is another than chat's: Anthropic Messages, and Gemini."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Protocol

import attrs
import msgspec

from aihub_lite.domain.hosted import Hosted
from aihub_lite.gateway.adapters.adapter import JSON, ThoughtListener, UpstreamRequest
from aihub_lite.gateway.adapters.chat_upstream import ChatAdapter, document_of
from aihub_lite.gateway.adapters.hosting import gemini_url, messages_request
from aihub_lite.gateway.routing.affinity import is_account_bound
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.anthropic import joined as anthropic_joined
from aihub_lite.wire.anthropic.betas import VERSION, betas_of
from aihub_lite.wire.anthropic.models import described_model
from aihub_lite.wire.anthropic.thinking import has_thinking, strip_thinking
from aihub_lite.wire.anthropic.upstream import request as anthropic_request
from aihub_lite.wire.anthropic.upstream.answer import chat_of as anthropic_chat_of
from aihub_lite.wire.anthropic.upstream.parameters import NO_PARAMETERS
from aihub_lite.wire.anthropic.upstream.stream import AnthropicStream
from aihub_lite.wire.chat.stream import ChatStream, OpenChatStream
from aihub_lite.wire.foreign_json import decode
from aihub_lite.wire.gemini import request as gemini_request
from aihub_lite.wire.gemini import vertex
from aihub_lite.wire.gemini.answer import chat_of as gemini_chat_of
from aihub_lite.wire.gemini.answer import joined_chat
from aihub_lite.wire.gemini.stream import GeminiStream
from aihub_lite.wire.json_types import JsonObject, JsonView
from aihub_lite.wire.sse import is_stream

ASSUMED = ("max_tokens",)
"""What Anthropic wants to be told and chat need not say."""
NO_NAMES: Mapping[str, str] = {}


def renamed_tools(names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The client's names of tools with those upstream, of a table the other way around."""
    return tuple((own, there) for there, own in names.items())


@attrs.define(eq=False)
class AnthropicAdapter(ChatAdapter):
    """For upstreams that are asked in the format of Anthropic Messages."""

    tool_names: Mapping[str, str] = NO_NAMES
    """The client's names of tools by those that the upstream was told."""
    parameter_names: Mapping[str, Mapping[str, str]] = NO_PARAMETERS
    """The client's names of their parameters by those upstream, by tool."""
    betas: str = ""
    """What the upstream was told in `anthropic-beta`."""
    forced_call: str = ""
    """The function whose arguments the answer's text is, by its name upstream."""
    on_thought: ThoughtListener | None = None

    def send(self) -> UpstreamRequest:
        request = self.request
        lane = self.lane
        candidate = lane.candidate
        row = described_model(candidate.upstream_model, candidate.description)
        translation = anthropic_request.translate(
            request, candidate.upstream_model, strict=self.context.strict, row=row
        )
        self.tool_names = translation.tool_names
        self.parameter_names = translation.parameter_names
        self.forced_call = translation.call
        body: JsonView = translation.body
        if is_account_bound(lane):
            self.on_thought = partial(self.context.affinity.remember, lane.account)
            if has_thinking(request):
                body = strip_thinking(body, self._readable)
        self.betas = self.context.refused_betas.left(lane.channel_id, betas_of(body))
        sent = messages_request(candidate, body, VERSION, self.betas, translation.dropped)
        if self.tool_names:
            sent = attrs.evolve(sent, renamed=renamed_tools(self.tool_names))
        if request.max_tokens is None and candidate.channel.overrides is not None:
            return attrs.evolve(sent, assumed=ASSUMED)
        return sent

    def chat_stream(self) -> OpenChatStream:
        foreign = AnthropicStream(self.tool_names, self.parameter_names, self.forced_call)
        return partial(TranslatedStream, foreign=foreign, on_thought=self.on_thought)

    def chat_answer(self, data: bytes) -> bytes:
        if is_stream(data):
            data = anthropic_joined.message_in(data)
        chat = anthropic_chat_of(document_of(data), self.tool_names, self.parameter_names, self.forced_call)
        if self.on_thought is not None:
            self.on_thought(chat["choices"][0]["message"].get("reasoning_details", ()))
        return msgspec.json.encode(chat)

    def events(self, data: bytes) -> list[bytes]:
        return anthropic_joined.events_in(data)

    def _readable(self, signature: str) -> bool:
        context = self.context
        if context.without_thoughts:
            return False
        return context.affinity.readable(self.lane.account, signature, unknown=not context.again)

    def forget(self) -> bool:
        if not is_account_bound(self.lane) or not has_thinking(self.request):
            return False
        self.context.without_thoughts = True
        return True

    def reword(self, refusal: str) -> bool:
        """Without the betas that the upstream does not know."""
        return self.context.refused_betas.learn(self.lane.channel_id, self.betas, refusal)


@attrs.define(eq=False)
class GeminiAdapter(ChatAdapter):
    """For upstreams that are asked in the format of Gemini's `generateContent`."""

    tool_names: Mapping[str, str] = NO_NAMES
    """The client's names of tools by those that the upstream was told."""

    def send(self) -> UpstreamRequest:
        request = self.request
        candidate = self.lane.candidate
        translation = gemini_request.translate(request, candidate.upstream_model, strict=self.context.strict)
        self.tool_names = translation.tool_names
        if PROVIDERS[candidate.channel.provider].cloud == "vertex":
            vertex.fit(translation.body)
        # A channel's base URL ends in the version already.
        path = gemini_request.path_of(candidate.upstream_model, stream=request.stream).removeprefix("/v1beta")
        body = msgspec.json.encode(translation.body)
        renamed_names = renamed_tools(self.tool_names)
        url = gemini_url(candidate, path)
        return UpstreamRequest(url, JSON, body, translation.dropped, "gemini", renamed=renamed_names)

    def chat_stream(self) -> OpenChatStream:
        return partial(TranslatedStream, foreign=GeminiStream(self.tool_names, self.lane.candidate.upstream_model))

    def chat_answer(self, data: bytes) -> bytes:
        upstream_model = self.lane.candidate.upstream_model
        if is_stream(data):
            return msgspec.json.encode(joined_chat(data, self.tool_names, upstream_model))
        # An array may be an error, or all the events of a stream.
        return msgspec.json.encode(gemini_chat_of(decode(data), self.tool_names, upstream_model))

    def events(self, data: bytes) -> list[bytes]:
        # An event is an answer, or an array of them.
        return [data]


class ForeignStream(Protocol):
    """A stream of another format, read as chat chunks."""

    done: bool

    @property
    def hosted(self) -> Hosted | None:
        """What has run at the provider, as the answer itself shows it."""
        ...

    def push(self, payload: bytes) -> list[JsonObject]:
        """The chunks for one event; raises AnswerNonsense and StreamError."""
        ...


@attrs.define(eq=False)
class TranslatedStream(ChatStream):
    """Reads another format's events as chat chunks, which a chat stream then normalises and meters."""

    foreign: ForeignStream = attrs.field(kw_only=True)
    on_thought: ThoughtListener | None = attrs.field(default=None, kw_only=True)

    @property
    def hosted(self) -> Hosted | None:
        return self.foreign.hosted

    def push(self, payload: bytes) -> list[bytes]:
        chunks = self.foreign.push(payload)
        if self.on_thought is not None:
            for chunk in chunks:
                if details := chunk["choices"][0]["delta"].get("reasoning_details"):
                    self.on_thought(details)
        events = [event for chunk in chunks for event in self.push_chunk(chunk)]
        # Gemini's `done` is no end yet: its usage may still come.
        if isinstance(self.foreign, AnthropicStream) and self.foreign.done:
            self.done = True
        return events


ADAPTERS: Mapping[str, type[ChatAdapter]] = {"anthropic": AnthropicAdapter, "gemini": GeminiAdapter}
