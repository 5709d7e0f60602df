"""A whole answer as clients of Anthropic Messages get it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic_answer import NO_NAMES
from aihub_lite.wire.anthropic_parts import Block
from aihub_lite.wire.anthropic_thinking import KINDS, text_in, thinking_blocks, with_thinking
from aihub_lite.wire.anthropic_tools import arguments
from aihub_lite.wire.anthropic_usage import usage_of
from aihub_lite.wire.chat_answer import ChatAnswer, settled
from aihub_lite.wire.estimate import byte_count, tokens_in
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_error import error_in, status_in
from aihub_lite.wire.foreign_json import decode, encode
from aihub_lite.wire.messages_thoughts import of_call, redacted, wanted_back
from aihub_lite.wire.messages_tools import visible_id
from aihub_lite.wire.messages_usage import messages_usage

STOPS: Mapping[str, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
"""Anthropic's stop reason by OpenAI's finish reason."""
WRITTEN = ("text", "thinking", "partial_json")
"""Where Anthropic's blocks and deltas hold what the model wrote."""


def message_id(request_id: str) -> str:
    """Of the answer to a request."""
    return f"msg_{request_id}"


def translated_answer(
    data: bytes,
    model: str,
    request_id: str,
    prompt_tokens: int = 0,
    names: Mapping[str, str] = NO_NAMES,
) -> ChatAnswer:
    """A chat answer as a message; `names` as the request's translation gave them. Raises AnswerNonsense."""
    found = settled(data, model, request_id, 0, prompt_tokens)
    choice = min(found.chat["choices"], key=lambda each: each["index"])
    content, refused = blocks_of(choice["message"], names), bool(choice["message"].get("refusal"))
    called = any(block["type"] == "tool_use" for block in content)
    usage = found.usage or Usage(prompt_tokens, tokens_in(found.text_bytes))
    message = {
        "id": message_id(request_id),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_of(choice["finish_reason"], called=called, refused=refused),
        "stop_sequence": None,
        "usage": messages_usage(usage),
    }
    return ChatAnswer(encode(message), found.usage, found.text_bytes)


def native_answer(data: bytes, model: str) -> ChatAnswer:
    """Anthropic's own answer, as it is but for the model; raises AnswerNonsense for what is none."""
    answer = decode(data) if data.strip() else None
    if not isinstance(answer, dict):
        raise AnswerNonsense("The upstream's answer is not a JSON object.")
    if answer.get("type") == "error" or isinstance(answer.get("error"), dict):
        foreign = error_in(status_in(answer, 502), answer)
        raise AnswerNonsense(f"The upstream answered an error: {foreign.message}", foreign)
    content = answer.get("content")
    if not isinstance(content, list) or answer.get("role") != "assistant":
        raise AnswerNonsense("The upstream's answer is no message.")
    answer["model"] = model
    return ChatAnswer(encode(answer), usage_of(answer.get("usage")), sum(map(written_in, content)))


def thinking_in(data: bytes) -> list[Block]:
    """The thinking blocks of Anthropic's own answer; none of what is no answer."""
    answer = decode(data) if data.strip() else None
    content = answer.get("content") if isinstance(answer, dict) else None
    blocks = content if isinstance(content, list) else []
    return [block for block in blocks if isinstance(block, dict) and block.get("type") in KINDS]


def written_in(holder: Any) -> int:
    """UTF-8 bytes that the model wrote in a block or a delta."""
    if not isinstance(holder, dict):
        return 0
    texts = [text for name in WRITTEN if isinstance(text := holder.get(name), str)]
    given = len(encode(holder["input"])) if holder.get("input") else 0
    return sum(map(byte_count, texts)) + given


def blocks_of(message: Mapping[str, Any], names: Mapping[str, str]) -> list[Block]:
    """The content blocks of a settled chat message: thinking, text, calls."""
    details = message.get("reasoning_details")
    blocks: list[Block] = [redacted(detail) for detail in wanted_back(details)]
    signed = thinking_blocks(message)
    thought = text_in(message, "reasoning_content")
    if thought and not any(block.get("thinking") for _, block in signed):
        blocks.insert(0, {"type": "thinking", "thinking": thought, "signature": ""})
    texts = (text_in(message, "content"), text_in(message, "refusal"))
    spoken: list[Block] = [{"type": "text", "text": text} for text in texts if text.strip()]
    for call in message.get("tool_calls") or _legacy(message):
        call_id = visible_id(call["id"])
        if (detail := of_call(call, call_id)) is not None:
            spoken.append(redacted(detail))
        spoken.append(_tool_use(call, call_id, names))
    return [*blocks, *with_thinking(spoken, signed)]


def stop_of(reason: str | None, *, called: bool, refused: bool) -> str:
    """The stop reason; what has `called` waits for results, and a refusal in words is one, if a mere `stop` says so."""
    if reason in (None, "stop") and (called or refused):
        return "tool_use" if called else "refusal"
    return STOPS.get(reason or "stop", "end_turn")


def _tool_use(call: Mapping[str, Any], call_id: str, names: Mapping[str, str]) -> Block:
    kind = call["type"]
    payload = call[kind]
    given = {"input": payload["input"]} if kind == "custom" else arguments(payload["arguments"])
    name = names.get(payload["name"], payload["name"])
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def _legacy(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    function = message.get("function_call")
    if not isinstance(function, dict):
        return []
    given = {"name": function.get("name", ""), "arguments": function.get("arguments", "")}
    return [{"id": "fc_1", "type": "function", "function": given}]
