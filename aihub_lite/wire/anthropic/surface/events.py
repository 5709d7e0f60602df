"""Events of Anthropic Messages as bytes."""

from __future__ import annotations

from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonView
from aihub_lite.wire.sse import named_event


def event(kind: str, value: JsonView) -> bytes:
    """An event, with its type on a line of its own as Anthropic's clients want it."""
    return named_event(kind, encode(value))


PING = event("ping", {"type": "ping"})
"""Says nothing, and may stand anywhere, also before `message_start`: Anthropic's own clients look no further than its
name."""
