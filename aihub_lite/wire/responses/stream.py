"""Streams of the Responses surface: written from chat chunks, or passed on from upstreams that speak it themselves."""

from __future__ import annotations

import attrs

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.hub import ViaChatStream
from aihub_lite.wire.chat.stream import ChatStream, OpenChatStream
from aihub_lite.wire.estimate import byte_count, tokens_in
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at
from aihub_lite.wire.passthrough.stream import END, chunk_of
from aihub_lite.wire.responses.compaction import writer_of
from aihub_lite.wire.responses.hosted import Ran
from aihub_lite.wire.responses.native import (
    FAILED,
    LAST,
    QUIET,
    failure_in,
    is_withheld,
    same_tokens,
    text_in,
    text_of,
    usage_in,
    written_in,
)
from aihub_lite.wire.responses.reasoning import thought_of
from aihub_lite.wire.responses.request import ResponsesRequest
from aihub_lite.wire.responses.state import typed_event, usage_json
from aihub_lite.wire.responses.writer import ResponseWriter
from aihub_lite.wire.written import Written

SILENT_ITEMS = ("message", "reasoning")
"""Items that say nothing when they begin."""


@attrs.define
class WrittenStream(ViaChatStream):
    """An answer that `chat` reads and meters, and `writer` writes as events of Responses."""

    chat: ChatStream
    writer: ResponseWriter

    @classmethod
    def of(
        cls, request: ResponsesRequest, request_id: str, created: int, open_stream: OpenChatStream = ChatStream
    ) -> WrittenStream:
        """The stream of one attempt; `created` in Unix seconds."""
        writer = writer_of(request, request_id)
        return cls(open_stream(request.model, request_id, created, include_usage=False, write=writer.write), writer)

    @property
    def begun(self) -> bool:
        """Whether it has written an event."""
        return self.writer.begun

    def end(self) -> list[bytes]:
        """The last events, and nothing after them: clients wait for the end of the stream (RULES.md C-19)."""
        return [*self.chat.missing_reasons(), self.writer.end(self.chat.usage, self.chat.cost)]


@attrs.define
class NativeStream:
    """Passes events on as they are, but for the model, and for what a keep-alive has told the client already."""

    request: ResponsesRequest
    usage: Usage | None = None
    has_content: bool = False
    withheld: bool = False
    done: bool = False
    """Whether its last event is in, which goes out when it is booked."""
    begun: bool = False
    """Whether it has passed on an event."""
    relayed_bytes: int = 0
    """UTF-8 bytes of all text and arguments passed on."""
    written: Written | None = None
    """Of the whole response, once its last event is in."""
    thoughts: list[str] = attrs.field(factory=list)
    """What has come that only the upstream's account can read; whoever listens takes it away."""
    _items: list[JsonObject] = attrs.field(factory=list)
    """Those that were told, where they are kept."""
    _ran: Ran = attrs.field(factory=Ran)
    """What has run at the provider."""
    _last: JsonObject = attrs.field(factory=dict)

    @property
    def complete(self) -> bool:
        """Whether its last event is in: this API has no other sign that an answer is complete."""
        return self.done

    def push(self, payload: bytes) -> list[bytes]:
        """The events for one of the upstream's; raises AnswerNonsense and StreamError."""
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
        if kind == "response.output_item.done":
            self._take(dict_at(event, "item"))
        if kind == "response.created" and self.request.state.opened:  # a keep-alive has begun this response already
            return []
        self.begun = True
        return [self._write(event)]

    def end(self) -> list[bytes]:
        """The last event, and nothing after it: clients wait for the end of the stream (RULES.md C-19)."""
        response = self._last.get("response")
        if isinstance(response, dict) and self.usage is not None and not same_tokens(self.usage, usage_in(response)):
            # What was booked, where upstream's own cannot be.
            response["usage"] = {**dict_at(response, "usage"), **usage_json(self.usage)}
        last = self._write(self._last)
        self.request.state.answered(dict_at(self._last, "response"), self._items)
        return [last]

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        return Usage(prompt_tokens, tokens_in(self.relayed_bytes), hosted=self._hosted())

    def _take(self, item: JsonObject) -> None:
        """An item is whole."""
        self._ran.add(item)
        if thought := thought_of(item):
            self.thoughts.append(thought)
        if self.request.state.keep is not None:
            self._items.append(item)

    def _hosted(self) -> Hosted | None:
        """What the items show that have come so far; a last event that holds them all knows better."""
        if dict_at(self._last, "response").get("output"):
            return None
        return self._ran.hosted()

    def _end(self, event: JsonObject, response: JsonView) -> None:
        self.done = True
        self.withheld = not self.has_content and is_withheld(response)
        self.has_content = True
        self.usage = usage_in(response) or self.usage
        self.relayed_bytes = max(self.relayed_bytes, written_in(response))
        self.written = text_of(response)
        self._last = event

    def _write(self, event: JsonView) -> bytes:
        """The event with its own number, or the next one where that was given already."""
        state = self.request.state
        if isinstance(response := event.get("response"), dict):
            self._rename(response)
        number = event.get("sequence_number")
        if type(number) is not int or number < state.sequence:
            number = state.sequence
        state.sequence = number + 1
        return typed_event({**event, "sequence_number": number})

    def _rename(self, response: JsonObject) -> None:
        """The client's id of the model; and of the response, where a keep-alive gave it one."""
        state = self.request.state
        upstream_id = response.get("id")
        response["model"] = state.model
        state.tell_previous(response)
        if state.opened or not isinstance(upstream_id, str) or not upstream_id:
            response["id"] = state.id
        else:
            state.id = upstream_id


def _says_something(kind: str, event: JsonView) -> bool:
    """Whether a user would notice an event."""
    item = event.get("item")
    begins = kind == "response.output_item.added" and isinstance(item, dict) and item.get("type") in SILENT_ITEMS
    return kind not in QUIET and not begins
