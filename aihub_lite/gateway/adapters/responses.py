"""OpenAI Responses as a surface: passed on to upstreams with the same API, through chat to all others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

import attrs

from aihub_lite.domain.catalog import Candidate
from aihub_lite.gateway.adapters.adapter import JSON, Adapter, AttemptContext, UpstreamRequest
from aihub_lite.gateway.adapters.chat_upstream import ChatAdapter
from aihub_lite.gateway.adapters.recall import Recall, ResponsesBody
from aihub_lite.gateway.adapters.surface import Surface
from aihub_lite.gateway.adapters.upstreams import can_chat, chat_adapter
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.client.keepalive import IdleEvent
from aihub_lite.gateway.routing.affinity import Affinity
from aihub_lite.gateway.routing.key_rests import Account
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.chat.answer import ChatAnswer
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.foreign_json import decode
from aihub_lite.wire.json_types import dicts_in, list_at
from aihub_lite.wire.passthrough.answer import PassedAnswer
from aihub_lite.wire.protocols import Stream
from aihub_lite.wire.responses.answer import compacted_answer, responses_answer
from aihub_lite.wire.responses.errors import FIELD_NAMES, ResponsesErrors
from aihub_lite.wire.responses.fit import fit
from aihub_lite.wire.responses.joined import events_in, response_in
from aihub_lite.wire.responses.native import native_answer, native_body
from aihub_lite.wire.responses.reasoning import thought_of, thoughts_in
from aihub_lite.wire.responses.request import ResponsesRequest, compaction_request, responses_request
from aihub_lite.wire.responses.state import ResponseState
from aihub_lite.wire.responses.stream import NativeStream, WrittenStream
from aihub_lite.wire.sse import is_stream

ID_PREFIX = "resp_"
THOUGHTS = (b'"encrypted_content"', b'"rs_')
"""One of these is in every whole answer that holds a thought."""


@attrs.define(eq=False)
class NativeResponses(Adapter):
    """The client's own request, with the upstream's name of the model."""

    request: ResponsesRequest
    lane: Lane
    context: AttemptContext
    verbatim: ClassVar[bool] = True
    path: ClassVar[str] = "/responses"

    def send(self) -> UpstreamRequest:
        candidate = self.lane.candidate
        channel = candidate.channel
        body = native_body(self.request, candidate.upstream_model, self._readable)
        url = PROVIDERS[channel.provider].url(channel.base_url, self.path, candidate.upstream_model)
        return UpstreamRequest(url, JSON, body, endpoint="responses")

    def stream(self) -> NativeStream:
        return RememberedStream(self.request, remember=self._remember)

    def answer(self, data: bytes, content_type: str) -> PassedAnswer:
        if is_stream(data):
            data = response_in(data)
        answer = native_answer(self.request, data)
        if any(mark in data for mark in THOUGHTS):
            self._remember(thoughts_in(list_at(decode(data), "output")))
        return answer

    def events(self, data: bytes) -> list[bytes]:
        return events_in(data)

    def forget(self) -> bool:
        """Only reasoning can be left out."""
        items = self.request.content.get("input")
        if not any(thought_of(item) for item in dicts_in(items) if item.get("type") == "reasoning"):
            return False
        self.context.without_thoughts = True
        return True

    def _remember(self, thoughts: Iterable[str]) -> None:
        self.context.affinity.remember_signed(self.lane.account, thoughts)

    def _readable(self, thought: str) -> bool:
        context = self.context
        if context.without_thoughts:
            return False
        # One that nobody knows goes along, also where another attempt has failed: this API says if it cannot read it.
        return context.affinity.readable(self.lane.account, thought, unknown=True)

    def rephrase(self) -> bool:
        """The upstream has no Responses API after all, but every upstream can chat."""
        self.context.asked_as_chat |= {self.lane.channel_id}
        return True


@attrs.define(eq=False)
class RememberedStream(NativeStream):
    """An upstream's own stream, whose thoughts are remembered as they come."""

    remember: Callable[[Iterable[str]], None] = attrs.field(kw_only=True)

    def push(self, payload: bytes) -> list[bytes]:
        events = NativeStream.push(self, payload)
        if self.thoughts:
            self.remember(self.thoughts)
            self.thoughts.clear()
        return events


@attrs.define(eq=False)
class ResponsesViaChat(Adapter):
    """For an upstream without this API, or without what the request needs of it: `chat` asks the same in chat's words,
    and answers in them."""

    request: ResponsesRequest
    chat: ChatAdapter

    def send(self) -> UpstreamRequest:
        """Raises InvalidRequest for what chat cannot say, and, when strict, for what would be left out."""
        return send_as_chat(self.request, self.chat)

    def forget(self) -> bool:
        return self.chat.forget()

    def stream(self) -> WrittenStream:
        context = self.chat.context
        return WrittenStream.of(self.request, context.request_id, context.created(), self.chat.chat_stream())

    def answer(self, data: bytes, content_type: str) -> ChatAnswer:
        context = self.chat.context
        return responses_answer(self.request, self.chat.chat_answer(data), context.request_id, context.created())

    def events(self, data: bytes) -> list[bytes]:
        return self.chat.events(data)


def speaks_responses(request: ResponsesRequest, lane: Lane) -> bool:
    """Whether a lane's upstream is known to understand the request in the client's own words."""
    channel = lane.candidate.channel
    return PROVIDERS[channel.provider].answers(request.kinds, channel.base_url)


def send_as_chat(request: ResponsesRequest, chat: ChatAdapter) -> UpstreamRequest:
    """What an upstream is asked in chat's words; raises as `ResponsesViaChat.send` does."""
    candidate = chat.lane.candidate
    provider = PROVIDERS[candidate.channel.provider]
    chat.request, dropped = fit(
        request,
        provider.wire_for(candidate.upstream_model),
        provider.quirks,
        candidate.upstream_model,
        elsewhere=provider.elsewhere(candidate.channel.base_url),
        strict=chat.context.strict,
    )
    return chat.send_for(FIELD_NAMES, dropped)


@attrs.define(eq=False)
class NativeCompaction(NativeResponses):
    """The upstream's own summary, which nobody else can read."""

    path: ClassVar[str] = "/responses/compact"


@attrs.define(eq=False)
class CompactionViaChat(ResponsesViaChat):
    """A summary in words, for everybody else."""

    def answer(self, data: bytes, content_type: str) -> ChatAnswer:
        context = self.chat.context
        return compacted_answer(self.request, self.chat.chat_answer(data), context.request_id, context.created())


@attrs.frozen(eq=False)
class Responses:
    """OpenAI's Responses API, as its clients use it."""

    name: ClassVar[str] = "responses"
    everywhere: ClassVar[bool] = True
    whole_for_stream: ClassVar[bool] = False
    recall: Recall | None = None
    """Finds what requests point at, and keeps what they are answered; None where nothing is kept."""
    keeps: ClassVar[bool] = True
    """Whether its own answers may be pointed at."""

    async def body(self, exchange: Exchange, limit: int, timeout: float) -> ResponsesBody:  # noqa: ASYNC109
        """JSON, with what it points at in its place; from here on a failed stream ends as this response."""
        state = ResponseState(ID_PREFIX + exchange.request_id)
        exchange.errors = ResponsesErrors(state)
        if self.recall is None:
            return ResponsesBody(await exchange.body(limit, timeout), state)
        epoch = self.recall.answers.epoch(exchange.token_id)  # now: the token's key may be rotated meanwhile
        body = ResponsesBody(await exchange.body(limit, timeout), state)
        if not self.recall.on:
            return body
        return await self.recall.whole(body, exchange, limit, epoch, keeps=self.keeps)

    def parse(self, body: ResponsesBody) -> ResponsesRequest:
        """The request in a body; raises InvalidRequest."""
        return responses_request(body.content(), body.state)

    def chat(self, request: ResponsesRequest) -> ChatRequest:
        """Its translation."""
        return request.chat

    def origin(self, request: ResponsesRequest, lanes: Sequence[Lane], affinity: Affinity) -> Account | None:
        """By what an upstream encrypted, or, in what was sealed here, by what the latest thought is signed with."""
        if any(speaks_responses(request, lane) for lane in lanes):
            account = affinity.account_of_signed(thoughts_in(request.content.get("input")))
            if account is not None:
                return account
        return affinity.account_of(request.chat, lanes)

    def serves(self, candidate: Candidate) -> bool:
        """Whether its upstream can chat, or has this API itself."""
        provider = PROVIDERS[candidate.channel.provider]
        return can_chat(candidate) or provider.answers(frozenset(), candidate.channel.base_url)

    def adapter(
        self, request: ResponsesRequest, lane: Lane, context: AttemptContext
    ) -> NativeResponses | ResponsesViaChat:
        """In the client's own words, unless the upstream is known, or turned out, not to understand them."""
        if lane.channel_id not in context.asked_as_chat and speaks_responses(request, lane):
            return NativeResponses(request, lane, context)
        return ResponsesViaChat(request, chat_adapter(request.chat, lane, context))

    def idle_event(self, request: ResponsesRequest, flight: Flight, context: AttemptContext) -> IdleEvent:
        """The beginning of the response, then that it goes on; nothing while an answer's own beginning waits."""
        state = request.state
        state.created = context.created()
        state.relaying = lambda: _begun(flight.relayed)

        def event() -> bytes | None:
            if flight.relayed is None and _begun(context.stream):
                # The answer's first events are made, and numbered, but not sent: an event now would overtake them.
                return None
            if state.opened or state.relaying():
                return state.alive()
            state.opened = True
            return state.opening()

        return event


def _begun(stream: Stream | None) -> bool:
    """Whether a stream, if there is one, has begun its response: its first chunks may bring this client no event."""
    return isinstance(stream, NativeStream | WrittenStream) and stream.begun


@attrs.frozen(eq=False)
class Compaction(Responses):
    """`/v1/responses/compact`: a conversation summed up, in one document, which its client sends back itself."""

    keeps: ClassVar[bool] = False

    def parse(self, body: ResponsesBody) -> ResponsesRequest:
        """The request in a body; raises InvalidRequest."""
        return compaction_request(body.content(), body.state)

    def serves(self, candidate: Candidate) -> bool:
        """Whether its upstream can chat, or sums up itself."""
        provider = PROVIDERS[candidate.channel.provider]
        return can_chat(candidate) or provider.compacts(candidate.channel.base_url)

    def adapter(
        self, request: ResponsesRequest, lane: Lane, context: AttemptContext
    ) -> NativeCompaction | CompactionViaChat:
        """By the upstream's own endpoint where it is known to have one, unless it turned out not to."""
        channel = lane.candidate.channel
        provider = PROVIDERS[channel.provider]
        if channel.id not in context.asked_as_chat and provider.compacts(channel.base_url):
            return NativeCompaction(request, lane, context)
        return CompactionViaChat(request, chat_adapter(request.chat, lane, context))


RESPONSES: Surface[ResponsesBody, ResponsesRequest] = Responses()
COMPACTION: Surface[ResponsesBody, ResponsesRequest] = Compaction()
