"""Thinking, there and back: shown as `reasoning_details`, returned unchanged.

A thinking block is only valid with its signature and, for the newest models, only after the very conversation and at
the very account that it came from. So what a client sends back goes upstream as it is, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

from aihub_lite.wire.anthropic.blocks import Block, Message
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.chat.shapes import ReasoningDetail
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in, text_at

FORMAT = "anthropic-claude-v1"
"""OpenRouter's name for these details; those of another format are not ours to send."""
THINKING = ("thinking", "redacted_thinking")
"""Types of thinking blocks."""
EFFORT_BY_BUDGET = ((1024, "low"), (8192, "medium"))
"""What a budget in tokens comes to, up to each limit; above it is `high`."""

PlacedBlock = tuple[int, Block]
"""A thinking block, and how many blocks of its message that are none of them stand before it."""


def budget_effort(budget: int) -> str:
    """The effort that a budget in tokens comes to."""
    for most, effort in EFFORT_BY_BUDGET:
        if budget <= most:
            return effort
    return "high"


def detail_of(block: JsonView, index: int, position: int) -> ReasoningDetail:
    """A thinking block as a detail. `index` counts details; `position`, the blocks before it that are none of them,
    is only named where there are some: without it a detail goes first."""
    detail: ReasoningDetail
    if block.get("type") == "redacted_thinking":
        detail = {"type": "reasoning.encrypted", "data": text_at(block, "data")}
    else:
        detail = {"type": "reasoning.text", "text": text_at(block, "thinking")}
        signature = text_at(block, "signature")
        if signature:
            detail["signature"] = signature
    detail["format"] = FORMAT
    detail["index"] = index
    if position:
        detail["position"] = position
    return detail


def thinking_blocks(message: JsonView) -> list[PlacedBlock]:
    """The thinking blocks of an assistant message, with positions; those without signature would be a 400.

    Taken from `reasoning_details` (OpenRouter's shape and ours), else from `thinking_blocks` (LiteLLM's).
    """
    for name in ("reasoning_details", "thinking_blocks"):
        entries = message.get(name)
        if not entries:  # as in most messages
            continue
        blocks = _placed_blocks(_merged(dicts_in(entries)))
        if blocks:
            return blocks
    return []


def with_thinking(blocks: list[Block], thinking: list[PlacedBlock]) -> list[Block]:
    """The blocks of an assistant message with its thinking first, or where it was between them.

    Thinking that the client has left among the blocks stays there, unless it comes a second time.
    """
    whole = [
        block
        for block in blocks
        if block["type"] not in THINKING or (not thinking and _placed_block(block) is not None)
    ]
    # Positions count the blocks that are no thinking. One pass: a body has room for eighty thousand of them.
    placed: list[Block] = []
    taken = 0
    # Texts that thinking stood between are one here, and it would be last: a 400 ("The final block in an assistant
    # message cannot be `thinking`").
    last = max(0, len(whole) - 1)
    for position, block in sorted(thinking, key=itemgetter(0)):
        before = max(taken, min(position, last))
        placed += whole[taken:before]
        placed.append(block)
        taken = before
    return placed + whole[taken:]


def has_thinking(request: ChatRequest) -> bool:
    """Whether the conversation carries thinking, which another account may not be able to read."""
    return any(signatures_in(message) for message in request.body["messages"])


def signatures_in(message: JsonView) -> list[str]:
    """What the thinking of an assistant's message is signed with, in order; of hidden thinking, all there is of it."""
    if message.get("role", "assistant") != "assistant":
        return []
    blocks = thinking_blocks(message) + _placed_blocks(dicts_in(message.get("content")))
    return [signature_of(block) for _, block in blocks]


def signature_of(block: JsonView) -> str:
    """What a thinking block is signed with: its signature or, where the thinking is hidden, its data."""
    return text_at(block, "signature") or text_at(block, "data")


def strip_thinking(body: JsonView, readable: Callable[[str], bool] = lambda _: False) -> JsonObject:
    """A translated body for another account: without the thinking of earlier turns, which is accepted everywhere.

    What is signed with something `readable` stays. A budget that needs thinking before an open tool call goes too.
    """
    messages: list[Message] = []
    for message in body["messages"]:
        content = [
            block for block in message["content"] if block.get("type") not in THINKING or readable(signature_of(block))
        ]
        if content:
            messages.append({"role": message["role"], "content": content})
    stripped = {**body, "messages": messages}
    if has_budget(body.get("thinking")) and calls_without_thinking(messages):
        del stripped["thinking"]
    return stripped


def has_budget(thinking: object) -> bool:
    """Whether a request's `thinking` asks for it with a budget."""
    return isinstance(thinking, dict) and thinking.get("type") == "enabled"


def calls_without_thinking(messages: list[Message]) -> bool:
    """Whether the results at the end answer calls without thinking before them: with a budget that is a 400."""
    last = next((message for message in reversed(messages) if message["role"] == "assistant"), None)
    if last is None or last is messages[-1]:
        return False
    answered = any(block.get("type") == "tool_result" for message in messages[-2:] for block in message["content"])
    return answered and last["content"][0].get("type") not in THINKING


def _merged(entries: list[JsonObject]) -> list[JsonObject]:
    """Details that a client collected from a stream piece by piece, put together by their index."""
    details: list[JsonObject] = []
    texts: list[list[str]] = []
    for entry in entries:
        if details and _continues(entry, details[-1]):
            details[-1] = {**details[-1], **entry}
        else:
            details.append(entry)
            texts.append([])
        texts[-1].append(text_at(entry, "text"))
    # Joined once: a text that grew with each of eighty thousand pieces held everybody up for a minute.
    for number, pieces in enumerate(texts):
        if len(pieces) > 1:
            details[number] = {**details[number], "text": "".join(pieces)}
    return details


def _continues(entry: JsonView, last: JsonView) -> bool:
    """Whether it is another piece of the detail before it; a signature ends one."""
    if entry.get("type") != "reasoning.text" or last.get("type") != "reasoning.text":
        return False
    index = entry.get("index")
    return index is not None and index == last.get("index") and not last.get("signature")


def _placed_blocks(entries: list[JsonObject]) -> list[PlacedBlock]:
    return [block for entry in entries if (block := _placed_block(entry)) is not None]


def _placed_block(entry: JsonView) -> PlacedBlock | None:
    """A detail or a block as a block; None for what Anthropic has not signed."""
    form = entry.get("format")
    if isinstance(form, str) and not form.startswith("anthropic"):
        return None
    block = _block(entry)
    if block is None:
        return None
    position = entry.get("position")
    if type(position) is not int or position < 0:
        position = 0
    return position, block


def _block(entry: JsonView) -> Block | None:
    kind = entry.get("type")
    if kind == "reasoning.text":
        return _signed_block(entry.get("text"), entry.get("signature"))
    if kind == "thinking":
        return _signed_block(entry.get("thinking"), entry.get("signature"))
    if kind in ("reasoning.encrypted", "redacted_thinking"):
        data = entry.get("data")
        if isinstance(data, str) and data:
            return {"type": "redacted_thinking", "data": data}
    return None


def _signed_block(text: object, signature: object) -> Block | None:
    if not isinstance(text, str | None) or not isinstance(signature, str) or not signature:
        return None
    return {"type": "thinking", "thinking": text or "", "signature": signature}
