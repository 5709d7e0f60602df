"""JSON Schema of classes that `msgspec` decodes a body into, with what their fields say of themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args, get_type_hints

import attrs
import msgspec

from aihub_lite.web.description.schemas import in_json, texts_of
from aihub_lite.web.views import Json

DEFINED = "#/$defs/"


def schema_as_decoded(kind: type[Any]) -> Json:
    """Of a class and all those in its fields, each where it is used: what is wrong for one is wrong for another."""
    definitions: Mapping[str, Json] = msgspec.json.schema(kind)["$defs"]
    texts = {each.__name__: texts_of(each) for each in classes_in(kind)}
    return _unfolded({"$ref": f"{DEFINED}{kind.__name__}"}, definitions, texts)


def classes_in(kind: Any) -> Iterator[type[Any]]:
    """A class, and those of its fields, and theirs."""
    for part in get_args(kind):
        yield from classes_in(part)
    if isinstance(kind, type) and attrs.has(kind):
        yield kind
        for hint in get_type_hints(kind).values():
            yield from classes_in(hint)


def _unfolded(schema: Json, definitions: Mapping[str, Json], texts: Mapping[str, Mapping[str, str]]) -> Json:
    """With the definition in place of each reference to it, and null as one more type."""
    if name := schema.get("$ref", "").removeprefix(DEFINED):
        own = texts.get(name, {})
        definition = definitions[name]
        fields = {}
        for field, each in definition.get("properties", {}).items():
            fields[field] = _unfolded(each, definitions, texts)
            if field in own:
                fields[field]["description"] = own[field]
        rest = {key: value for key, value in definition.items() if key not in ("title", "properties")}
        text = in_json(str(definition.get("description", "")))
        return {**rest, "description": text, "properties": fields}
    if either := schema.get("anyOf"):
        some = [each for each in either if each != {"type": "null"}]
        if len(some) == 1 and len(either) == 2:  # one kind, or null
            unfolded = _unfolded(some[0], definitions, texts)
            return {**unfolded, "type": [cast("str", unfolded.get("type")), "null"]}
        return {**schema, "anyOf": [_unfolded(each, definitions, texts) for each in either]}
    if isinstance(schema.get("items"), dict):
        return {**schema, "items": _unfolded(schema["items"], definitions, texts)}
    return dict(schema)
