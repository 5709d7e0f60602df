"""What Cursor posts to `/v1/chat/completions`, as chat (RULES.md C-30)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.cursor.request import cursor_request
from aihub_lite.wire.cursor.shape import is_cursors
from tests.support.examples import examples

HI = {"role": "user", "content": "hi"}
PATCH = "*** Begin Patch\n*** End Patch"
NESTED = {"type": "function", "function": {"name": "Shell", "parameters": {"type": "object", "properties": {}}}}
FLAT = {"type": "function", "name": "Read", "parameters": {"type": "object", "properties": {}}}
BARE = {"name": "Read", "description": "Reads.", "input_schema": {"type": "object", "properties": {}}}
CUSTOM = {
    "type": "custom",
    "name": "ApplyPatch",
    "description": "Edits files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"},
}


def chat(**fields: Any) -> dict[str, Any]:
    """The body of the chat request that was made."""
    return cursor_request({"model": "m", **fields}).body


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [HI]},
        {"messages": [HI], "tools": [NESTED]},
        {"messages": [HI], "tools": [{"type": "custom", "custom": {"name": "ApplyPatch"}}]},
        {"messages": [HI], "tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        {"messages": [HI], "tools": [{"google_search": {}}, "x", {"type": []}, {"type": [], "name": "f"}]},
        {"messages": [HI], "tools": "x", "input": "hi"},
        {},
    ],
)
def test_chats_own_bodies_are_left_alone(body: dict[str, Any]) -> None:
    assert not is_cursors(body)


@pytest.mark.parametrize(
    "body",
    [
        {"input": "hi"},
        {"input": [HI], "messages": None},
        {"messages": [HI], "tools": [NESTED, FLAT]},
        {"messages": [HI], "tools": [BARE]},
        {"messages": [HI], "tools": [CUSTOM]},
    ],
)
def test_bodies_of_responses_and_flat_tools_are_cursors(body: dict[str, Any]) -> None:
    assert is_cursors(body)


def test_items_are_messages() -> None:
    """It was a 400: 'messages' is missing."""
    call = {"type": "function_call", "call_id": "c1", "name": "Read", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c1", "output": "1"}
    body = chat(input=[{"role": "system", "content": "Be brief."}, HI, call, output], tools=[FLAT, NESTED])
    assert ["system", "user", "assistant", "tool"] == [message["role"] for message in body["messages"]]
    assert ["Read", "Shell"] == [tool["function"]["name"] for tool in body["tools"]]


def test_fields_of_responses_are_chats() -> None:
    request = cursor_request(
        {
            "model": "m",
            "input": "hi",
            "reasoning": {"effort": "high", "summary": "auto"},
            "text": {"verbosity": "low"},
            "max_output_tokens": 7,
            "include": ["reasoning.encrypted_content"],
            "store": False,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    )
    assert ("high", "low", 7) == (request.body["reasoning_effort"], request.body["verbosity"], request.max_tokens)
    assert (True, True) == (request.stream, request.include_usage)


@pytest.mark.parametrize("place", ["messages", "input"])
def test_a_custom_tool_is_a_function_that_takes_text(place: str) -> None:
    """Upstreams of chat answered 400 to it, Missing required parameter: 'tools[0].custom'."""
    (tool,) = chat(**{place: [HI]}, tools=[CUSTOM])["tools"]
    assert ("function", "ApplyPatch") == (tool["type"], tool["function"]["name"])
    assert ["input"] == tool["function"]["parameters"]["required"]
    assert "lark grammar:\nstart: x" in tool["function"]["description"]


@pytest.mark.parametrize("place", ["messages", "input"])
@pytest.mark.parametrize(
    "call",
    [
        {"id": "c1", "type": "function", "function": {"name": "ApplyPatch", "arguments": PATCH}},
        {"id": "c1", "type": "custom", "custom": {"name": "ApplyPatch", "input": PATCH}},
    ],
    ids=["function", "custom"],
)
def test_the_text_of_an_earlier_custom_call_goes_back_as_it_was_made(place: str, call: dict[str, Any]) -> None:
    """Models saw their own calls with arguments that were no JSON, or upstreams refused them."""
    history = [
        HI,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "Done."},
    ]
    messages = chat(**{place: history}, tools=[CUSTOM])["messages"]
    (sent,) = messages[1]["tool_calls"]
    function = {"name": "ApplyPatch", "arguments": '{"input":"*** Begin Patch\\n*** End Patch"}'}
    assert {"id": "c1", "type": "function", "function": function} == sent
    assert {"role": "tool", "tool_call_id": "c1", "content": "Done."} == messages[2]


def test_an_items_custom_call_goes_back_as_it_was_made() -> None:
    raw = {"type": "function_call", "call_id": "c1", "name": "ApplyPatch", "arguments": PATCH}
    wrapped = {**raw, "call_id": "c2", "arguments": '{"input":"x"}'}
    messages = chat(input=[HI, raw, wrapped], tools=[CUSTOM])["messages"]
    arguments = [call["function"]["arguments"] for call in messages[1]["tool_calls"]]
    assert ['{"input":"*** Begin Patch\\n*** End Patch"}', '{"input":"x"}'] == arguments


@pytest.mark.parametrize("place", ["messages", "input"])
def test_blocks_of_anthropics_are_calls_and_results(place: str) -> None:
    """For names of Claude's models Cursor sends Anthropic's blocks, which were a 400 or lost."""
    history = [
        HI,
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Reading."},
                {"type": "tool_use", "id": "t1", "name": "Read", "input": {"path": "a"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "1"}]},
                {"type": "text", "text": "And now?"},
                {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
            ],
        },
    ]
    body = chat(**{place: history}, tools=[BARE])
    function = {"name": "Read", "arguments": '{"path":"a"}'}
    call = {"id": "t1", "type": "function", "function": function}
    assert {"role": "assistant", "content": "Reading.", "tool_calls": [call]} == body["messages"][1]
    assert {"role": "tool", "tool_call_id": "t1", "content": "1"} == body["messages"][2]
    assert ["text", "image_url"] == [part["type"] for part in body["messages"][3]["content"]]
    assert {"type": "object", "properties": {}} == body["tools"][0]["function"]["parameters"]


def test_cache_marks_of_flat_tools_and_blocks_stay() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "1", **mark}
    use = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "Read", "input": {}}]}
    body = chat(messages=[HI, use, {"role": "user", "content": [result]}], tools=[{**BARE, **mark}])
    assert mark == {name: body["tools"][0][name] for name in mark}
    assert [{"type": "text", "text": "1", **mark}] == body["messages"][2]["content"]


@pytest.mark.parametrize("place", ["messages", "input"])
@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("required", "required"),
        ({"type": "any"}, "required"),
        ({"type": "auto"}, "auto"),
        ({"type": "tool", "name": "Read"}, {"type": "function", "function": {"name": "Read"}}),
        ({"type": "function", "name": "Read"}, {"type": "function", "function": {"name": "Read"}}),
        ({"type": "function", "function": {"name": "Read"}}, {"type": "function", "function": {"name": "Read"}}),
        ({"type": "custom", "name": "ApplyPatch"}, {"type": "function", "function": {"name": "ApplyPatch"}}),
    ],
)
def test_a_choice_of_a_tool_is_chats(place: str, choice: object, sent: object) -> None:
    assert sent == chat(**{place: [HI]}, tools=[FLAT, CUSTOM], tool_choice=choice)["tool_choice"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"input": [HI], "tools": "x"}, "'tools'"),
        ({"input": 3}, "'input'"),
        ({"input": [{"role": 3, "content": "x"}]}, "'input[0].role'"),
        ({"messages": "x", "tools": [FLAT]}, "'messages'"),
        ({"messages": [HI], "tools": [FLAT, {"type": "function", "name": ""}]}, "'tools[1].name'"),
        ({"messages": [HI], "tools": [{**FLAT, "parameters": 3}]}, "'tools[0].parameters'"),
        ({"messages": [HI, {"role": "user", "content": [{"type": "tool_result"}]}], "tools": [FLAT]}, "'messages[1]"),
        ({"messages": [HI], "tools": [FLAT], "tool_choice": {"type": 3}}, "'tool_choice'"),
    ],
)
def test_a_refusal_names_the_field_that_was_sent(body: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        cursor_request({"model": "m", **body})
    assert field in caught.value.message


NAMES = ["role", "content", "type", "name", "tool_calls", "function", "custom", "arguments", "input", "id", "output"]
WORDS = ["user", "assistant", "tool", "tool_use", "tool_result", "function", "custom", "function_call", "message", "f"]
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(WORDS) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=20,
)
tools = st.lists(st.sampled_from([NESTED, FLAT, BARE, CUSTOM]) | values, max_size=3)


@settings(max_examples=examples(100))
@given(place=st.sampled_from(["messages", "input"]), said=values, tools=tools | values, choice=values)
def test_whatever_is_posted_is_a_chat_request_or_refused(place: str, said: Any, tools: Any, choice: Any) -> None:
    body = {"model": "m", place: said, "tools": tools, "tool_choice": choice}
    if not is_cursors(body):
        return
    try:
        request = cursor_request(body)
    except InvalidRequest:
        return
    assert msgspec.json.encode(request.body)
    assert request.body["messages"]
