"""JSON Schema as Anthropic's structured output takes it: the rest is said in descriptions, for the model to read.

The rules are those of Anthropic's own SDK (2.12): objects are closed, `oneOf` becomes `anyOf`, and limits, patterns,
defaults and unknown formats go into the description.

Each `_take_*` takes the keywords that it can say out of `rest`, and returns how they are said; what is left in `rest`
at the end is put into words.
"""

from __future__ import annotations

from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in

FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
MIN_ITEMS = (0, 1)
"""The only least lengths of a list that are taken."""
TEXTS = ("description", "title")
"""For the model to read, whatever the type."""


def strict_schema(schema: object) -> JsonObject:
    """A schema that is taken; never fails, whatever it is given."""
    if not isinstance(schema, dict):
        return {}
    rest = {name: value for name, value in schema.items() if name != "$schema"}
    strict = _take_definitions(rest)
    reference = rest.pop("$ref", None)
    if isinstance(reference, str):
        return {**strict, "$ref": reference.replace("#/definitions/", "#/$defs/", 1)}
    kind, keywords = _take_type(rest)
    strict |= keywords
    for name in TEXTS:
        text = rest.pop(name, None)
        if text is not None:
            strict[name] = text
    if kind == "object":
        strict |= _take_object(rest)
    elif kind == "string":
        strict |= _take_string(rest)
    elif kind == "array":
        strict |= _take_array(rest)
    if rest:
        strict["description"] = _description(strict, rest)
    return strict


def is_sayable(schema: object) -> bool:
    """Whether what is taken of a schema allows what the schema does: no objects of any members, no recursion.

    Structured output is refused for a schema that holds itself, and gives `{}` for an object without members.
    """
    return not _is_open(schema) and not _holds_itself(schema)


def _is_open(schema: object, *, inner: bool = False) -> bool:
    """Whether any object in a schema may have members without a name."""
    if isinstance(schema, list):
        return any(_is_open(one, inner=True) for one in schema)
    if not isinstance(schema, dict):
        return False
    properties = schema.get("properties")
    if schema.get("additionalProperties") not in (None, False) or "patternProperties" in schema:
        return True
    if inner and schema.get("type") == "object" and not properties:
        return True
    holders = [schema.get(name) for name in ("properties", "$defs", "definitions")]
    members = [member for holder in dicts_in(holders) for member in holder.values()]
    variants = [schema.get(name) for name in ("items", "anyOf", "oneOf", "allOf")]
    return any(_is_open(one, inner=True) for one in [*members, *variants])


def _holds_itself(schema: object, within: frozenset[str] = frozenset(), root: object = None) -> bool:
    """Whether following every `$ref` of a schema never ends; `within`: those that are being followed."""
    if isinstance(schema, list):
        return any(_holds_itself(one, within, root) for one in schema)
    if not isinstance(schema, dict):
        return False
    if root is None:
        root = schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return reference in within or _holds_itself(_referred(reference, root), within | {reference}, root)
    names = [name for name in schema if name not in ("$defs", "definitions")]
    return any(_holds_itself(schema[name], within, root) for name in names)


def _referred(reference: str, root: object) -> object:
    """What a `$ref` within a schema points at; None for nothing."""
    found = root
    for name in reference.removeprefix("#").strip("/").split("/"):
        if name and isinstance(found, dict):
            found = found.get(name)
    return found


def _take_definitions(rest: JsonObject) -> JsonObject:
    groups = dicts_in([rest.pop(name, None) for name in ("$defs", "definitions")])
    if not groups:
        return {}
    return {"$defs": {name: strict_schema(inner) for group in groups for name, inner in group.items()}}


def _take_type(rest: JsonObject) -> tuple[object, JsonObject]:
    """The type whose own keywords are still to be said, None for none; and what stands for the type in the schema.

    That is the type itself, or else literals, a choice of types, or a choice of schemas.
    """
    literals = _take_literals(rest)
    kind = rest.pop("type", None)
    if literals:
        return None, literals | _take_choice(rest)
    if rest.get("nullable") is True and isinstance(kind, str):
        del rest["nullable"]  # OpenAPI's way to say `type: [string, null]`, which the SDK only puts into words
        kind = [kind, "null"]
    if isinstance(kind, list):
        return None, {"anyOf": _take_variants(rest, kind)}
    choice = _take_choice(rest)
    if choice:
        return kind, choice
    if kind is None and ("properties" in rest or "additionalProperties" in rest):
        kind = "object"
    if kind is None:
        return None, {}
    return kind, {"type": kind}


def _take_literals(rest: JsonObject) -> JsonObject:
    literals: JsonObject = {}
    values = rest.get("enum")
    if isinstance(values, list) and values and all(map(_primitive, values)):
        literals["enum"] = rest.pop("enum")
    if "const" in rest and _primitive(rest["const"]):
        literals["const"] = rest.pop("const")
    return literals


def _take_choice(rest: JsonObject) -> JsonObject:
    """The first of them that is a list; the others are left out."""
    choices = {name: rest.pop(name, None) for name in ("anyOf", "oneOf", "allOf")}
    for name, variants in choices.items():
        if isinstance(variants, list):
            keyword = "allOf" if name == "allOf" else "anyOf"
            return {keyword: [strict_schema(variant) for variant in variants]}
    return {}


def _take_variants(rest: JsonObject, kinds: list[object]) -> list[JsonObject]:
    """A schema for each of several types; what limits the one type moves into its schema."""
    inner = {name: rest.pop(name) for name in list(rest) if name not in TEXTS}
    variants: list[JsonObject] = []
    for kind in kinds:
        if kind == "null":
            variants.append({"type": kind})
        elif kind:
            variants.append(strict_schema({"type": kind, **inner}))
    return variants


def _take_object(rest: JsonObject) -> JsonObject:
    properties = rest.pop("properties", None)
    rest.pop("additionalProperties", None)
    if not isinstance(properties, dict):
        properties = {}
    keywords: JsonObject = {
        "properties": {name: strict_schema(inner) for name, inner in properties.items()},
        "additionalProperties": False,
    }
    required = rest.pop("required", None)
    if required is not None:
        keywords["required"] = required
    return keywords


def _take_string(rest: JsonObject) -> JsonObject:
    form = rest.pop("format", None)
    if form in FORMATS:
        return {"format": form}
    if form:
        rest["format"] = form  # now the last of what is put into words
    return {}


def _take_array(rest: JsonObject) -> JsonObject:
    keywords: JsonObject = {}
    items = rest.pop("items", None)
    if isinstance(items, dict):
        keywords["items"] = strict_schema(items)
    if rest.get("minItems") in MIN_ITEMS:
        keywords["minItems"] = rest.pop("minItems")
    return keywords


def _description(strict: JsonView, rest: JsonView) -> str:
    words = "{" + ", ".join(f"{name}: {value}" for name, value in rest.items()) + "}"
    before = strict.get("description")
    if before is None:
        return words
    return f"{before}\n\n{words}"


def _primitive(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)
