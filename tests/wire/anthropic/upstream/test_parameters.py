"""Names of parameters that Anthropic refuses: other ones upstream, the client's own everywhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.wire.anthropic.upstream.answer import chat_of
from aihub_lite.wire.anthropic.upstream.parameters import VALID_NAME, changed_names
from aihub_lite.wire.anthropic.upstream.stream import AnthropicStream
from aihub_lite.wire.chat.translated import Translation
from tests.support.upstream.claude import translated

HI = {"role": "user", "content": "hi"}
TOOL = {
    "type": "function",
    "function": {
        "name": "list apps",
        "parameters": {
            "type": "object",
            "properties": {
                "filter[id]": {"type": "string"},
                "filter_id_": {"type": "string"},
                "$top": {"type": "integer"},
                "x" * 70: {"type": "object", "properties": {"inner name": {"type": "string"}}},
            },
            "required": ["filter[id]", "$top"],
        },
        "input_examples": [{"$top": 1}],
    },
}
GIVEN = {"filter[id]": "ü", "filter_id_": "b", "$top": 3, "x" * 70: {"inner name": "c"}, "more": None}
UPSTREAM = {"filter_id__2": "ü", "filter_id_": "b", "_top": 3, "x" * 64: {"inner name": "c"}, "more": None}


def asked(*messages: dict[str, Any], model: str = "claude-sonnet-4-5", **fields: Any) -> Translation:
    return translated({"messages": [HI, *messages], "tools": [TOOL], **fields}, model)


def answered(translation: Translation, *pieces: str, name: str = "list_apps", stop: str = "tool_use") -> list[Any]:
    """The deltas of a stream with one call whose input comes in these pieces."""
    stream = AnthropicStream(translation.tool_names, translation.parameter_names)
    block = {"type": "tool_use", "id": "c", "name": name, "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "m", "role": "assistant"}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": stop}},
    ]
    return [chunk["choices"][0]["delta"] for event in events for chunk in stream.push_event(event)]


def arguments_in(deltas: list[dict[str, Any]]) -> str:
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    return "".join(call["function"]["arguments"] for call in calls)


def test_names_that_anthropic_refuses_are_others_upstream() -> None:
    """One MCP server with `filter[id]` or `$top` among its parameters made every request to Claude a 400."""
    (tool,) = asked().body["tools"]

    assert list(UPSTREAM)[:4] == list(tool["input_schema"]["properties"])
    assert ["filter_id__2", "_top"] == tool["input_schema"]["required"]
    assert [{"_top": 1}] == tool["input_examples"]
    assert {"inner name"} == tool["input_schema"]["properties"]["x" * 64]["properties"].keys()


def test_calls_in_history_have_the_names_that_the_tool_has() -> None:
    function = {"name": "list apps", "arguments": json.dumps(GIVEN)}
    calls = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": function}]}
    legacy = {"role": "assistant", "content": None, "function_call": function}

    said = asked(calls, {"role": "tool", "tool_call_id": "c", "content": "1"}, legacy).body["messages"]

    assert [UPSTREAM, UPSTREAM] == [said[1]["content"][0]["input"], said[3]["content"][0]["input"]]


def test_a_whole_answer_has_the_clients_names() -> None:
    translation = asked()
    block = {"type": "tool_use", "id": "c", "name": "list_apps", "input": UPSTREAM}
    answer = {"type": "message", "role": "assistant", "content": [block], "stop_reason": "tool_use"}

    (call,) = chat_of(answer, translation.tool_names, translation.parameter_names)["choices"][0]["message"][
        "tool_calls"
    ]

    assert ("list apps", GIVEN) == (call["function"]["name"], json.loads(call["function"]["arguments"]))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_stream_has_the_clients_names_wherever_it_is_cut(size: int) -> None:
    text = json.dumps(UPSTREAM)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]

    assert GIVEN == json.loads(arguments_in(answered(asked(), *pieces)))


def test_a_call_without_input_has_an_empty_object() -> None:
    assert "{}" == arguments_in(answered(asked()))


def test_input_that_was_cut_short_stays_as_it_came() -> None:
    assert '{"_top": 1' == arguments_in(answered(asked(), '{"_top"', ": 1", stop="max_tokens"))


def test_pieces_of_tools_that_need_no_other_names_are_passed_on_as_they_come() -> None:
    deltas = answered(asked(), '{"a', '": 1}', name="other")

    assert ['{"a', '": 1}'] == [
        text for delta in deltas for call in delta.get("tool_calls", ()) if (text := call["function"]["arguments"])
    ]


def test_an_answer_in_json_has_the_clients_names() -> None:
    """Models without structured output answer with a call of a tool that stands for the schema."""
    schema = {"type": "object", "properties": {"Account Number": {"type": "string"}}, "required": ["Account Number"]}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    translation = asked(model="claude-3-5-haiku-20241022", response_format=form)

    deltas = answered(translation, '{"Account_Num', 'ber": "1"}', name="json_response")

    assert {"Account_Number"} == translation.body["tools"][-1]["input_schema"]["properties"].keys()
    assert {"Account Number": "1"} == json.loads("".join(delta.get("content") or "" for delta in deltas))


@given(st.lists(st.text(max_size=3) | st.text("a[", min_size=63, max_size=66), unique=True))
def test_every_name_is_one_that_is_taken_and_none_is_there_twice(names: list[str]) -> None:
    changed = changed_names({"properties": {name: {} for name in names}})
    upstream = [changed.get(name, name) for name in names]

    assert all(map(VALID_NAME.fullmatch, upstream))
    assert len(set(upstream)) == len(names)
    assert all(not VALID_NAME.fullmatch(name) for name in changed)
