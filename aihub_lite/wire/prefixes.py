"""An operator's words before the system prompt of a conversation, in the place that chat, Gemini and Responses have.

Anthropic's has rules of its own: `wire/anthropic/prefix.py`.
"""

from __future__ import annotations

from aihub_lite.wire.json_types import JsonObject

BETWEEN = "\n\n"
SYSTEM_ROLES = frozenset({"system", "developer"})


def prefix_chat(body: JsonObject, prefix: str) -> None:
    """Into the first message where that is the system's: templates of open models take one, and only there."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return
    first = messages[0] if messages else None
    if not isinstance(first, dict) or first.get("role") not in SYSTEM_ROLES:
        messages.insert(0, {"role": "system", "content": prefix})
        return
    content = first.get("content")
    if isinstance(content, list):
        content.insert(0, {"type": "text", "text": prefix})
    else:
        first["content"] = before(prefix, content)


def prefix_gemini(body: JsonObject, prefix: str) -> None:
    """A part of its own in `systemInstruction`, by either of its spellings."""
    name = "systemInstruction"
    if "system_instruction" in body:
        name = "system_instruction"
    instruction = body.get(name)
    if not isinstance(instruction, dict):
        instruction = body[name] = {}
    parts = instruction.get("parts")
    if not isinstance(parts, list):
        parts = []
    instruction["parts"] = [{"text": prefix}, *parts]


def prefix_responses(body: JsonObject, prefix: str) -> None:
    """`instructions`, a text or items, which no earlier answer hands down."""
    instructions = body.get("instructions")
    if isinstance(instructions, list):
        instructions.insert(0, {"role": "developer", "content": prefix})
    else:
        body["instructions"] = before(prefix, instructions)


def before(prefix: str, text: object) -> str:
    """The prefix before a text, if there is one."""
    if not isinstance(text, str) or not text:
        return prefix
    return prefix + BETWEEN + text
