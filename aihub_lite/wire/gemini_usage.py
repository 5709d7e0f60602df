"""Gemini's `usageMetadata`: thoughts stand beside the answer there, tool use beside the prompt."""

from __future__ import annotations

from typing import Any

from aihub_lite.domain.usage import Usage, count
from aihub_lite.wire import chat_usage


def usage_of(usage: object) -> Usage | None:
    """The counts in OpenAI's convention; None when it says nothing that can be billed.

    Vertex sends `{trafficType}` alone in all chunks of a stream but the last. Embeddings have a prompt and no total.
    """
    return chat_usage.usage_of(chat_counts(usage))


def chat_counts(usage: object) -> dict[str, Any] | None:
    """The same as a chat `usage` object that is not made sane yet: cheap enough for every event of a stream."""
    if not isinstance(usage, dict) or not ("totalTokenCount" in usage or "promptTokenCount" in usage):
        return None
    prompt = count(usage.get("promptTokenCount")) + count(usage.get("toolUsePromptTokenCount"))
    completion, thoughts = count(usage.get("candidatesTokenCount")), count(usage.get("thoughtsTokenCount"))
    # Some gateways in front of Gemini count the thoughts into the answer; the total tells (litellm).
    if thoughts and prompt + completion != usage.get("totalTokenCount"):
        completion += thoughts
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": usage.get("cachedContentTokenCount", 0)},
        "completion_tokens_details": {"reasoning_tokens": thoughts},
    }
