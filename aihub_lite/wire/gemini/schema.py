"""JSON Schema for Gemini: nearly as it is for models since 2.0, cut down to the OpenAPI subset for older ones."""

from __future__ import annotations

from typing import Any

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in

KEPT = frozenset(
    {
        *("title", "description", "nullable", "pattern", "minimum", "maximum", "minItems", "maxItems"),
        *("minLength", "maxLength", "minProperties", "maxProperties", "default", "example", "propertyOrdering"),
    }
)
"""Keywords that mean the same in both."""
FORMATS = frozenset({"enum", "date-time", "float", "double", "int32", "int64"})
TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object"})
BESIDE_CHOICES = frozenset({"anyOf", "description", "nullable", "title"})
"""All that Gemini takes in a schema with `anyOf`."""
MAX_REFERENCES = 32
"""Inside one another; what lies deeper is any object."""
MAX_SIZE = 10_000
"""Schemas in one, after `$ref` has been resolved: doubling references would otherwise eat the memory."""


SCHEMA_KEYWORDS = frozenset({"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"})
LIST_KEYWORDS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems", "items"})
MAP_KEYWORDS = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
"""Keywords that hold a schema, a list of schemas, schemas by name."""


def json_schema(schema: JsonView) -> JsonObject:
    """The same schema without what only names its dialect, and with nothing beside a `$ref`."""
    plain = {name: value for name, value in schema.items() if name not in ("$schema", "$id")}
    if b'"$ref"' not in encode(plain):  # most have none, and need no walk
        return plain
    return _with_lone_references(plain)


def _with_lone_references(schema: JsonView) -> JsonObject:
    """The schema with each `$ref` inside it alone: what stood beside it moves to a choice of one around it.

    Gemini refuses a sub-schema that has anything but names with a `$` beside its `$ref` (google-genai 3.4.0,
    `response_json_schema`); a root may have it, as recordings show. A choice of one, or of it and null, is how
    pydantic says the same.
    """
    plain: JsonObject = {}
    for name, value in schema.items():
        if name in MAP_KEYWORDS and isinstance(value, dict):
            plain[name] = {key: _lone_reference(inner) for key, inner in value.items()}
        elif name in LIST_KEYWORDS and isinstance(value, list):
            plain[name] = [_lone_reference(inner) for inner in value]
        elif name in SCHEMA_KEYWORDS:
            plain[name] = _lone_reference(value)
        else:
            plain[name] = value
    return plain


def _lone_reference(schema: object) -> object:
    """The same for what may be no schema at all."""
    if not isinstance(schema, dict):
        return schema
    return _apart(_with_lone_references(schema))


def _apart(schema: JsonObject) -> JsonObject:
    """One schema whose `$ref` has been taken apart from what stands beside it, if anything does."""
    if not isinstance(schema.get("$ref"), str) or all(name.startswith("$") for name in schema):
        return schema
    choices = [{"$ref": schema["$ref"]}]
    if schema.get("nullable") is True:
        choices.append({"type": "null"})
    apart = {name: value for name, value in schema.items() if name not in ("$ref", "nullable")}
    keyword = "anyOf"
    if keyword in apart:
        keyword = "oneOf"
    return {**apart, keyword: choices}


def openapi_schema(schema: JsonView, where: str) -> JsonObject:
    """The schema in Gemini's OpenAPI subset, `$ref` resolved; a type that holds itself is cut off where it does.

    Raises InvalidRequest, naming `where`, for a schema that grows without bounds.
    """
    return _Subset(schema, where).of(schema, ())


class _Subset:
    """One schema being rewritten; `root` is what its references point into."""

    def __init__(self, root: JsonView, where: str) -> None:
        self.root = root
        self.where = where
        self.size = 0

    def of(self, schema: object, references: tuple[str, ...]) -> JsonObject:
        """The subset of one schema; `references` are those that led to it."""
        self.size += 1
        if self.size > MAX_SIZE:
            raise InvalidRequest(f"'{self.where}' holds a schema that is too large once its '$ref's are resolved.")
        if not isinstance(schema, dict):
            return {"type": "OBJECT"} if schema else {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._resolved(schema, reference, references)
        subset = _kept(schema)
        subset |= _type_of(schema)
        subset |= _enum_of(schema)
        subset |= self._children(schema, subset.get("type"), references)
        self._add_choices(subset, schema, references)
        return subset

    def _resolved(self, schema: JsonView, reference: str, references: tuple[str, ...]) -> JsonObject:
        """The schema that is referred to, with what stands beside `$ref` in it; any object where there is none."""
        siblings = {name: value for name, value in schema.items() if name != "$ref"}
        target = None
        if reference not in references and len(references) < MAX_REFERENCES:
            target = self._target(reference)
        if not isinstance(target, dict):
            return {"type": "OBJECT", **_kept(siblings)}
        return self.of({**target, **siblings}, (*references, reference))

    def _target(self, reference: str) -> object:
        """What a JSON pointer into the root points at; None for nothing, and for another document."""
        if not reference.startswith("#"):
            return None
        target: object = self.root
        for step in reference.removeprefix("#").strip("/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if not name or not isinstance(target, dict):
                return None
            target = target.get(name)
        return target

    def _children(self, schema: JsonView, kind: str | None, references: tuple[str, ...]) -> JsonObject:
        """Properties and items; `kind` is the schema's type as far as it has been said."""
        children: JsonObject = {}
        properties = schema.get("properties")
        if isinstance(properties, dict) and properties:
            children["type"] = kind or "OBJECT"
            children["properties"] = {name: self.of(inner, references) for name, inner in properties.items()}
            if required := _required(schema, properties):
                children["required"] = required
        if kind == "ARRAY":
            children["items"] = self._items(schema.get("items"), references)
        return children

    def _items(self, items: object, references: tuple[str, ...]) -> JsonObject:
        """An array must say what it holds: texts, where the client does not say it."""
        if isinstance(items, dict) and items:
            return self.of(items, references)
        return {"type": "STRING"}

    def _add_choices(self, subset: JsonObject, schema: JsonView, references: tuple[str, ...]) -> None:
        for inner in dicts_in(schema.get("allOf")):
            _add_missing(subset, self.of(inner, references))
        choices = dicts_in(schema.get("anyOf")) or dicts_in(schema.get("oneOf"))
        real = [inner for inner in choices if inner.get("type") != "null"]
        if len(real) < len(choices):
            subset["nullable"] = True
        if len(real) == 1:
            _add_missing(subset, self.of(real[0], references))
        elif real:
            subset["anyOf"] = [self.of(inner, references) for inner in real]
            for name in subset.keys() - BESIDE_CHOICES:
                del subset[name]


def _kept(schema: JsonView) -> JsonObject:
    """Keywords that stay, in the client's order: another one would be another prefix, and lose what is cached."""
    return {name: value for name, value in schema.items() if name in KEPT and value is not None}


def _add_missing(subset: JsonObject, more: JsonView) -> None:
    subset.update({name: value for name, value in more.items() if name not in subset})


def _type_of(schema: JsonView) -> JsonObject:
    """`type` and `format`; several types are a choice between them."""
    subset: JsonObject = {}
    kind = schema.get("type")
    if isinstance(kind, list):
        names = [name for name in kind if isinstance(name, str) and name in TYPES]
        if "null" in kind:
            subset["nullable"] = True
        if len(names) > 1:
            subset["anyOf"] = [{"type": name.upper()} for name in names]
        kind = None
        if len(names) == 1:
            kind = names[0]
    if isinstance(kind, str) and kind in TYPES:
        subset["type"] = kind.upper()
    if isinstance(form := schema.get("format"), str) and form in FORMATS:
        subset["format"] = form
    return subset


def _enum_of(schema: JsonView) -> JsonObject:
    """`enum`, of texts only: Gemini can list nothing else."""
    subset: JsonObject = {}
    values = _values_of(schema)
    if None in values:
        subset["nullable"] = True
    texts = [value for value in values if isinstance(value, str) and value]
    if texts:
        subset["type"] = "STRING"
        subset["enum"] = texts
    return subset


def _values_of(schema: JsonView) -> list[Any]:
    values = schema.get("enum")
    if isinstance(values, list):
        return values
    if "const" in schema:
        return [schema["const"]]
    return []


def _required(schema: JsonView, properties: JsonView) -> list[str]:
    """Names that are properties: Gemini refuses any other."""
    required = schema.get("required")
    if not isinstance(required, list):
        return []
    return [name for name in required if isinstance(name, str) and name in properties]
