"""Reasoning: how much, and in whose words it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from tests.support.upstream.claude import sent, translated

OLD = "claude-sonnet-4-5"
MIDDLE = "claude-sonnet-4-6"
NEW = "claude-opus-5-5"
SUMMARY = {"type": "adaptive", "display": "summarized"}


@pytest.mark.parametrize(
    ("model", "effort", "thinking", "level", "dropped"),
    [
        ("claude-3-5-haiku-latest", "high", None, None, ("reasoning_effort",)),
        ("claude-3-5-haiku-latest", "none", None, None, ()),
        (OLD, "minimal", {"type": "enabled", "budget_tokens": 1024}, None, ()),
        (OLD, "medium", {"type": "enabled", "budget_tokens": 4096}, None, ()),
        (OLD, "high", {"type": "enabled", "budget_tokens": 16384}, None, ()),
        (OLD, "none", {"type": "disabled"}, None, ()),
        (MIDDLE, "minimal", SUMMARY, "low", ()),
        (MIDDLE, "xhigh", SUMMARY, "high", ()),
        (MIDDLE, "max", SUMMARY, "max", ()),
        ("claude-opus-4-7", "xhigh", SUMMARY, "xhigh", ()),
        ("claude-opus-5", "none", {"type": "disabled"}, None, ()),
        ("claude-sonnet-5-5", "none", {"type": "between_tools"}, None, ()),
        ("claude-haiku-5-5", "none", {"type": "disabled"}, None, ()),
        ("claude-fable-5", "none", None, "low", ("reasoning_effort",)),
        (NEW, "none", None, "low", ("reasoning_effort",)),
        (NEW, "medium", SUMMARY, "medium", ()),
        ("claude-opus-9", "max", SUMMARY, "max", ()),
    ],
)
def test_an_effort_is_said_as_the_model_takes_it(
    model: str, effort: str, thinking: Any, level: str | None, dropped: tuple[str, ...]
) -> None:
    translation = translated({"reasoning_effort": effort}, model)

    assert (thinking, level, dropped) == (
        translation.body.get("thinking"),
        translation.body.get("output_config", {}).get("effort"),
        translation.dropped,
    )


def test_thinking_leaves_room_for_the_answer_or_is_left_out() -> None:
    assert 2000 == sent({"reasoning_effort": "high", "max_tokens": 4000}, OLD)["thinking"]["budget_tokens"]
    assert ("reasoning_effort",) == translated({"reasoning_effort": "high", "max_tokens": 1000}, OLD).dropped


def test_a_forced_call_goes_before_a_budget_since_both_are_refused() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    translation = translated({"reasoning_effort": "high", "tools": tools, "tool_choice": "required"}, OLD)

    assert ("thinking" not in translation.body, ("reasoning_effort",)) == (True, translation.dropped)


def test_openrouters_spelling_of_an_effort_is_understood() -> None:
    assert "low" == sent({"reasoning": {"effort": "low"}}, NEW)["output_config"]["effort"]
    assert ("reasoning",) == translated({"reasoning": {"max_tokens": 100}}, NEW).dropped


LOW = {"effort": "low"}


@pytest.mark.parametrize(
    ("model", "given", "thinking", "config"),
    [
        (OLD, {"type": "enabled", "budget_tokens": 2000}, {"type": "enabled", "budget_tokens": 2000}, None),
        (OLD, {"type": "enabled"}, {"type": "enabled", "budget_tokens": 4096}, None),
        (OLD, {"type": "adaptive"}, {"type": "enabled", "budget_tokens": 4096}, None),
        (OLD, {"type": "disabled", "clear_thinking": True}, {"type": "disabled"}, None),
        (MIDDLE, {"type": "enabled", "budget_tokens": 2000}, {"type": "enabled", "budget_tokens": 2000}, None),
        (MIDDLE, {"type": "adaptive", "x": 1}, {"type": "adaptive"}, None),
        (NEW, {"type": "enabled", "budget_tokens": 1024}, SUMMARY, LOW),
        (NEW, {"type": "enabled", "budget_tokens": 8000}, SUMMARY, {"effort": "medium"}),
        (NEW, {"type": "enabled", "budget_tokens": 30000}, SUMMARY, {"effort": "high"}),
        (NEW, {"type": "disabled"}, None, LOW),
        ("claude-sonnet-5-5", {"type": "disabled"}, {"type": "between_tools"}, None),
        ("claude-3-haiku", {"type": "enabled", "budget_tokens": 2000}, None, None),
        (NEW, {"clear_thinking": False}, None, None),
        (NEW, {"type": "never"}, None, None),
        (NEW, {"type": []}, None, None),
    ],
)
def test_thinking_in_other_words_is_said_as_the_model_takes_it(
    model: str, given: dict[str, Any], thinking: Any, config: Any
) -> None:
    translation = translated({"thinking": given}, model)

    assert (thinking, config) == (translation.body.get("thinking"), translation.body.get("output_config"))
    assert (thinking is None) == ("thinking" in translation.dropped)


def test_a_budget_is_not_sent_to_a_model_that_refuses_it() -> None:
    body = sent({"thinking": {"type": "enabled", "budget_tokens": 8000}, "reasoning_effort": "max"}, NEW)

    assert (SUMMARY, {"effort": "max"}) == (body["thinking"], body["output_config"])


def test_groqs_word_for_no_effort_is_understood() -> None:
    assert sent({}) == sent({"reasoning_effort": "default"})


@pytest.mark.parametrize("effort", ["huge", 5, ["low"], {}])
def test_an_effort_that_does_not_exist_is_refused(effort: Any) -> None:
    with pytest.raises(InvalidRequest, match="reasoning_effort"):
        sent({"reasoning_effort": effort})
