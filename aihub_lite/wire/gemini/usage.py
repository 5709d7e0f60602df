"""Gemini's `usageMetadata`: thoughts stand beside the answer there, tool use beside the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aihub_lite.domain.modal import Modal, Modality
from aihub_lite.domain.usage import Usage, count

DETAILS = (
    ("promptTokensDetails", "input"),
    ("toolUsePromptTokensDetails", "input"),
    ("cacheTokensDetails", "cache_read"),
    ("candidatesTokensDetails", "output"),
)
"""Where the counts are told apart, and which part of a request's tokens each list is about."""
KINDS: Mapping[str, Modality] = {"AUDIO": "audio", "IMAGE": "image", "DOCUMENT": "image", "VIDEO": "video"}
"""Pages of a document are read, and billed, as pictures (genai-prices)."""


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
    known = Usage.clamped(prompt, completion, usage.get("cachedContentTokenCount"), 0, thoughts)
    others = _others(usage)
    return known.with_modal(Modal(**others)) if others else known


def _others(usage: dict[str, Any]) -> dict[str, int]:
    """How many tokens are no text, as Modal counts them. In every event of a stream, and mostly none."""
    counts: dict[str, int] = {}
    for name, part in DETAILS:
        if name in usage and isinstance(said := usage[name], list):
            for each in said:
                if isinstance(each, dict) and (modality := each.get("modality")) != "TEXT":
                    _add(counts, modality, part, each.get("tokenCount"))
    return counts


def _add(counts: dict[str, int], modality: object, part: str, tokens: object) -> None:
    if isinstance(modality, str) and (kind := KINDS.get(modality)):
        counts[f"{kind}_{part}"] = counts.get(f"{kind}_{part}", 0) + count(tokens)
