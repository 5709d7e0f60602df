"""Thinking of Anthropic Messages and `reasoning_details` of chat, there and back.

What Claude signed is the same on both sides. What another provider wants back (a signature of Gemini's, something
encrypted by OpenAI) travels as a `redacted_thinking` block: clients keep those and look at nothing inside. Its `data`
is the detail itself, behind `OURS`, or the `extra_content` of a call or a message. Thinking that nobody signed has an
empty signature, which Anthropic would refuse: like the blocks with `OURS`, it is taken out of whatever goes there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence

from aihub_lite.wire.anthropic.blocks import Block, Message
from aihub_lite.wire.anthropic.surface.citations import without_citations
from aihub_lite.wire.anthropic.thinking import THINKING, calls_without_thinking, detail_of, has_budget, signature_of
from aihub_lite.wire.chat.reasoning import merged, signed_extra
from aihub_lite.wire.foreign_json import encode, object_in
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at

OURS = "aihub-lite/1/"


def carrier_block(detail: JsonView) -> Block:
    """A block that carries a detail through the client."""
    return {"type": "redacted_thinking", "data": OURS + base64.urlsafe_b64encode(encode(detail)).decode()}


def carried_detail(block: JsonView) -> JsonObject | None:
    """The detail that such a block carries, if it is one."""
    data = signature_of(block)
    if not data.startswith(OURS):
        return None
    try:
        return object_in(base64.urlsafe_b64decode(data[len(OURS) :]).decode())
    except (binascii.Error, ValueError):
        return None


def foreign_details(details: object) -> list[JsonObject]:
    """Details of other providers that go back to them."""
    return [detail for detail in dicts_in(details) if _is_foreign(detail)]


def signs_text(detail: JsonView) -> bool:
    """Whether a detail signs a part of the text, as Gemini's do; it says itself which."""
    return isinstance(detail.get("text"), list)


def _is_foreign(detail: JsonView) -> bool:
    form = detail.get("format")
    if not isinstance(form, str) or form.startswith("anthropic"):
        return False
    return bool(text_at(detail, "signature") or text_at(detail, "data"))


def extra_block(holder: JsonView, call_id: str = "") -> Block | None:
    """A block that carries what Gemini signed of a message, or of a call whose id the client has; None: nothing."""
    extra = signed_extra(holder)
    if not extra:
        return None
    return carrier_block({"id": call_id, "extra_content": extra})


def extras_of(blocks: Sequence[JsonView]) -> Mapping[str, JsonObject]:
    """What such blocks bring back: `extra_content` by the ids of calls, and that of the message by an empty one."""
    extras: dict[str, JsonObject] = {}
    for block in blocks:
        detail = carried_detail(block) or {}
        if extra := dict_at(detail, "extra_content"):
            call_id = text_at(detail, "id")
            extras[call_id] = merged(extras.get(call_id, {}), extra)
    return extras


def reasoning_of(blocks: Sequence[JsonView]) -> JsonObject:
    """`reasoning_content` and `reasoning_details` of an assistant's blocks, where there are any."""
    texts: list[str] = []
    details: list[JsonView] = []
    has_text = False
    calls = 0
    for block in blocks:
        kind = block["type"]
        if kind in THINKING:
            texts.append(text_at(block, "thinking"))
            detail = _detail(block, len(details), has_text + calls)
            if detail is not None:
                details.append(detail)
        elif kind == "text":
            has_text = has_text or bool(text_at(block, "text").strip())
        elif kind == "tool_use":
            calls += 1
    reasoning: JsonObject = {}
    if any(texts):
        reasoning["reasoning_content"] = "".join(texts)
    if details:
        reasoning["reasoning_details"] = details
    return reasoning


def _detail(block: JsonView, index: int, position: int) -> JsonView | None:
    signature = signature_of(block)
    if not signature:
        return None
    if signature.startswith(OURS):
        return _unless_extra(carried_detail(block))
    return detail_of(block, index, position)


def _unless_extra(detail: JsonObject | None) -> JsonObject | None:
    """None for what `extras_of` reads."""
    if detail is None or "extra_content" in detail:
        return None
    return detail


def strip_foreign_thinking(body: JsonView, readable: Callable[[str], bool] = lambda _: True) -> JsonView:
    """A client's own body for Anthropic: without thinking that Anthropic never signed, or that is not `readable`, and
    without citations that it never made.

    The same object where there is none.
    """

    def kept(block: object) -> object:
        """What goes along of a block; None for nothing."""
        if not isinstance(block, dict):
            return block
        if block.get("type") not in THINKING:
            return without_citations(block)
        signature = signature_of(block)
        if signature and not signature.startswith(OURS) and readable(signature):
            return block
        return None

    if all(kept(block) is block for block in _assistant_blocks(body)):
        return body
    messages: list[JsonView] = []
    for message in body["messages"]:
        content = message["content"]
        if message["role"] == "assistant" and isinstance(content, list):
            content = [block for block in map(kept, content) if block is not None]
        if content or content == message["content"]:
            messages.append({**message, "content": content})
    stripped = {**body, "messages": messages}
    if has_budget(body.get("thinking")) and calls_without_thinking(list(map(_in_blocks, messages))):
        del stripped["thinking"]
    return stripped


def _assistant_blocks(body: JsonView) -> list[object]:
    contents = [message["content"] for message in body["messages"] if message["role"] == "assistant"]
    return [block for content in contents if isinstance(content, list) for block in content]


def _in_blocks(message: JsonView) -> Message:
    content = message["content"]
    if not isinstance(content, list):
        content = [{"type": "text", "text": content}]
    return {"role": message["role"], "content": content}
