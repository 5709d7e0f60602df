"""A stream of Anthropic Messages as chat chunks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic_answer import NO_NAMES, annotations_of, arguments_of, finish_of, refusal_of
from aihub_lite.wire.anthropic_request import JSON_TOOL
from aihub_lite.wire.anthropic_thinking import KINDS, detail_of, text_in
from aihub_lite.wire.anthropic_usage import merge, usage_of
from aihub_lite.wire.chat_usage import usage_json
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.foreign_error import error_in, status_in
from aihub_lite.wire.foreign_json import decode

Chunk = dict[str, Any]


@attrs.define(eq=False)
class _Block:
    """An open block: how it began, and what of its deltas is needed at its end."""

    given: dict[str, Any]
    kind: str
    call: int = -1
    """Number of the client's call that it is; -1: none."""
    has_arguments: bool = False
    said: dict[str, list[str]] = attrs.field(factory=dict)
    """Thinking and its signature, piece by piece."""
    start: int = 0
    """Characters of content before it."""
    cited: list[Any] = attrs.field(factory=list)
    """What its text cites."""

    def whole(self) -> dict[str, Any]:
        """The block as it would be in an answer that is not streamed."""
        grown = {name: text_in(self.given, name) + "".join(texts) for name, texts in self.said.items()}
        return {**self.given, **grown}


NOTHING = _Block({}, "")
"""For deltas of a block that never began."""


@attrs.define
class AnthropicStream:
    """Reads one stream; `names` as the request's translation gave them.

    Tool calls are counted here, since the numbers of blocks also count text, thinking and tools that ran at Anthropic.
    """

    names: Mapping[str, str] = NO_NAMES
    done: bool = False
    """Whether the message has ended; what comes afterwards is nobody's."""
    _id: str = ""
    _started: bool = False
    _finished: bool = False
    _usage: dict[str, Any] = attrs.field(factory=dict)
    _blocks: dict[int, _Block] = attrs.field(factory=dict)
    """The open ones, by number."""
    _characters: int = 0
    """Of content so far."""
    _calls: int = 0
    _details: int = 0

    @property
    def usage(self) -> Usage | None:
        """What has been reported so far: before the end, output tokens are those of the first moment."""
        return usage_of(self._usage)

    def push(self, payload: bytes) -> list[Chunk]:
        """The chunks for one event's data; raises AnswerNonsense (no JSON) and StreamError (the upstream's own)."""
        if payload.strip() == b"[DONE]":
            return []  # some endpoints like Anthropic's end as OpenAI's does
        event = decode(payload)
        if not isinstance(event, dict):
            raise AnswerNonsense("An event of the upstream's stream is not a JSON object.")
        return self.push_event(event)

    def push_event(self, event: dict[str, Any]) -> list[Chunk]:
        """The same for a decoded event. An event that is not known says nothing."""
        if self.done:
            return []
        kind = event.get("type")
        if kind == "error" or event.get("error"):
            status = status_in(event, 502)
            raise StreamError(error_in(status, event), status)
        take = EVENTS.get(kind) if isinstance(kind, str) else None
        return take(self, event) if take is not None else []

    def _message_start(self, event: dict[str, Any]) -> list[Chunk]:
        message = event.get("message")
        if not isinstance(message, dict):
            return []
        merge(self._usage, message.get("usage"))
        if self._started:
            return []
        self._started = True
        self._id = message["id"] if isinstance(message.get("id"), str) else ""
        return [self._chunk({"role": "assistant", "content": ""})]

    def _block_start(self, event: dict[str, Any]) -> list[Chunk]:
        given = event.get("content_block")
        if not isinstance(given, dict) or not isinstance(kind := given.get("type"), str):
            return []
        block = self._blocks[_number(event)] = _Block(given, kind, start=self._characters)
        if kind == "text":
            block.cited += given["citations"] if isinstance(given.get("citations"), list) else []
            return self._shown(self._text(block, given))
        if kind == "thinking" and (thought := text_in(given, "thinking")):
            return [self._chunk({"reasoning_content": thought})]
        if kind == "tool_use" and (name := self._name(given)):
            block.call, self._calls = self._calls, self._calls + 1
            call = {"index": block.call, "id": given.get("id"), "type": "function"}
            return [self._chunk({"tool_calls": [{**call, "function": {"name": name, "arguments": ""}}]})]
        return []

    def _block_delta(self, event: dict[str, Any]) -> list[Chunk]:
        delta = event.get("delta")
        if not isinstance(delta, dict):
            return []
        take = DELTAS.get(text_in(delta, "type"))
        block = self._blocks.get(_number(event), NOTHING)
        return self._shown(take(self, block, delta)) if take is not None else []

    def _block_stop(self, event: dict[str, Any]) -> list[Chunk]:
        block = self._blocks.pop(_number(event), NOTHING)
        if block.kind in KINDS:
            detail = detail_of(block.whole(), self._details, (self._characters > 0) + self._calls)
            self._details += 1
            return [self._chunk({"reasoning_details": [detail]})]
        if block.kind == "tool_use" and not block.has_arguments:
            return self._shown(self._arguments(block, arguments_of(block.given)))
        # Only now is it known where the text ends that cites something.
        made = annotations_of(block.cited, block.start, self._characters)
        return [self._chunk({"annotations": made})] if made else []

    def _message_delta(self, event: dict[str, Any]) -> list[Chunk]:
        merge(self._usage, event.get("usage"))
        delta = event.get("delta")
        if self._finished or not isinstance(delta, dict) or delta.get("stop_reason") is None:
            return []
        refused = refusal_of(delta["stop_reason"], delta.get("stop_details"))
        return [self._finish({"refusal": refused} if refused else {}, delta["stop_reason"])]

    def _message_stop(self, event: dict[str, Any]) -> list[Chunk]:
        self.done = True
        return [] if self._finished else [self._finish({}, None)]

    def _text(self, block: _Block, delta: dict[str, Any]) -> Chunk | None:
        text = delta.get("text")
        if not isinstance(text, str) or not text:
            return None
        self._characters += len(text)
        return {"content": text}

    def _thinking(self, block: _Block, delta: dict[str, Any]) -> Chunk | None:
        return {"reasoning_content": delta["thinking"]} if _grown(block, delta, "thinking") else None

    def _signature(self, block: _Block, delta: dict[str, Any]) -> Chunk | None:
        """Shown at the block's end, with the text that it signs."""
        _grown(block, delta, "signature")
        return None

    def _json(self, block: _Block, delta: dict[str, Any]) -> Chunk | None:
        text = delta.get("partial_json")
        if block.kind != "tool_use" or not isinstance(text, str) or not text:
            return None  # tools that run at Anthropic have arguments too: those are no call of the client's
        block.has_arguments = True
        return self._arguments(block, text)

    def _citation(self, block: _Block, delta: dict[str, Any]) -> Chunk | None:
        """Shown at the block's end."""
        if block is not NOTHING:
            block.cited.append(delta.get("citation"))
        return None

    def _arguments(self, block: _Block, text: str) -> Chunk:
        if block.call < 0:
            self._characters += len(text)
            return {"content": text}
        return {"tool_calls": [{"index": block.call, "function": {"arguments": text}}]}

    def _name(self, given: dict[str, Any]) -> str:
        """The client's name of a called tool; empty for the one that stands for a JSON answer."""
        name = text_in(given, "name")
        return self.names.get(name, name)

    def _finish(self, delta: Chunk, stop: object) -> Chunk:
        self._finished = True
        chunk = self._chunk(delta)
        choice = chunk["choices"][0]
        choice["finish_reason"] = finish_of(stop, json_only=self.names.get(JSON_TOOL) == "" and not self._calls)
        if isinstance(stop, str):
            choice["native_finish_reason"] = stop
        if (usage := self.usage) is not None:
            chunk["usage"] = usage_json(usage)
        return chunk

    def _shown(self, delta: Chunk | None) -> list[Chunk]:
        return [self._chunk(delta)] if delta else []

    def _chunk(self, delta: Chunk) -> Chunk:
        return {"id": self._id, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def _number(event: dict[str, Any]) -> int:
    """Of the block that an event is about; endpoints that name none have one at a time."""
    number = event.get("index")
    return number if isinstance(number, int) else 0


def _grown(block: _Block, delta: dict[str, Any], name: str) -> bool:
    """Whether a delta said more of what its block keeps."""
    text = delta.get(name)
    if not isinstance(text, str) or not text or block is NOTHING:
        return False
    block.said.setdefault(name, []).append(text)
    return True


EVENTS: Mapping[str, Callable[[AnthropicStream, dict[str, Any]], list[Chunk]]] = {
    "message_start": AnthropicStream._message_start,
    "content_block_start": AnthropicStream._block_start,
    "content_block_delta": AnthropicStream._block_delta,
    "content_block_stop": AnthropicStream._block_stop,
    "message_delta": AnthropicStream._message_delta,
    "message_stop": AnthropicStream._message_stop,
}
DELTAS: Mapping[str, Callable[[AnthropicStream, _Block, dict[str, Any]], Chunk | None]] = {
    "text_delta": AnthropicStream._text,
    "thinking_delta": AnthropicStream._thinking,
    "signature_delta": AnthropicStream._signature,
    "input_json_delta": AnthropicStream._json,
    "citations_delta": AnthropicStream._citation,
}
