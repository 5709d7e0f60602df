"""An operator's words before the system prompt, in each format's own place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aihub_lite.wire.anthropic.prefix import prefix_messages
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.prefixes import prefix_chat, prefix_gemini, prefix_responses

USER = {"role": "user", "content": "Hi"}
MARK = {"cache_control": {"type": "ephemeral"}}
CLAUDE_CODE = {"type": "text", "text": "You are Claude Code, Anthropic's official CLI for Claude."}
BILLING = {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1; cch=ab;"}
RULES = {"type": "text", "text": "Rules", **MARK}
PREFIX = {"type": "text", "text": "P"}

CASES: list[tuple[Callable[[JsonObject, str], None], dict[str, Any], dict[str, Any]]] = [
    (prefix_chat, {"messages": [USER]}, {"messages": [{"role": "system", "content": "P"}, USER]}),
    (
        prefix_chat,
        {"messages": [{"role": "developer", "content": "Be."}, USER]},
        {"messages": [{"role": "developer", "content": "P\n\nBe."}, USER]},
    ),
    (
        prefix_chat,
        {"messages": [{"role": "system", "content": [RULES]}]},
        {"messages": [{"role": "system", "content": [PREFIX, RULES]}]},
    ),
    (prefix_gemini, {}, {"systemInstruction": {"parts": [{"text": "P"}]}}),
    (
        prefix_gemini,
        {"systemInstruction": {"role": "user", "parts": [{"text": "Be."}]}},
        {"systemInstruction": {"role": "user", "parts": [{"text": "P"}, {"text": "Be."}]}},
    ),
    (prefix_responses, {"input": "Hi"}, {"input": "Hi", "instructions": "P"}),
    (prefix_responses, {"instructions": "Be."}, {"instructions": "P\n\nBe."}),
    (prefix_responses, {"instructions": [USER]}, {"instructions": [{"role": "developer", "content": "P"}, USER]}),
    (prefix_messages, {}, {"system": "P"}),
    (prefix_messages, {"system": "Be."}, {"system": "P\n\nBe."}),
    (prefix_messages, {"system": [RULES]}, {"system": [PREFIX, RULES]}),
    (prefix_messages, {"system": CLAUDE_CODE["text"]}, {"system": [CLAUDE_CODE, PREFIX]}),
    (
        prefix_messages,
        {"system": [BILLING, {**CLAUDE_CODE, **MARK}, RULES]},
        {"system": [BILLING, {**CLAUDE_CODE, **MARK}, PREFIX, RULES]},
    ),
    (prefix_messages, {"system": [CLAUDE_CODE]}, {"system": [CLAUDE_CODE, PREFIX]}),
]


@pytest.mark.parametrize(("put", "body", "expected"), CASES)
def test_the_prefix_stands_where_the_format_has_its_system_prompt(
    put: Callable[[JsonObject, str], None], body: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Claude's subscriptions are only served where Claude Code's own block comes first, and marks stay on theirs."""
    put(body, "P")
    assert expected == body
