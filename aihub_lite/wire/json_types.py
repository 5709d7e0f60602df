"""JSON whose shape nobody has promised: its types, and how to read a field that may hold anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

JsonObject = dict[str, Any]
"""An object of ours, or one that is ours to change."""
JsonView = Mapping[str, Any]
"""An object that is only read."""


def list_at(holder: JsonView, name: str) -> list[Any]:
    """The list in a field; an empty one where there is none."""
    value = holder.get(name)
    if isinstance(value, list):
        return value
    return []


def dict_at(holder: JsonView, name: str) -> JsonObject:
    """The object in a field; an empty one where there is none."""
    value = holder.get(name)
    if isinstance(value, dict):
        return value
    return {}


def text_at(holder: JsonView, name: str) -> str:
    """The string in a field; an empty one where there is none."""
    value = holder.get(name)
    if isinstance(value, str):
        return value
    return ""


def dicts_in(values: object) -> list[JsonObject]:
    """The objects in a list, without what else it holds; none where it is no list."""
    if not isinstance(values, list):
        return []
    return [value for value in values if isinstance(value, dict)]


NAMED = frozenset({"model", "name", "type", "role", "id", "call_id", "tool_call_id", "tool_use_id"})
"""Fields whose values are names, where they look like one."""
NAME = re.compile(r"[\w./:@-]{1,128}", re.ASCII)


def texts_in(value: object) -> Iterator[str]:
    """Every text in decoded JSON, however deep, but for names."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            left += [inner for field, inner in each.items() if not _is_name(field, inner)]
        elif isinstance(each, list):
            left += each


def _is_name(field: str, value: object) -> bool:
    return field in NAMED and isinstance(value, str) and NAME.fullmatch(value) is not None
