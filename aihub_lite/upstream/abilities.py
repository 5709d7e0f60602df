"""What models are known to do, by their ids, where their upstream's own list does not say it.

By families, as their makers' documentation has them, read in November 2026: platform.openai.com/docs/models,
docs.anthropic.com (models overview, PDF support, extended thinking), ai.google.dev/gemini-api/docs/models,
api-docs.deepseek.com, docs.mistral.ai (models), docs.x.ai (models), platform.moonshot.ai, docs.z.ai, and the cards of
Llama 3, Qwen 3 and gpt-oss. A family that is missing here is not known: it is tried last, not left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import attrs

from aihub_lite.domain.channel import ABILITIES, Ability

ALL: frozenset[Ability] = frozenset(ABILITIES)


@attrs.frozen
class Family:
    """Models whose ids match, and what they can do; what is not said of a family it cannot."""

    ids: re.Pattern[str]
    """Found at the beginning of an id, or behind a maker's prefix."""
    can: frozenset[Ability]


def family(ids: str, *can: Ability) -> Family:
    """One row of the table below."""
    return Family(re.compile(rf"(?:^|[/.:@])(?:{ids})", re.IGNORECASE | re.ASCII), frozenset(can))


FAMILIES = (
    family(r"gpt-4o(-mini)?-(audio|realtime)|gpt-audio", "tools", "audio"),
    family(r"gpt-4o(-mini)?-(transcribe|tts|search)|gpt-image|gpt-realtime"),
    family(r"gpt-4o|gpt-4\.1|chatgpt-4o", "tools", "image", "file", "structured"),
    family(r"gpt-5[\d.]*-chat", "image", "file", "structured"),
    family(r"gpt-5", "tools", "image", "file", "structured", "reasoning"),
    family(r"o1-(mini|preview)", "reasoning"),
    family(r"o3-mini", "tools", "structured", "reasoning"),
    family(r"o[134]\b", "tools", "image", "file", "structured", "reasoning"),
    family(r"gpt-4-(turbo|vision)", "tools", "image"),
    family(r"gpt-4|gpt-3\.5-turbo", "tools"),
    family(r"gpt-oss", "tools", "structured", "reasoning"),
    family(r"claude-3-7|claude-(sonnet|opus)-[4-9]|claude-haiku-(4|[5-9])", *ALL - {"audio"}),
    family(r"claude-3", *ALL - {"audio", "reasoning"}),
    family(r"gemini-[\w.]*-?(flash|pro)?[\w.-]*(image|tts|embedding|live|native-audio)"),
    family(r"gemini-(2\.5|[3-9])", *ALL),
    family(r"gemini-(1\.5|2)", *ALL - {"reasoning"}),
    family(r"deepseek-(chat|v3)", "tools", "reasoning"),
    family(r"deepseek-(reasoner|r1)", "tools", "reasoning"),
    family(r"(mistral-(medium|small)|pixtral)", "tools", "image", "structured"),
    family(r"(mistral-large|codestral|devstral|ministral|open-mistral|open-mixtral)", "tools", "structured"),
    family(r"magistral", "tools", "image", "structured", "reasoning"),
    family(r"grok-4", "tools", "image", "structured", "reasoning"),
    family(r"grok-3-mini|grok-code", "tools", "structured", "reasoning"),
    family(r"grok-3", "tools", "structured"),
    family(r"kimi-k2-thinking", "tools", "structured", "reasoning"),
    family(r"kimi-k2|moonshot-v1-(8k|32k|128k|auto)\b(?!-vision)", "tools", "structured"),
    family(r"glm-4\.[56]v", "tools", "image", "reasoning"),
    family(r"glm-4\.[5-9]", "tools", "structured", "reasoning"),
    family(r"qwen3-vl|qwen2\.5-vl|qwen-vl", "tools", "image"),
    family(r"qwen3-coder", "tools", "structured"),
    family(r"qwen3", "tools", "structured", "reasoning"),
    family(r"llama-3\.2-(11b|90b)", "tools", "image"),
    family(r"(meta-)?llama-?3", "tools"),
    family(r"llama-4|llama4", "tools", "image"),
)
"""The first that matches counts."""


@lru_cache(maxsize=4096)
def abilities_of(model: str) -> Mapping[Ability, bool] | None:
    """What a model can do by its id upstream, and what not; None where nobody knows it."""
    for row in FAMILIES:
        if row.ids.search(model):
            return {ability: ability in row.can for ability in ABILITIES}
    return None
