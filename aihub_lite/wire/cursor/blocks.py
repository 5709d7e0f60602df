"""Messages of chat that hold Anthropic's content blocks, as messages of chat alone."""

from __future__ import annotations

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.surface.content import (
    ASSISTANT_MAKERS,
    USER_MAKERS,
    PlacedBlock,
    Reading,
    assistant_message,
    user_messages,
)
from aihub_lite.wire.anthropic.thinking import THINKING
from aihub_lite.wire.json_types import JsonObject, dicts_in, text_at

BLOCKS = frozenset({"tool_use", "tool_result", "image", "document", *THINKING})
"""Types of parts that only Anthropic has."""


def has_blocks(message: JsonObject) -> bool:
    """Whether any part of a message's content is a block of Anthropic's."""
    return any(text_at(part, "type") in BLOCKS for part in dicts_in(message.get("content")))


def without_blocks(message: JsonObject, at: str) -> list[JsonObject]:
    """The messages that say the same: results of tools in messages of their own, calls beside the text.

    Raises InvalidRequest that names `at`.
    """
    reading = Reading(marks=True)
    placed: list[PlacedBlock] = [
        (part, f"{at}.content[{position}]")
        for position, part in enumerate(message["content"])
        if isinstance(part, dict)
    ]
    if message.get("role") == "assistant":
        messages = _assistant(message, placed, reading)
    else:
        messages = _user(message, placed, reading)
    if reading.unsayable:
        raise InvalidRequest(reading.unsayable)
    return messages


def _user(message: JsonObject, placed: list[PlacedBlock], reading: Reading) -> list[JsonObject]:
    blocks: list[PlacedBlock] = []
    parts: list[object] = []
    for part, where in placed:
        kind = text_at(part, "type")
        if kind in USER_MAKERS or kind == "tool_result":
            blocks.append((part, where))
        else:
            parts.append(part)
    messages = user_messages(blocks, reading)
    if parts and messages[-1]["role"] == "user":
        content = messages[-1]["content"]
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        messages[-1] = {**messages[-1], "content": [*content, *parts]}
    elif parts:
        messages.append({"role": "user", "content": parts})
    return messages


def _assistant(message: JsonObject, placed: list[PlacedBlock], reading: Reading) -> list[JsonObject]:
    blocks: list[PlacedBlock] = []
    for part, where in placed:
        kind = text_at(part, "type")
        if kind == "tool_use" or kind in ASSISTANT_MAKERS:
            blocks.append((part, where))
        elif isinstance(text := part.get("text") or part.get("refusal"), str):
            blocks.append(({"type": "text", "text": text}, where))
    calls = message.get("tool_calls") or []
    made = [{**message, **written} for written in assistant_message(blocks, reading)]
    if made and calls:
        made[0]["tool_calls"] = [*calls, *made[0].get("tool_calls", [])]
    return made
