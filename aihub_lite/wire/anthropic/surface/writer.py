"""Chat chunks as events of Anthropic Messages.

One block is open at a time, and every delta belongs to the open one, so whatever a chunk brings first makes sure that
the right block is open. What must wait for an open call, such as another call whose pieces come in between, waits in
order until that call's arguments are whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic.blocks import Block
from aihub_lite.wire.anthropic.surface.answer import message_id, stop_of
from aihub_lite.wire.anthropic.surface.citations import citations_of
from aihub_lite.wire.anthropic.surface.events import event
from aihub_lite.wire.anthropic.surface.thinking import carrier_block, extra_block, foreign_details, signs_text
from aihub_lite.wire.anthropic.surface.tools import client_call_id
from aihub_lite.wire.anthropic.surface.usage import messages_usage
from aihub_lite.wire.anthropic.thinking import thinking_blocks
from aihub_lite.wire.anthropic.tools import NO_NAMES, arguments
from aihub_lite.wire.foreign_json import encode, object_in
from aihub_lite.wire.json_types import JsonObject, JsonView, text_at

STARTS: Mapping[str, Block] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}
DELTAS: Mapping[str, tuple[str, str]] = {"text": ("text_delta", "text"), "thinking": ("thinking_delta", "thinking")}


@attrs.define(eq=False)
class _Call:
    """A call as far as it has come."""

    index: int
    start: Block
    signature: Block | None
    """A block that goes before it: what Gemini signed the call with."""
    texts: list[str] = attrs.field(factory=list)
    """Its arguments, piece by piece."""
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
    """The number of the last block that was begun."""
    _open: str = ""
    """The kind of the open block."""
    _call: _Call | None = None
    """The call that the open block is, if it is one."""
    _blank: str = ""
    """White space that a text block may yet begin with: on its own it would be a block that Anthropic refuses."""
    _waiting: list[tuple[str, str] | _Call] = attrs.field(factory=list)
    """Pieces of text and thinking, and calls, that came while a call was open."""
    _calls: dict[int, _Call] = attrs.field(factory=dict)
    _cited: set[str] = attrs.field(factory=set)
    """Addresses of sources that were named."""
    _signatures: list[Block] = attrs.field(factory=list)
    """Blocks that carry what signs the text or the message, until the next call or the end."""

    def __call__(self, chunk: JsonView) -> bytes:
        """The events for a normalised chunk."""
        events: list[bytes] = []
        for choice in chunk["choices"]:
            if choice["index"] == 0:
                self._take(choice["delta"], events)
                self.reason = choice["finish_reason"] or self.reason
        return b"".join(events)

    def end(self, usage: Usage, cost: JsonView) -> bytes:
        """What is still open, and the end of the message; `cost` is what the upstream says of it, as it came."""
        events: list[bytes] = []
        while self._call is not None:  # closing one call may open the next that has waited
            self._close(events)
        self._sign(events)
        self._close(events)
        self._start(events)
        stop = stop_of(self.reason, called=bool(self._calls), refused=self._refused)
        delta = {"stop_reason": stop, "stop_sequence": None}
        counts = {**messages_usage(usage), **cost}
        events.append(event("message_delta", {"type": "message_delta", "delta": delta, "usage": counts}))
        events.append(event("message_stop", {"type": "message_stop"}))
        return b"".join(events)

    def _take(self, delta: JsonView, events: list[bytes]) -> None:
        thought = text_at(delta, "reasoning_content")
        if thought:
            self._write_text("thinking", thought, events)
        if details := delta.get("reasoning_details"):
            self._take_details(details, thought, events)
        if text := text_at(delta, "content"):
            self._write_text("text", text, events)
        if "extra_content" in delta and (signed := extra_block(delta)):
            self._signatures.append(signed)
        if annotations := delta.get("annotations"):
            self._cite(annotations, events)
        if refusal := text_at(delta, "refusal"):
            self._refused = True
            self._write_text("text", refusal, events)
        for call in delta.get("tool_calls") or ():
            self._take_call(call, events)
        legacy = delta.get("function_call")
        if isinstance(legacy, dict):
            self._take_call({"index": 0, "id": "fc_1", "type": "function", "function": legacy}, events)

    def _write_text(self, kind: str, text: str, events: list[bytes]) -> None:
        if not self._ready(events):
            self._waiting.append((kind, text))
            return
        if kind == "text" and self._open != "text":
            text = self._blank + text
            self._blank = ""
            if text.isspace():
                self._blank = text
                return
        self._turn_to(kind, events)
        self._delta(*DELTAS[kind], text, events)

    def _cite(self, annotations: object, events: list[bytes]) -> None:
        """Sources belong to the text that is open; without one there is nothing that they could be of."""
        if self._open != "text":
            return
        for citation in citations_of(annotations):
            if citation["url"] not in self._cited:
                self._cited.add(citation["url"])
                delta = {"type": "citations_delta", "citation": citation}
                events.append(_block_event("content_block_delta", self._index, delta=delta))

    def _take_details(self, details: object, thought: str, events: list[bytes]) -> None:
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
        for detail in foreign_details(details):
            if signs_text(detail):
                self._signatures.append(carrier_block(detail))
            elif self._ready(events):
                self._whole_block(carrier_block(detail), events)

    def _sign(self, events: list[bytes]) -> None:
        """What signs the text, behind all of it: a text is not cut for that."""
        for block in self._signatures:
            self._whole_block(block, events)
        self._signatures = []

    def _take_call(self, delta: JsonView, events: list[bytes]) -> None:
        call = self._calls.get(delta["index"])
        # Only a call's first delta has its type.
        function = delta.get(delta.get("type", "function")) or delta.get("function") or delta.get("custom") or {}
        if call is None:
            call = self._calls[delta["index"]] = self._new_call(delta, function)
            if self._ready(events):
                self._begin_call(call, events)
            else:
                self._waiting.append(call)
        text = text_at(function, "arguments") or text_at(function, "input")
        if text:
            call.texts.append(text)
            if call is self._call:
                self._write_arguments(call, text, events)

    def _new_call(self, delta: JsonView, function: JsonView) -> _Call:
        call_id = client_call_id(str(delta.get("id")))
        name = text_at(function, "name")
        start: Block = {"type": "tool_use", "id": call_id, "name": self.names.get(name, name), "input": {}}
        return _Call(delta["index"], start, extra_block(delta, call_id))

    def _begin_call(self, call: _Call, events: list[bytes]) -> None:
        """Opens its block, and writes what has come of it."""
        self._blank = ""
        self._sign(events)
        if call.signature is not None:
            self._whole_block(call.signature, events)
        self._close(events)
        self._open_block(call.start, events)
        self._call = call
        if call.texts:
            self._write_arguments(call, "".join(call.texts), events)

    def _write_arguments(self, call: _Call, text: str, events: list[bytes]) -> None:
        """Arguments that are no object wait for the end of the call, and are wrapped into one there."""
        if call.plain is None:
            text = "".join(call.texts).lstrip()
            if text:
                call.plain = text.startswith("{")
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

    def _whole_block(self, block: Block, events: list[bytes]) -> None:
        self._close(events)
        self._open_block(block, events)
        self._close(events)

    def _open_block(self, block: Block, events: list[bytes]) -> None:
        self._start(events)
        self._index += 1
        self._open = block["type"]
        start = {"type": "content_block_start", "index": self._index, "content_block": block}
        events.append(event("content_block_start", start))

    def _delta(self, kind: str, name: str, text: str, events: list[bytes]) -> None:
        events.append(_block_event("content_block_delta", self._index, delta={"type": kind, name: text}))

    def _close(self, events: list[bytes]) -> None:
        """Ends the open block, and writes what has waited for that."""
        if not self._open:
            return
        call = self._call
        self._call = None
        if call is not None and not call.plain:
            self._delta("input_json_delta", "partial_json", encode(arguments("".join(call.texts))).decode(), events)
        events.append(event("content_block_stop", {"type": "content_block_stop", "index": self._index}))
        self._open = ""
        if call is not None:
            self._go_on(events)

    def _go_on(self, events: list[bytes]) -> None:
        waiting = self._waiting
        self._waiting = []
        for position, piece in enumerate(waiting):
            if isinstance(piece, _Call):
                # The rest waits for this call in its turn.
                self._begin_call(piece, events)
                self._waiting = waiting[position + 1 :]
                return
            self._write_text(*piece, events)

    def _start(self, events: list[bytes]) -> None:
        if self.started:
            return
        self.started = True
        message: JsonObject = {
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


def _block_event(kind: str, index: int, **fields: JsonView) -> bytes:
    return event(kind, {"type": kind, "index": index, **fields})
