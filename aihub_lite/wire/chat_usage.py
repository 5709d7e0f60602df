"""Token counts as OpenAI-compatible upstreams report them, and as they are sent on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aihub_lite.domain.modal import MODALITIES, Modal
from aihub_lite.domain.usage import Usage, count

PROMPT = ("prompt_tokens", "input_tokens")
COMPLETION = ("completion_tokens", "output_tokens")
PLAIN = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})
PROMPT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
COMPLETION_DETAILS = ("completion_tokens_details", "output_tokens_details", "output_token_details")
"""Of chat, of images, of transcriptions."""
CACHED_DETAILS = "cached_tokens_details"
"""Inside those of the prompt, where OpenAI's realtime models tell them apart."""
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
    details, written = _details(usage, PROMPT_DETAILS), _details(usage, COMPLETION_DETAILS)
    known = Usage.clamped(
        prompt,
        completion,
        _first(details, CACHE_READ) or _first(usage, CACHE_READ),
        _first(details, CACHE_WRITE) or _first(usage, CACHE_WRITE),
        _first(written, REASONING) or _first(usage, REASONING),
    )
    return known.with_modal(_modal(details, written)) if _mixed(details) or _mixed(written) else known


def usage_json(usage: Usage) -> dict[str, Any]:
    """The `usage` object clients get: OpenAI's three counts and their details.

    Pictures and films are told apart from text by the names that OpenRouter and Azure have for them.
    """
    prompt_details: dict[str, Any] = {"cached_tokens": usage.cache_read_tokens}
    if usage.cache_write_tokens:
        prompt_details["cache_write_tokens"] = usage.cache_write_tokens
    completion_details = {"reasoning_tokens": usage.reasoning_tokens}
    if usage.modal is not None:
        counts = usage.modal.counts()
        prompt_details |= _told(counts, "input")
        completion_details |= _told(counts, "output")
        if cached := _told(counts, "cache_read"):
            prompt_details[CACHED_DETAILS] = cached
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": completion_details,
    }


def _mixed(details: Mapping[str, Any]) -> bool:
    """Whether not all is text. OpenAI says every time that there are 0 tokens of sound."""
    get = details.get
    return bool(get("audio_tokens") or get("image_tokens") or get("video_tokens"))


def _modal(prompt: Mapping[str, Any], completion: Mapping[str, Any]) -> Modal:
    cached = prompt.get(CACHED_DETAILS)
    parts = {"input": prompt, "cache_read": cached if isinstance(cached, dict) else {}, "output": completion}
    return Modal(
        **{f"{kind}_{part}": count(said.get(f"{kind}_tokens")) for part, said in parts.items() for kind in MODALITIES}
    )


def _told(counts: Mapping[str, int], part: str) -> dict[str, int]:
    names = {f"{kind}_tokens": counts.get(f"{kind}_{part}", 0) for kind in MODALITIES}
    return {name: tokens for name, tokens in names.items() if tokens}


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
