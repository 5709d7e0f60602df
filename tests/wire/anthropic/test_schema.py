"""Schemas of structured output."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import transform_schema

from aihub_lite.wire.anthropic.schema import strict_schema

TAKEN_BY_THE_SDK: list[dict[str, Any]] = [
    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": True},
    {"type": "integer", "minimum": 1, "maximum": 10, "description": "A number"},
    {"type": "string", "format": "uuid", "pattern": "^(?!x)", "minLength": 1},
    {"type": "string", "format": "phone", "title": "Phone", "default": "x"},
    {"type": "array", "items": {"type": "number", "multipleOf": 2}, "minItems": 1, "maxItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"type": "string"}, "minItems": 2},
    {"oneOf": [{"type": "string"}, {"type": "null"}], "description": "Perhaps"},
    {"anyOf": [{"type": "object", "properties": {}}, {"$ref": "#/$defs/x"}], "$defs": {"x": {"type": "string"}}},
    {"allOf": [{"type": "object", "properties": {"x": {"type": "string"}}}]},
    {"type": "string", "enum": ["a", "b"]},
    {"const": 5},
    {"$ref": "#/$defs/n", "$defs": {"n": {"type": "object", "properties": {"n": {"$ref": "#/$defs/n"}}}}},
    {"type": "object", "properties": {"x": {"type": "boolean", "examples": [True]}}, "minProperties": 1},
]


@pytest.mark.parametrize("schema", TAKEN_BY_THE_SDK, ids=str)
def test_a_schema_is_changed_as_the_official_sdk_changes_it(schema: dict[str, Any]) -> None:
    assert transform_schema(schema) == strict_schema(schema)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {"type": ["string", "null"], "maxLength": 3, "description": "d"},
            {"anyOf": [{"type": "string", "description": "{maxLength: 3}"}, {"type": "null"}], "description": "d"},
        ),
        ({"type": "integer", "nullable": True}, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ({"type": "integer", "nullable": False}, {"type": "integer", "description": "{nullable: False}"}),
        ({"$ref": "#/definitions/x"}, {"$ref": "#/$defs/x"}),
        ({"definitions": {"x": True}, "type": "null"}, {"$defs": {"x": {}}, "type": "null"}),
        ({"properties": {}}, {"type": "object", "properties": {}, "additionalProperties": False}),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema"}, {}),
        ({"type": "array", "items": True}, {"type": "array"}),
        ({"type": "object", "properties": 5}, {"type": "object", "properties": {}, "additionalProperties": False}),
    ],
)
def test_a_schema_that_the_sdk_gives_up_on_is_still_changed(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == strict_schema(schema)


def test_a_schema_that_refers_to_itself_does_not_grow() -> None:
    schema = {"$defs": {"n": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}}, "$ref": "#/$defs/n"}

    assert schema == strict_schema(schema)
