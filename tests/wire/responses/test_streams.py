"""Answers as the Responses API tells them: every event in its place, whole answers the same as streamed ones."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.wire.responses.reasoning import unseal
from tests.support.checkers.responses import check_responses_stream
from tests.wire.responses.exchanges import ENCRYPTED, call, chunk, events_of, new_request, response_of, stream_of

CUSTOM = {"type": "custom", "name": "apply_patch", "description": "Edits files."}
NAMESPACE = {
    "type": "namespace",
    "name": "mcp__files",
    "description": "Files.",
    "tools": [
        {"type": "function", "name": "read", "parameters": {"type": "object"}},
        {"type": "custom", "name": "sed"},
    ],
}
PATCH = '*** Begin Patch\n*** Add File: a.py\n+print("é 😀 \\n")\n*** End Patch'


def types(items: list[dict[str, Any]]) -> list[str]:
    return [item["type"] for item in items]


def test_the_events_of_a_text_come_in_the_documented_order() -> None:
    checked = stream_of(new_request(), {"role": "assistant", "content": "Hel"}, {"content": "lo"})
    assert [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ] == checked.kinds
    assert "Hello" == checked.output[0]["content"][0]["text"]


def test_reasoning_text_and_calls_keep_their_order() -> None:
    deltas = ({"reasoning_content": "Hm."}, {"content": "I look."}, call("look", "{}"), call("hear", "", "call_2", 1))
    items = stream_of(new_request(), *deltas, reason="tool_calls").output
    assert ["reasoning", "message", "function_call", "function_call"] == types(items)
    assert [{"type": "summary_text", "text": "Hm."}] == items[0]["summary"]


def test_empty_arguments_are_an_empty_object() -> None:
    assert "{}" == stream_of(new_request(), call("look", ""), reason="tool_calls").output[0]["arguments"]


def test_calls_that_all_have_index_0_are_all_in_a_whole_answer() -> None:
    """Ollama's whole answers number every call 0: the first was lost, and an item was `{}`."""
    calls = call("search", '{"q":"x"}', "a")["tool_calls"] + call("weather", '{"city":"Rome"}', "b")["tool_calls"]

    output = response_of(new_request(), {"content": "", "tool_calls": calls}, "tool_calls")["output"]

    assert [("function_call", "search"), ("function_call", "weather")] == [(one["type"], one["name"]) for one in output]


def test_calls_that_take_turns_keep_their_arguments_apart() -> None:
    more = [{"tool_calls": [{"index": index, "function": {"arguments": text}}]} for index, text in ((0, "1"), (1, "2"))]
    begun = (call("a", "[", "call_a", 0), call("b", "[", "call_b", 1))
    end = [{"tool_calls": [{"index": index, "function": {"arguments": "]"}}]} for index in (1, 0)]
    items = stream_of(new_request(), *begun, *more, *end, reason="tool_calls").output
    assert [("call_a", "[1]"), ("call_b", "[2]")] == [(item["call_id"], item["arguments"]) for item in items]


def test_text_after_a_call_is_a_message_of_its_own() -> None:
    items = stream_of(new_request(), {"content": "a"}, call("look", "{}"), {"content": "b"}, reason="tool_calls").output
    assert ["message", "function_call", "message"] == types(items)


@pytest.mark.parametrize(
    ("reason", "status", "details"),
    [
        ("stop", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_how_an_answer_ended_is_its_status(reason: str, status: str, details: dict[str, str] | None) -> None:
    response = stream_of(new_request(), {"content": "a"}, reason=reason).response
    assert (status, details, status) == (
        response["status"],
        response["incomplete_details"],
        response["output"][0]["status"],
    )


def test_a_refusal_is_no_text() -> None:
    (item,) = stream_of(new_request(), {"refusal": "I "}, {"refusal": "won't."}).output
    assert [{"type": "refusal", "refusal": "I won't."}] == item["content"]


def test_sources_are_annotations_of_the_text() -> None:
    cited = {
        "type": "url_citation",
        "url_citation": {"url": "https://a", "title": "A", "start_index": 0, "end_index": 2},
    }
    (item,) = stream_of(new_request(), {"content": "ab"}, {"annotations": [cited]}).output
    expected = {"type": "url_citation", "url": "https://a", "title": "A", "start_index": 0, "end_index": 2}
    assert [expected] == item["content"][0]["annotations"]


def test_a_custom_tool_is_called_with_its_input_piece_by_piece() -> None:
    arguments = '{"input": "' + PATCH.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"}'
    pieces = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in arguments]
    checked = stream_of(new_request(tools=[CUSTOM]), call("apply_patch", ""), *pieces, reason="tool_calls")
    (item,) = checked.output
    assert ("custom_tool_call", "apply_patch", PATCH) == (item["type"], item["name"], item["input"])
    assert checked.kinds.count("response.custom_tool_call_input.delta") > len(PATCH) // 2


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input": "a"}', "a"),
        ('{ "input" : "a\\tb" }', "a\tb"),
        ('{"patch": "a"}', "a"),
        ('{"other": 1, "input": "a"}', "a"),
        ("just text", "just text"),
        ('{"input": "cut sho', "cut sho"),
        ('{"input": "cut \\', "cut \N{REPLACEMENT CHARACTER}"),
        ('{"input": "\\ud83d\\ude00"}', "😀"),
        ('{"input": "\\ud83d"}', "\N{REPLACEMENT CHARACTER}"),
        ('{"input": "\\ud83d and more text"}', "\N{REPLACEMENT CHARACTER} and more text"),
        ('{"input": "a\\$b\\\\d"}', "a\\$b\\d"),
        ('{"input": "line\nbreak"}', "line\nbreak"),
        ("", ""),
        ("{}", ""),
        ('{"command": ["apply_patch", "a b"]}', "a b"),
        ('{"input": ["a", "b"]}', "a b"),
        ('"a\\nb"', "a\nb"),
        ('"cut', '"cut'),
    ],
)
def test_a_custom_calls_input_is_the_same_wherever_it_is_cut(arguments: str, text: str) -> None:
    request = new_request(tools=[CUSTOM])
    pieces = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in arguments]
    cut = stream_of(request, call("apply_patch", ""), *pieces, reason="tool_calls").output
    whole = stream_of(request, call("apply_patch", arguments), reason="tool_calls").output
    assert ([text], [text]) == ([item["input"] for item in cut], [item["input"] for item in whole])


def test_a_tool_of_a_namespace_is_called_by_its_own_name() -> None:
    deltas = (call("mcp__files__read", "{}"), call("mcp__files__sed", '{"input":"s/a/b/"}', "call_2", 1))
    items = stream_of(new_request(tools=[NAMESPACE]), *deltas, reason="tool_calls").output
    assert [("function_call", "mcp__files", "read"), ("custom_tool_call", "mcp__files", "sed")] == [
        (item["type"], item["namespace"], item["name"]) for item in items
    ]


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("local_shell", '{"command":["ls"]}', {"action": {"type": "exec", "command": ["ls"], "env": {}}}),
        ("shell", '{"commands":["ls"],"timeout_ms":5}', {"action": {"commands": ["ls"], "timeout_ms": 5}}),
        (
            "apply_patch",
            '{"type":"delete_file","path":"a"}',
            {"operation": {"type": "delete_file", "path": "a"}},
        ),
        ("local_shell", "not json", {"action": {"type": "exec", "command": ["not json"], "env": {}}}),
    ],
)
def test_a_built_in_tool_is_called_as_what_it_is(tool: str, arguments: str, expected: dict[str, Any]) -> None:
    (item,) = stream_of(new_request(tools=[{"type": tool}]), call(tool, arguments), reason="tool_calls").output
    assert {"type": f"{tool}_call", "call_id": "call_1", "status": "completed", **expected} == {
        name: value for name, value in item.items() if name != "id"
    }


def test_a_call_that_was_cut_short_is_incomplete() -> None:
    (item,) = stream_of(new_request(), call("look", '{"at": "th'), reason="length").output
    assert ("incomplete", '{"at": "th') == (item["status"], item["arguments"])


def test_what_a_model_signed_travels_in_its_reasoning() -> None:
    detail = {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}
    deltas = ({"reasoning_content": "Hm."}, {"reasoning_details": [detail]}, call("look", "{}"))
    reasoning, _ = stream_of(new_request(include=[ENCRYPTED]), *deltas, reason="tool_calls").output
    assert [detail] == unseal(reasoning["encrypted_content"]).details


def test_a_signature_of_a_call_comes_before_its_call() -> None:
    extra = {"google": {"thought_signature": "c2ln"}}
    deltas = ({"content": "I look."}, call("look", "{}", extra_content=extra))
    items = stream_of(new_request(include=[ENCRYPTED]), *deltas, reason="tool_calls").output
    assert ["message", "reasoning", "function_call"] == types(items)
    assert {"call_1": extra} == unseal(items[1]["encrypted_content"]).calls


def test_a_client_that_keeps_nothing_gets_no_signatures() -> None:
    extra = {"google": {"thought_signature": "c2ln"}}
    items = stream_of(
        new_request(), {"content": "a"}, call("look", "{}", extra_content=extra), reason="tool_calls"
    ).output
    assert ["message", "function_call"] == types(items)


def test_a_signature_at_the_end_of_a_text_travels_behind_it() -> None:
    detail = {"type": "reasoning.encrypted", "format": "google-gemini-v1", "index": 0, "data": "c2ln", "text": [2, 2]}
    items = stream_of(new_request(include=[ENCRYPTED]), {"content": "ab"}, {"reasoning_details": [detail]}).output
    assert ["message", "reasoning"] == types(items)
    assert [detail] == unseal(items[1]["encrypted_content"]).details


def test_a_second_choice_is_left_out() -> None:
    chunks = [chunk({"content": "A"}), chunk({"content": "B"}), chunk({}, "stop"), chunk({}, "stop")]
    for second in chunks[1::2]:
        second["choices"][0]["index"] = 1
    checked = check_responses_stream(events_of(new_request(), map(msgspec.json.encode, chunks)))
    assert ["A"] == [item["content"][0]["text"] for item in checked.output]


@pytest.mark.parametrize(
    "message",
    [
        {"content": "Hello"},
        {"content": None, "refusal": "No."},
        {"reasoning_content": "Hm.", "content": "Hello", "tool_calls": [call("look", "{}")["tool_calls"][0]]},
        {"content": "", "tool_calls": [call("apply_patch", '{"input":"a"}')["tool_calls"][0]]},
        {
            "reasoning_content": "Hm.",
            "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": "c2ln", "index": 0}],
            "content": "Hello",
        },
    ],
)
def test_a_whole_answer_equals_a_streamed_one(message: dict[str, Any]) -> None:
    fields = {"tools": [CUSTOM], "include": [ENCRYPTED]}
    reason = "tool_calls" if "tool_calls" in message else "stop"
    streamed = stream_of(new_request(**fields), message, reason=reason).response
    assert streamed == response_of(new_request(**fields), message, reason)


def test_a_response_repeats_its_request() -> None:
    fields = {"instructions": "Be brief.", "temperature": 0.5, "metadata": {"a": "b"}, "tools": [CUSTOM], "store": True}
    response = response_of(new_request(**fields), {"content": "a"})
    assert {**fields, "store": False, "model": "asked-for", "top_p": 1.0} == {
        name: response[name] for name in (*fields, "model", "top_p")
    }


def test_usage_has_the_names_of_responses() -> None:
    usage = stream_of(new_request(), {"content": "a"}).response["usage"]
    assert {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 12,
    } == usage


@pytest.mark.parametrize("fields", [{}, {"top_logprobs": 1}, {"include": ["message.output_text.logprobs"]}])
def test_probabilities_are_for_who_asked_for_them(fields: dict[str, Any]) -> None:
    token = {"token": "a", "logprob": -0.1, "top_logprobs": [{"token": "b", "logprob": -2.5}]}
    chunks = [chunk({"content": "a"}), chunk({}, "stop")]
    chunks[0]["choices"][0]["logprobs"] = {"content": [token]}
    checked = check_responses_stream(events_of(new_request(**fields), map(msgspec.json.encode, chunks)))
    top = {"token": "b", "bytes": [98], "logprob": -2.5}
    expected = {"token": "a", "bytes": [97], "logprob": -0.1, "top_logprobs": [top]}
    assert [expected] * bool(fields) == checked.output[0]["content"][0]["logprobs"]
