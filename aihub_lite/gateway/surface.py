"""What the line needs to know of the format a client speaks; everything else about formats stays in `wire`."""

from __future__ import annotations

from aihub_lite.gateway.flight import Flight
from aihub_lite.wire.chat_answer import ChatAnswer, answer_of
from aihub_lite.wire.chat_request import ChatRequest, parse_chat
from aihub_lite.wire.chat_stream import ChatStream


class Chat:
    """OpenAI's Chat Completions, as clients speak it."""

    name = "chat"

    def parse(self, data: bytes | bytearray) -> ChatRequest:
        """Raises InvalidRequest."""
        return parse_chat(data)

    def stream(self, asked: ChatRequest, flight: Flight, created: int) -> ChatStream:
        """A fresh reader of a streamed answer; it keeps the id that earlier events of the stream carry."""
        return ChatStream(asked.model, flight.request_id, created, asked.include_usage, id=flight.stream_id)

    def whole(self, asked: ChatRequest, data: bytes, request_id: str, created: int) -> ChatAnswer:
        """A whole answer; raises AnswerNonsense."""
        return answer_of(data, asked.model, request_id, created, asked.prompt_estimate)
