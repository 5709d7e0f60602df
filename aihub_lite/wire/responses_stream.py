"""Streams of the Responses surface: chat chunks told in its words, and its own events passed on."""

from __future__ import annotations

from typing import Any

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.by_chat import ToldByChat
from aihub_lite.wire.chat_stream import ChatStream
from aihub_lite.wire.chat_usage import usage_of
from aihub_lite.wire.estimate import byte_count, tokens_in
from aihub_lite.wire.passed_stream import END, chunk_of
from aihub_lite.wire.responses_native import FAILED, LAST, STILL, failure_in, text_in, written_in
from aihub_lite.wire.responses_request import ResponsesRequest
from aihub_lite.wire.responses_told import typed_event
from aihub_lite.wire.responses_writer import Writer

SILENT_ITEMS = ("message", "reasoning")
"""Items that say nothing when they begin."""


@attrs.define
class WrittenStream(ToldByChat):
    """An answer that `chat` reads and meters, and `writer` tells."""

    chat: ChatStream
    writer: Writer

    @classmethod
    def of(cls, asked: ResponsesRequest, request_id: str, created: int) -> WrittenStream:
        """A fresh one."""
        writer = Writer(asked, request_id)
        return cls(ChatStream(asked.model, request_id, created, include_usage=False, write=writer.write), writer)

    @property
    def begun(self) -> bool:
        """Whether it has told anything."""
        return self.writer.begun

    def end(self) -> list[bytes]:
        """The last events, and nothing after them: clients wait for the end of the stream."""
        return [*self.chat.owed(), self.writer.end(self.chat.usage)]


@attrs.define
class NativeStream:
    """Passes events on as they are, but for the model, and for what a keep-alive has told already."""

    asked: ResponsesRequest
    usage: Usage | None = None
    has_content: bool = False
    done: bool = False
    """Whether its last event is in, which goes out when it is booked."""
    begun: bool = False
    """Whether it has told anything."""
    relayed_bytes: int = 0
    _last: dict[str, Any] = attrs.field(factory=dict)

    @property
    def complete(self) -> bool:
        """Only its last event makes it so."""
        return self.done

    def push(self, payload: bytes) -> list[bytes]:
        """Raises AnswerNonsense and StreamError."""
        if self.done or payload.strip() == END:
            return []
        event = chunk_of(payload)
        kind = event.get("type")
        if not isinstance(kind, str) or not kind.isprintable():
            return []
        if kind == FAILED:
            raise failure_in(event)
        response = event.get("response")
        if kind in LAST and isinstance(response, dict):
            self._end(event, response)
            return []
        if not self.has_content:
            self.has_content = _says_something(kind, event)
        self.relayed_bytes += byte_count(text_in(kind, event))
        if kind == "response.created" and self.asked.told.opened:
            return []
        self.begun = True
        return [self._told(event)]

    def end(self) -> list[bytes]:
        """The last event, and nothing after it: clients wait for the end of the stream."""
        return [self._told(self._last)]

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        return Usage(prompt_tokens, tokens_in(self.relayed_bytes))

    def _end(self, event: dict[str, Any], response: dict[str, Any]) -> None:
        self.done = self.has_content = True
        self.usage = usage_of(response.get("usage")) or self.usage
        self.relayed_bytes = max(self.relayed_bytes, written_in(response))
        self._last = event

    def _told(self, event: dict[str, Any]) -> bytes:
        """With its own number, or the next one where that was given already."""
        told, given = self.asked.told, event.get("sequence_number")
        if isinstance(response := event.get("response"), dict):
            self._name(response)
        number = given if type(given) is int and given >= told.sequence else told.sequence
        told.sequence = number + 1
        return typed_event({**event, "sequence_number": number})

    def _name(self, response: dict[str, Any]) -> None:
        """The client's id of the model; and of the response, where a keep-alive gave it one."""
        told, given = self.asked.told, response.get("id")
        response["model"] = told.model
        if told.opened or not isinstance(given, str) or not given:
            response["id"] = told.id
        else:
            told.id = given


def _says_something(kind: str, event: dict[str, Any]) -> bool:
    """Whether a user would notice an event."""
    item = event.get("item")
    begins = kind == "response.output_item.added" and isinstance(item, dict) and item.get("type") in SILENT_ITEMS
    return kind not in STILL and not begins
