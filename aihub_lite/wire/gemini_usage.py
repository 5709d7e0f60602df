"""Gemini's `usageMetadata`: thoughts stand beside the answer there, tool use beside the prompt."""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.domain.usage import Usage, count

COUNTED = frozenset({"totalTokenCount", "promptTokenCount", "candidatesTokenCount"})


def usage_of(usage: object) -> Usage | None:
    """The counts in OpenAI's convention; None when it says nothing that can be billed.

    Vertex sends `{trafficType}` alone in all chunks of a stream but the last. Embeddings have a prompt and no total.
    """
    if not isinstance(usage, Mapping) or not (usage.keys() & COUNTED):
        return None
    prompt = count(usage.get("promptTokenCount")) + count(usage.get("toolUsePromptTokenCount"))
    answer, thoughts = count(usage.get("candidatesTokenCount")), count(usage.get("thoughtsTokenCount"))
    # Some gateways in front of Gemini count the thoughts into the answer; the total tells (litellm).
    completion = answer if thoughts and prompt + answer == usage.get("totalTokenCount") else answer + thoughts
    return Usage.clamped(prompt, completion, usage.get("cachedContentTokenCount"), 0, thoughts)
