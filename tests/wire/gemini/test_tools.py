"""Functions: declarations, names, choice."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.gemini.answer import chat_of
from aihub_lite.wire.gemini.models import gemini_model
from aihub_lite.wire.gemini.tools import VALID_NAME, Names
from tests.wire.gemini.wire import (
    BUDGET,
    NEW,
    OLD,
    WEATHER,
    calling,
    candidate,
    completion_of,
    result,
    stream_of,
    translation_of,
    user,
)

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "additionalProperties": False}


def function(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **more}}


def declared(*tools: Any, model: str = NEW) -> list[dict[str, Any]]:
    entry = translation_of([user()], model, tools=tools).body["tools"][0]
    declarations: list[dict[str, Any]] = entry["functionDeclarations"]
    return declarations


def calling_config(model: str = NEW, **fields: Any) -> dict[str, Any] | None:
    config = translation_of([user()], model, **{"tools": [WEATHER], **fields}).body.get("toolConfig")
    return config and config["functionCallingConfig"]


def test_a_schema_is_passed_on_as_it_is() -> None:
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **CITY}

    declaration = declared(function("f", description="Does.", parameters=schema, strict=True))[0]

    assert {"name": "f", "description": "Does.", "parametersJsonSchema": CITY} == declaration


def test_older_models_get_the_subset_that_they_know() -> None:
    declaration = declared(function("f", parameters=CITY), model="gemini-1.5-flash")[0]

    expected = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}
    assert {"name": "f", "parameters": expected} == declaration


def test_a_function_without_parameters_has_none() -> None:
    assert [{"name": "f"}] == declared(function("f", description="", parameters=None))


def test_functions_of_the_older_api_are_declared_too() -> None:
    body = translation_of([user()], functions=[{"name": "f", "parameters": CITY}], function_call={"name": "f"}).body

    assert "f" == body["tools"][0]["functionDeclarations"][0]["name"]
    assert {"mode": "ANY", "allowedFunctionNames": ["f"]} == body["toolConfig"]["functionCallingConfig"]


@pytest.mark.parametrize(
    "tool", [{"google_search": {}}, {"googleSearch": {}}, {"type": "google_search"}], ids=["snake", "camel", "type"]
)
def test_tools_of_geminis_own_are_passed_on(tool: dict[str, Any]) -> None:
    body = translation_of([user()], tools=[WEATHER, tool]).body

    assert [["functionDeclarations"], ["googleSearch"]] == [list(entry) for entry in body["tools"]]


def test_web_search_options_ask_for_googles_search() -> None:
    new = translation_of([user()], NEW, tools=[WEATHER], web_search_options={})
    old = translation_of([user()], OLD, tools=[WEATHER], web_search_options={})

    assert {"googleSearch": {}} in new.body["tools"]
    assert ("web_search_options",) == old.dropped


def test_another_providers_search_is_googles_search_without_its_settings() -> None:
    body = translation_of([user()], tools=[{"type": "web_search", "web_search": {"enable": True}}]).body

    assert [{"googleSearch": {}}] == body["tools"]


def test_a_tool_that_only_another_provider_runs_is_dropped_by_its_position() -> None:
    translation = translation_of([user()], tools=[{"type": "openrouter:advisor"}, WEATHER])

    assert ("tools[0]",) == translation.dropped
    assert 1 == len(translation.body["tools"])


def test_functions_beside_googles_own_tools_are_asked_for_as_the_newer_models_want() -> None:
    tools = [WEATHER, {"google_search": {}}]

    assert {"includeServerSideToolInvocations": True} == translation_of([user()], NEW, tools=tools).body["toolConfig"]
    assert "toolConfig" not in translation_of([user()], BUDGET, tools=tools).body


def test_calls_of_googles_own_tools_go_back_to_it() -> None:
    ran = [
        {
            "toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "args": {"queries": ["x"]}, "id": "s"},
            "thoughtSignature": "c2ln",
        },
        {"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "response": {}, "id": "s"}, "thoughtSignature": "c2ln"},
    ]
    message = chat_of(candidate(*ran, {"text": "Found."}, finish="STOP"))["choices"][0]["message"]

    turns = translation_of([user(), message]).body["contents"]

    assert [*ran, {"text": "Found."}] == turns[1]["parts"]


@pytest.mark.parametrize("tool", [{"type": "custom", "custom": {"name": "f"}}, {}, 7, {"type": "function"}])
def test_what_is_no_tool_is_refused_by_its_position(tool: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"tools\[0\]"):
        translation_of([user()], tools=[tool])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "weather"}}, {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [WEATHER]}},
            {"mode": "ANY", "allowedFunctionNames": ["weather"]},
        ),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "weather"}]},
            {"mode": "VALIDATED", "allowedFunctionNames": ["weather"]},
        ),
    ],
)
def test_tool_choice_becomes_a_mode_and_the_allowed_names(choice: Any, expected: Any) -> None:
    assert expected == calling_config(tool_choice=choice)


def test_strict_functions_are_validated_where_the_model_can() -> None:
    tools = [function("f", parameters=CITY, strict=True)]

    assert {"mode": "VALIDATED"} == calling_config(BUDGET, tools=tools)
    assert calling_config(OLD, tools=tools) is None


def test_a_tool_choice_without_tools_is_left_out() -> None:
    assert calling_config(tools=[], tool_choice="auto") is None


@pytest.mark.parametrize("choice", ["sometimes", 7, {"type": "function"}, {"type": "allowed_tools"}])
def test_what_is_no_tool_choice_is_refused(choice: Any) -> None:
    with pytest.raises(InvalidRequest, match="tool_choice"):
        calling_config(tool_choice=choice)


ODD = "mcp/files: read & write"


def test_a_name_that_gemini_refuses_is_changed_everywhere_and_back() -> None:
    messages = [user(), calling(("a", ODD, "{}")), result("a", "1")]

    translation = translation_of(
        messages, tools=[function(ODD)], tool_choice={"type": "function", "function": {"name": ODD}}
    )

    (changed,) = translation.tool_names
    assert VALID_NAME.fullmatch(changed)
    assert {changed: ODD} == translation.tool_names
    body = translation.body
    assert changed == body["tools"][0]["functionDeclarations"][0]["name"]
    assert [changed] == body["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"]
    assert changed == body["contents"][1]["parts"][0]["functionCall"]["name"]
    assert changed == body["contents"][2]["parts"][0]["functionResponse"]["name"]
    answer = candidate({"functionCall": {"name": changed, "args": {}}}, finish="STOP")
    assert ODD == completion_of(answer, translation.tool_names).first.tool_calls[0]["function"]["name"]
    assert ODD == stream_of(answer, names=translation.tool_names).checked.tool_calls[0]["function"]["name"]


def test_two_names_never_become_one() -> None:
    names = Names()
    names_given = ["a b", "a/b", "a_b", "1st", "ä", "x" * 200, "x" * 201, "", names.of("a b")]

    upstream_names = [names.of(name) for name in names_given]

    assert len(set(names_given)) == len(set(upstream_names))
    assert all(VALID_NAME.fullmatch(name) for name in upstream_names)
    assert upstream_names == [names.of(name) for name in names_given]


def test_a_name_that_looks_like_a_changed_one_keeps_its_meaning() -> None:
    changed = Names().of("a b")
    names = Names()

    assert changed == names.of(changed)
    assert changed != names.of("a b")


def test_unknown_models_behave_like_the_newest() -> None:
    assert gemini_model("gemini-9-ultra") == gemini_model("gemini-3.8-flash") == gemini_model("gemini-flash-latest")
