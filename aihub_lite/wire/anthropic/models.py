"""What each family of Claude models takes: one row per family, found by the family's name and version in a model's id.

Sources, read in November 2026: [1] litellm 1.109.1, model map; [2] platform.claude.com, pages on thinking and effort,
mid-conversation system messages, structured outputs, and the migration guides of Opus, Sonnet and Haiku 5.5; [3]
recorded traffic in the test suites of pydantic-ai, ruby_llm and llm-anthropic; [4] openrouter.ai, "Claude 5.5
migration guide"; [5] anthropic 2.12.0, types and deprecations; [6] langchain-anthropic 1.5.13, model profiles.
Nothing was tried against a live API.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Literal

import attrs
import msgspec
from attrs import evolve

from aihub_lite.wire.json_types import JsonView, dict_at

Thinking = Literal["none", "enabled", "adaptive"]
"""How thinking is asked for: not at all, with a budget in tokens, or by effort alone."""
Off = Literal["disabled", "between_tools", "never"]
"""`thinking.type` that turns thinking off; `never`: a request to turn it off is a 400."""

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Every `reasoning_effort` there is, least first."""
BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 1024,
    "medium": 4096,
    "high": 16384,
    "xhigh": 32768,
    "max": 32768,
}
"""Thinking tokens by effort, for models that want a budget: a convention, nothing that Anthropic says."""

_LOW_TO_HIGH = ("low", "medium", "high")
_WITH_MAX = (*_LOW_TO_HIGH, "max")
_ALL = (*_LOW_TO_HIGH, "xhigh", "max")


@attrs.frozen(kw_only=True)
class ClaudeModel:
    """What a family takes; the defaults are those of the newest one."""

    source: str
    """Of the row: numbers of the list above, and when it was last checked."""
    max_output: int = 128_000
    """Tokens; what is asked for when the client names no limit, since the wire wants one."""
    sampling: bool = False
    """Whether temperature, top_p and top_k are taken; False: 400."""
    thinking: Thinking = "adaptive"
    off: Off = "never"
    efforts: tuple[str, ...] = _ALL
    """What `output_config.effort` takes, least first."""
    forced_tool: bool = False
    """Takes `tool_choice` any and tool; False: 400."""
    mid_system: bool = True
    """Takes `system` messages after the first turn."""
    prefill: bool = False
    """Continues a last message of the assistant; False: 400."""
    native_json: bool = True
    """Takes `output_config.format` and strict tools."""
    account_bound: bool = True
    """Whether a thinking block is only valid at the account that it came from, or one linked to it."""
    prose_times: float = 1.45
    """How many more tokens it makes of words than other models do. From Opus 4.7 on there is another tokenizer: 1.0 to
    1.35 times by [2], 1.45 of English by what others measured, and by [3]; of code, figures and other scripts less."""


_OLDER = ClaudeModel(
    source="",
    sampling=True,
    thinking="enabled",
    off="disabled",
    efforts=(),
    forced_tool=True,
    mid_system=False,
    prefill=True,
    native_json=False,
    account_bound=False,
    prose_times=1.0,
)
"""Before 4.6: sampling, budgets, prefill, forced tools."""
_ADAPTIVE = ClaudeModel(source="", off="disabled", forced_tool=True, account_bound=False)
"""From 4.6 to 5: thinks as much as it finds right, where it is not turned off."""
_ADAPTIVE_4_6 = evolve(_ADAPTIVE, sampling=True, efforts=_WITH_MAX, mid_system=False, prose_times=1.0)

FAMILIES: Mapping[str, ClaudeModel] = {
    "haiku-3": evolve(_OLDER, source="[1][5] 2026-11", max_output=4096, thinking="none"),
    "opus-3": evolve(_OLDER, source="[1][5] 2026-11", max_output=4096, thinking="none"),
    "sonnet-3": evolve(_OLDER, source="[1][5] 2026-11", max_output=4096, thinking="none"),
    "haiku-3-5": evolve(_OLDER, source="[1][5] 2026-11", max_output=8192, thinking="none"),
    "sonnet-3-5": evolve(_OLDER, source="[1][5] 2026-11", max_output=8192, thinking="none"),
    "sonnet-3-7": evolve(_OLDER, source="[1][3][5] 2026-11", max_output=64_000),
    "sonnet-4": evolve(_OLDER, source="[1][3] 2026-11", max_output=64_000),
    "opus-4": evolve(_OLDER, source="[1] 2026-11", max_output=32_000),
    "opus-4-1": evolve(_OLDER, source="[1][3] 2026-11", max_output=32_000),
    "sonnet-4-5": evolve(_OLDER, source="[1][3] 2026-11", max_output=64_000, native_json=True),
    "haiku-4-5": evolve(_OLDER, source="[1][3] 2026-11", max_output=64_000, native_json=True),
    "opus-4-5": evolve(_OLDER, source="[1][2] 2026-11", max_output=64_000, native_json=True, efforts=_LOW_TO_HIGH),
    "sonnet-4-6": evolve(_ADAPTIVE_4_6, source="[1][3] 2026-11"),
    "opus-4-6": evolve(_ADAPTIVE_4_6, source="[1][3] 2026-11"),
    "opus-4-7": evolve(_ADAPTIVE, source="[1][3] 2026-11", mid_system=False),
    "opus-4-8": evolve(_ADAPTIVE, source="[1][2][3] 2026-11"),
    "sonnet-5": evolve(_ADAPTIVE, source="[1][2][6] 2026-11"),
    "opus-5": evolve(_ADAPTIVE, source="[1][2][3] 2026-11"),
    "fable-5": evolve(_ADAPTIVE, source="[1][2][3] 2026-11", off="never"),
    "mythos-5": evolve(_ADAPTIVE, source="[1][2] 2026-11", off="never"),
    "fable-5-1": ClaudeModel(source="[2][4] 2026-11", account_bound=False),
    "mythos-5-1": ClaudeModel(source="[2] 2026-11", account_bound=False),
    "fable-5-2": ClaudeModel(source="[5] 2026-11", account_bound=False),
    "mythos-5-2": ClaudeModel(source="[5] 2026-11", account_bound=False),
    "opus-5-5": ClaudeModel(source="[2][4] 2026-11", account_bound=False),
    "sonnet-5-5": ClaudeModel(source="[2][4] 2026-11", off="between_tools"),
    "haiku-5-5": ClaudeModel(source="[2][4][6] 2026-11", off="disabled", forced_tool=True),
}
NEWEST = ClaudeModel(source="the strictest of every row above 2026-11")
"""For a `claude-*` that no row knows."""
COMPATIBLE = evolve(_OLDER, source="DeepSeek, Moonshot, Z.ai: endpoints like Anthropic's 2026-11", max_output=8192)
"""For a model of somebody else behind an endpoint like Anthropic's."""

_NAMED = re.compile(r"claude-(?:(?P<early>\d[\d.-]*)-)?(?P<name>[a-z]+)(?:-(?P<late>\d[\d.-]*))?")
_DOTTED = re.compile(r"(?<=\d)\.(?=\d)")


@functools.lru_cache(maxsize=1024)
def claude_model(model: str) -> ClaudeModel:
    """The row for an id, dotted or dated, of whatever cloud: `claude-sonnet-4.6`, `us.anthropic.claude-opus-4-1-v1`."""
    match = _NAMED.search(model.lower())
    if match is not None:
        version = _version(match["late"] or "") or _version(match["early"] or "")
        return FAMILIES.get("-".join((match["name"], *version)), NEWEST)
    if "claude-" in model.lower():
        return NEWEST
    return COMPATIBLE


@functools.lru_cache(maxsize=1024)
def described_model(model: str, description: bytes) -> ClaudeModel:
    """The row for an id, corrected by the upstream's own words for it, if any: the JSON of `with_capabilities`."""
    row = claude_model(model)
    if not description:
        return row
    return with_capabilities(row, msgspec.json.decode(description))


def upstream_id(model: str) -> str:
    """The id as Anthropic writes it: a dot in a version is a 404 there."""
    if not model.startswith("claude-"):
        return model
    return _DOTTED.sub("-", model)


def with_capabilities(row: ClaudeModel, info: JsonView) -> ClaudeModel:
    """A row corrected by what Anthropic's own `GET /v1/models/{id}` says; what it does not say stays."""
    max_output = info.get("max_tokens")
    if type(max_output) is int and max_output > 0:
        row = evolve(row, max_output=max_output)
    capabilities = dict_at(info, "capabilities")
    if not capabilities:
        return row
    row = evolve(row, native_json=_supported(capabilities, "structured_outputs"))
    types = dict_at(dict_at(capabilities, "thinking"), "types")
    if types:
        row = evolve(row, thinking=_thinking(types), off=_off(types))
    efforts = dict_at(capabilities, "effort")
    if efforts:
        row = evolve(row, efforts=tuple(name for name in _ALL if _supported(efforts, name)))
    return row


def _thinking(types: JsonView) -> Thinking:
    # Where both are taken, thinking without a budget is the one that stays.
    if _supported(types, "adaptive"):
        return "adaptive"
    if _supported(types, "enabled"):
        return "enabled"
    return "none"


def _off(types: JsonView) -> Off:
    if _supported(types, "disabled"):
        return "disabled"
    if _supported(types, "between_tools"):
        return "between_tools"
    return "never"


def _supported(capabilities: JsonView, name: str) -> bool:
    return dict_at(capabilities, name).get("supported") is True


def _version(text: str) -> list[str]:
    """Major and minor, without a date and without a minor of 0."""
    numbers = [number for number in re.split(r"[.-]", text) if number]
    numbers = [number for number in numbers[:2] if len(number) <= 2]  # a date has eight digits
    if numbers[1:] == ["0"]:
        return numbers[:1]
    return numbers
