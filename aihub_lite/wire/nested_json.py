"""How deep JSON may be, and JSON that stands in a string: arguments of tool calls, results of tools."""

from __future__ import annotations

from typing import Any

import msgspec

MAX_DEPTH = 64
"""Levels; what is deeper is no request that a model could use."""
_decode = msgspec.json.Decoder().decode


def object_in(text: str) -> dict[str, Any] | None:
    """The JSON object that a text is, None for everything else: nothing that could not be written again."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = _decode(text)
    except (ValueError, RecursionError):
        return None
    too_deep = deeper_than(MAX_DEPTH, value, text.count("{") + text.count("["))
    return value if isinstance(value, dict) and not too_deep else None


def deeper_than(limit: int, value: Any, brackets: int) -> bool:
    """Whether decoded JSON is nested beyond `limit`; its text's opening `brackets` spare most texts the walk."""
    if brackets <= limit:
        return False
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
