"""Refusals as clients get them: one public shape, on every path but those that speak another provider's API."""

from __future__ import annotations

from typing import Protocol

from aihub_lite.errors import GatewayError
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.sse import event

ERROR_TYPE = "new_api_error"
"""The documented type of every error, whatever its cause."""


class ErrorShape(Protocol):
    """How the clients of a surface are told of a refusal."""

    def body(self, error: GatewayError) -> bytes:
        """The JSON of an answer that is nothing but this error."""
        ...

    def event(self, error: GatewayError) -> bytes:
        """The events that end a stream which failed."""
        ...


class PublicShape:
    """The gateway's own shape, which is OpenAI's."""

    def body(self, error: GatewayError) -> bytes:
        """`error_body`, as every path answers that speaks no other provider's API."""
        return error_body(error)

    def event(self, error: GatewayError) -> bytes:
        """The same object in one `data:` event."""
        return error_event(error)


PUBLIC = PublicShape()


def error_body(error: GatewayError) -> bytes:
    """`{"error": {code, message, type, param}}` (RULES.md C-2); AI SDK shows the status text for an empty message."""
    return encode(_shape(error))


def error_event(error: GatewayError) -> bytes:
    """The event that ends a stream which failed: compact, `error` first, and nothing after it (RULES.md C-18)."""
    return event(encode(_shape(error)))


def message_of(error: GatewayError) -> str:
    """What a client is told; never empty, and always to be encoded."""
    # A path or a header may hold bytes that are not UTF-8: refusing to name them must not become a fault of ours.
    return (error.message or GatewayError().message).encode("utf-8", "replace").decode()


def _shape(error: GatewayError) -> JsonObject:
    # Upstreams number their codes too (OpenRouter, Gemini); typed SDKs read a string or null there.
    code = None if error.code is None else str(error.code)
    return {"error": {"code": code, "message": message_of(error), "type": ERROR_TYPE, "param": None}}
