"""Chat chunks as events of Anthropic Messages.

One block is open at a time, and every delta belongs to the open one, so whatever a chunk brings first makes sure that
the right block is open. What must wait for an open call, such as another call whose pieces come in between, waits in
order until that call's arguments are whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic_answer import NO_NAMES
from aihub_lite.wire.anthropic_thinking import text_in, thinking_blocks
from aihub_lite.wire.anthropic_tools import arguments
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.messages_answer import message_id, stop_of
from aihub_lite.wire.messages_events import event
from aihub_lite.wire.messages_thoughts import of_call, redacted, wanted_back
from aihub_lite.wire.messages_tools import visible_id
from aihub_lite.wire.messages_usage import messages_usage
from aihub_lite.wire.nested_json import object_in

STARTS: Mapping[str, dict[str, Any]] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}
DELTAS: Mapping[str, tuple[str, str]] = {"text": ("text_delta", "text"), "thinking": ("thinking_delta", "thinking")}


@attrs.define(eq=False)
class _Call:
    """A call as far as it has come."""

    index: int
    start: dict[str, Any]
    signed: dict[str, Any] | None
    """A block that goes before it."""
    texts: list[str] = attrs.field(factory=list)
    """Its arguments."""
    plain: bool | None = None
    """Whether they begin as an object does, and so leave as they come; None while nothing has come."""

    def whole(self) -> bool:
        """Whether nothing can follow; a call that has none yet may still get some."""
        ended = bool(self.texts) and self.texts[-1].rstrip().endswith("}")
        return ended and object_in("".join(self.texts)) is not None


@attrs.define(eq=False)
class MessagesWriter:
    """Writes one stream; `names` as the request's translation gave them."""

    model: str
    request_id: str
    prompt_tokens: int = 0
    """An estimate, for `message_start`: the count comes at the end."""
    names: Mapping[str, str] = NO_NAMES
    started: bool = False
    reason: str | None = None
    """The finish reason, once there is one."""
    _refused: bool = False
    _index: int = -1
    """Of the last block that was begun."""
    _open: str = ""
    """The kind of the open block."""
    _call: _Call | None = None
    """The open block's."""
    _blank: str = ""
    """White space that a text block may yet begin with: on its own it would be a block that Anthropic refuses."""
    _waiting: list[tuple[str, str] | _Call] = attrs.field(factory=list)
    """Pieces of text and thinking, and calls, that came while a call was open."""
    _calls: dict[int, _Call] = attrs.field(factory=dict)

    def __call__(self, chunk: Mapping[str, Any]) -> bytes:
        """The events for a normalised chunk."""
        events: list[bytes] = []
        for choice in chunk["choices"]:
            if choice["index"] == 0:
                self._take(choice["delta"], events)
                self.reason = choice["finish_reason"] or self.reason
        return b"".join(events)

    def end(self, usage: Usage) -> bytes:
        """What is still open, and the end of the message."""
        events: list[bytes] = []
        while self._call is not None:
            self._close(events)
        self._close(events)
        self._start(events)
        stop = stop_of(self.reason, called=bool(self._calls), refused=self._refused)
        delta = {"stop_reason": stop, "stop_sequence": None}
        events.append(event("message_delta", {"type": "message_delta", "delta": delta, "usage": messages_usage(usage)}))
        events.append(event("message_stop", {"type": "message_stop"}))
        return b"".join(events)

    def _take(self, delta: Mapping[str, Any], events: list[bytes]) -> None:
        thought = text_in(delta, "reasoning_content")
        if thought:
            self._say("thinking", thought, events)
        if details := delta.get("reasoning_details"):
            self._detail(details, thought, events)
        if text := text_in(delta, "content"):
            self._say("text", text, events)
        if refusal := text_in(delta, "refusal"):
            self._refused = True
            self._say("text", refusal, events)
        for call in delta.get("tool_calls") or ():
            self._called(call, events)
        if isinstance(legacy := delta.get("function_call"), dict):
            self._called({"index": 0, "id": "fc_1", "type": "function", "function": legacy}, events)

    def _say(self, kind: str, text: str, events: list[bytes]) -> None:
        if not self._ready(events):
            self._waiting.append((kind, text))
            return
        if kind == "text" and self._open != "text":
            text, self._blank = self._blank + text, ""
            if text.isspace():
                self._blank = text
                return
        self._turn_to(kind, events)
        self._delta(*DELTAS[kind], text, events)

    def _detail(self, details: object, thought: str, events: list[bytes]) -> None:
        """What signs the thinking that was said, or thinking of which nothing may be seen."""
        for _, block in thinking_blocks({"reasoning_details": details}):
            if not self._ready(events):
                return  # nobody thinks inside a call
            if block["type"] == "redacted_thinking":
                self._whole_block(block, events)
                continue
            if self._open != "thinking":
                self._turn_to("thinking", events)
                if block["thinking"] and not thought:
                    self._delta(*DELTAS["thinking"], block["thinking"], events)
            self._delta("signature_delta", "signature", block["signature"], events)
            self._close(events)
        for detail in wanted_back(details):
            if self._ready(events):
                self._whole_block(redacted(detail), events)

    def _called(self, delta: Mapping[str, Any], events: list[bytes]) -> None:
        call = self._calls.get(delta["index"])
        function = delta.get(delta.get("type", "function")) or delta.get("function") or delta.get("custom") or {}
        if call is None:
            call = self._calls[delta["index"]] = self._new(delta, function)
            if self._ready(events):
                self._begin(call, events)
            else:
                self._waiting.append(call)
        text = text_in(function, "arguments") or text_in(function, "input")
        if text:
            call.texts.append(text)
            if call is self._call:
                self._argue(call, text, events)

    def _new(self, delta: Mapping[str, Any], function: Mapping[str, Any]) -> _Call:
        call_id, name = visible_id(str(delta.get("id"))), text_in(function, "name")
        start = {"type": "tool_use", "id": call_id, "name": self.names.get(name, name), "input": {}}
        signed = of_call(delta, call_id)
        return _Call(delta["index"], start, None if signed is None else redacted(signed))

    def _begin(self, call: _Call, events: list[bytes]) -> None:
        """Opens its block, and says what has come of it."""
        self._blank = ""
        if call.signed is not None:
            self._whole_block(call.signed, events)
        self._close(events)
        self._open_block(call.start, events)
        self._open, self._call = "tool_use", call
        if call.texts:
            self._argue(call, "".join(call.texts), events)

    def _argue(self, call: _Call, text: str, events: list[bytes]) -> None:
        """Arguments that are no object wait for the end of the call, and are wrapped into one there."""
        if call.plain is None:
            text = "".join(call.texts).lstrip()
            call.plain = text.startswith("{") if text else None
        if call.plain:
            self._delta("input_json_delta", "partial_json", text, events)

    def _ready(self, events: list[bytes]) -> bool:
        """Whether something else may begin: no call is open, or the open one is whole and ends here."""
        if self._call is None:
            return True
        if not self._call.whole():
            return False
        self._close(events)
        return self._call is None

    def _turn_to(self, kind: str, events: list[bytes]) -> None:
        if self._open != kind:
            self._close(events)
            self._open_block(STARTS[kind], events)
            self._open = kind

    def _whole_block(self, block: dict[str, Any], events: list[bytes]) -> None:
        self._close(events)
        self._open_block(block, events)
        self._open = block["type"]
        self._close(events)

    def _open_block(self, block: Mapping[str, Any], events: list[bytes]) -> None:
        self._start(events)
        self._index += 1
        begun = {"type": "content_block_start", "index": self._index, "content_block": block}
        events.append(event("content_block_start", begun))

    def _delta(self, kind: str, name: str, text: str, events: list[bytes]) -> None:
        said = {"type": "content_block_delta", "index": self._index, "delta": {"type": kind, name: text}}
        events.append(event("content_block_delta", said))

    def _close(self, events: list[bytes]) -> None:
        """End the open block, and say what has waited for that."""
        if not self._open:
            return
        call, self._call = self._call, None
        if call is not None and not call.plain:
            self._delta("input_json_delta", "partial_json", encode(arguments("".join(call.texts))).decode(), events)
        events.append(event("content_block_stop", {"type": "content_block_stop", "index": self._index}))
        self._open = ""
        if call is not None:
            self._go_on(events)

    def _go_on(self, events: list[bytes]) -> None:
        waiting, self._waiting = self._waiting, []
        for position, piece in enumerate(waiting):
            if isinstance(piece, _Call):
                self._begin(piece, events)
                self._waiting = waiting[position + 1 :]
                return
            self._say(*piece, events)

    def _start(self, events: list[bytes]) -> None:
        if self.started:
            return
        self.started = True
        message: dict[str, Any] = {
            "id": message_id(self.request_id),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": messages_usage(Usage(self.prompt_tokens)),
        }
        events.append(event("message_start", {"type": "message_start", "message": message}))
