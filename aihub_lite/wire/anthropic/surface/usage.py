"""Token counts as clients of Anthropic Messages get them."""

from __future__ import annotations

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic.blocks import Counts


def messages_usage(usage: Usage) -> Counts:
    """Anthropic's input leaves cached tokens out, both read and written; OpenAI's has them in."""
    fresh = usage.prompt_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    counts: Counts = {
        "input_tokens": max(fresh, 0),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": usage.completion_tokens,
    }
    if usage.cache_write_1h_tokens:
        counts["cache_creation"] = {
            "ephemeral_5m_input_tokens": usage.cache_write_tokens - usage.cache_write_1h_tokens,
            "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens,
        }
    if usage.reasoning_tokens:
        counts["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    if usage.hosted is not None and usage.hosted.web_search:
        counts["server_tool_use"] = {"web_search_requests": usage.hosted.web_search, "web_fetch_requests": 0}
    return counts
