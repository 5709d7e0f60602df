"""JSON Schema of the input classes, as `web.admin.bodies` reads them: what their fields say of themselves included."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import attrs

from aihub_lite.config import REASONS
from aihub_lite.domain.token import Budget
from aihub_lite.web.admin.bodies import Nano, SignedNano
from aihub_lite.web.admin.settings import SettingsInput
from aihub_lite.web.views import Json

AMOUNT: Json = {"type": ["string", "number"], "description": "USD"}
PYTHON_NULL = re.compile(r"\bNone\b")
PLAIN: Mapping[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Path: {"type": "string"},
    Any: {},
    Nano: AMOUNT,
    SignedNano: AMOUNT,
    Budget: {"type": "string", "description": "USD per day, week or month: 5/day"},
    Mapping[str, Any]: {"type": "object"},
    dict[str, Any]: {"type": "object"},
}


def schema_of(kind: type[Any]) -> Json:
    """Of an input class; raises TypeError for a field of a type that has no schema."""
    hints = get_type_hints(kind)
    texts = texts_of(kind)
    properties: Json = {}
    required = []
    for field in attrs.fields(cast("type[attrs.AttrsInstance]", kind)):
        schema = dict(_schema(hints.get(field.name, field.type)))
        text = ". ".join(filter(None, (str(schema.get("description", "")), texts.get(field.name, ""))))
        if text:
            schema["description"] = text
        if field.default is attrs.NOTHING:
            required.append(field.name)
        elif isinstance(field.default, str | int | float) and field.default != "":
            schema["default"] = field.default
        properties[field.name] = schema
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    if kind.__doc__ and kind is not SettingsInput:
        schema["description"] = in_json(kind.__doc__)
    return schema


def texts_of(kind: type[Any]) -> dict[str, str]:
    """What stands below the fields of a class and of those above it, by the field's name."""
    if kind is SettingsInput:
        return dict(REASONS)
    texts: dict[str, str] = {}
    for each in reversed(kind.__mro__[:-1]):
        texts.update(_texts_in(each))
    return texts


def _texts_in(kind: type[Any]) -> Iterator[tuple[str, str]]:
    """Those of one class; none where the program is there without its source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except OSError:
        return
    for field, text in pairwise(cast("ast.ClassDef", tree.body[0]).body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            yield field.target.id, in_json(str(text.value.value))


def in_json(text: str) -> str:
    """What is written beside the code, in one line, and for readers who write JSON."""
    return PYTHON_NULL.sub("null", " ".join(inspect.cleandoc(text).split()))


def _schema(kind: Any) -> Json:
    if kind in PLAIN:
        return PLAIN[kind]
    origin = get_origin(kind)
    given = get_args(kind)
    if origin in (Union, UnionType):
        return _either(given)
    if origin is Literal:
        return {"type": "string", "enum": list(given)}
    if origin is tuple:
        return {"type": "array", "items": _schema(given[0])}
    if isinstance(kind, type) and attrs.has(kind):
        return schema_of(kind)
    raise TypeError(f"no schema is known for {kind!r}")


def _either(kinds: tuple[Any, ...]) -> Json:
    """One kind, or null as well."""
    one = [kind for kind in kinds if kind is not NoneType]
    if len(one) != 1:
        raise TypeError(f"no schema is known for one of {kinds!r}")
    schema = _schema(one[0])
    types = schema.get("type", [])
    if isinstance(types, str):
        types = [types]
    return {**schema, "type": [*types, "null"]}
