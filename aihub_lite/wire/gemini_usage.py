"""Gemini's `usageMetadata`: thoughts stand beside the answer there, tool use beside the prompt."""

from __future__ import annotations

from aihub_lite.domain.usage import Usage, count


def usage_of(usage: object) -> Usage | None:
    """The counts in OpenAI's convention; None when it says nothing that can be billed.

    Vertex sends `{trafficType}` alone in all chunks of a stream but the last. Embeddings have a prompt and no total.
    """
    if not isinstance(usage, dict) or not ("totalTokenCount" in usage or "promptTokenCount" in usage):
        return None
    prompt = count(usage.get("promptTokenCount")) + count(usage.get("toolUsePromptTokenCount"))
    completion, thoughts = count(usage.get("candidatesTokenCount")), count(usage.get("thoughtsTokenCount"))
    # Some gateways in front of Gemini count the thoughts into the answer; the total tells (litellm).
    if thoughts and prompt + completion != usage.get("totalTokenCount"):
        completion += thoughts
    return Usage.clamped(prompt, completion, usage.get("cachedContentTokenCount"), 0, thoughts)
