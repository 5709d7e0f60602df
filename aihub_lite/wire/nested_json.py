"""JSON that stands in a string: arguments of tool calls, results of tools."""

from __future__ import annotations

from typing import Any

import msgspec

MAX_DEPTH = 64
_decode = msgspec.json.Decoder().decode


def object_in(text: str) -> dict[str, Any] | None:
    """The JSON object that a text is, None for everything else: nothing that could not be written again."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = _decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _shallow(value, text) else None


def _shallow(value: Any, text: str) -> bool:
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return True
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return True
    return False
