"""What each family of Gemini models takes: one row per family, the longest prefix of a model's id decides.

Sources, read in November 2026: [1] ai.google.dev/gemini-api/docs/thinking and /openai (reasoning effort); [2]
docs.cloud.google.com, developer's guides to Gemini 3.5, 3.6 and 3.8 Flash; [3] ai.google.dev, "What's new in Gemini
3.6" (sampling is ignored); [4] recorded traffic in the test suites of pydantic-ai and llm-gemini; [5] litellm 1.109.1;
[6] google-genai 3.4.0, types; [7] reports of 400s by users of models that draw, where Vertex' page on thought
signatures says that those do not check; [8] ai.google.dev, "Pricing" and "Grounding with Google Search" (what is billed
of a search). Nothing was tried against a live API.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import attrs

from aihub_lite.wire.chat.fit import draws

_FLASH_LEVELS: Mapping[str, str] = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}
_LEVELS = {**_FLASH_LEVELS, "none": "LOW", "minimal": "LOW"}
"""Models that cannot think less than LOW."""
_PRO_3_LEVELS = {**_LEVELS, "medium": "HIGH"}
_BUDGETS: Mapping[str, int] = {
    "none": 0,
    "minimal": 512,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
    "max": 24576,
}
_PRO_BUDGETS = {**_BUDGETS, "none": 128, "minimal": 128, "xhigh": 32768, "max": 32768}

EFFORTS = tuple(_BUDGETS)
"""Every `reasoning_effort` there is."""


@attrs.frozen(kw_only=True)
class GeminiModel:
    """What a family takes; the defaults are those of the newest one."""

    source: str
    """Of the row: numbers of the list above, and when it was last checked."""
    thinking_levels: Mapping[str, str] = attrs.field(factory=dict)
    """`thinkingLevel` by reasoning effort; empty: the family has none. Never sent together with a budget."""
    thinking_budgets: Mapping[str, int] = attrs.field(factory=dict)
    """`thinkingBudget` in tokens by reasoning effort."""
    sampling: bool = True
    """Whether temperature, top_p and top_k do anything."""
    penalties: bool = False
    json_schema: bool = True
    """Takes JSON Schema as it is; False: only the OpenAPI subset."""
    json_with_tools: bool = True
    """Takes a response format and functions at once; False: 400."""
    validated: bool = True
    """Has the function calling mode VALIDATED."""
    call_ids: bool = True
    """Knows ids of function calls; False: 400 for them."""
    signatures: bool = True
    """Refuses a function call in the history that carries no thought signature."""
    drawn_signatures: bool = False
    """Refuses a text or an image of its own in the history that carries none, too."""
    result_parts: bool = True
    """Takes images and files inside a function's result."""
    media_resolution: bool = True
    """Takes a resolution per part."""
    system: bool = True
    """Takes a system instruction."""
    bills_queries: bool = True
    """Bills each query of a search; False: each prompt that is searched for, however often."""
    modalities: tuple[str, ...] = ()
    """What it must be asked for when the client names nothing."""


NEWEST = GeminiModel(source="[2][3] 2026-11", thinking_levels=_LEVELS, sampling=False)
_GEMINI_2 = GeminiModel(
    source="[4][5] 2026-11",
    penalties=True,
    json_with_tools=False,
    call_ids=False,
    signatures=False,
    result_parts=False,
    media_resolution=False,
    bills_queries=False,
)
_GEMINI_2_0 = attrs.evolve(_GEMINI_2, validated=False)
_GEMINI_1 = attrs.evolve(_GEMINI_2_0, source="[5] 2026-11", json_schema=False)
_SPEECH = attrs.evolve(_GEMINI_2, source="[5] 2026-11", modalities=("AUDIO",))

FAMILIES: Mapping[str, GeminiModel] = {
    "gemini-1": _GEMINI_1,
    "gemini-2.0": _GEMINI_2_0,
    "gemini-2.0-flash-preview-image": attrs.evolve(_GEMINI_2_0, source="[5] 2026-11", modalities=("TEXT", "IMAGE")),
    "gemini-2.5-flash": attrs.evolve(_GEMINI_2, source="[1][4] 2026-11", thinking_budgets=_BUDGETS),
    "gemini-2.5-flash-image": attrs.evolve(_GEMINI_2, source="[5] 2026-11"),
    "gemini-2.5-flash-preview-tts": _SPEECH,
    "gemini-2.5-pro": attrs.evolve(_GEMINI_2, source="[1][4] 2026-11", thinking_budgets=_PRO_BUDGETS),
    "gemini-2.5-pro-preview-tts": _SPEECH,
    "gemini-3-pro": GeminiModel(source="[1][4] 2026-11", thinking_levels=_PRO_3_LEVELS),
    "gemini-3-pro-image": GeminiModel(source="[1][5] 2026-11"),
    "gemini-3.1-pro": GeminiModel(source="[2] 2026-11", thinking_levels=_LEVELS),
    "gemini-3.1-flash": GeminiModel(source="[2] 2026-11", thinking_levels=_FLASH_LEVELS),
    "gemini-3.1-flash-image": GeminiModel(source="[5] 2026-11"),
    "gemini-3-flash": GeminiModel(source="[1][4] 2026-11", thinking_levels=_FLASH_LEVELS),
    "gemini-3.5": GeminiModel(source="[2] 2026-11", thinking_levels=_FLASH_LEVELS),
    "gemini-3.6": GeminiModel(source="[2][3] 2026-11", thinking_levels=_FLASH_LEVELS, sampling=False),
    "gemini-3.7": NEWEST,
    "gemini-3.8": NEWEST,
    "gemma-3": attrs.evolve(_GEMINI_1, system=False),
    "gemma": _GEMINI_1,
}
"""By prefix of the model's id. `gemini-flash-latest` and whatever is not here is the newest."""

_BY_LENGTH = sorted(FAMILIES, key=len, reverse=True)


@functools.lru_cache(maxsize=1024)
def gemini_model(upstream_model: str) -> GeminiModel:
    """The row of a model; `models/…` and Vertex's longer resource names are understood."""
    name = upstream_model.rpartition("/")[2].lower()
    model = next((FAMILIES[prefix] for prefix in _BY_LENGTH if name.startswith(prefix)), NEWEST)
    if model.signatures and draws(name):
        return attrs.evolve(model, drawn_signatures=True)  # [7] 2026-11
    return model
