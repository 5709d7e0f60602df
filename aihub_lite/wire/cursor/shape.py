"""What tells a body of Cursor's from one of chat's, without loading anything that reads it."""

from __future__ import annotations

from aihub_lite.wire.json_types import JsonView

FLAT = frozenset({None, "function", "custom"})
"""Types of tools whose name may stand beside the type; any other is one that a provider runs."""


def is_cursors(body: JsonView) -> bool:
    """Whether a body posted as chat has another shape."""
    if body.get("messages") is None:
        return body.get("input") is not None
    tools = body.get("tools")
    return isinstance(tools, list) and any(map(is_flat, tools))


def is_flat(tool: object) -> bool:
    """Whether a tool has its name beside its type, which no upstream of chat takes."""
    if not isinstance(tool, dict) or "function" in tool or isinstance(tool.get("custom"), dict):
        return False
    kind = tool.get("type")
    return isinstance(tool.get("name"), str) and (kind is None or (isinstance(kind, str) and kind in FLAT))
