"""What Cursor posts to chat: asked as Responses is where it is one, answered as chat."""

from __future__ import annotations

import attrs

from aihub_lite.gateway.adapters.adapter import Adapter, UpstreamRequest
from aihub_lite.gateway.adapters.chat_upstream import ChatAdapter
from aihub_lite.gateway.adapters.responses import send_as_chat
from aihub_lite.wire.chat.answer import ChatAnswer
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.cursor.answer import CursorWriter, cursor_answer
from aihub_lite.wire.cursor.request import CursorRequest


@attrs.define(eq=False)
class CursorAdapter(Adapter):
    """`chat` asks the same in chat's words."""

    request: CursorRequest
    chat: ChatAdapter

    def send(self) -> UpstreamRequest:
        """Raises InvalidRequest for what chat cannot say, and, when strict, for what would be left out."""
        if self.request.responses is None:
            return self.chat.send()
        return send_as_chat(self.request.responses, self.chat)

    def forget(self) -> bool:
        return self.chat.forget()

    def stream(self) -> ChatStream:
        request = self.request
        context = self.chat.context
        open_stream = self.chat.chat_stream()
        writer = CursorWriter(request.tools.by_function)
        return open_stream(
            request.model,
            context.request_id,
            context.created(),
            request.include_usage,
            id=context.stream_id,
            write=writer.write,
        )

    def answer(self, data: bytes, content_type: str) -> ChatAnswer:
        context = self.chat.context
        return cursor_answer(self.request, self.chat.chat_answer(data), context.request_id, context.created())

    def events(self, data: bytes) -> list[bytes]:
        return self.chat.events(data)


def as_cursors(request: ChatRequest, chat: ChatAdapter) -> Adapter:
    """The adapter for a request that may be Cursor's."""
    if isinstance(request, CursorRequest):
        return CursorAdapter(request, chat)
    return chat
