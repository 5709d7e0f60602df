"""Anthropic Messages as a surface: passed on to upstreams with the same API, through chat to all others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import attrs

from aihub_lite.domain.catalog import Candidate
from aihub_lite.gateway.adapters.adapter import Adapter, AttemptContext, ThoughtListener, UpstreamRequest
from aihub_lite.gateway.adapters.chat_upstream import ChatAdapter
from aihub_lite.gateway.adapters.hosting import messages_request
from aihub_lite.gateway.adapters.surface import Surface
from aihub_lite.gateway.adapters.upstreams import can_chat, chat_adapter
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.client.keepalive import IdleEvent
from aihub_lite.gateway.routing.affinity import Affinity, is_account_bound
from aihub_lite.gateway.routing.key_rests import Account
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.anthropic.betas import VERSION
from aihub_lite.wire.anthropic.joined import events_in, message_in
from aihub_lite.wire.anthropic.models import upstream_id
from aihub_lite.wire.anthropic.surface.answer import native_answer, thinking_in, translated_answer
from aihub_lite.wire.anthropic.surface.errors import FIELD_NAMES
from aihub_lite.wire.anthropic.surface.events import PING
from aihub_lite.wire.anthropic.surface.request import MessagesBody, MessagesRequest, parse_messages
from aihub_lite.wire.anthropic.surface.stream import NativeStream, WrittenStream
from aihub_lite.wire.anthropic.surface.thinking import strip_foreign_thinking
from aihub_lite.wire.anthropic.thinking import detail_of, has_thinking
from aihub_lite.wire.chat.answer import ChatAnswer
from aihub_lite.wire.chat.fit import draws, fit_chat
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.chat.translated import check_strict
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.json_types import JsonView
from aihub_lite.wire.sse import is_stream

NATIVE = "anthropic"
"""The format of upstreams that are asked in the client's own words."""


@attrs.define(eq=False)
class NativeMessages(Adapter):
    """The client's own request, with the upstream's name of the model and nothing that another provider thought."""

    request: MessagesRequest
    lane: Lane
    context: AttemptContext
    on_thought: ThoughtListener | None = None
    verbatim: ClassVar[bool] = True

    def send(self) -> UpstreamRequest:
        """The client's `anthropic-version` and `anthropic-beta` go along: its body is written for those."""
        request = self.request
        lane = self.lane
        body = {name: value for name, value in request.body.items() if name not in ROUTING_FIELDS}
        body["model"] = upstream_id(lane.candidate.upstream_model)
        signed: JsonView
        if is_account_bound(lane):
            self.on_thought = partial(self.context.affinity.remember, lane.account)
            signed = strip_foreign_thinking(body, self._readable)
        else:
            signed = strip_foreign_thinking(body)
        betas = request.betas
        if not self.context.strict:
            betas = self.context.refused_betas.left(lane.channel_id, betas)
        dropped: tuple[str, ...] = ()
        if betas != request.betas:
            dropped = ("anthropic-beta",)
        return messages_request(lane.candidate, signed, request.version, betas, dropped)

    def stream(self) -> NativeStream:
        if self.on_thought is None:
            return NativeStream(self.request.model)
        return ThoughtStream(self.request.model, on_thought=self.on_thought)

    def answer(self, data: bytes, content_type: str) -> ChatAnswer:
        if is_stream(data):
            data = message_in(data)
        if self.on_thought is not None:
            self.on_thought(detail_of(block, 0, 0) for block in thinking_in(data))
        return native_answer(data, self.request.model)

    def events(self, data: bytes) -> list[bytes]:
        return events_in(data)

    def reword(self, refusal: str) -> bool:
        """Without the betas that the upstream does not know."""
        context = self.context
        return not context.strict and context.refused_betas.learn(self.lane.channel_id, self.request.betas, refusal)

    def _readable(self, signature: str) -> bool:
        context = self.context
        if context.without_thoughts:
            return False
        return context.affinity.readable(self.lane.account, signature, unknown=not context.again)

    def forget(self) -> bool:
        if not is_account_bound(self.lane) or not has_thinking(self.request.chat):
            return False
        self.context.without_thoughts = True
        return True


@attrs.define(eq=False)
class ThoughtStream(NativeStream):
    """Anthropic's own stream, with a listener for each thought that has ended."""

    on_thought: ThoughtListener = attrs.field(kw_only=True)

    def push(self, payload: bytes) -> list[bytes]:
        events = NativeStream.push(self, payload)
        if self.thoughts:
            self.on_thought([detail_of(block, 0, 0) for block in self.thoughts])
            self.thoughts.clear()
        return events


@attrs.define(eq=False)
class MessagesViaChat(Adapter):
    """For an upstream of another format: `chat` asks the same in chat's words, and answers in them."""

    request: MessagesRequest
    chat: ChatAdapter

    def send(self) -> UpstreamRequest:
        """Raises InvalidRequest for what only Anthropic can do, and, when strict, for what would be left out."""
        dropped = self._fit()
        check_strict(dropped, strict=self.chat.context.strict)
        return self.chat.send_for(FIELD_NAMES, dropped)

    def stream(self) -> WrittenStream:
        context = self.chat.context
        return WrittenStream.of(self.request, context.request_id, context.created(), self.chat.chat_stream())

    def answer(self, data: bytes, content_type: str) -> ChatAnswer:
        request = self.request
        chat = self.chat.chat_answer(data)
        return translated_answer(
            chat, request.model, self.chat.context.request_id, request.prompt_estimate, request.names
        )

    def forget(self) -> bool:
        return self.chat.forget()

    def events(self, data: bytes) -> list[bytes]:
        return self.chat.events(data)

    def _fit(self) -> set[str]:
        """Make of the request what the upstream takes; the names of what is left out."""
        request = self.request
        candidate = self.chat.lane.candidate
        request.check_sayable()
        provider = PROVIDERS[candidate.channel.provider]
        chat = request.chat
        if provider.quirks.cache_marks:
            chat = request.with_cache_marks()
        elsewhere = provider.elsewhere(candidate.channel.base_url)
        self.chat.request, dropped = fit_chat(
            chat,
            provider.wire_for(candidate.upstream_model),
            provider.quirks,
            candidate.upstream_model,
            elsewhere=elsewhere,
        )
        names = {*request.translation.dropped, *dropped}
        if draws(candidate.upstream_model):
            names.add("images")  # of the answer: this API has no word for one that a model made
        return names


class Messages:
    """Anthropic's Messages API, as its clients use it."""

    name = "messages"
    everywhere = True
    whole_for_stream = False

    async def body(self, exchange: Exchange, limit: int, timeout: float) -> MessagesBody:  # noqa: ASYNC109
        """JSON, and the headers that say which version of the API it is written for."""
        data = await exchange.body(limit, timeout)
        version = exchange.header(b"anthropic-version").strip()
        betas = exchange.header_list(b"anthropic-beta").strip()
        return MessagesBody(data, version or VERSION, betas)

    def parse(self, body: MessagesBody) -> MessagesRequest:
        """The request in a body; raises InvalidRequest."""
        return parse_messages(body)

    def chat(self, request: MessagesRequest) -> ChatRequest:
        """Its translation."""
        return request.chat

    def origin(self, request: MessagesRequest, lanes: Sequence[Lane], affinity: Affinity) -> Account | None:
        """By what the latest thought is signed with."""
        return affinity.account_of(request.chat, lanes)

    def serves(self, candidate: Candidate) -> bool:
        """Whether its upstream can chat."""
        return can_chat(candidate)

    def adapter(
        self, request: MessagesRequest, lane: Lane, context: AttemptContext
    ) -> NativeMessages | MessagesViaChat:
        """In the client's own words where the upstream knows them."""
        candidate = lane.candidate
        if PROVIDERS[candidate.channel.provider].wire_for(candidate.upstream_model) == NATIVE:
            return NativeMessages(request, lane, context)
        return MessagesViaChat(request, chat_adapter(request.chat, lane, context))

    def idle_event(self, request: MessagesRequest, flight: Flight, context: AttemptContext) -> IdleEvent:
        """The ping that Anthropic itself sends."""
        return lambda: PING


MESSAGES: Surface[MessagesBody, MessagesRequest] = Messages()
