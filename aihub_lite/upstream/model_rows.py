"""What the row of a model in an upstream's list says beside its id; every provider has other words for it.

Sources, read in November 2026: OpenRouter (`context_length`, `top_provider`, `architecture`, `name`,
`supported_parameters`), Groq (`context_window`, `max_completion_tokens`), Mistral (`max_context_length`, `name`,
`capabilities.vision`, `capabilities.function_calling`), Anthropic
(`display_name`, `max_input_tokens`, `max_tokens`, `capabilities.image_input`, `capabilities.pdf_input`), Together
(`context_length`, `display_name`), Fireworks (`context_length`, `supports_image_input`), vLLM (`max_model_len`),
Vercel's gateway (`name`, `context_window`, `max_tokens`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aihub_lite.domain.channel import Ability, ModelFacts
from aihub_lite.wire.json_types import JsonView, dict_at

MOST = 1_000_000_000
"""Tokens: more is nonsense."""
LONGEST_NAME = 100
"""Characters."""
CONTEXT = ("context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens")
OUTPUT = ("max_completion_tokens", "max_output_tokens", "max_tokens")
NAMES = ("display_name", "name")
MODALITIES = ("text", "image", "audio", "video", "file")
"""What a model may read, in OpenRouter's words and order."""
PARAMETERS: tuple[tuple[Ability, str], ...] = (
    ("tools", "tools"),
    ("structured", "structured_outputs"),
    ("reasoning", "reasoning"),
)
"""Parameters that stand for an ability, in OpenRouter's words."""
SEES = (("vision", "image"), ("image_input", "image"), ("pdf_input", "file"))
"""Capabilities that stand for one, in Mistral's words and Anthropic's."""


def facts_of(row: JsonView) -> ModelFacts | None:
    """What a row says, None where that is nothing but the id."""
    top_provider = dict_at(row, "top_provider")
    abilities = _abilities(row)
    facts = ModelFacts(
        name=_name(row),
        context_length=_first(row, CONTEXT) or _first(top_provider, CONTEXT),
        max_output_tokens=_first(top_provider, OUTPUT) or _first(row, OUTPUT),
        input_modalities=tuple(_modalities(row)),
        can=tuple(ability for ability, able in abilities.items() if able),
        cannot=tuple(ability for ability, able in abilities.items() if not able),
    )
    if facts == ModelFacts():
        return None
    return facts


def _first(row: JsonView, names: Sequence[str]) -> int | None:
    for name in names:
        value = row.get(name)
        if type(value) is int and 0 < value <= MOST:
            return value
    return None


def _name(row: JsonView) -> str:
    for field in NAMES:
        name = row.get(field)
        if isinstance(name, str) and name != row.get("id") and 0 < len(name) <= LONGEST_NAME and name.isprintable():
            return name
    return ""


def _modalities(row: JsonView) -> Iterator[str]:
    """Those that are named; where only capabilities are, text and what they add."""
    named = dict_at(row, "architecture").get("input_modalities") or row.get("input_modalities")
    if isinstance(named, list):
        yield from (modality for modality in MODALITIES if modality in named)
        return
    capabilities = dict_at(row, "capabilities")
    seen = {modality for name, modality in SEES if _has(capabilities.get(name))}
    if _has(row.get("supports_image_input")):
        seen.add("image")
    if capabilities or "supports_image_input" in row:
        yield from (modality for modality in MODALITIES if modality == "text" or modality in seen)


def _abilities(row: JsonView) -> dict[Ability, bool]:
    """By OpenRouter's list of what a model can be asked with, or Mistral's word for tools; nothing where neither is."""
    parameters = row.get("supported_parameters")
    if isinstance(parameters, list):
        return {ability: name in parameters for ability, name in PARAMETERS}
    calls_tools = dict_at(row, "capabilities").get("function_calling")
    if isinstance(calls_tools, bool):
        return {"tools": calls_tools}
    return {}


def _has(capability: object) -> bool:
    if isinstance(capability, dict):
        return capability.get("supported") is True
    return capability is True
