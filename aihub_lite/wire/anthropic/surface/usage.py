"""Token counts as clients of Anthropic Messages get them."""

from __future__ import annotations

from typing import Any

from aihub_lite.domain.usage import Usage


def messages_usage(usage: Usage) -> dict[str, Any]:
    """Anthropic's input leaves cached tokens out, both read and written; OpenAI's has them in."""
    fresh = usage.prompt_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    counts: dict[str, Any] = {
        "input_tokens": max(fresh, 0),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": usage.completion_tokens,
    }
    if usage.reasoning_tokens:
        counts["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return counts
