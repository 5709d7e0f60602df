"""What a request needs of a model, and whether a model is known to have it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import attrs

from aihub_lite.domain.channel import Ability, ModelFacts
from aihub_lite.upstream.abilities import abilities_of
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.json_types import JsonView, dict_at, dicts_in, text_at

PARTS: Mapping[str, Ability] = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "audio_url": "audio",
    "file": "file",
    "input_file": "file",
    "document": "file",
}
"""By the type of a part of a message."""
SURE_WINDOW = 8192
"""Tokens that every model takes: of a shorter prompt nobody has to know the window."""
NAMES: Mapping[Ability, str] = {
    "tools": "calls tools",
    "image": "reads images",
    "audio": "hears sound",
    "file": "reads files",
    "structured": "answers by a schema",
    "reasoning": "reasons",
}
NOT: Mapping[Ability, str] = {
    "tools": "it does not call tools",
    "image": "it does not read images",
    "audio": "it does not hear sound",
    "file": "it does not read files like PDF",
    "structured": "it does not answer by a schema",
    "reasoning": "it does not reason",
}


def needs_of(chat: ChatRequest | None) -> frozenset[Ability]:
    """What a conversation asks of a model beside its window; nothing of a request that is none."""
    if chat is None:
        return frozenset()
    body = chat.body
    needs: set[Ability] = {PARTS[part] for part in _part_types(body) if part in PARTS}
    if body.get("tools") or body.get("functions"):
        needs.add("tools")
    if text_at(dict_at(body, "response_format"), "type") == "json_schema":
        needs.add("structured")
    if _reasons(body):
        needs.add("reasoning")
    return frozenset(needs)


def _part_types(body: JsonView) -> set[str]:
    return {
        text_at(part, "type") for message in dicts_in(body.get("messages")) for part in dicts_in(message.get("content"))
    }


def _reasons(body: JsonView) -> bool:
    """Whether reasoning is asked for by a word; left out, a model does as it does."""
    effort = body.get("reasoning_effort") or dict_at(body, "reasoning").get("effort")
    if isinstance(effort, str):
        return effort not in ("none", "minimal")
    return bool(dict_at(body, "reasoning").get("max_tokens"))


@attrs.frozen
class Fitness:
    """Whether a model can take a request: `lacks` says why not, `unsure` what nobody knows; both empty where it can."""

    lacks: str = ""
    too_long: bool = False
    """Whether what it lacks is room for the prompt."""
    unsure: str = ""


def fitness(facts: ModelFacts, upstream_model: str, needs: Collection[Ability], prompt: int) -> Fitness:
    """Of a model by what is known of it, for a prompt of so many tokens by our own count."""
    if facts.context_length is not None and prompt > facts.context_length:
        return Fitness(
            f"its context window is {facts.context_length} tokens, and the prompt has some {prompt}", too_long=True
        )
    unknown = []
    for need in sorted(needs):
        able = ability(facts, upstream_model, need)
        if able is False:
            return Fitness(NOT[need])
        if able is None:
            unknown.append(NAMES[need])
    if facts.context_length is None and prompt > SURE_WINDOW:
        unknown.append(f"takes {prompt} tokens")
    if unknown:
        return Fitness(unsure=f"nobody knows whether it {' and '.join(unknown)}")
    return Fitness()


def ability(facts: ModelFacts, upstream_model: str, need: Ability) -> bool | None:
    """Whether a model can do something: as its upstream's list says, else by its family; None where nobody knows."""
    if need in facts.can:
        return True
    if need in facts.cannot:
        return False
    if need in ("image", "audio", "file") and facts.input_modalities:
        return need in facts.input_modalities
    known = abilities_of(upstream_model)
    if known is None:
        return None
    return known[need]
