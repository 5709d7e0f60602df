"""Token counts as OpenAI-compatible upstreams report them, and as they are sent on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aihub_lite.domain.usage import Usage

PROMPT = ("prompt_tokens", "input_tokens")
COMPLETION = ("completion_tokens", "output_tokens")
PLAIN = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})
PROMPT_DETAILS = ("prompt_tokens_details", "input_tokens_details")
COMPLETION_DETAILS = ("completion_tokens_details", "output_tokens_details")
CACHE_READ = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_tokens")
"""In the details: OpenAI, Groq, Mistral; at the top: DeepSeek (`prompt_cache_hit_tokens`), Hugging Face and Moonshot
(`cached_tokens`). Mistral's `num_cached_tokens` is left out: it comes from the time before cached tokens were billed
at a rate of their own, and genai-prices does not count it either."""
CACHE_WRITE = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens")
REASONING = ("reasoning_tokens",)


def usage_of(usage: object) -> Usage | None:
    """Any chat `usage` object, made sane; None when it says nothing that can be billed, so that it is estimated."""
    if not isinstance(usage, dict):  # decoded JSON; looking for any Mapping costs ten times as much
        return None
    prompt, completion = _first(usage, PROMPT), _first(usage, COMPLETION)
    if prompt is None and completion is None:
        return None
    if completion is None and prompt is not None:
        completion = max((_number(usage.get("total_tokens")) or 0) - prompt, 0)
    if usage.keys() <= PLAIN:
        return Usage.clamped(prompt, completion)
    details = _details(usage, PROMPT_DETAILS)
    return Usage.clamped(
        prompt,
        completion,
        _first(details, CACHE_READ) or _first(usage, CACHE_READ),
        _first(details, CACHE_WRITE) or _first(usage, CACHE_WRITE),
        _first(_details(usage, COMPLETION_DETAILS), REASONING) or _first(usage, REASONING),
    )


def usage_json(usage: Usage) -> dict[str, Any]:
    """The `usage` object clients get: OpenAI's three counts and their details."""
    prompt_details = {"cached_tokens": usage.cache_read_tokens}
    if usage.cache_write_tokens:
        prompt_details["cache_write_tokens"] = usage.cache_write_tokens
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _details(usage: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    for name in names:
        if isinstance(value := usage.get(name), dict):
            return value
    return {}


def _first(counts: Mapping[str, Any], names: tuple[str, ...]) -> int | float | None:
    for name in names:
        if (number := _number(counts.get(name))) is not None:
            return number
    return None


def _number(value: object) -> int | float | None:
    """A count worth believing: negative ones, strings and the like say nothing."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
