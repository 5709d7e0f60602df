"""What an upstream's `usage` says that the gateway does not count: the client gets it beside our counts.

OpenAI's predicted tokens, DeepSeek's cache hits and misses, and what OpenRouter, Perplexity, Vercel and xAI say that an
answer cost, which clients show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aihub_lite.wire.chat.shapes import UsageCounts
from aihub_lite.wire.chat.usage import COMPLETION, COMPLETION_DETAILS, PROMPT, PROMPT_DETAILS
from aihub_lite.wire.hosted import SERVER_TOOLS
from aihub_lite.wire.json_types import JsonObject, dict_at

DETAILS = ("prompt_tokens_details", "completion_tokens_details", SERVER_TOOLS)
COUNTED = frozenset({*PROMPT, *COMPLETION, *PROMPT_DETAILS, *COMPLETION_DETAILS, "total_tokens"})
"""Fields that our counts are made of, whatever they are called."""


def with_foreign(counts: UsageCounts, reported: object) -> Mapping[str, Any]:
    """Our counts, and what else was `reported`, also in the details of prompt and completion."""
    if not isinstance(reported, dict):
        return counts
    usage: JsonObject = {**counts}
    for name in DETAILS:
        if name in usage:
            usage[name] = {**dict_at(reported, name), **usage[name]}
    return usage | {name: value for name, value in reported.items() if name not in COUNTED and name not in usage}
