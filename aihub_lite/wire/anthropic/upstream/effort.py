"""How much a model is to think, said as it takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.models import BUDGETS, EFFORTS, ClaudeModel
from aihub_lite.wire.anthropic.thinking import budget_effort, calls_without_thinking, has_budget
from aihub_lite.wire.anthropic.upstream.forced import FORCED
from aihub_lite.wire.chat.translated import Translation
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at

LEAST_BUDGET = 1024
"""Tokens; a smaller one is a 400."""
FIELDS: Mapping[str, tuple[str, ...]] = {
    "enabled": ("type", "budget_tokens", "display"),
    "adaptive": ("type", "display"),
    "disabled": ("type",),
    "between_tools": ("type",),
}
"""Fields of `thinking`, by its type."""


def translate_effort(chat: JsonView, thinking: JsonObject | None, body: JsonView, model: ClaudeModel) -> Translation:
    """`thinking`, and the effort in `output_config`; raises InvalidRequest for an effort that is none.

    `thinking` is the client's own, in Anthropic's words; `body` is what the rest of the request has become.
    """
    step = Translation()
    named_effort = _effort_of(chat)
    own_thinking, own_effort = _own_thinking(thinking, model)
    if own_thinking is not None:
        step.body["thinking"] = own_thinking
    effort = named_effort or own_effort
    if effort is not None:
        fields, possible = _effort_fields(effort, body, model)
        for name, value in fields.items():
            step.body.setdefault(name, value)  # the client's own thinking stays
        if not possible:
            step.drop("thinking" if named_effort is None else "reasoning_effort")
    if named_effort is None and chat.get("reasoning") is not None:
        step.drop("reasoning")
    if has_budget(step.body.get("thinking")) and calls_without_thinking(body["messages"]):
        del step.body["thinking"]
    if thinking is not None and own_effort is None and "thinking" not in step.body:
        step.drop("thinking")
    return step


def _effort_of(chat: JsonView) -> str | None:
    """`reasoning_effort`, or OpenRouter's `reasoning.effort`; raises InvalidRequest for a word that is neither."""
    effort = chat.get("reasoning_effort")
    if effort is None:
        effort = dict_at(chat, "reasoning").get("effort")
    if effort == "default":  # Groq's word for none given
        return None
    if effort is not None and effort not in EFFORTS:
        raise InvalidRequest(f"'reasoning_effort' must be one of {', '.join(EFFORTS)}.")
    return effort


def _own_thinking(thinking: JsonView | None, model: ClaudeModel) -> tuple[JsonObject | None, str | None]:
    """The client's own `thinking` where the model takes it, otherwise the effort that it means.

    Z.ai and DeepSeek have a field of this name too, without a budget; older clients send budgets to newer models.
    """
    if thinking is None:
        return None, None
    kind = thinking.get("type")
    budget = thinking.get("budget_tokens")
    if type(budget) is not int:
        budget = None
    if _is_taken(kind, model) and (kind != "enabled" or budget is not None):
        return {name: thinking[name] for name in FIELDS[kind] if name in thinking}, None
    if kind in ("enabled", "adaptive"):
        if budget is None:
            return None, "medium"
        return None, budget_effort(budget)
    if kind in ("disabled", "between_tools"):
        return None, "none"
    return None, None


def _is_taken(kind: object, model: ClaudeModel) -> TypeGuard[str]:
    """Whether `thinking.type` may be this; 4.6 takes a budget and does without."""
    if kind == "enabled":
        return model.thinking != "none" and model.sampling
    if kind == "adaptive":
        return model.thinking == "adaptive"
    return kind == model.off and model.off != "never"


def _effort_fields(effort: str, body: JsonView, model: ClaudeModel) -> tuple[JsonObject, bool]:
    """The fields that come closest to an effort, and whether they are what was asked for."""
    if model.thinking == "none":
        return {}, effort == "none"
    if effort == "none":
        return _off_fields(body, model)
    if model.thinking == "enabled":
        budget = _budget(effort, body)
        if budget is None:
            return {}, False
        return {"thinking": {"type": "enabled", "budget_tokens": budget}}, True
    # From 4.7 on the text of the thoughts is left out unless it is asked for.
    thinking = {"type": "adaptive", "display": "summarized"}
    level = _nearest_effort(effort, model)
    if level is None:
        return {"thinking": thinking}, True
    return {"output_config": _with_effort(body, level), "thinking": thinking}, True


def _nearest_effort(effort: str, model: ClaudeModel) -> str | None:
    """The most of the model's efforts that is not above the one asked for; None where it has none."""
    allowed = EFFORTS[: EFFORTS.index(effort) + 1]
    for level in reversed(model.efforts):
        if level in allowed:
            return level
    return next(iter(model.efforts), None)


def _off_fields(body: JsonView, model: ClaudeModel) -> tuple[JsonObject, bool]:
    """Thinking turned off; where it cannot be, as little of it as there is."""
    if model.off != "never":
        return {"thinking": {"type": model.off}}, True
    if not model.efforts:
        return {}, False
    return {"output_config": _with_effort(body, model.efforts[0])}, False


def _with_effort(body: JsonView, effort: str) -> JsonObject:
    """`output_config`; an effort that the client has put there itself goes before."""
    return {"effort": effort, **body.get("output_config", {})}


def _budget(effort: str, body: JsonView) -> int | None:
    """Tokens; None where the request rules a budget out.

    Thinking counts as output, so at least half of what may be written is left for the answer.
    """
    if body.get("tool_choice", {}).get("type") in FORCED:
        return None  # both at once is a 400
    budget: int = min(BUDGETS[effort], body["max_tokens"] // 2)
    if budget < LEAST_BUDGET or calls_without_thinking(body["messages"]):
        return None
    return budget
