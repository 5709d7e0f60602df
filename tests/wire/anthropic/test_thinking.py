"""Thinking on its way back to Claude, and when it must be left out."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.wire.anthropic_answer import chat_of
from aihub_lite.wire.anthropic_thinking import has_thinking, strip_thinking
from tests.support.claude import asked, messages, sdk_problems, sent, translated

HELLO = {"role": "user", "content": "Hello"}
THOUGHT = {"type": "thinking", "thinking": "Hm", "signature": "s1"}
HIDDEN = {"type": "redacted_thinking", "data": "d1"}
DETAIL = {"type": "reasoning.text", "text": "Hm", "signature": "s1", "format": "anthropic-claude-v1", "index": 0}
USE = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
CALLS = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
RESULT = {"role": "tool", "tool_call_id": "c", "content": "x"}


def answered(*content: dict[str, Any]) -> dict[str, Any]:
    """What a client has of an answer with these blocks."""
    message: dict[str, Any] = chat_of({"role": "assistant", "content": list(content)})["choices"][0]["message"]
    return message


def said(**message: Any) -> list[dict[str, Any]]:
    """The blocks that are made of an assistant's message."""
    blocks: list[dict[str, Any]] = messages(HELLO, {"role": "assistant", "content": "Yes", **message})[1]["content"]
    return blocks


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning_details": [DETAIL, {"type": "reasoning.encrypted", "data": "d1"}]},
        {"thinking_blocks": [THOUGHT, HIDDEN]},
        {"content": [THOUGHT, HIDDEN, {"type": "text", "text": "Yes"}]},
        {"reasoning_details": [DETAIL, {"type": "reasoning.encrypted", "data": "d1"}], "thinking_blocks": [THOUGHT]},
    ],
)
def test_thinking_goes_first_in_whatever_shape_it_comes(message: dict[str, Any]) -> None:
    assert [THOUGHT, HIDDEN, {"type": "text", "text": "Yes"}] == said(**message)


def test_thinking_among_the_parts_of_a_message_stays_where_it_is() -> None:
    parts = [{"type": "text", "text": "Yes"}, THOUGHT, {"type": "thinking", "thinking": "unsigned"}]

    assert parts[:2] == said(content=parts)
    assert has_thinking(asked({"messages": [HELLO, {"role": "assistant", "content": parts}]}))


def test_thinking_without_text_goes_back_without_text() -> None:
    assert {**THOUGHT, "thinking": ""} == said(reasoning_details=[{**DETAIL, "text": ""}])[0]


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning_content": "Hm"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]},
        {"reasoning_details": [{**DETAIL, "signature": ""}]},
        {"reasoning_details": [{**DETAIL, "format": "google-gemini-v1"}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm"}, 5, {}]},
        {"reasoning_details": {"type": "reasoning.text"}},
        {"thinking_blocks": [{"type": "thinking", "thinking": 5, "signature": "s"}]},
    ],
)
def test_thinking_that_is_not_signed_by_anthropic_is_left_out(message: dict[str, Any]) -> None:
    assert [{"type": "text", "text": "Yes"}] == said(**message)


def test_thinking_collected_piece_by_piece_from_a_stream_is_put_together() -> None:
    pieces = [
        {"type": "reasoning.text", "text": "H", "index": 0},
        {"type": "reasoning.text", "text": "m", "index": 0},
        {"type": "reasoning.text", "signature": "s1", "index": 0},
        {"type": "reasoning.text", "text": "Two", "signature": "s2", "index": 1},
    ]

    assert [THOUGHT, {"type": "thinking", "thinking": "Two", "signature": "s2"}] == said(reasoning_details=pieces)[:2]


@pytest.mark.parametrize(
    "content",
    [
        [THOUGHT, HIDDEN, {"type": "text", "text": "Yes"}, USE],
        [THOUGHT, {"type": "text", "text": "Yes"}, {**THOUGHT, "signature": "s2"}, USE],
        [THOUGHT, USE, {**THOUGHT, "signature": "s2"}, {**USE, "id": "d"}, HIDDEN, {**USE, "id": "e"}],
        [{"type": "text", "text": "Yes"}, THOUGHT, USE],
    ],
)
def test_an_answer_goes_back_block_by_block_as_it_came(content: list[dict[str, Any]]) -> None:
    assert content == messages(HELLO, answered(*content))[1]["content"]


def test_an_answer_of_nothing_but_thinking_is_left_out_since_it_is_refused() -> None:
    assert 1 == len(messages(HELLO, answered(THOUGHT), HELLO))


def test_a_budget_goes_when_the_open_call_has_no_thinking_before_it() -> None:
    chat = {"messages": [HELLO, {"role": "assistant", "content": None, "tool_calls": CALLS}, RESULT]}
    explicit = {**chat, "thinking": {"type": "enabled", "budget_tokens": 2000}}

    assert ("reasoning_effort",) == translated({**chat, "reasoning_effort": "high"}, "claude-sonnet-4-5").dropped
    assert ("thinking",) == translated(explicit, "claude-sonnet-4-5").dropped
    assert "thinking" not in sent(explicit, "claude-sonnet-4-5")


def test_a_budget_stays_when_the_open_call_has_its_thinking() -> None:
    chat = {"messages": [HELLO, answered(THOUGHT, USE), RESULT], "reasoning_effort": "high"}

    assert "enabled" == sent(chat, "claude-sonnet-4-5")["thinking"]["type"]


def test_a_budget_stays_when_the_call_is_of_an_earlier_turn() -> None:
    chat = {"messages": [HELLO, answered(USE), RESULT, answered({"type": "text", "text": "Yes"}), HELLO]}

    assert "enabled" == sent({**chat, "reasoning_effort": "high"}, "claude-sonnet-4-5")["thinking"]["type"]


def test_a_conversation_that_carries_thinking_is_known_by_it() -> None:
    assert has_thinking(asked({"messages": [HELLO, answered(THOUGHT, USE), RESULT]}))
    assert has_thinking(asked({"messages": [HELLO, answered(HIDDEN, USE), RESULT]}))
    assert not has_thinking(asked({"messages": [HELLO, answered(USE), RESULT]}))


def test_only_the_thinking_that_an_account_can_read_is_left() -> None:
    body = sent({"messages": [HELLO, answered(THOUGHT, HIDDEN, USE), RESULT]}, "claude-sonnet-5-5")

    assert [THOUGHT, USE] == strip_thinking(body, {THOUGHT["signature"]}.__contains__)["messages"][1]["content"]
    assert [HIDDEN, USE] == strip_thinking(body, {HIDDEN["data"]}.__contains__)["messages"][1]["content"]


def test_for_another_account_thinking_is_stripped_and_nothing_else() -> None:
    body = sent(
        {"messages": [HELLO, answered(THOUGHT, HIDDEN, USE), RESULT], "reasoning_effort": "low"}, "claude-opus-5-5"
    )
    before = repr(body)
    stripped = strip_thinking(body)

    assert [USE] == stripped["messages"][1]["content"]
    assert body["messages"][0] == stripped["messages"][0]
    assert {name: value for name, value in body.items() if name != "messages"} == {
        name: value for name, value in stripped.items() if name != "messages"
    }
    assert before == repr(body)
    assert [] == sdk_problems(stripped)


def test_for_another_account_a_budget_goes_with_the_thinking_that_it_needs() -> None:
    body = sent({"messages": [HELLO, answered(THOUGHT, USE), RESULT], "reasoning_effort": "low"}, "claude-sonnet-4-5")

    assert "thinking" in body
    assert "thinking" not in strip_thinking(body)
