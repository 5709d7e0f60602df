"""Gemini's `usageMetadata`: thoughts stand beside the answer there, tool use beside the prompt."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.modality import Modal, Modality
from aihub_lite.domain.usage import Usage, count
from aihub_lite.wire.chat.tier import tier_of, traffic_tier
from aihub_lite.wire.json_types import JsonView

DETAILS = (
    ("promptTokensDetails", "input"),
    ("toolUsePromptTokensDetails", "input"),
    ("cacheTokensDetails", "cache_read"),
    ("candidatesTokensDetails", "output"),
)
"""Where the counts are told apart, and which part of a request's tokens each list is about."""
WRITTEN = frozenset({"totalTokenCount", "candidatesTokenCount", "thoughtsTokenCount"})
"""Counts that only a usage with something written in it has: of a picture at an address of the web, Google has been
seen to say what was written alone."""
KINDS: Mapping[str, Modality] = {"AUDIO": "audio", "IMAGE": "image", "DOCUMENT": "image", "VIDEO": "video"}
"""Pages of a document are read, and billed, as pictures (genai-prices)."""


def usage_of(usage: object) -> Usage | None:
    """The counts in OpenAI's convention; None when it says nothing that can be billed.

    Vertex sends `{trafficType}` alone in all chunks of a stream but the last. Embeddings have a prompt and no total.
    """
    if not isinstance(usage, dict) or not ("promptTokenCount" in usage or says_written(usage)):
        return None
    prompt = count(usage.get("promptTokenCount")) + count(usage.get("toolUsePromptTokenCount"))
    completion = count(usage.get("candidatesTokenCount"))
    thoughts = count(usage.get("thoughtsTokenCount"))
    total = count(usage.get("totalTokenCount"))
    # Some gateways in front of Gemini count the thoughts into the answer; the total tells (litellm).
    if thoughts and prompt + completion != total:
        completion += thoughts
    if prompt:  # what only the total has was written too
        completion = max(completion, total - prompt)
    counts = Usage.clamped(prompt, completion, usage.get("cachedContentTokenCount"), 0, thoughts)
    if tier := tier_of(usage.get("serviceTier")) or traffic_tier(usage.get("trafficType")):
        counts = attrs.evolve(counts, tier=tier)
    if no_text := _no_text(usage):
        return counts.with_modal(Modal(**no_text))
    return counts


def says_written(usage: JsonView) -> bool:
    """Whether it is one to bill by: of a stream, others come before the first text, or say the kind of traffic."""
    return not WRITTEN.isdisjoint(usage)


def _no_text(usage: JsonView) -> dict[str, int]:
    """How many tokens are no text, by the fields of Modal. In every event of a stream, and mostly none."""
    counts: dict[str, int] = {}
    for name, part in DETAILS:
        if name in usage and isinstance(details := usage[name], list):
            for detail in details:
                if isinstance(detail, dict) and (modality := detail.get("modality")) != "TEXT":
                    _add(counts, modality, part, detail.get("tokenCount"))
    return counts


def _add(counts: dict[str, int], modality: object, part: str, tokens: object) -> None:
    if isinstance(modality, str) and (kind := KINDS.get(modality)):
        field = f"{kind}_{part}"
        counts[field] = counts.get(field, 0) + count(tokens)
