"""Thinking of Anthropic Messages and `reasoning_details` of chat, there and back.

What Claude signed is the same on both sides. What another provider wants back (a signature of Gemini's, something
encrypted by OpenAI) travels as a `redacted_thinking` block: clients keep those and look at nothing inside. Its `data`
is the detail itself, behind `OURS`. Thinking that nobody signed has an empty signature, which Anthropic would refuse:
like the blocks with `OURS`, it is taken out of whatever goes there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aihub_lite.wire.anthropic_parts import Block
from aihub_lite.wire.anthropic_thinking import (
    KINDS,
    budgeted,
    calls_without_thinking,
    detail_of,
    signature_of,
    text_in,
)
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.gemini_calls import signature_in
from aihub_lite.wire.gemini_signatures import FORMAT as GEMINI
from aihub_lite.wire.nested_json import object_in

OURS = "aihub-lite/1/"


def redacted(detail: Mapping[str, Any]) -> Block:
    """A block that carries a detail."""
    return {"type": "redacted_thinking", "data": OURS + base64.urlsafe_b64encode(encode(detail)).decode()}


def carried(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """The detail that such a block carries, if it is one."""
    data = signature_of(block)
    if not data.startswith(OURS):
        return None
    try:
        return object_in(base64.urlsafe_b64decode(data[len(OURS) :]).decode())
    except (binascii.Error, ValueError):
        return None


def wanted_back(details: object) -> list[dict[str, Any]]:
    """Details of other providers that go back to them.

    Gemini's of text parts are not among them: they may be left out, and a block after the text would be the last one.
    """
    return [
        detail
        for detail in (details if isinstance(details, list) else ())
        if isinstance(detail, dict)
        and isinstance(form := detail.get("format"), str)
        and not form.startswith("anthropic")
        and not isinstance(detail.get("text"), list)
        and (text_in(detail, "signature") or text_in(detail, "data"))
    ]


def of_call(call: Mapping[str, Any], call_id: str) -> dict[str, Any] | None:
    """The detail for a call that Gemini signed; `call_id` as the client has it."""
    signature = signature_in(call)
    return {"type": "reasoning.encrypted", "format": GEMINI, "id": call_id, "data": signature} if signature else None


def reasoning_of(blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`reasoning_content` and `reasoning_details` of an assistant's blocks, where there are any."""
    texts: list[str] = []
    details: list[dict[str, Any]] = []
    spoken, calls = False, 0
    for block in blocks:
        kind = block["type"]
        if kind in KINDS:
            texts.append(text_in(block, "thinking"))
            if signature_of(block):
                position = spoken + calls
                ours = signature_of(block).startswith(OURS)
                detail = carried(block) if ours else detail_of(block, len(details), position)
                details += [] if detail is None else [detail]
        elif kind == "text":
            spoken = spoken or bool(text_in(block, "text"))
        elif kind == "tool_use":
            calls += 1
    found: dict[str, Any] = {"reasoning_content": "".join(texts)} if any(texts) else {}
    return {**found, "reasoning_details": details} if details else found


def signed_for(body: Mapping[str, Any], readable: Callable[[str], bool] = lambda _: True) -> Mapping[str, Any]:
    """A client's own body for Anthropic: without thinking that Anthropic never signed, or that is not `readable`.

    The same object where there is none.
    """

    def kept(block: Any) -> bool:
        if not isinstance(block, dict) or block.get("type") not in KINDS:
            return True
        signature = signature_of(block)
        return bool(signature) and not signature.startswith(OURS) and readable(signature)

    if all(map(kept, _assistants_blocks(body))):
        return body
    messages = []
    for message in body["messages"]:
        content = message["content"]
        if message["role"] == "assistant" and isinstance(content, list):
            content = list(filter(kept, content))
        if content or content == message["content"]:
            messages.append({**message, "content": content})
    found = {**body, "messages": messages}
    if budgeted(found) and calls_without_thinking(list(map(_listed, messages))):
        del found["thinking"]
    return found


def _assistants_blocks(body: Mapping[str, Any]) -> list[Any]:
    said = [message["content"] for message in body["messages"] if message["role"] == "assistant"]
    return [block for content in said if isinstance(content, list) for block in content]


def _listed(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message["content"]
    return {**message, "content": content if isinstance(content, list) else [{"type": "text", "text": content}]}
