"""Streams of Anthropic Messages: written from a chat stream, or Anthropic's own with a tap."""

from __future__ import annotations

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic.bedrock import METRICS, metered
from aihub_lite.wire.anthropic.surface.answer import QUIET, STOPS, take_block, written_in
from aihub_lite.wire.anthropic.surface.events import event
from aihub_lite.wire.anthropic.surface.request import MessagesRequest
from aihub_lite.wire.anthropic.surface.writer import MessagesWriter
from aihub_lite.wire.anthropic.thinking import THINKING
from aihub_lite.wire.anthropic.usage import merge, ran, searched, usage_of, with_searches
from aihub_lite.wire.chat.hub import ViaChatStream
from aihub_lite.wire.chat.stream import ChatStream, OpenChatStream
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import StreamError
from aihub_lite.wire.foreign_json import encode, event_object
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, text_at
from aihub_lite.wire.sse import named_event
from aihub_lite.wire.upstream_error import error_in, status_in
from aihub_lite.wire.written import Written

STOP = event("message_stop", {"type": "message_stop"})


@attrs.define(eq=False)
class WrittenStream(ViaChatStream):
    """A chat stream, metered as one, whose chunks leave as events of Messages."""

    chat: ChatStream
    writer: MessagesWriter
    prompt_tokens: int

    @classmethod
    def of(
        cls, request: MessagesRequest, request_id: str, created: int, open_stream: OpenChatStream = ChatStream
    ) -> WrittenStream:
        """For the answer to a request."""
        writer = MessagesWriter(request.model, request_id, request.prompt_estimate, request.names)
        chat = open_stream(request.model, request_id, created, include_usage=False, write=writer)
        return cls(chat, writer, request.prompt_estimate)

    def end(self) -> list[bytes]:
        """The end of the message, with its usage."""
        reasons = self.chat.missing_reasons()
        return [*reasons, self.writer.end(self.usage or self.estimated(self.prompt_tokens), self.chat.cost)]


@attrs.define(eq=False)
class _Thought:
    """A block of thinking: how it began, and the pieces since then."""

    start: JsonView
    texts: list[str] = attrs.field(factory=list)
    signatures: list[str] = attrs.field(factory=list)

    def add(self, delta: JsonView) -> None:
        self.texts.append(text_at(delta, "thinking"))
        self.signatures.append(text_at(delta, "signature"))

    def whole(self) -> JsonObject:
        """The block as a client will send it."""
        more = {"thinking": "".join(self.texts), "signature": "".join(self.signatures)}
        return {**self.start, **{name: text_at(self.start, name) + text for name, text in more.items() if text}}


@attrs.define(eq=False)
class NativeStream:
    """Anthropic's own events, passed on as they came but for the model's name.

    The last one is kept for the end, since an answer is booked before it is over.
    """

    model: str
    usage: Usage | None = None
    has_content: bool = False
    withheld: bool = False
    done: bool = False
    complete: bool = False
    relayed_bytes: int = 0
    written: Written = attrs.field(factory=lambda: Written(shows_thought=True))
    thoughts: list[JsonObject] = attrs.field(factory=list)
    """Thinking blocks that have ended since somebody took them from here."""
    searches: int = 0
    """Searches of the web that have found something."""
    _started: bool = False
    _stop: bytes = STOP
    """The last event."""
    _counts: JsonObject = attrs.field(factory=dict)
    _thinking: dict[int, _Thought] = attrs.field(factory=dict)
    """Blocks of thinking that are open, by number."""

    def push(self, payload: bytes) -> list[bytes]:
        """The event for one event's data; raises AnswerNonsense (no JSON) and StreamError (the upstream's own)."""
        if payload.strip() == b"[DONE]" or self.done:
            return []  # some endpoints like Anthropic's end as OpenAI's does
        data = event_object(payload)
        kind = data.get("type")
        if kind == "error" or data.get("error"):
            status = status_in(data, 502)
            raise StreamError(error_in(status, data), status)
        if not isinstance(kind, str) or not kind.isidentifier():
            return []  # a type that is no word cannot stand on a line of its own
        passed_on = self._take(kind, data)
        if kind == "message_start" or b"\n" in payload:
            payload = encode(data)  # with our name of the model, and in one line
        written = named_event(kind, payload)
        if kind == "message_stop" and METRICS not in data:
            self._stop = written
        if not passed_on:
            return []
        return [written]

    def end(self) -> list[bytes]:
        """The event that was kept back."""
        return [self._stop]

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        hosted = ran(self._counts if self.complete else None, self.searches)
        return Usage(prompt_tokens, tokens_in(self.relayed_bytes), hosted=hosted)

    def _take(self, kind: str, data: JsonObject) -> bool:
        """Take from an event what the gateway needs of it; whether it is passed on."""
        if kind == "content_block_delta":
            self._take_delta(_number(data), data.get("delta"))
        elif kind == "content_block_start":
            self._take_block(_number(data), data.get("content_block"))
        elif kind == "content_block_stop":
            thought = self._thinking.pop(_number(data), None)
            if thought is not None:
                self.thoughts.append(thought.whole())
        elif kind == "message_start":
            return self._take_start(data.get("message"))
        elif kind == "message_delta":
            self._count(data.get("usage"))
            reason = dict_at(data, "delta").get("stop_reason")
            if reason is not None:
                self.withheld = reason == STOPS["content_filter"] and not self.has_content
                self.complete = self.has_content = True
        elif kind == "message_stop":
            self._take_metrics(data)
            self.done = self.complete = self.has_content = True
            return False
        return True

    def _take_start(self, message: object) -> bool:
        """A second start is not passed on: no client makes sense of it."""
        is_first = not self._started
        self._started = True
        if not isinstance(message, dict):
            return False
        self._count(message.get("usage"))
        message["model"] = self.model
        return is_first

    def _take_metrics(self, data: JsonView) -> None:
        """What Bedrock says of the whole, where the message said nothing; its client does not get it."""
        if METRICS in data and self.usage is None:
            self._count(metered(data))

    def _take_block(self, index: int, block: object) -> None:
        if not isinstance(block, dict):
            return
        self.relayed_bytes += written_in(block)
        take_block(self.written, block)
        kind = text_at(block, "type")
        self.searches += searched(block)
        if kind in THINKING:
            self._thinking[index] = _Thought(block)
        if kind not in QUIET or written_in(block):
            self.has_content = True

    def _take_delta(self, index: int, delta: object) -> None:
        if not isinstance(delta, dict):
            return
        self.relayed_bytes += written_in(delta)
        take_block(self.written, delta)
        thought = self._thinking.get(index)
        if thought is not None:
            thought.add(delta)
        if any(value for name, value in delta.items() if name != "type"):
            self.has_content = True

    def _count(self, usage: object) -> None:
        merge(self._counts, usage)
        self.usage = with_searches(usage_of(self._counts), self._counts, self.searches) or self.usage


def _number(data: JsonView) -> int:
    """The number of the block that an event is about; -1 where it names none."""
    number = data.get("index")
    if isinstance(number, int):
        return number
    return -1
