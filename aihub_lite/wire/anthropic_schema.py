"""JSON Schema as Anthropic's structured output takes it: the rest is said in descriptions, for the model to read.

The rules are those of Anthropic's own SDK (2.12): objects are closed, `oneOf` becomes `anyOf`, and limits, patterns,
defaults and unknown formats go into the description.
"""

from __future__ import annotations

from typing import Any

FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
MIN_ITEMS = (0, 1)
"""The only least lengths of a list that are taken."""


def strict_schema(schema: Any) -> dict[str, Any]:
    """A schema that is taken; never fails, whatever it is given."""
    if not isinstance(schema, dict):
        return {}
    rest = {name: value for name, value in schema.items() if name != "$schema"}
    made: dict[str, Any] = {}
    _take_definitions(made, rest)
    if isinstance(ref := rest.pop("$ref", None), str):
        made["$ref"] = ref.replace("#/definitions/", "#/$defs/", 1)
        return made
    kind = _take_type(made, rest)
    for name in ("description", "title"):
        if (text := rest.pop(name, None)) is not None:
            made[name] = text
    if kind == "object":
        _take_object(made, rest)
    elif kind == "string":
        _take_string(made, rest)
    elif kind == "array":
        _take_array(made, rest)
    _say(made, rest)
    return made


def _take_definitions(made: dict[str, Any], rest: dict[str, Any]) -> None:
    for name in ("$defs", "definitions"):
        if isinstance(found := rest.pop(name, None), dict):
            made.setdefault("$defs", {}).update({key: strict_schema(inner) for key, inner in found.items()})


def _take_type(made: dict[str, Any], rest: dict[str, Any]) -> object:
    """The type, or what stands for it: literals or a choice of schemas."""
    kind = rest.pop("type", None)
    literals = _take_literals(made, rest)
    if rest.get("nullable") is True and isinstance(kind, str) and not literals:
        del rest["nullable"]  # OpenAPI's way to say `type: [string, null]`, which the SDK only puts into words
        kind = [kind, "null"]
    if isinstance(kind, list) and not literals:
        _choose(made, rest, kind)
        return None
    choices = {name: rest.pop(name, None) for name in ("anyOf", "oneOf", "allOf")}
    for name, found in choices.items():
        if isinstance(found, list):
            made["allOf" if name == "allOf" else "anyOf"] = [strict_schema(variant) for variant in found]
            return None if literals else kind
    if literals:
        return None
    if kind is None and ("properties" in rest or "additionalProperties" in rest):
        kind = "object"
    if kind is not None:
        made["type"] = kind
    return kind


def _choose(made: dict[str, Any], rest: dict[str, Any], kinds: list[Any]) -> None:
    """`type: [string, null]` as a choice; what limits the one type moves into its schema."""
    inner = {name: rest.pop(name) for name in list(rest) if name not in ("description", "title")}
    made["anyOf"] = [
        {"type": kind} if kind == "null" else strict_schema({"type": kind, **inner}) for kind in kinds if kind
    ]


def _take_literals(made: dict[str, Any], rest: dict[str, Any]) -> bool:
    found = rest.get("enum")
    if isinstance(found, list) and found and all(map(_primitive, found)):
        made["enum"] = rest.pop("enum")
    if "const" in rest and _primitive(rest["const"]):
        made["const"] = rest.pop("const")
    return "enum" in made or "const" in made


def _take_object(made: dict[str, Any], rest: dict[str, Any]) -> None:
    properties = rest.pop("properties", None)
    rest.pop("additionalProperties", None)
    properties = properties if isinstance(properties, dict) else {}
    made["properties"] = {name: strict_schema(inner) for name, inner in properties.items()}
    made["additionalProperties"] = False
    if (required := rest.pop("required", None)) is not None:
        made["required"] = required


def _take_string(made: dict[str, Any], rest: dict[str, Any]) -> None:
    form = rest.pop("format", None)
    if form in FORMATS:
        made["format"] = form
    elif form:
        rest["format"] = form


def _take_array(made: dict[str, Any], rest: dict[str, Any]) -> None:
    if isinstance(items := rest.pop("items", None), dict):
        made["items"] = strict_schema(items)
    if rest.get("minItems") in MIN_ITEMS:
        made["minItems"] = rest.pop("minItems")


def _say(made: dict[str, Any], rest: dict[str, Any]) -> None:
    if rest:
        said = "{" + ", ".join(f"{name}: {value}" for name, value in rest.items()) + "}"
        before = made.get("description")
        made["description"] = f"{before}\n\n{said}" if before is not None else said


def _primitive(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)
