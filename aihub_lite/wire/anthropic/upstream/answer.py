"""A whole answer of Anthropic Messages as a chat completion."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.wire.anthropic.thinking import THINKING, detail_of
from aihub_lite.wire.anthropic.tools import NO_NAMES
from aihub_lite.wire.anthropic.upstream.forced import as_call
from aihub_lite.wire.anthropic.upstream.parameters import NO_PARAMETERS, renamed_keys
from aihub_lite.wire.anthropic.upstream.request import JSON_TOOL
from aihub_lite.wire.anthropic.usage import chat_usage, searched
from aihub_lite.wire.chat.shapes import ReasoningDetail
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in, text_at
from aihub_lite.wire.upstream_error import error_in, status_in

FINISH: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "compaction": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""OpenAI's finish reason by stop reason; one that is not known is a `stop`."""


def chat_of(
    answer: JsonView,
    names: Mapping[str, str] = NO_NAMES,
    parameters: Mapping[str, Mapping[str, str]] = NO_PARAMETERS,
    call: str = "",
) -> JsonObject:
    """`names` of tools, of their `parameters`, and the forced `call`, as the request's translation gave them.

    Raises AnswerNonsense for what is no message.
    """
    content = answer.get("content")
    if answer.get("type") == "error" or isinstance(answer.get("error"), Mapping):
        foreign = error_in(status_in(answer, 502), answer)
        raise AnswerNonsense(f"The upstream answered an error: {foreign.message}", foreign)
    if not isinstance(content, list) or answer.get("role") != "assistant":
        raise AnswerNonsense("The upstream's answer is no message.")
    if call and answer.get("stop_reason") != "refusal":
        content = as_call(content, call)
    chat: JsonObject = {
        "object": "chat.completion",
        "model": answer.get("model"),
        "choices": [_choice(content, answer, _MessageBuilder(names, parameters))],
    }
    answer_id = answer.get("id")
    if isinstance(answer_id, str):
        chat["id"] = answer_id
    usage = chat_usage(answer.get("usage"), sum(map(searched, dicts_in(content))))
    if usage is not None:
        chat["usage"] = usage
    return chat


def finish_of(stop: object, *, json_only: bool) -> str:
    """The finish reason; `json_only`: the only call was the answer itself."""
    reason = "stop"
    if isinstance(stop, str):
        reason = FINISH.get(stop, "stop")
    if json_only and reason == "tool_calls":
        return "stop"
    return reason


def refusal_of(stop: object, details: object) -> str | None:
    """Why the model refused, where it says so."""
    if stop != "refusal" or not isinstance(details, dict):
        return None
    return text_at(details, "explanation") or None


def annotations_of(citations: object, start: int, end: int) -> list[JsonObject]:
    """Citations of pages of the web as OpenAI's annotations; others cite what the client sent.

    `start` and `end` are those of the text that cites them, in characters of the answer's content.
    """
    annotations: list[JsonObject] = []
    for citation in dicts_in(citations):
        if not text_at(citation, "url"):
            continue
        page = {
            "url": text_at(citation, "url"),
            "title": text_at(citation, "title"),
            "content": text_at(citation, "cited_text"),
            "start_index": start,
            "end_index": end,
        }
        annotations.append({"type": "url_citation", "url_citation": page})
    return annotations


def arguments_of(block: JsonView, parameters: Mapping[str, Mapping[str, str]]) -> str:
    """The input of a call as the string that a client wants, with the client's own names of parameters."""
    tool_input = block.get("input")
    if tool_input is None:
        return "{}"
    if isinstance(tool_input, str):
        return tool_input  # was cut short
    changed = parameters.get(text_at(block, "name"))
    if changed and isinstance(tool_input, dict):
        tool_input = renamed_keys(tool_input, changed)
    return encode(tool_input).decode()


def _choice(content: list[object], answer: JsonView, builder: _MessageBuilder) -> JsonObject:
    for block in dicts_in(content):
        builder.add(block)
    message = builder.message()
    stop = answer.get("stop_reason")
    refusal = refusal_of(stop, answer.get("stop_details"))
    if refusal is not None:
        message["refusal"] = refusal
    json_only = builder.names.get(JSON_TOOL) == "" and not builder.calls
    choice: JsonObject = {"index": 0, "message": message, "finish_reason": finish_of(stop, json_only=json_only)}
    if isinstance(stop, str):
        choice["native_finish_reason"] = stop
    return choice


@attrs.define(eq=False)
class _MessageBuilder:
    """Takes an answer's blocks one by one. Those of tools that ran at Anthropic are left out: a client cannot answer
    them."""

    names: Mapping[str, str]
    parameters: Mapping[str, Mapping[str, str]]
    texts: list[str] = attrs.field(factory=list)
    thoughts: list[str] = attrs.field(factory=list)
    details: list[ReasoningDetail] = attrs.field(factory=list)
    calls: list[JsonObject] = attrs.field(factory=list)
    annotations: list[JsonObject] = attrs.field(factory=list)
    spoke: bool = False
    """Whether there is more than white space, with which Opus 4.6 begins before it thinks."""

    def add(self, block: JsonView) -> None:
        kind = text_at(block, "type")
        if kind == "text":
            self._add_text(block)
        elif kind in THINKING:
            self.thoughts.append(text_at(block, "thinking"))
            self.details.append(detail_of(block, len(self.details), self.spoke + len(self.calls)))
        elif kind == "tool_use":
            self._add_call(block)

    def message(self) -> JsonObject:
        message: JsonObject = {"role": "assistant", "content": "".join(self.texts)}
        if not message["content"] and self.calls:
            message["content"] = None
        if any(self.thoughts):
            message["reasoning_content"] = "".join(self.thoughts)
        if self.details:
            message["reasoning_details"] = self.details
        if self.calls:
            message["tool_calls"] = self.calls
        if self.annotations:
            message["annotations"] = self.annotations
        return message

    def _add_text(self, block: JsonView) -> None:
        text = text_at(block, "text")
        start = sum(map(len, self.texts))
        if text:
            self.texts.append(text)
            self.spoke = self.spoke or not text.isspace()
        self.annotations += annotations_of(block.get("citations"), start, start + len(text))

    def _add_call(self, block: JsonView) -> None:
        upstream_name = text_at(block, "name")
        name = self.names.get(upstream_name, upstream_name)
        arguments = arguments_of(block, self.parameters)
        if not name:  # the tool that stands for a JSON answer
            self.texts.append(arguments)
            return
        function = {"name": name, "arguments": arguments}
        self.calls.append({"id": block.get("id"), "type": "function", "function": function})
