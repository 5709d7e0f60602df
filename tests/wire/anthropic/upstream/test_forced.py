"""Calls that a client forces on Claude models that take no choice but `auto` and `none`."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.schema import is_sayable
from aihub_lite.wire.anthropic.upstream.answer import chat_of
from aihub_lite.wire.anthropic.upstream.stream import AnthropicStream
from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.stream import ChatStream
from tests.support.checkers.chat import CheckedChoice, check_chat_answer, check_chat_stream
from tests.support.upstream.claude import translated

MODEL = "claude-opus-5-5"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 9}}, "required": ["city"]}
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Tells it.", "parameters": PARAMETERS}}
TIME = {"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
NAMED = {"type": "function", "function": {"name": "weather"}}
ONE_ALLOWED = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED]}}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "{maxLength: 9}"}},
    "required": ["city"],
    "additionalProperties": False,
    "description": "Tells it.",
    "title": "weather",
}


def weather(**parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", **parameters}}}


@pytest.mark.parametrize(
    ("tools", "choice"),
    [
        ([WEATHER], "required"),
        ([WEATHER], {"type": "any"}),
        ([WEATHER], NAMED),
        ([TIME, WEATHER, SEARCH], NAMED),
        ([TIME, WEATHER], {"type": "tool", "name": "weather"}),
    ],
)
def test_one_forced_function_is_structured_output(tools: list[Any], choice: Any) -> None:
    """pydantic-ai, instructor, smolagents and LobeChat got a 400 for every answer that they wanted as an object."""
    translation = translated({"tools": tools, "tool_choice": choice}, MODEL)
    assert {"type": "json_schema", "schema": SCHEMA} == translation.body["output_config"]["format"]
    assert {"type": "none"} == translation.body["tool_choice"]
    assert len(tools) == len(translation.body["tools"])
    assert ("weather", ("tool_choice",)) == (translation.call, translation.dropped)


def test_a_legacy_function_call_is_forced_like_one_of_today() -> None:
    body = {"functions": [WEATHER["function"]], "function_call": {"name": "weather"}}
    assert "weather" == translated(body, MODEL).call


def test_an_effort_stays_beside_the_schema() -> None:
    body = translated({"tools": [WEATHER], "tool_choice": NAMED, "reasoning_effort": "low"}, MODEL).body
    assert {"effort", "format"} == body["output_config"].keys()


OPEN: list[dict[str, Any]] = [
    {"properties": {"tags": {"type": "object"}}},
    {"properties": {"tags": {"type": "object", "additionalProperties": {"type": "string"}}}},
    {"properties": {"a": {"type": "array", "items": {"type": "object"}}}},
    {"properties": {"node": {"$ref": "#/$defs/N"}}, "$defs": {"N": {"properties": {"next": {"$ref": "#/$defs/N"}}}}},
]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tools": [WEATHER, TIME], "tool_choice": "required"}, "one of your tools"),
        ({"tools": [WEATHER, SEARCH], "tool_choice": "required"}, "one of your tools"),
        ({"tools": [WEATHER, TIME], "tool_choice": ONE_ALLOWED}, "one of your tools"),
        ({"tools": [WEATHER, SEARCH], "tool_choice": {"type": "tool", "name": "web_search"}}, "the tool web_search"),
        *(({"tools": [weather(**open_schema)], "tool_choice": NAMED}, "the tool weather") for open_schema in OPEN),
    ],
)
def test_what_no_schema_can_force_is_asked_for_in_words(fields: dict[str, Any], said: str) -> None:
    translation = translated({**fields, "messages": [{"role": "system", "content": "S"}]}, MODEL)
    assert ({"type": "auto"}, "") == (translation.body["tool_choice"], translation.call)
    assert "S" == translation.body["system"][0]["text"]
    assert said in translation.body["system"][-1]["text"]
    assert "output_config" not in translation.body
    assert ("tool_choice",) == translation.dropped


def test_a_schema_of_the_answers_own_goes_before_a_forced_call() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", "properties": {}}}}
    translation = translated({"tools": [WEATHER], "tool_choice": NAMED, "response_format": form}, MODEL)
    assert {"properties", "type", "additionalProperties"} == translation.body["output_config"]["format"][
        "schema"
    ].keys()
    assert ({"type": "auto"}, "") == (translation.body["tool_choice"], translation.call)


def test_a_forced_call_of_no_tool_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="names none of the tools: 'other'"):
        translated({"tools": [WEATHER], "tool_choice": {"type": "tool", "name": "other"}}, MODEL)


def test_models_that_take_a_forced_call_are_asked_for_it() -> None:
    translation = translated({"tools": [WEATHER], "tool_choice": NAMED}, "claude-opus-4-6")
    assert ({"type": "tool", "name": "weather"}, "", ()) == (
        translation.body["tool_choice"],
        translation.call,
        translation.dropped,
    )


@pytest.mark.parametrize("schema", [PARAMETERS, {}, {"type": "object"}, {"properties": {"a": {"$ref": "#/$defs/A"}}}])
def test_a_closed_schema_is_said_as_it_is(schema: dict[str, Any]) -> None:
    assert is_sayable({**schema, "$defs": {"A": {"type": "string"}}})


def whole(text: str, stop: str = "end_turn", **options: Any) -> CheckedChoice:
    content = [{"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "text", "text": text}]
    answer = {"role": "assistant", "content": content, "stop_reason": stop}
    chat = msgspec.json.encode(chat_of(answer, call="weather", **options))
    return check_chat_answer(answer_of(chat, "m", "r", 1).body).first


def streamed(text: str, stop: str = "end_turn", **options: Any) -> CheckedChoice:
    foreign = AnthropicStream(call="weather", **options)
    chat = ChatStream("m", "r", 1, include_usage=False)
    pieces = [text[at : at + 3] for at in range(0, len(text), 3)]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "delta": {"type": "text_delta", "text": piece}} for piece in pieces),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": stop}},
        {"type": "message_stop"},
    ]
    sent = [sent for event in events for chunk in foreign.push_event(event) for sent in chat.push_chunk(chunk)]
    return check_chat_stream(b"".join([*sent, *chat.end()]), include_usage=False).first


@pytest.mark.parametrize("read", [whole, streamed])
def test_the_text_of_the_answer_is_the_call(read: Any) -> None:
    choice = read('{"city": "Bonn"}')
    (call,) = choice.tool_calls
    assert ("weather", {"city": "Bonn"}) == (
        call["function"]["name"],
        msgspec.json.decode(call["function"]["arguments"]),
    )
    assert ("tool_calls", "") == (choice.finish_reason, choice.content)


@pytest.mark.parametrize("read", [whole, streamed])
def test_the_call_has_the_clients_own_names(read: Any) -> None:
    choice = read('{"a_b": 1}', names={"weather": "Wetter"}, parameters={"weather": {"a_b": "a[b]"}})
    (call,) = choice.tool_calls
    assert ("Wetter", '{"a[b]":1}') == (call["function"]["name"], call["function"]["arguments"])


@pytest.mark.parametrize("read", [whole, streamed])
def test_a_call_that_was_cut_short_says_so(read: Any) -> None:
    choice = read('{"city": "Bo', "max_tokens")
    assert ('{"city": "Bo', "length") == (choice.tool_calls[0]["function"]["arguments"], choice.finish_reason)


def test_a_refusal_is_no_call() -> None:
    choice = whole("I cannot.", "refusal")
    assert ([], "content_filter") == (choice.tool_calls, choice.finish_reason)


@pytest.mark.parametrize("read", [whole, streamed])
def test_an_answer_without_text_is_no_call(read: Any) -> None:
    assert [] == read("").tool_calls
