"""Chat Completions as a surface."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from aihub_lite.domain.catalog import Candidate
from aihub_lite.gateway.adapters.adapter import Adapter, AttemptContext
from aihub_lite.gateway.adapters.surface import Surface
from aihub_lite.gateway.adapters.upstreams import can_chat, chat_adapter
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.client.keepalive import IdleEvent
from aihub_lite.gateway.routing.affinity import Affinity
from aihub_lite.gateway.routing.key_rests import Account
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.wire.chat.keepalive import idle_event
from aihub_lite.wire.chat.request import ChatRequest, chat_request
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.cursor.shape import is_cursors
from aihub_lite.wire.fields import parse_json


class Chat:
    """OpenAI's Chat Completions, as its clients use them."""

    name = "chat"
    everywhere = True
    whole_for_stream = False

    def body(self, exchange: Exchange, limit: int, timeout: float) -> Awaitable[bytes | bytearray]:
        """Raw JSON."""
        return exchange.body(limit, timeout)

    def parse(self, body: bytes | bytearray) -> ChatRequest:
        """The request in a body; raises InvalidRequest."""
        content = parse_json(body)
        if is_cursors(content):
            # Imported only here, and below: whoever uses Cursor waits for it once.
            from aihub_lite.wire.cursor.request import cursor_request  # noqa: PLC0415

            return cursor_request(content)
        return chat_request(content)

    def chat(self, request: ChatRequest) -> ChatRequest:
        """The request itself."""
        return request

    def origin(self, request: ChatRequest, lanes: Sequence[Lane], affinity: Affinity) -> Account | None:
        """By what the latest thought is signed with."""
        return affinity.account_of(request, lanes)

    def serves(self, candidate: Candidate) -> bool:
        """Whether its upstream can chat."""
        return can_chat(candidate)

    def adapter(self, request: ChatRequest, lane: Lane, context: AttemptContext) -> Adapter:
        """For the format of the lane's upstream."""
        adapter = chat_adapter(request, lane, context)
        if type(request) is ChatRequest:
            return adapter
        from aihub_lite.gateway.adapters.cursor import as_cursors  # noqa: PLC0415

        return as_cursors(request, adapter)

    def idle_event(self, request: ChatRequest, flight: Flight, context: AttemptContext) -> IdleEvent:
        """An empty chunk, with the id that the stream has or will have."""

        def chunk() -> bytes:
            stream = context.stream
            if isinstance(stream, ChatStream) and stream.id:
                context.stream_id = stream.id
            elif not context.stream_id:
                context.stream_id = f"chatcmpl-{context.request_id}"
            if isinstance(stream, ChatStream):
                stream.id = context.stream_id
            return idle_event(request.model, context.stream_id, context.created())

        return chunk


CHAT: Surface[bytes | bytearray, ChatRequest] = Chat()
