"""An operator's words before Claude's system prompt, where Anthropic allows them."""

from __future__ import annotations

from typing import Any

from aihub_lite.wire.json_types import JsonObject, text_at
from aihub_lite.wire.prefixes import before

BILLING = "x-anthropic-billing-header"
"""Begins a system block of Claude Code's that is for Anthropic alone, and changes with every request."""
IDENTITIES = ("You are Claude Code", "You are a Claude agent")
"""Begin the block by which Claude Code and its Agent SDK say who they are. Subscriptions are only served where it comes
first: whatever stands before it makes another client of them."""
STAYS_FIRST = (BILLING, *IDENTITIES)


def prefix_messages(body: JsonObject, prefix: str) -> None:
    """Into `system`; blocks keep their `cache_control`, and the prefix, being always the same, lies before the marks.

    It comes behind blocks that have to be the first.
    """
    system = body.get("system")
    if isinstance(system, list):
        place = _leading(system)
        system.insert(place, {"type": "text", "text": prefix})
    elif isinstance(system, str) and system.startswith(STAYS_FIRST):
        body["system"] = [{"type": "text", "text": system}, {"type": "text", "text": prefix}]
    else:
        body["system"] = before(prefix, system)


def _leading(blocks: list[Any]) -> int:
    """How many blocks stay before everything else."""
    for place, block in enumerate(blocks):
        if not isinstance(block, dict) or not text_at(block, "text").startswith(STAYS_FIRST):
            return place
    return len(blocks)
