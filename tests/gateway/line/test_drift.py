"""Which answers have a drift, and how large it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.domain.modality import Modal
from aihub_lite.domain.usage import OtherUsage, Usage
from aihub_lite.gateway.line.drift import LEAST_TOKENS, drift_of
from aihub_lite.wire.chat.request import ChatRequest, parse_chat
from aihub_lite.wire.written import Written

HUNDRED = "word " * 100
"""100 tokens by our own count."""
MESSAGES = [{"role": "user", "content": "Hello"}]


def asked(**fields: Any) -> ChatRequest:
    return parse_chat(msgspec.json.encode({"model": "m", "messages": MESSAGES, **fields}))


def written(text: str = HUNDRED, *, thought: bool = False, other: bool = False) -> Written:
    answer = Written(thought=thought, other=other)
    answer.add(text)
    return answer


def drift(usage: Usage, answer: Written | None = None, model: str = "gpt-4o", **fields: Any) -> float | None:
    return drift_of(usage, answer or written(), asked(**fields), model)


def test_it_is_what_is_reported_over_what_there_is() -> None:
    assert 2.0 == drift(Usage(10, 200))


def test_reasoning_that_is_reported_apart_is_left_out() -> None:
    assert 1.0 == drift(Usage(10, 4100, reasoning_tokens=4000), written(thought=True), "o3")


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(Usage(10, 500, modal=Modal(audio_output=300)), id="sound"),
        pytest.param(Usage(10, 500, others=(OtherUsage("m2", Usage(1, 1)),)), id="another model's advice"),
        pytest.param(Usage(10, 400, reasoning_tokens=400), id="nothing but reasoning"),
    ],
)
def test_a_usage_of_more_than_text_has_none(usage: Usage) -> None:
    assert drift(usage) is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(written("word " * (LEAST_TOKENS - 1)), id="too short"),
        pytest.param(written("井" * 500), id="another script"),
        pytest.param(written(other=True), id="with a call"),
        pytest.param(written(thought=True), id="thought without a count"),
    ],
)
def test_an_answer_whose_tokens_are_not_those_of_its_text_has_none(answer: Written) -> None:
    assert drift(Usage(10, 500), answer) is None


@pytest.mark.parametrize(("thought", "expected"), [(False, 2.0), (True, None)])
def test_a_format_that_shows_each_thought_is_believed_where_it_shows_none(
    thought: bool, expected: float | None
) -> None:
    """Claude Code asks for thinking every time, and Claude thinks where it finds that right."""
    answer = written(thought=thought)
    answer.shows_thought = True
    assert expected == drift(Usage(10, 200), answer, "claude-sonnet-4-5", thinking={"type": "enabled"})


def test_what_is_no_conversation_has_none() -> None:
    assert drift_of(Usage(10, 500), None, None, "gpt-4o") is None


@pytest.mark.parametrize(
    "model",
    [
        *("o3", "gpt-5.2", "openai/gpt-oss-120b", "gemini-2.5-flash", "google/gemini-3-pro-preview", "grok-4-fast"),
        *("deepseek-reasoner", "deepseek-r1", "qwen3-max", "kimi-k2-thinking", "glm-4.7", "magistral-small", "qwq-32b"),
    ],
)
def test_a_model_that_may_have_thought_unseen_has_none(model: str) -> None:
    assert drift(Usage(10, 2000), model=model) is None


@pytest.mark.parametrize(
    "model",
    [
        *("gpt-4o", "gpt-4.1-mini", "claude-sonnet-4-5", "llama-3.3-70b-versatile", "mistral-large-latest"),
        *("deepseek-chat", "command-r1234", "gemma-3-27b", "grok-2-1212"),
    ],
)
def test_a_model_that_does_not_think_unasked_has_one(model: str) -> None:
    assert drift(Usage(10, 100), model=model) == 1.0


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_effort": "low"},
        {"thinking": {"type": "enabled"}},
        {"enable_thinking": True},
        {"tools": [{"type": "web_search"}]},
        {"plugins": [{"id": "web"}]},
        {"search_parameters": {"mode": "on"}},
    ],
)
def test_who_asks_for_what_nobody_sees_gets_an_answer_without_one(fields: dict[str, Any]) -> None:
    assert drift(Usage(10, 2000), **fields) is None


@pytest.mark.parametrize(
    "fields",
    [{"reasoning_effort": "none"}, {"tools": [{"type": "function", "function": {"name": "f"}}]}, {"tools": []}],
)
def test_tools_of_the_clients_own_that_were_not_called_are_no_reason(fields: dict[str, Any]) -> None:
    assert drift(Usage(10, 200), **fields) == 2.0


@pytest.mark.parametrize(
    ("model", "expected"),
    [("claude-sonnet-4-6", 1.45), ("claude-opus-4-8", 1.0), ("anthropic/claude-sonnet-5", 1.0), ("gpt-4o", 1.45)],
)
def test_the_tokenizer_of_newer_claude_models_is_not_held_against_them(model: str, expected: float) -> None:
    assert drift(Usage(10, 145), model=model) == expected
