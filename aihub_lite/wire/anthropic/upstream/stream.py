"""A stream of Anthropic Messages as chat chunks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic.bedrock import METRICS, metered
from aihub_lite.wire.anthropic.thinking import THINKING, detail_of
from aihub_lite.wire.anthropic.tools import NO_NAMES
from aihub_lite.wire.anthropic.upstream.answer import annotations_of, arguments_of, finish_of, refusal_of
from aihub_lite.wire.anthropic.upstream.parameters import NO_PARAMETERS
from aihub_lite.wire.anthropic.upstream.request import JSON_TOOL
from aihub_lite.wire.anthropic.usage import chat_usage, merge, ran, searched, usage_of
from aihub_lite.wire.faults import StreamError
from aihub_lite.wire.foreign_json import event_object, object_in
from aihub_lite.wire.json_types import JsonObject, JsonView, list_at, text_at
from aihub_lite.wire.upstream_error import error_in, status_in


@attrs.define(eq=False)
class _Block:
    """An open block: how it began, and what of its deltas is needed at its end."""

    start: JsonView
    kind: str
    call: int = -1
    """Number of the client's call that it is; -1: none."""
    has_arguments: bool = False
    pieces: dict[str, list[str]] = attrs.field(factory=dict)
    """Thinking and its signature, as they came."""
    offset: int = 0
    """Characters of content before it."""
    citations: list[object] = attrs.field(factory=list)
    """What its text cites."""

    def whole(self) -> JsonObject:
        """The block as it would be in an answer that is not streamed."""
        texts = {name: text_at(self.start, name) + "".join(pieces) for name, pieces in self.pieces.items()}
        return {**self.start, **texts}


JSON = "partial_json"
"""The field of a delta that holds a piece of a call's input."""
NOTHING = _Block({}, "")
"""For deltas of a block that never began."""


@attrs.define
class AnthropicStream:
    """Reads one stream; `names` of tools, of their `parameters`, and a forced `call` as the request's translation
    gave them.

    Tool calls are counted here, since the numbers of blocks also count text, thinking and tools that ran at Anthropic.
    """

    names: Mapping[str, str] = NO_NAMES
    parameters: Mapping[str, Mapping[str, str]] = NO_PARAMETERS
    call: str = ""
    """The name upstream of the function whose arguments the text is."""
    done: bool = False
    """Whether the message has ended; what comes afterwards is nobody's."""
    _id: str = ""
    _started: bool = False
    _finished: bool = False
    _usage: JsonObject = attrs.field(factory=dict)
    _blocks: dict[int, _Block] = attrs.field(factory=dict)
    """The open ones, by number."""
    _characters: int = 0
    """Those of the content so far, as annotations count them."""
    _spoke: bool = False
    """Whether there is more among them than white space, with which Opus 4.6 begins before it thinks."""
    _calls: int = 0
    _details: int = 0
    searches: int = 0
    """Searches of the web that have found something."""

    @property
    def usage(self) -> Usage | None:
        """What has been reported so far: before the end, output tokens are those of the first moment."""
        return usage_of(self._usage)

    @property
    def hosted(self) -> Hosted | None:
        """What has run at Anthropic so far, as the answer itself shows it, unless its last usage knows better."""
        return ran(self._usage if self._finished else None, self.searches)

    def push(self, payload: bytes) -> list[JsonObject]:
        """The chunks for one event's data; raises AnswerNonsense (no JSON) and StreamError (the upstream's own)."""
        if payload.strip() == b"[DONE]":
            return []  # some endpoints like Anthropic's end as OpenAI's does
        return self.push_event(event_object(payload))

    def push_event(self, event: JsonView) -> list[JsonObject]:
        """The same for a decoded event. An event that is not known says nothing."""
        if self.done:
            return []
        kind = event.get("type")
        if kind == "error" or event.get("error"):
            status = status_in(event, 502)
            raise StreamError(error_in(status, event), status)
        if not isinstance(kind, str) or kind not in EVENTS:
            return []
        return EVENTS[kind](self, event)

    def _message_start(self, event: JsonView) -> list[JsonObject]:
        message = event.get("message")
        if not isinstance(message, dict):
            return []
        merge(self._usage, message.get("usage"))
        if self._started:
            return []  # a second start brings counts, but no second message
        self._started = True
        self._id = text_at(message, "id")
        return [self._chunk({"role": "assistant", "content": ""})]

    def _block_start(self, event: JsonView) -> list[JsonObject]:
        start = event.get("content_block")
        if not isinstance(start, dict):
            return []
        kind = start.get("type")
        if not isinstance(kind, str):
            return []
        block = _Block(start, kind, offset=self._characters)
        self._blocks[_number(event)] = block
        self.searches += searched(start)
        if kind == "text":
            block.citations += list_at(start, "citations")
            return self._chunks(self._text(block, start))
        if kind == "thinking":
            thought = text_at(start, "thinking")
            return self._chunks({"reasoning_content": thought} if thought else None)
        if kind == "tool_use":
            return self._chunks(self._call_start(block))
        return []

    def _block_delta(self, event: JsonView) -> list[JsonObject]:
        delta = event.get("delta")
        if not isinstance(delta, dict):
            return []
        take = DELTAS.get(text_at(delta, "type"))
        if take is None:
            return []
        return self._chunks(take(self, self._blocks.get(_number(event), NOTHING), delta))

    def _block_stop(self, event: JsonView) -> list[JsonObject]:
        block = self._blocks.pop(_number(event), NOTHING)
        if block.kind in THINKING:
            detail = detail_of(block.whole(), self._details, self._spoke + self._calls)
            self._details += 1
            return [self._chunk({"reasoning_details": [detail]})]
        if JSON in block.pieces or (block.kind == "tool_use" and not block.has_arguments):
            return self._chunks(self._arguments(block, self._whole_arguments(block)))
        # Only now is it known where the text ends that cites something.
        annotations = annotations_of(block.citations, block.offset, self._characters)
        return self._chunks({"annotations": annotations} if annotations else None)

    def _message_delta(self, event: JsonView) -> list[JsonObject]:
        merge(self._usage, event.get("usage"))
        delta = event.get("delta")
        if self._finished or not isinstance(delta, dict) or delta.get("stop_reason") is None:
            return []
        stop = delta["stop_reason"]
        refusal = refusal_of(stop, delta.get("stop_details"))
        if refusal is None:
            return [self._finish({}, stop)]
        return [self._finish({"refusal": refusal}, stop)]

    def _message_stop(self, event: JsonView) -> list[JsonObject]:
        self.done = True
        metrics = {}
        if METRICS in event and self.usage is None:
            metrics = metered(event)
            merge(self._usage, metrics)
        if not self._finished:
            return [self._finish({}, None)]
        if not metrics:
            return []
        return [{**self._chunk({}), "usage": chat_usage(self._usage, self.searches)}]

    def _text(self, block: _Block, delta: JsonView) -> JsonObject | None:
        text = text_at(delta, "text")
        if not text:
            return None
        if self.call and block is not NOTHING:
            return self._forced(block, text)
        self._characters += len(text)
        if not self._spoke:
            self._spoke = not text.isspace()
        return {"content": text}

    def _forced(self, block: _Block, text: str) -> JsonObject | None:
        """A text that is the arguments of a call, which begins with the first of them."""
        delta = None
        if self._calls == 0:
            block.start = {**block.start, "name": self.call}
            delta = self._call_start(block)
        block.call = 0
        if self.call in self.parameters:
            _keep_piece(block, {JSON: text}, JSON)  # a name may be cut: it is restored at the block's end
            return delta
        if delta is None:
            return self._arguments(block, text)
        delta["tool_calls"][0]["function"]["arguments"] = text
        return delta

    def _thinking(self, block: _Block, delta: JsonView) -> JsonObject | None:
        text = _keep_piece(block, delta, "thinking")
        if not text:
            return None
        return {"reasoning_content": text}

    def _signature(self, block: _Block, delta: JsonView) -> JsonObject | None:
        """Shown at the block's end, with the text that it signs."""
        _keep_piece(block, delta, "signature")
        return None

    def _json(self, block: _Block, delta: JsonView) -> JsonObject | None:
        text = text_at(delta, JSON)
        if block.kind != "tool_use" or not text:
            return None  # tools that run at Anthropic have arguments too: those are no call of the client's
        block.has_arguments = True
        if text_at(block.start, "name") in self.parameters:
            _keep_piece(block, delta, JSON)  # a name may be cut: it is restored at the block's end
            return None
        return self._arguments(block, text)

    def _citation(self, block: _Block, delta: JsonView) -> JsonObject | None:
        """Shown at the block's end."""
        if block is not NOTHING:
            block.citations.append(delta.get("citation"))
        return None

    def _call_start(self, block: _Block) -> JsonObject | None:
        name = text_at(block.start, "name")
        name = self.names.get(name, name)
        if not name:  # the tool that stands for a JSON answer
            return None
        block.call = self._calls
        self._calls += 1
        call = {"index": block.call, "id": block.start.get("id"), "type": "function"}
        return {"tool_calls": [{**call, "function": {"name": name, "arguments": ""}}]}

    def _whole_arguments(self, block: _Block) -> str:
        """The arguments of a block that has ended; those that were cut short stay as they came."""
        text = "".join(block.pieces.get(JSON, ()))
        if not text:
            return arguments_of(block.start, self.parameters)
        tool_input = object_in(text)
        if tool_input is None:
            return text
        return arguments_of({**block.start, "input": tool_input}, self.parameters)

    def _arguments(self, block: _Block, text: str) -> JsonObject:
        if block.call < 0:
            self._characters += len(text)
            self._spoke = True
            return {"content": text}
        return {"tool_calls": [{"index": block.call, "function": {"arguments": text}}]}

    def _finish(self, delta: JsonObject, stop: object) -> JsonObject:
        self._finished = True
        chunk = self._chunk(delta)
        choice = chunk["choices"][0]
        choice["finish_reason"] = finish_of(stop, json_only=self.names.get(JSON_TOOL) == "" and not self._calls)
        if isinstance(stop, str):
            choice["native_finish_reason"] = stop
        usage = chat_usage(self._usage, self.searches)
        if usage is not None:
            chunk["usage"] = usage
        return chunk

    def _chunks(self, delta: JsonObject | None) -> list[JsonObject]:
        if delta is None:
            return []
        return [self._chunk(delta)]

    def _chunk(self, delta: JsonObject) -> JsonObject:
        return {"id": self._id, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def _number(event: JsonView) -> int:
    """The number of the block that an event is about; endpoints that name none have one at a time."""
    number = event.get("index")
    if isinstance(number, int):
        return number
    return 0


def _keep_piece(block: _Block, delta: JsonView, name: str) -> str:
    """What a delta says of a field that is whole only at its block's end; empty for nothing, and for no block."""
    text = text_at(delta, name)
    if not text or block is NOTHING:
        return ""
    block.pieces.setdefault(name, []).append(text)
    return text


EVENTS: Mapping[str, Callable[[AnthropicStream, JsonView], list[JsonObject]]] = {
    "message_start": AnthropicStream._message_start,
    "content_block_start": AnthropicStream._block_start,
    "content_block_delta": AnthropicStream._block_delta,
    "content_block_stop": AnthropicStream._block_stop,
    "message_delta": AnthropicStream._message_delta,
    "message_stop": AnthropicStream._message_stop,
}
DELTAS: Mapping[str, Callable[[AnthropicStream, _Block, JsonView], JsonObject | None]] = {
    "text_delta": AnthropicStream._text,
    "thinking_delta": AnthropicStream._thinking,
    "signature_delta": AnthropicStream._signature,
    "input_json_delta": AnthropicStream._json,
    "citations_delta": AnthropicStream._citation,
}
