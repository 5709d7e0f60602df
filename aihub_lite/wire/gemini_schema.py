"""JSON Schema for Gemini: nearly as it is for models since 2.0, cut down to the OpenAPI subset for older ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aihub_lite.errors import InvalidRequest

KEPT = frozenset(
    {
        *("title", "description", "nullable", "pattern", "minimum", "maximum", "minItems", "maxItems"),
        *("minLength", "maxLength", "minProperties", "maxProperties", "default", "example", "propertyOrdering"),
    }
)
"""Keywords that mean the same in both."""
FORMATS = frozenset({"enum", "date-time", "float", "double", "int32", "int64"})
TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object"})
MAX_REFERENCES = 32
"""Inside one another; what lies deeper is any object."""
MAX_SIZE = 10_000
"""Schemas in one, after `$ref` has been resolved: doubling references would otherwise eat the memory."""


def json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema without what only names its dialect."""
    return {name: value for name, value in schema.items() if name not in ("$schema", "$id")}


def openapi_schema(schema: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The schema in Gemini's OpenAPI subset, `$ref` resolved; a type that holds itself is cut off where it does.

    Raises InvalidRequest, naming `where`, for a schema that grows without bounds.
    """
    return _Subset(schema, where).of(schema, ())


class _Subset:
    """One schema being rewritten; `root` is what its references point into."""

    def __init__(self, root: Mapping[str, Any], where: str) -> None:
        self.root, self.where, self.size = root, where, 0

    def of(self, schema: object, seen: tuple[str, ...]) -> dict[str, Any]:
        """`seen` are the references that led here."""
        self.size += 1
        if self.size > MAX_SIZE:
            raise InvalidRequest(f"'{self.where}' holds a schema that is too large once its '$ref's are resolved.")
        if not isinstance(schema, Mapping):
            return {"type": "OBJECT"} if schema else {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._referred(schema, reference, seen)
        found = {name: schema[name] for name in KEPT & schema.keys() if schema[name] is not None}
        self._add_type(found, schema)
        self._add_enum(found, schema)
        self._add_children(found, schema, seen)
        self._add_choices(found, schema, seen)
        return found

    def _referred(self, schema: Mapping[str, Any], reference: str, seen: tuple[str, ...]) -> dict[str, Any]:
        target = None if reference in seen or len(seen) >= MAX_REFERENCES else self._target(reference)
        siblings = {name: value for name, value in schema.items() if name != "$ref"}
        if not isinstance(target, Mapping):
            return {"type": "OBJECT", **{name: siblings[name] for name in KEPT & siblings.keys()}}
        return self.of({**target, **siblings}, (*seen, reference))

    def _target(self, reference: str) -> object:
        found: object = self.root
        for step in reference.removeprefix("#").strip("/").split("/") if reference.startswith("#") else ("",):
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) and name else None
        return found

    def _add_type(self, found: dict[str, Any], schema: Mapping[str, Any]) -> None:
        kind = schema.get("type")
        if isinstance(kind, list):
            named = [name for name in kind if isinstance(name, str) and name in TYPES]
            if "null" in kind:
                found["nullable"] = True
            if len(named) > 1:
                found["anyOf"] = [{"type": name.upper()} for name in named]
            kind = named[0] if len(named) == 1 else None
        if isinstance(kind, str) and kind in TYPES:
            found["type"] = kind.upper()
        if isinstance(form := schema.get("format"), str) and form in FORMATS:
            found["format"] = form

    def _add_enum(self, found: dict[str, Any], schema: Mapping[str, Any]) -> None:
        values = schema.get("enum")
        if not isinstance(values, list):
            values = [schema["const"]] if "const" in schema else []
        if None in values:
            found["nullable"] = True
        texts = [value for value in values if isinstance(value, str) and value]
        if texts:  # only texts can be listed
            found |= {"type": "STRING", "enum": texts}

    def _add_children(self, found: dict[str, Any], schema: Mapping[str, Any], seen: tuple[str, ...]) -> None:
        properties = schema.get("properties")
        if isinstance(properties, Mapping) and properties:
            found.setdefault("type", "OBJECT")
            found["properties"] = {name: self.of(inner, seen) for name, inner in properties.items()}
            required = schema.get("required")
            known = [name for name in required if name in properties] if isinstance(required, list) else []
            if known:
                found["required"] = known
        if found.get("type") == "ARRAY":
            items = schema.get("items")
            found["items"] = self.of(items, seen) if isinstance(items, Mapping) and items else {"type": "STRING"}

    def _add_choices(self, found: dict[str, Any], schema: Mapping[str, Any], seen: tuple[str, ...]) -> None:
        for inner in _schemas(schema, "allOf"):
            found.update({name: value for name, value in self.of(inner, seen).items() if name not in found})
        choices = _schemas(schema, "anyOf") or _schemas(schema, "oneOf")
        real = [inner for inner in choices if inner.get("type") != "null"]
        if len(real) < len(choices):
            found["nullable"] = True
        if len(real) == 1:
            found.update({name: value for name, value in self.of(real[0], seen).items() if name not in found})
        elif real:
            found["anyOf"] = [self.of(inner, seen) for inner in real]
            # Gemini takes nothing beside anyOf but these.
            for name in found.keys() - {"anyOf", "description", "nullable", "title"}:
                del found[name]


def _schemas(schema: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    values = schema.get(name)
    return [inner for inner in values if isinstance(inner, Mapping)] if isinstance(values, list) else []
