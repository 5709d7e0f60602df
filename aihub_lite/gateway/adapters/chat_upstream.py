"""How upstreams are asked that speak chat: the adapter that the others for conversations are made of."""

from __future__ import annotations

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.adapters.adapter import JSON, Adapter, AttemptContext, UpstreamRequest
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.providers import PROVIDERS, quirks_at
from aihub_lite.wire.chat import joined as chat_joined
from aihub_lite.wire.chat.answer import ChatAnswer, answer_of
from aihub_lite.wire.chat.request import (
    ChatRequest,
    has_details,
    respelled,
    thoughts_left_out,
    upstream_body,
    without_details,
)
from aihub_lite.wire.chat.stream import ChatStream, OpenChatStream
from aihub_lite.wire.field_names import FieldNames, renamed
from aihub_lite.wire.foreign_json import ANSWER, checked_object, decode
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.sse import is_stream


@attrs.define(eq=False)
class ChatAdapter(Adapter):
    """For OpenAI, and everybody whose API is like it: the request is passed on, and the answer normalised and metered.

    Adapters of other surfaces ask through one of these, by `chat_stream` and `chat_answer`.
    """

    request: ChatRequest
    lane: Lane
    context: AttemptContext

    def send(self) -> UpstreamRequest:
        candidate = self.lane.candidate
        channel = candidate.channel
        provider = PROVIDERS[channel.provider]
        quirks = quirks_at(provider, channel.base_url)
        if self.context.without_thoughts:
            self.request = without_details(self.request)
        body = upstream_body(self.request, candidate.upstream_model, quirks)
        url = provider.url(channel.base_url, "/chat/completions", candidate.upstream_model)
        dropped = thoughts_left_out(self.request, candidate.upstream_model, quirks)
        renamed_fields = respelled(self.request, candidate.upstream_model, quirks)
        return UpstreamRequest(url, JSON, body, dropped, renamed=renamed_fields)

    def send_for(self, names: FieldNames, dropped: set[str]) -> UpstreamRequest:
        """The same for another surface: with what that has left out, and refusals that name its own fields."""
        try:
            sent = self.send()
        except InvalidRequest as refusal:
            raise renamed(refusal, names) from None
        return attrs.evolve(sent, dropped=tuple(sorted(dropped.union(sent.dropped))))

    def stream(self) -> ChatStream:
        request = self.request
        context = self.context
        open_stream = self.chat_stream()
        # Keep-alives may have begun the stream, with an id that it then has to keep.
        stream_id = context.stream_id
        return open_stream(request.model, context.request_id, context.created(), request.include_usage, id=stream_id)

    def answer(self, data: bytes, content_type: str) -> ChatAnswer:
        request = self.request
        context = self.context
        chat = self.chat_answer(data)
        return answer_of(chat, request.model, context.request_id, context.created(), request.prompt_estimate)

    def forget(self) -> bool:
        if not has_details(self.request):
            return False
        self.context.without_thoughts = True
        return True

    def chat_stream(self) -> OpenChatStream:
        """Opens a stream that reads the upstream's events as chat chunks."""
        return ChatStream

    def chat_answer(self, data: bytes) -> bytes:
        """A whole answer as chat's JSON, streamed or not; raises AnswerNonsense."""
        if is_stream(data):
            return chat_joined.answer_in(data, self.context.request_id, self.context.created())
        return data

    def events(self, data: bytes) -> list[bytes]:
        return chat_joined.events_in(data)


def document_of(data: bytes) -> JsonObject:
    """The JSON object that an answer is; raises AnswerNonsense."""
    value = None
    if data.strip():
        value = decode(data)
    if isinstance(value, list) and value:
        value = value[0]  # Gemini wraps errors in an array
    return checked_object(value, ANSWER)
