"""A whole answer of Anthropic Messages as a chat completion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aihub_lite.wire.anthropic_request import JSON_TOOL
from aihub_lite.wire.anthropic_thinking import KINDS, detail_of, text_in
from aihub_lite.wire.anthropic_usage import usage_of
from aihub_lite.wire.chat_usage import usage_json
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_error import error_in, status_in
from aihub_lite.wire.foreign_json import encode

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

NO_NAMES: Mapping[str, str] = {}


def chat_of(answer: Mapping[str, Any], names: Mapping[str, str] = NO_NAMES) -> dict[str, Any]:
    """`names` as the request's translation gave them. Raises AnswerNonsense for what is no message."""
    content = answer.get("content")
    if answer.get("type") == "error" or isinstance(answer.get("error"), Mapping):
        foreign = error_in(status_in(answer, 502), answer)
        raise AnswerNonsense(f"The upstream answered an error: {foreign.message}", foreign)
    if not isinstance(content, list) or answer.get("role") != "assistant":
        raise AnswerNonsense("The upstream's answer is no message.")
    stop = answer.get("stop_reason")
    message = _message([block for block in content if isinstance(block, Mapping)], names)
    if refused := refusal_of(stop, answer.get("stop_details")):
        message["refusal"] = refused
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": finish_of(stop, json_only=names.get(JSON_TOOL) == "" and "tool_calls" not in message),
    }
    if isinstance(stop, str):
        choice["native_finish_reason"] = stop
    chat: dict[str, Any] = {"object": "chat.completion", "model": answer.get("model"), "choices": [choice]}
    if isinstance(answer_id := answer.get("id"), str):
        chat["id"] = answer_id
    if (usage := usage_of(answer.get("usage"))) is not None:
        chat["usage"] = usage_json(usage)
    return chat


def finish_of(stop: object, *, json_only: bool) -> str:
    """The finish reason; `json_only`: the only call was the answer itself."""
    reason = FINISH.get(stop, "stop") if isinstance(stop, str) else "stop"
    return "stop" if json_only and reason == "tool_calls" else reason


def refusal_of(stop: object, details: object) -> str | None:
    """Why the model refused, where it says so."""
    explanation = details.get("explanation") if stop == "refusal" and isinstance(details, Mapping) else None
    return explanation if isinstance(explanation, str) and explanation else None


def annotations_of(citations: object, start: int, end: int) -> list[dict[str, Any]]:
    """Citations of pages of the web as OpenAI's annotations; others cite what the client sent.

    `start` and `end` are those of the text that cites them, in characters of the answer's content.
    """
    found = []
    for citation in citations if isinstance(citations, list) else ():
        if isinstance(citation, Mapping) and (url := text_in(citation, "url")):
            cited = {"url": url, "title": text_in(citation, "title"), "content": text_in(citation, "cited_text")}
            found.append({"type": "url_citation", "url_citation": {**cited, "start_index": start, "end_index": end}})
    return found


def arguments_of(block: Mapping[str, Any]) -> str:
    """The input of a call as the string that a client wants."""
    given = block.get("input")
    return encode(given if given is not None else {}).decode()


def _message(blocks: list[Mapping[str, Any]], names: Mapping[str, str]) -> dict[str, Any]:
    """Blocks of tools that ran at Anthropic are left out: a client cannot answer them."""
    texts: list[str] = []
    thoughts: list[str] = []
    details: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for block in blocks:
        kind = text_in(block, "type")
        if kind == "text":
            start = sum(map(len, texts))
            texts += filter(None, [text_in(block, "text")])
            annotations += annotations_of(block.get("citations"), start, start + len(text_in(block, "text")))
        elif kind in KINDS:
            thoughts.append(text_in(block, "thinking"))
            details.append(detail_of(block, len(details), bool(texts) + len(calls)))
        elif kind == "tool_use":
            name = names.get(found := text_in(block, "name"), found)
            function = {"name": name, "arguments": arguments_of(block)}
            if name:
                calls.append({"id": block.get("id"), "type": "function", "function": function})
            else:
                texts.append(function["arguments"])
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) or (None if calls else "")}
    if any(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    if details:
        message["reasoning_details"] = details
    if calls:
        message["tool_calls"] = calls
    if annotations:
        message["annotations"] = annotations
    return message
