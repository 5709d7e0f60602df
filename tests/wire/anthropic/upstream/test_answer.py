"""Whole answers, their usage, and errors in them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.domain.usage import OtherUsage, Usage
from aihub_lite.wire.anthropic.upstream.answer import chat_of
from aihub_lite.wire.anthropic.upstream.request import JSON_TOOL
from aihub_lite.wire.anthropic.usage import chat_usage, usage_of
from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.usage import usage_of as chat_usage_of
from aihub_lite.wire.faults import AnswerNonsense
from tests.support.checkers.chat import check_chat_answer

USE = {"type": "tool_use", "id": "c", "name": "f", "input": {"x": "ü"}, "caller": {"type": "direct"}}


def chat(
    *content: dict[str, Any], stop: str | None = "end_turn", names: dict[str, str] | None = None, **more: Any
) -> Any:
    """The only choice of what is made of an answer; AssertionError if it would not be strict."""
    answer: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(content),
    }
    answer |= {"stop_reason": stop, "usage": {"input_tokens": 1, "output_tokens": 2}, **more}
    completion = chat_of(answer, names or {})
    check_chat_answer(answer_of(msgspec.json.encode(completion), "m", "r", 1).body)
    return completion["choices"][0]


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": value, **more}


def test_texts_are_put_together() -> None:
    assert {"role": "assistant", "content": "ab"} == chat(text("a"), text("b"))["message"]


def test_an_answer_without_blocks_has_empty_text() -> None:
    assert "" == chat()["message"]["content"]


def test_calls_come_in_order_with_their_arguments_as_text() -> None:
    choice = chat(USE, {**USE, "id": "d", "input": {}}, stop="tool_use", names={"f": "my.f"})

    assert (None, "tool_calls") == (choice["message"]["content"], choice["finish_reason"])
    assert [
        {"id": "c", "type": "function", "function": {"name": "my.f", "arguments": '{"x":"ü"}'}},
        {"id": "d", "type": "function", "function": {"name": "my.f", "arguments": "{}"}},
    ] == choice["message"]["tool_calls"]


def test_thinking_is_shown_and_kept_whole() -> None:
    thought = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    message = chat(thought, {"type": "redacted_thinking", "data": "d"}, text("a"))["message"]

    assert "Hm" == message["reasoning_content"]
    assert [
        {"type": "reasoning.text", "text": "Hm", "signature": "s", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "d", "format": "anthropic-claude-v1", "index": 1},
    ] == message["reasoning_details"]


def test_thinking_without_text_is_kept_for_its_signature() -> None:
    message = chat({"type": "thinking", "thinking": "", "signature": "s"}, text("a"))["message"]

    assert "reasoning_content" not in message
    assert "s" == message["reasoning_details"][0]["signature"]


def test_tools_that_ran_at_anthropic_are_no_calls_of_the_clients() -> None:
    server: list[dict[str, Any]] = [
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        {"type": "mcp_tool_use", "id": "m", "name": "x", "server_name": "y", "input": {}},
        {"type": "something_new"},
    ]

    assert {"role": "assistant", "content": "a"} == chat(*server, text("a"))["message"]


def test_pages_that_are_cited_are_annotations() -> None:
    cited = {"type": "web_search_result_location", "url": "https://x", "title": None, "cited_text": "y"}
    page = {"type": "page_location", "cited_text": "z", "document_index": 0}

    place = {"url": "https://x", "title": "", "content": "y", "start_index": 3, "end_index": 8}
    message = chat(text("As "), text("said.", citations=[cited, page]))["message"]

    assert [{"type": "url_citation", "url_citation": place}] == message["annotations"]


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "length"),
        ("compaction", "length"),
        ("refusal", "content_filter"),
        ("something_new", "stop"),
        (None, "stop"),
    ],
)
def test_every_stop_reason_is_one_of_openais(stop: str | None, expected: str) -> None:
    choice = chat(text("a"), stop=stop)

    assert (expected, stop) == (choice["finish_reason"], choice.get("native_finish_reason"))


@pytest.mark.parametrize(
    ("details", "expected"), [({"type": "refusal", "explanation": "No"}, "No"), (None, None), ({}, None)]
)
def test_a_refusal_says_why_where_that_is_known(details: Any, expected: str | None) -> None:
    choice = chat(stop="refusal", stop_details=details)

    assert (expected, "content_filter") == (choice["message"].get("refusal"), choice["finish_reason"])


def test_the_tool_that_stands_for_json_is_the_text_of_the_answer() -> None:
    answer = {"type": "tool_use", "id": "c", "name": JSON_TOOL, "input": {"x": 1}}
    choice = chat(answer, stop="tool_use", names={JSON_TOOL: ""})

    assert ({"role": "assistant", "content": '{"x":1}'}, "stop") == (choice["message"], choice["finish_reason"])


def test_the_id_is_kept() -> None:
    assert "msg_1" == chat_of({"id": "msg_1", "role": "assistant", "content": []})["id"]


@pytest.mark.parametrize(
    "answer", [{}, {"content": "x"}, {"content": [], "role": "user"}, {"id": "skill_1", "type": "skill"}]
)
def test_what_is_no_message_is_nonsense(answer: dict[str, Any]) -> None:
    with pytest.raises(AnswerNonsense):
        chat_of(answer)


def test_an_error_inside_a_200_is_an_error() -> None:
    with pytest.raises(AnswerNonsense) as caught:
        chat_of({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    assert caught.value.foreign is not None
    assert "server" == caught.value.foreign.kind


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input_tokens": 3, "output_tokens": 4}, Usage(3, 4)),
        (
            {"input_tokens": 3, "cache_read_input_tokens": 10, "cache_creation_input_tokens": 100, "output_tokens": 4},
            Usage(113, 4, 10, 100),
        ),
        (
            {"input_tokens": 3, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 5}},
            Usage(3, 9, 0, 0, 5),
        ),
        ({"input_tokens": 3, "output_tokens": 4, "cache_read_input_tokens": None}, Usage(3, 4)),
        ({"output_tokens": 4}, Usage(0, 4)),
        ({"input_tokens": None}, None),
        ({"service_tier": "standard"}, None),
        (None, None),
        ([1], None),
    ],
)
def test_usage_counts_cached_tokens_as_part_of_the_prompt(usage: Any, expected: Usage | None) -> None:
    assert expected == usage_of(usage)


def iteration(kind: str, read: int, written: int, **more: object) -> dict[str, object]:
    return {"type": kind, "input_tokens": read, "output_tokens": written, **more}


@pytest.mark.parametrize(
    ("beside", "iterations", "expected"),
    [
        pytest.param(
            {"input_tokens": 162, "output_tokens": 11},
            [iteration("compaction", 99195, 81), iteration("message", 162, 11)],
            Usage(99357, 92),
            id="a compaction, left out at the top (K2)",
        ),
        pytest.param(
            {"input_tokens": 2390, "output_tokens": 121, "output_tokens_details": {"thinking_tokens": 28}},
            [
                iteration("message", 1128, 110),
                iteration("advisor_message", 2518, 22, model="claude-opus-4-8"),
                iteration("message", 1262, 11),
            ],
            Usage(2390, 121, 0, 0, 28, others=(OtherUsage("claude-opus-4-8", Usage(2518, 22)),)),
            id="another model's advice",
        ),
        pytest.param(
            {"input_tokens": 3, "output_tokens": 4},
            [
                iteration("compaction", 10, 1, cache_read_input_tokens=100, cache_creation_input_tokens=50),
                iteration("message", 3, 4, cache_creation={"ephemeral_1h_input_tokens": 20}),
            ],
            Usage(183, 5, 100, 70, cache_write_1h_tokens=20),
            id="with caches",
        ),
        pytest.param(
            {"input_tokens": 3, "output_tokens": 4},
            [iteration("message", 3, 4, model="m")],
            Usage(3, 4),
            id="one that names the model that was asked",
        ),
        pytest.param(
            {"input_tokens": 412, "output_tokens": 264},
            [
                iteration("message", 408, 0, model="claude-fable-5"),
                iteration("fallback_message", 412, 264, model="claude-opus-4-8"),
            ],
            Usage(others=(OtherUsage("claude-opus-4-8", Usage(412, 264)),)),
            id="another model's answer",
        ),
        pytest.param(
            {"input_tokens": 2, "output_tokens": 13658},
            [
                iteration("message", 2, 578, model="claude-fable-5", cache_creation_input_tokens=10421),
                iteration("fallback_message", 2, 13658, model="claude-opus-4-8"),
            ],
            Usage(10423, 578, 0, 10421, others=(OtherUsage("claude-opus-4-8", Usage(2, 13658)),)),
            id="another model's answer after the first words",
        ),
        pytest.param({"input_tokens": 30, "output_tokens": 4}, [iteration("message", 3, 4)], Usage(30, 4), id="fewer"),
        pytest.param({"input_tokens": 3, "output_tokens": 4}, [], Usage(3, 4), id="none"),
        pytest.param({"input_tokens": 3, "output_tokens": 4}, "nonsense", Usage(3, 4), id="nonsense"),
    ],
)
def test_every_iteration_is_counted(beside: dict[str, object], iterations: object, expected: Usage) -> None:
    """A compaction read 99,195 tokens that nobody was billed for."""
    assert expected == usage_of({**beside, "iterations": iterations})


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        ({"service_tier": "standard", "inference_geo": "global", "speed": "standard"}, ""),
        ({"service_tier": "standard", "inference_geo": "not_available"}, ""),
        ({"service_tier": "priority"}, "priority"),
        ({"service_tier": "standard", "speed": "fast"}, "fast"),
        ({"speed": "fast", "inference_geo": "us"}, "fast+us"),
    ],
)
def test_what_changes_the_price_of_claude_is_its_tier(said: dict[str, object], tier: str) -> None:
    usage = {"input_tokens": 3, "output_tokens": 4, **said}

    assert [Usage(3, 4, tier=tier)] * 2 == [usage_of(usage), chat_usage_of(chat_usage(usage))]
