"""Thinking on its way back to Claude, and when it must be left out."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from aihub_lite.wire.anthropic.thinking import has_thinking, strip_thinking, thinking_blocks, with_thinking
from aihub_lite.wire.anthropic.upstream.answer import chat_of
from aihub_lite.wire.anthropic.upstream.stream import AnthropicStream
from tests.support.upstream.claude import asked, messages, sdk_problems, sent, translated

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


def streamed_answer(*content: dict[str, Any]) -> dict[str, Any]:
    """What a client has of the same answer, streamed."""
    events: list[dict[str, Any]] = [{"type": "message_start", "message": {"id": "m"}}]
    for index, block in enumerate(content):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events.append({"type": "content_block_stop", "index": index})
    stream = AnthropicStream()
    message: dict[str, Any] = {"role": "assistant", "content": "", "reasoning_details": [], "tool_calls": []}
    for delta in [chunk["choices"][0]["delta"] for event in events for chunk in stream.push_event(event)]:
        message["content"] += delta.get("content", "")
        message["reasoning_details"] += delta.get("reasoning_details", [])
        message["tool_calls"] += [call for call in delta.get("tool_calls", []) if "id" in call]
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


def test_thinking_in_very_many_pieces_is_put_together_in_linear_time() -> None:
    """One body of 7 MB took a minute, in which nobody else was served."""
    text = "abcdefgh" * 8
    pieces = [{"type": "reasoning.text", "text": text, "index": 0}] * 40_000
    pieces += [{"type": "reasoning.text", "signature": "s1", "index": 0}]
    began = process_time()

    assert len(text) * 40_000 == len(thinking_blocks({"reasoning_details": pieces})[0][1]["thinking"])
    assert process_time() - began < 1.0


def test_very_many_thoughts_find_their_places_in_linear_time() -> None:
    blocks: list[Any] = [{"type": "text", "text": "x"}] * 40_000
    thoughts: list[Any] = [(position, THOUGHT) for position in range(40_000)]
    began = process_time()

    assert [THOUGHT, blocks[0]] * 40_000 == with_thinking(blocks, thoughts)
    assert process_time() - began < 1.0


def test_a_piece_whose_text_is_no_text_adds_nothing() -> None:
    pieces = [
        {"type": "reasoning.text", "text": "Hm", "index": 0},
        {"type": "reasoning.text", "text": ["x"], "signature": "s1", "index": 0},
    ]

    assert THOUGHT == said(reasoning_details=pieces)[0]


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


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


@pytest.mark.parametrize(
    ("content", "sent_back"),
    [
        ([text("\n\n"), THOUGHT, text("4")], [THOUGHT, text("\n\n4")]),
        ([text("\n\n"), THOUGHT, text("4"), USE], [THOUGHT, text("\n\n4"), USE]),
        ([THOUGHT, text("One"), HIDDEN, text("Two")], [THOUGHT, HIDDEN, text("OneTwo")]),
    ],
)
def test_no_answer_goes_back_with_its_thinking_last(
    content: list[dict[str, Any]], sent_back: list[dict[str, Any]]
) -> None:
    """Opus 4.6 begins with two line breaks and thinks then; in chat all text is one, and the thought came behind it.
    Anthropic: "The final block in an assistant message cannot be `thinking`"."""
    for answer in (answered(*content), streamed_answer(*content)):
        assert sent_back == messages(HELLO, answer, HELLO)[1]["content"]


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
