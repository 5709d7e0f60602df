"""JSON Schema as it is for newer models, and the OpenAPI subset that models before 2.0 know."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from google.genai import types
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.gemini.schema import json_schema, openapi_schema
from tests.support.examples import examples


def subset(schema: dict[str, Any]) -> dict[str, Any]:
    openapi = openapi_schema(schema, "f")
    types.Schema.model_validate(openapi)
    return openapi


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "$schema": "x", "additionalProperties": False, "uniqueItems": True}, {"type": "STRING"}),
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]}),
        ({"const": "a"}, {"type": "STRING", "enum": ["a"]}),
        ({"type": "string", "enum": ["a", "", None]}, {"type": "STRING", "enum": ["a"], "nullable": True}),
        ({"type": "integer", "enum": [1, 2]}, {"type": "INTEGER"}),
        ({"type": "string", "format": "email"}, {"type": "STRING"}),
        ({"type": "string", "format": "date-time"}, {"type": "STRING", "format": "date-time"}),
        ({"type": "array"}, {"type": "ARRAY", "items": {"type": "STRING"}}),
        ({"type": "array", "items": {"type": "number"}}, {"type": "ARRAY", "items": {"type": "NUMBER"}}),
        ({"type": "object", "properties": {}}, {"type": "OBJECT"}),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "b"]},
            {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]},
        ),
        (
            {"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}], "description": "d"},
            {"type": "STRING", "minLength": 1, "nullable": True, "description": "d"},
        ),
        (
            {"oneOf": [{"type": "string"}, {"type": "integer"}], "default": 1, "description": "d"},
            {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}], "description": "d"},
        ),
        (
            {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}]},
            {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
        ),
        (
            {
                "$defs": {"C": {"type": "string"}},
                "type": "object",
                "properties": {"c": {"$ref": "#/$defs/C", "description": "d"}},
            },
            {"type": "OBJECT", "properties": {"c": {"type": "STRING", "description": "d"}}},
        ),
        ({"$ref": "#/$defs/gone"}, {"type": "OBJECT"}),
        ({"$ref": "http://elsewhere"}, {"type": "OBJECT"}),
    ],
)
def test_a_schema_is_cut_down_to_what_is_known(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == subset(schema)


KEYWORDS = [
    *("type", "enum", "const", "format", "properties", "required", "items", "anyOf", "oneOf", "allOf", "$ref", "$defs"),
    *("title", "description", "nullable", "default", "propertyOrdering", "minItems"),
]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "string", "null", "object", "#", "#/items"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", *KEYWORDS]), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("odd", [{"name": "a"}, ["a"], None, 1])
def test_required_names_that_are_none_are_left_out(odd: object) -> None:
    """`required` with an object or a list in it was a 500 for models of Gemini 1.x and Gemma."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": [odd, "a"]}

    assert ["a"] == subset(schema)["required"]


@given(schema=st.dictionaries(st.sampled_from(KEYWORDS), ODD))
@settings(max_examples=examples(33))
def test_a_schema_that_is_nonsense_is_cut_down_or_refused(schema: dict[str, Any]) -> None:
    try:
        openapi_schema(schema, "f")
    except InvalidRequest as error:
        assert "'f'" in str(error)


def test_keywords_stay_in_the_clients_order_in_every_process() -> None:
    """A restart wrote the same tools in another order, and every cached prefix was lost."""
    keywords = {"title": "t", "maxLength": 9, "description": "d", "pattern": "x", "minLength": 1, "nullable": True}
    backwards = dict(reversed(keywords.items()))

    assert [*keywords, "type"] == [*subset({**keywords, "type": "string"})]
    assert [*backwards, "type"] == [*subset({**backwards, "type": "string"})]
    assert ["type", *backwards] == [*subset({"$ref": "#/$defs/gone", **backwards})]


def test_a_type_that_holds_itself_is_cut_off_where_it_does() -> None:
    node = {"type": "object", "properties": {"value": {"type": "string"}, "next": {"$ref": "#/$defs/Node"}}}

    openapi = subset({"$defs": {"Node": node}, "$ref": "#/$defs/Node"})

    assert {"type": "OBJECT"} == openapi["properties"]["next"]


def test_a_schema_that_doubles_with_every_reference_is_refused() -> None:
    defs: dict[str, Any] = {"D0": {"type": "string"}}
    for level in range(1, 60):
        both = {side: {"$ref": f"#/$defs/D{level - 1}"} for side in ("a", "b")}
        defs[f"D{level}"] = {"type": "object", "properties": both}

    with pytest.raises(InvalidRequest, match="too large"):
        subset({"$defs": defs, "$ref": "#/$defs/D59"})


def test_a_long_chain_of_references_is_cut_off() -> None:
    defs = {f"D{n}": {"type": "object", "properties": {"a": {"$ref": f"#/$defs/D{n + 1}"}}} for n in range(2000)}

    assert "OBJECT" == subset({"$defs": defs, "$ref": "#/$defs/D0"})["type"]


C = {"type": "string", "enum": ["a"]}


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        ({}, {"$ref": "#/$defs/C"}),
        ({"$comment": "x"}, {"$ref": "#/$defs/C", "$comment": "x"}),
        ({"title": "T"}, {"title": "T", "anyOf": [{"$ref": "#/$defs/C"}]}),
        ({"default": "a"}, {"default": "a", "anyOf": [{"$ref": "#/$defs/C"}]}),
        (
            {"nullable": True, "description": "d"},
            {"description": "d", "anyOf": [{"$ref": "#/$defs/C"}, {"type": "null"}]},
        ),
        ({"anyOf": [{"title": "x"}]}, {"anyOf": [{"title": "x"}], "oneOf": [{"$ref": "#/$defs/C"}]}),
    ],
)
def test_a_reference_stands_alone(beside: dict[str, Any], expected: dict[str, Any]) -> None:
    """`{"$ref": …, "description": …}`, as pydantic and zod write it, was a 400 of Gemini's for the whole request."""
    inner = {"$ref": "#/$defs/C", **beside}
    schema = {"$defs": {"C": C, "D": inner}, "type": "object", "properties": {"c": inner, "l": {"items": inner}}}

    plain = json_schema(schema)

    assert [expected] * 3 == [plain["$defs"]["D"], plain["properties"]["c"], plain["properties"]["l"]["items"]]
    assert C == plain["$defs"]["C"]


def test_a_root_may_refer_to_its_own_definition_beside_a_title() -> None:
    """So it was recorded (pydantic-ai, test_google_recursive_schema), and answered."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    schema = {"$ref": "#/$defs/Node", "title": "Root", "$defs": {"Node": node}}

    assert schema == json_schema(schema)


def test_what_only_looks_like_a_reference_is_left_alone() -> None:
    schema = {
        "type": "object",
        "properties": {"$ref": {"type": "string", "title": "t"}},
        "default": {"$ref": "x", "a": 1},
    }

    assert schema == json_schema(schema)


@given(schema=st.dictionaries(st.sampled_from(KEYWORDS), ODD))
@settings(max_examples=examples(33))
def test_a_schema_that_is_nonsense_is_passed_on_for_google_to_judge(schema: dict[str, Any]) -> None:
    before = copy.deepcopy(schema)

    json_schema(schema)

    assert before == schema
