"""Chat's answers as Cursor reads them: the client's own names of tools, and the bare text of its custom ones.

A call of a custom tool is one of a function here, with the text itself as its arguments: Cursor reads
`function.name` of every call, and stops at one of chat's own custom calls (icebear0828/codex-proxy#708, with Cursor
3.14.27, August 2026).
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.wire.chat.answer import ChatAnswer, normalised
from aihub_lite.wire.chat.stream import chunk_event
from aihub_lite.wire.cursor.request import CursorRequest
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.responses.calls import InputText
from aihub_lite.wire.responses.tools import ClientTool


def cursor_answer(request: CursorRequest, data: bytes, request_id: str, created: int) -> ChatAnswer:
    """The body to send for a whole chat answer; raises AnswerNonsense."""
    answer = normalised(data, request.model, request_id, created, request.prompt_estimate)
    for choice in answer.chat["choices"]:
        for call in choice["message"].get("tool_calls", ()):
            _restore(call, request.tools.by_function)
    return answer.sent(answer.chat)


def _restore(call: JsonObject, tools: Mapping[str, ClientTool]) -> None:
    """In place."""
    function = call.get("function")
    if not isinstance(function, dict) or (tool := tools.get(function["name"])) is None:
        return
    function["name"] = tool.name
    if tool.kind == "custom":
        text = InputText()
        function["arguments"] = text.push(function["arguments"]) + text.end(tool.name)


@attrs.define
class _RawCall:
    """A call of a custom tool under way."""

    index: int
    tool: ClientTool
    text: InputText = attrs.field(factory=InputText)


@attrs.define
class CursorWriter:
    """Writes the chunks of one stream."""

    tools: Mapping[str, ClientTool]
    _calls: dict[int, dict[int, _RawCall]] = attrs.field(factory=dict)
    """Calls of custom tools by their index, by that of their choice."""

    def write(self, chunk: JsonObject) -> bytes:
        """The events for one chunk; none where it says nothing yet."""
        choices = chunk["choices"]
        if not choices:
            return chunk_event(chunk)
        choice: JsonObject = choices[0]
        delta: JsonObject = choice["delta"]
        if "tool_calls" in delta:
            pieces = [self._piece(choice["index"], call) for call in delta["tool_calls"]]
            delta = {**delta, "tool_calls": [piece for piece in pieces if piece is not None]}
            if not delta["tool_calls"]:
                del delta["tool_calls"]
        if choice["finish_reason"] is None:
            return _events(chunk, choice, delta)
        rest = self._rests(choice["index"])
        if not rest:
            return chunk_event({**chunk, "choices": [{**choice, "delta": delta}]})
        unfinished = {**choice, "finish_reason": None}
        calls = [{"tool_calls": [call]} for call in rest]
        last = chunk_event({**chunk, "choices": [{**choice, "delta": {}}]})
        return _events(chunk, unfinished, delta, *calls) + last

    def _piece(self, choice: int, call: JsonObject) -> JsonObject | None:
        """A piece of a call; None where nothing can be said of it yet."""
        function = call.get("function")
        if not isinstance(function, dict):
            return call
        raw_calls = self._calls.setdefault(choice, {})
        if "id" in call and (tool := self.tools.get(function.get("name", ""))) is not None:
            function = {**function, "name": tool.name}
            if tool.kind == "custom":
                raw_calls[call["index"]] = _RawCall(call["index"], tool)
        if (raw := raw_calls.get(call["index"])) is not None:
            text = raw.text.push(function.get("arguments", ""))
            if not text and "id" not in call:
                return None
            function = {**function, "arguments": text}
        return {**call, "function": function}

    def _rests(self, choice: int) -> list[JsonObject]:
        """What is left of the text of a choice's calls, which end now."""
        ended = [(raw.index, raw.text.end(raw.tool.name)) for raw in self._calls.pop(choice, {}).values()]
        return [{"index": index, "function": {"arguments": text}} for index, text in ended if text]


def _events(chunk: JsonObject, choice: JsonObject, *deltas: JsonObject) -> bytes:
    """One event for each delta that says something."""
    return b"".join(chunk_event({**chunk, "choices": [{**choice, "delta": delta}]}) for delta in deltas if delta)
