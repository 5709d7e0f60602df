"""A whole answer as clients of Anthropic Messages get it."""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.wire.anthropic.blocks import Block
from aihub_lite.wire.anthropic.surface.citations import citations_of
from aihub_lite.wire.anthropic.surface.thinking import carrier_block, extra_block, foreign_details
from aihub_lite.wire.anthropic.surface.tools import client_call_id
from aihub_lite.wire.anthropic.surface.usage import messages_usage
from aihub_lite.wire.anthropic.thinking import THINKING, thinking_blocks, with_thinking
from aihub_lite.wire.anthropic.tools import NO_NAMES, arguments
from aihub_lite.wire.anthropic.usage import ran, searched, usage_of, with_searches
from aihub_lite.wire.chat.answer import ChatAnswer, normalised
from aihub_lite.wire.chat.upstream_cost import cost_said
from aihub_lite.wire.estimate import byte_count
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_json import answer_object, decode, encode
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in, text_at
from aihub_lite.wire.upstream_error import error_in, status_in
from aihub_lite.wire.written import Written

STOPS: Mapping[str, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
"""Anthropic's stop reason by OpenAI's finish reason."""
QUIET = frozenset({"text", "thinking"})
"""Types of blocks that say nothing before there is text in them."""
TEXTS = frozenset({"text", "text_delta"})
THOUGHTS = frozenset({*THINKING, "thinking_delta", "signature_delta"})
"""Types of blocks and deltas."""
TEXT_FIELDS = ("text", "thinking", "partial_json")
"""Where Anthropic's blocks and deltas hold what the model wrote."""


def message_id(request_id: str) -> str:
    """The id of the message that answers a request."""
    return f"msg_{request_id}"


def translated_answer(
    data: bytes,
    model: str,
    request_id: str,
    prompt_tokens: int = 0,
    names: Mapping[str, str] = NO_NAMES,
) -> ChatAnswer:
    """A chat answer as a message; `names` as the request's translation gave them. Raises AnswerNonsense."""
    answer = normalised(data, model, request_id, 0, prompt_tokens)
    # A message is one answer, should there be several.
    choice = min(answer.chat["choices"], key=lambda choice: choice["index"])
    content = blocks_of(choice["message"], names)
    called = any(block["type"] == "tool_use" for block in content)
    refused = bool(choice["message"].get("refusal"))
    message = {
        "id": message_id(request_id),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_of(choice["finish_reason"], called=called, refused=refused),
        "stop_sequence": None,
        "usage": {**messages_usage(answer.believable(prompt_tokens)), **cost_said(answer.chat["usage"])},
    }
    return answer.sent(message)


def native_answer(data: bytes, model: str) -> ChatAnswer:
    """Anthropic's own answer, as it is but for the model; raises AnswerNonsense for what is none."""
    answer = answer_object(data)
    if answer.get("type") == "error" or isinstance(answer.get("error"), dict):
        foreign = error_in(status_in(answer, 502), answer)
        raise AnswerNonsense(f"The upstream answered an error: {foreign.message}", foreign)
    content = answer.get("content")
    if not isinstance(content, list) or answer.get("role") != "assistant":
        raise AnswerNonsense("The upstream's answer is no message.")
    answer["model"] = model
    written = Written(shows_thought=True)
    for block in dicts_in(content):
        take_block(written, block)
    reported = answer.get("usage")
    searches = sum(map(searched, dicts_in(content)))
    usage = with_searches(usage_of(reported), reported, searches)
    bytes_ = sum(map(written_in, content))
    only_text = all(text_at(block, "type") in QUIET for block in dicts_in(content))
    withheld = answer.get("stop_reason") == STOPS["content_filter"] and only_text and not bytes_
    return ChatAnswer(encode(answer), usage, bytes_, written, ran(reported, searches), withheld)


def thinking_in(data: bytes) -> list[JsonObject]:
    """The thinking blocks of Anthropic's own answer; none of what is no answer."""
    answer = _object_in(data)
    if answer is None:
        return []
    return [block for block in dicts_in(answer.get("content")) if text_at(block, "type") in THINKING]


def _object_in(data: bytes) -> JsonObject | None:
    """Raises AnswerNonsense for what is no JSON."""
    if not data.strip():
        return None
    answer = decode(data)
    if isinstance(answer, dict):
        return answer
    return None


def written_in(holder: object) -> int:
    """UTF-8 bytes that the model wrote in a block or a delta."""
    if not isinstance(holder, dict):
        return 0
    texts = [text for name in TEXT_FIELDS if isinstance(text := holder.get(name), str)]
    written = sum(map(byte_count, texts))
    if holder.get("input"):
        written += len(encode(holder["input"]))
    return written


def take_block(written: Written, block: JsonView) -> None:
    """Add what a block, or the delta of one, holds."""
    kind = text_at(block, "type")
    if kind in TEXTS and not block.get("citations"):
        written.add(text_at(block, "text"))
    elif kind in THOUGHTS:
        written.thought = True
    else:
        written.other = True


def blocks_of(message: JsonView, names: Mapping[str, str]) -> list[Block]:
    """The content blocks of a normalised chat message: thinking, text, calls."""
    blocks = [carrier_block(detail) for detail in foreign_details(message.get("reasoning_details"))]
    if signed_message := extra_block(message):
        blocks.append(signed_message)
    signed = thinking_blocks(message)
    thought = text_at(message, "reasoning_content")
    if thought and not any(block.get("thinking") for _, block in signed):
        blocks.insert(0, {"type": "thinking", "thinking": thought, "signature": ""})
    texts = (text_at(message, "content"), text_at(message, "refusal"))
    rest: list[Block] = [{"type": "text", "text": text} for text in texts if text.strip()]
    if rest and (cited := citations_of(message.get("annotations"))):
        rest[0]["citations"] = [*cited]
    for call in message.get("tool_calls") or _legacy_calls(message):
        call_id = client_call_id(call["id"])
        if signed_call := extra_block(call, call_id):
            rest.append(signed_call)
        rest.append(_tool_use(call, call_id, names))
    return [*blocks, *with_thinking(rest, signed)]


def stop_of(reason: str | None, *, called: bool, refused: bool) -> str:
    """The stop reason; what has `called` waits for results, and a refusal in words is one, if a mere `stop` says so."""
    if reason in (None, "stop"):
        if called:
            return "tool_use"
        if refused:
            return "refusal"
    return STOPS.get(reason or "stop", "end_turn")


def _tool_use(call: JsonView, call_id: str, names: Mapping[str, str]) -> Block:
    payload = call[call["type"]]
    name = names.get(payload["name"], payload["name"])
    return {"type": "tool_use", "id": call_id, "name": name, "input": _input_of(call)}


def _input_of(call: JsonView) -> JsonObject:
    if call["type"] == "custom":
        return {"input": call["custom"]["input"]}
    return arguments(call["function"]["arguments"])


def _legacy_calls(message: JsonView) -> list[JsonObject]:
    """`function_call` as the one call that it is."""
    function = message.get("function_call")
    if not isinstance(function, dict):
        return []
    function = {"name": function.get("name", ""), "arguments": function.get("arguments", "")}
    return [{"id": "fc_1", "type": "function", "function": function}]
