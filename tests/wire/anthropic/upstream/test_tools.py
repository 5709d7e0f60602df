"""Tools, calls, names, ids and choices."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from tests.support.upstream.claude import messages, sent, translated

FORCED_REFUSED = ["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1", "claude-opus-7"]
MARK = {"type": "ephemeral"}
HELLO = {"role": "user", "content": "Hello"}


def tool(name: str = "f", **function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **function}}


def call(call_id: str, arguments: Any = "{}", name: str = "f") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calling(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def test_a_function_is_a_tool_with_its_schema() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]}

    assert [{"name": "f", "description": "does f", "input_schema": schema}] == sent(
        {"tools": [tool(description="does f", parameters=schema)]}
    )["tools"]


@pytest.mark.parametrize("function", [{}, {"parameters": {}}, {"parameters": None, "description": ""}])
def test_a_function_without_parameters_has_an_empty_schema_and_no_empty_description(function: dict[str, Any]) -> None:
    assert [{"name": "f", "input_schema": {"type": "object", "properties": {}}}] == sent({"tools": [tool(**function)]})[
        "tools"
    ]


def test_a_schema_is_given_the_type_that_it_must_have() -> None:
    schema: dict[str, Any] = {"properties": {"x": {}}}

    assert {"type": "object", **schema} == sent({"tools": [tool(parameters=schema)]})["tools"][0]["input_schema"]


def test_anthropics_own_fields_of_a_tool_are_kept() -> None:
    extra = {"cache_control": MARK, "defer_loading": True, "eager_input_streaming": True, "input_examples": [{"x": 1}]}
    outside = {**tool(), **extra}
    inside = tool("g", **extra)

    for translated_tool in sent({"tools": [outside, inside]})["tools"]:
        assert extra == {name: translated_tool[name] for name in extra}


def test_a_tool_in_anthropics_words_is_kept_and_a_server_tool_untouched() -> None:
    own = {"name": "f", "input_schema": {"type": "object"}}
    server = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}

    assert [own, server] == sent({"tools": [own, {**server, "user_location": None}]})["tools"]


def test_legacy_functions_are_tools() -> None:
    body = sent({"functions": [{"name": "f"}], "function_call": {"name": "f"}})

    assert ("f", {"type": "tool", "name": "f"}) == (body["tools"][0]["name"], body["tool_choice"])


def test_a_strict_tool_is_strict_where_that_is_known_and_named_where_not() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer", "minimum": 1}}}
    body = {"tools": [tool(strict=True, parameters=schema)]}
    strict_tool = sent(body)["tools"][0]

    assert (True, False) == (strict_tool["strict"], strict_tool["input_schema"]["additionalProperties"])
    assert ("tools.strict",) == translated(body, "claude-opus-4-1").dropped


@pytest.mark.parametrize(
    ("tools", "named"),
    [
        ({}, "tools"),
        ([5], r"tools\[0\]"),
        ([tool("")], r"tools\[0\].name"),
        ([{"function": True}], r"tools\[0\].name"),
        ([{"type": "function", "function": "x"}], r"tools\[0\].name"),
        ([tool(parameters=[1])], r"tools\[0\].function.parameters"),
        ([tool(description=5)], r"tools\[0\].function.description"),
        ([{"type": "custom", "custom": {"name": "patch"}}], r"tools\[0\].type"),
        ([{"type": "function", "function": "x"}], r"tools\[0\].name"),
        ([{"type": "function", "function": ["x"]}], r"tools\[0\].name"),
    ],
)
def test_a_tool_that_cannot_be_one_is_refused_and_never_left_out(tools: Any, named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        sent({"tools": tools})


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ({"type": "function", "function": {"name": "f"}}, {"type": "tool", "name": "f"}),
        ({"type": "function", "name": "f"}, {"type": "tool", "name": "f"}),
        ({"type": "tool", "name": "f"}, {"type": "tool", "name": "f"}),
        ({"type": "any"}, {"type": "any"}),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}}, {"type": "any"}),
        ({"type": "allowed_tools", "mode": "auto", "tools": []}, {"type": "auto"}),
    ],
)
def test_a_tool_choice_means_the_same(choice: Any, expected: dict[str, Any]) -> None:
    assert expected == sent({"tools": [tool()], "tool_choice": choice})["tool_choice"]


def test_a_tool_choice_without_tools_is_left_out() -> None:
    assert {"tool_choice", "tools"}.isdisjoint(sent({"tool_choice": "none", "tools": [], "parallel_tool_calls": False}))


@pytest.mark.parametrize("choice", ["maybe", 5, {"type": "function"}, {"type": ["auto"]}])
def test_a_tool_choice_that_does_not_exist_is_refused(choice: Any) -> None:
    with pytest.raises(InvalidRequest, match="tool_choice"):
        sent({"tools": [tool()], "tool_choice": choice})


@pytest.mark.parametrize("model", FORCED_REFUSED)
def test_a_forced_call_is_refused_when_strict_where_the_model_rejects_one(model: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot force a call"):
        sent({"tools": [tool()], "tool_choice": "required"}, model, strict=True)


def test_one_call_at_a_time_is_asked_for_with_the_choice() -> None:
    body = {"tools": [tool()], "parallel_tool_calls": False}

    assert {"type": "auto", "disable_parallel_tool_use": True} == sent(body)["tool_choice"]
    assert {"type": "any", "disable_parallel_tool_use": True} == sent({**body, "tool_choice": "required"})[
        "tool_choice"
    ]
    assert {"type": "none"} == sent({**body, "tool_choice": "none"})["tool_choice"]
    assert "tool_choice" not in sent({**body, "parallel_tool_calls": True})


def test_a_name_that_is_not_allowed_is_changed_everywhere_and_known_on_the_way_back() -> None:
    translation = translated(
        {
            "messages": [
                HELLO,
                calling(call("c", name="my.tool")),
                {"role": "tool", "tool_call_id": "c", "content": "x"},
            ],
            "tools": [tool("my.tool")],
            "tool_choice": {"type": "function", "function": {"name": "my.tool"}},
        }
    )

    assert "my_tool" == translation.body["tools"][0]["name"] == translation.body["tool_choice"]["name"]
    assert "my_tool" == translation.body["messages"][1]["content"][0]["name"]
    assert {"my_tool": "my.tool"} == translation.tool_names


def test_two_names_never_become_one() -> None:
    long = "x" * 200
    translation = translated(
        {"tools": [tool("a.b"), tool("a b"), tool("a_b"), tool(long), tool(long + "y"), tool("ä")]}
    )
    names = [renamed["name"] for renamed in translation.body["tools"]]

    assert ["a_b_2", "a_b_3", "a_b", "x" * 128, "x" * 126 + "_2", "_"] == names
    assert {
        "a_b_2": "a.b",
        "a_b_3": "a b",
        "x" * 128: long,
        "x" * 126 + "_2": long + "y",
        "_": "ä",
    } == translation.tool_names


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"x": "ü"}', {"x": "ü"}),
        ("", {}),
        (None, {}),
        ("null", {}),
        (" ", {}),
        ({"x": 1}, {"x": 1}),
        ("not JSON", {"_raw": "not JSON"}),
        ("[1]", {"_raw": "[1]"}),
        ('{"x": NaN}', {"_raw": '{"x": NaN}'}),
        ("{" * 99, {"_raw": "{" * 99}),
        ('{"a":' * 99 + "1" + "}" * 99, {"_raw": '{"a":' * 99 + "1" + "}" * 99}),
        (5, {"_raw": 5}),
    ],
)
def test_arguments_become_an_object_and_never_drop_the_call(arguments: Any, expected: dict[str, Any]) -> None:
    assert expected == messages(HELLO, calling(call("c", arguments)))[1]["content"][0]["input"]


def test_a_freeform_call_of_the_past_keeps_its_text() -> None:
    custom_call = {"id": "c", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}

    assert {"input": "*** Begin"} == messages(HELLO, calling(custom_call))[1]["content"][0]["input"]


def test_an_id_with_other_signs_is_changed_the_same_way_for_call_and_result() -> None:
    odd = "functions.Bash:0"
    turns = messages(HELLO, calling(call(odd)), {"role": "tool", "tool_call_id": odd, "content": "x"})
    call_id = turns[1]["content"][0]["id"]

    assert call_id == turns[2]["content"][0]["tool_use_id"]
    assert "functions_Bash_0_" == call_id[:-8]


def test_an_id_that_a_client_repeats_is_made_unique_and_still_finds_its_result() -> None:
    answer = {"role": "tool", "tool_call_id": "call_0", "content": "x"}
    turns = messages(HELLO, calling(call("call_0")), answer, calling(call("call_0"), call("call_0")), answer, answer)

    assert ["call_0", "call_0_2", "call_0_3"] == [
        block["id"] for message in turns for block in message["content"] if block["type"] == "tool_use"
    ]
    assert ["call_0", "call_0_2", "call_0_3"] == [
        block["tool_use_id"] for message in turns for block in message["content"] if block["type"] == "tool_result"
    ]


def test_calls_without_ids_get_some_that_differ() -> None:
    turns = messages(HELLO, calling(call(""), {"function": {"name": "f"}}))

    assert ["call_0", "call_1"] == [block["id"] for block in turns[1]["content"]]


def test_a_result_without_a_call_is_left_to_the_upstream_to_refuse() -> None:
    turns = messages(HELLO, {"role": "tool", "tool_call_id": "lost", "content": "x"})

    assert "lost" == turns[0]["content"][0]["tool_use_id"]
