"""Streams of Anthropic Messages: written from a chat stream, or Anthropic's own with a tap."""

from __future__ import annotations

from typing import Any

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic_thinking import KINDS, text_in
from aihub_lite.wire.anthropic_usage import merge, usage_of
from aihub_lite.wire.by_chat import ToldByChat
from aihub_lite.wire.chat_stream import ChatStream
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.foreign_error import error_in, status_in
from aihub_lite.wire.foreign_json import decode, encode
from aihub_lite.wire.messages_answer import written_in
from aihub_lite.wire.messages_asked import MessagesAsked
from aihub_lite.wire.messages_events import event
from aihub_lite.wire.messages_writer import MessagesWriter
from aihub_lite.wire.sse import named_event

STOP = event("message_stop", {"type": "message_stop"})
QUIET = ("text", "thinking")
"""Blocks that say nothing by beginning."""


@attrs.define(eq=False)
class WrittenStream(ToldByChat):
    """A chat stream, metered as one, whose chunks leave as events of Messages."""

    chat: ChatStream
    writer: MessagesWriter
    prompt_tokens: int

    @classmethod
    def of(cls, asked: MessagesAsked, request_id: str, created: int) -> WrittenStream:
        """For the answer to a request."""
        writer = MessagesWriter(asked.model, request_id, asked.prompt_estimate, asked.names)
        chat = ChatStream(asked.model, request_id, created, include_usage=False, write=writer)
        return cls(chat, writer, asked.prompt_estimate)

    def end(self) -> list[bytes]:
        """The end of the message, with its usage."""
        owed = self.chat.owed()
        return [*owed, self.writer.end(self.usage or self.estimated(self.prompt_tokens))]


@attrs.define(eq=False)
class _Thought:
    """A block of thinking as it began, and what came since."""

    block: dict[str, Any]
    texts: list[str] = attrs.field(factory=list)
    signatures: list[str] = attrs.field(factory=list)

    def grow(self, delta: dict[str, Any]) -> None:
        """More of it."""
        self.texts.append(text_in(delta, "thinking"))
        self.signatures.append(text_in(delta, "signature"))

    def whole(self) -> dict[str, Any]:
        """The block as a client will send it."""
        more = {"thinking": "".join(self.texts), "signature": "".join(self.signatures)}
        return self.block | {name: text_in(self.block, name) + text for name, text in more.items() if text}


@attrs.define(eq=False)
class NativeStream:
    """Anthropic's own events, passed on as they came but for the model's name.

    The last one is kept for the end, since an answer is booked before it is over.
    """

    model: str
    usage: Usage | None = None
    has_content: bool = False
    done: bool = False
    complete: bool = False
    relayed_bytes: int = 0
    thoughts: list[dict[str, Any]] = attrs.field(factory=list)
    """Thinking blocks that have ended since somebody took them from here."""
    _started: bool = False
    _stop: bytes = STOP
    """The last event."""
    _counts: dict[str, Any] = attrs.field(factory=dict)
    _thinking: dict[int, _Thought] = attrs.field(factory=dict)
    """Blocks of thinking that are open, by number."""

    def push(self, payload: bytes) -> list[bytes]:
        """The event for one event's data; raises AnswerNonsense (no JSON) and StreamError (the upstream's own)."""
        if payload.strip() == b"[DONE]" or self.done:
            return []  # some endpoints like Anthropic's end as OpenAI's does
        said = decode(payload)
        if not isinstance(said, dict):
            raise AnswerNonsense("An event of the upstream's stream is not a JSON object.")
        kind = said.get("type")
        if kind == "error" or said.get("error"):
            status = status_in(said, 502)
            raise StreamError(error_in(status, said), status)
        if not isinstance(kind, str) or not kind.isidentifier():
            return []
        passed = self._noted(kind, said)
        changed = kind == "message_start" or b"\n" in payload
        written = named_event(kind, encode(said) if changed else payload)
        if kind == "message_stop":
            self._stop = written
        return [written] if passed else []

    def end(self) -> list[bytes]:
        """The event that was kept back."""
        return [self._stop]

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        return Usage(prompt_tokens, tokens_in(self.relayed_bytes))

    def _noted(self, kind: str, said: dict[str, Any]) -> bool:
        """Take from an event what the gateway needs of it; whether it is passed on."""
        index = number if isinstance(number := said.get("index"), int) else -1
        if kind == "message_start":
            return self._begun(said.get("message"))
        if kind == "content_block_start":
            self._block(index, said.get("content_block"))
        elif kind == "content_block_delta":
            self._grown(index, said.get("delta"))
        elif kind == "content_block_stop":
            if (thought := self._thinking.pop(index, None)) is not None:
                self.thoughts.append(thought.whole())
        elif kind == "message_delta":
            self._count(said.get("usage"))
            if isinstance(delta := said.get("delta"), dict) and delta.get("stop_reason") is not None:
                self.complete = self.has_content = True
        elif kind == "message_stop":
            self.done = self.complete = self.has_content = True
            return False
        return True

    def _begun(self, message: object) -> bool:
        if isinstance(message, dict):
            self._count(message.get("usage"))
            message["model"] = self.model
        first, self._started = not self._started, True
        return first and isinstance(message, dict)

    def _block(self, index: int, block: object) -> None:
        if not isinstance(block, dict):
            return
        self.relayed_bytes += written_in(block)
        if block.get("type") in KINDS:
            self._thinking[index] = _Thought(block)
        if block.get("type") not in QUIET or written_in(block):
            self.has_content = True

    def _grown(self, index: int, delta: object) -> None:
        if not isinstance(delta, dict):
            return
        self.relayed_bytes += written_in(delta)
        if (thought := self._thinking.get(index)) is not None:
            thought.grow(delta)
        if any(value for name, value in delta.items() if name != "type"):
            self.has_content = True

    def _count(self, usage: object) -> None:
        merge(self._counts, usage)
        self.usage = usage_of(self._counts) or self.usage
