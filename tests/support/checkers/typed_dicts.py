"""Holds JSON against the request types of an SDK: no field too many, none missing, none of another type."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Mapping
from typing import Any

import typing_extensions

LISTS = {"Iterable", "List", "list", "Sequence", "SequenceNotStr"}


def problems(value: Any, expected: Any, at: str = "body") -> list[str]:
    """What is wrong with a JSON value, each with its place; nothing when it fits."""
    origin = typing_extensions.get_origin(expected)
    arguments = typing_extensions.get_args(expected)
    if expected in (Any, object):
        return []
    if origin in (typing_extensions.Required, typing_extensions.NotRequired, typing_extensions.Annotated):
        return problems(value, arguments[0], at)
    if origin is typing_extensions.Literal or origin is typing.Literal:
        return [] if value in arguments else [f"{at}: {value!r} is none of {arguments}"]
    if origin in (typing.Union, types.UnionType):
        return _in_union(value, arguments, at)
    if typing_extensions.is_typeddict(expected):
        return _in_typed_dict(value, expected, at)
    if origin is not None:
        return _in_container(value, origin, arguments, at)
    return _scalar(value, expected, at)


def _in_union(value: Any, variants: tuple[Any, ...], at: str) -> list[str]:
    meant = [variant for variant in variants if _is_meant(value, variant)]
    complaints = []
    for variant in meant or variants:
        complaints.append(problems(value, variant, at))
        if not complaints[-1]:
            return []
    return min(complaints, key=len)


def _is_meant(value: Any, variant: Any) -> bool:
    """Whether a value is an attempt at a variant, which makes its complaints the ones to show."""
    if isinstance(value, list):
        return getattr(typing_extensions.get_origin(variant), "__name__", "") in LISTS
    if not isinstance(value, Mapping) or not value.keys() & {"type", "role"}:
        return False
    if not typing_extensions.is_typeddict(variant):
        return typing_extensions.get_origin(variant) is dict
    hints = _hints(variant)
    return all(not problems(value[name], hints[name]) for name in ("type", "role") if name in value and name in hints)


def _in_typed_dict(value: Any, expected: Any, at: str) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"{at}: {type(value).__name__} is no {expected.__name__}"]
    hints = _hints(expected)
    required = {name for name in hints if typing_extensions.get_origin(hints[name]) is typing_extensions.Required}
    complaints = [f"{at}.{name}: missing in {expected.__name__}" for name in required - value.keys()]
    for name, inner in value.items():
        if name in hints:
            complaints += problems(inner, hints[name], f"{at}.{name}")
        else:
            complaints.append(f"{at}.{name}: not in {expected.__name__}")
    return complaints


def _in_container(value: Any, origin: Any, arguments: tuple[Any, ...], at: str) -> list[str]:
    if origin is dict:
        if not isinstance(value, Mapping):
            return [f"{at}: {type(value).__name__} is no object"]
        return [wrong for name, inner in value.items() for wrong in problems(inner, arguments[1], f"{at}.{name}")]
    if origin.__name__ not in LISTS or not isinstance(value, list):
        return [f"{at}: {type(value).__name__} is no {origin.__name__}"]
    return [wrong for place, inner in enumerate(value) for wrong in problems(inner, arguments[0], f"{at}[{place}]")]


def _scalar(value: Any, expected: Any, at: str) -> list[str]:
    if expected is None or expected is type(None):
        fits = value is None
    elif expected in (int, float):
        fits = isinstance(value, int if expected is int else int | float) and not isinstance(value, bool)
    else:
        fits = isinstance(expected, type) and isinstance(value, expected)
    return [] if fits else [f"{at}: {value!r} is no {expected}"]


@functools.cache
def _hints(typed_dict: Any) -> dict[str, Any]:
    return typing_extensions.get_type_hints(typed_dict, include_extras=True)
