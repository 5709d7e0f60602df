"""Events of Anthropic Messages as bytes."""

from __future__ import annotations

from typing import Any

from aihub_lite.wire.foreign_json import encode


def event(kind: str, value: dict[str, Any]) -> bytes:
    """An event, with its type on a line of its own as Anthropic's clients want it."""
    return named(kind, encode(value))


def named(kind: str, payload: bytes) -> bytes:
    """The same for JSON that is written already, on one line."""
    return b"event: " + kind.encode() + b"\ndata: " + payload + b"\n\n"


PING = event("ping", {"type": "ping"})
"""Says nothing, and may stand anywhere, also before `message_start`: Anthropic's own clients look no further than its
name."""
