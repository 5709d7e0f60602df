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
from typing import Any, Literal

import attrs
import msgspec
from attrs import evolve

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
    always_off_able: bool = True
    """Whether thinking can be turned off at every effort; False: only up to `high`."""
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
    bound_thinking: bool = True
    """Whether a thinking block is only valid after the very conversation that it came from."""
    account_bound: bool = True
    """Whether a thinking block is only valid at the account that it came from, or one linked to it."""


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
    bound_thinking=False,
    account_bound=False,
)
"""Before 4.6: sampling, budgets, prefill, forced tools."""
_ADAPTIVE = ClaudeModel(source="", off="disabled", forced_tool=True, bound_thinking=False, account_bound=False)
"""From 4.6 to 5: thinks as much as it finds right, where it is not turned off."""

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
    "sonnet-4-6": evolve(_ADAPTIVE, source="[1][3] 2026-11", sampling=True, efforts=_WITH_MAX, mid_system=False),
    "opus-4-6": evolve(_ADAPTIVE, source="[1][3] 2026-11", sampling=True, efforts=_WITH_MAX, mid_system=False),
    "opus-4-7": evolve(_ADAPTIVE, source="[1][3] 2026-11", mid_system=False),
    "opus-4-8": evolve(_ADAPTIVE, source="[1][2][3] 2026-11"),
    "sonnet-5": evolve(_ADAPTIVE, source="[1][2][6] 2026-11"),
    "opus-5": evolve(_ADAPTIVE, source="[1][2][3] 2026-11", always_off_able=False),
    "fable-5": evolve(_ADAPTIVE, source="[1][2][3] 2026-11", off="never"),
    "mythos-5": evolve(_ADAPTIVE, source="[1][2] 2026-11", off="never"),
    "fable-5-1": ClaudeModel(source="[2][4] 2026-11", account_bound=False),
    "mythos-5-1": ClaudeModel(source="[2] 2026-11", account_bound=False),
    "fable-5-2": ClaudeModel(source="[5] 2026-11", account_bound=False),
    "mythos-5-2": ClaudeModel(source="[5] 2026-11", account_bound=False),
    "opus-5-5": ClaudeModel(source="[2][4] 2026-11", account_bound=False),
    "sonnet-5-5": ClaudeModel(source="[2][4] 2026-11", off="between_tools", always_off_able=False),
    "haiku-5-5": ClaudeModel(source="[2][4][6] 2026-11", off="disabled", always_off_able=False, forced_tool=True),
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
    found = _NAMED.search(model.lower())
    if found is None:
        return NEWEST if "claude-" in model.lower() else COMPATIBLE
    version = _version(found["late"] or "") or _version(found["early"] or "")
    return FAMILIES.get("-".join((found["name"], *version)), NEWEST)


@functools.lru_cache(maxsize=1024)
def described_model(model: str, description: bytes) -> ClaudeModel:
    """The row for an id, corrected by the upstream's own words for it (the JSON that `refined` reads), if any."""
    row = claude_model(model)
    return refined(row, msgspec.json.decode(description)) if description else row


def upstream_id(model: str) -> str:
    """The id as Anthropic writes it: a dot in a version is a 404 there."""
    return _DOTTED.sub("-", model) if model.startswith("claude-") else model


def refined(model: ClaudeModel, info: Mapping[str, Any]) -> ClaudeModel:
    """A row corrected by what Anthropic's own `GET /v1/models/{id}` says; what it does not say stays."""
    most, capabilities = info.get("max_tokens"), _mapping(info.get("capabilities"))
    types = _mapping(_mapping(capabilities.get("thinking")).get("types"))
    levels = _mapping(capabilities.get("effort"))
    thinking: Thinking = model.thinking
    if types:
        # Where both are taken, thinking without a budget is the one that stays.
        thinking = "adaptive" if _yes(types, "adaptive") else "enabled" if _yes(types, "enabled") else "none"
    off: Off = model.off
    if types:
        off = "disabled" if _yes(types, "disabled") else "between_tools" if _yes(types, "between_tools") else "never"
    return evolve(
        model,
        max_output=most if type(most) is int and most > 0 else model.max_output,
        thinking=thinking,
        off=off,
        efforts=tuple(name for name in _ALL if _yes(levels, name)) if levels else model.efforts,
        native_json=_yes(capabilities, "structured_outputs") if capabilities else model.native_json,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _yes(capabilities: Mapping[str, Any], name: str) -> bool:
    return _mapping(capabilities.get(name)).get("supported") is True


def _version(text: str) -> list[str]:
    """Major and minor, without a date and without a minor of 0."""
    numbers = [number for number in re.split(r"[.-]", text) if number]
    numbers = [number for number in numbers[:2] if len(number) <= 2]  # a date has eight digits
    return numbers[:1] if numbers[1:] == ["0"] else numbers
