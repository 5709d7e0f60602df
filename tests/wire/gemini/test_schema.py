"""The OpenAPI subset that models before 2.0 know."""

from __future__ import annotations

from typing import Any

import pytest
from google.genai import types

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.gemini_schema import openapi_schema


def subset(schema: dict[str, Any]) -> dict[str, Any]:
    found = openapi_schema(schema, "f")
    types.Schema.model_validate(found)
    return found


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


def test_a_type_that_holds_itself_ends() -> None:
    node = {"type": "object", "properties": {"value": {"type": "string"}, "next": {"$ref": "#/$defs/Node"}}}

    found = subset({"$defs": {"Node": node}, "$ref": "#/$defs/Node"})

    assert {"type": "OBJECT"} == found["properties"]["next"]


def test_references_that_double_do_not_eat_the_memory() -> None:
    defs: dict[str, Any] = {"D0": {"type": "string"}}
    for level in range(1, 60):
        both = {side: {"$ref": f"#/$defs/D{level - 1}"} for side in ("a", "b")}
        defs[f"D{level}"] = {"type": "object", "properties": both}

    with pytest.raises(InvalidRequest, match="too large"):
        subset({"$defs": defs, "$ref": "#/$defs/D59"})


def test_a_long_chain_of_references_ends() -> None:
    defs = {f"D{n}": {"type": "object", "properties": {"a": {"$ref": f"#/$defs/D{n + 1}"}}} for n in range(2000)}

    assert "OBJECT" == subset({"$defs": defs, "$ref": "#/$defs/D0"})["type"]
