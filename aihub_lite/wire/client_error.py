"""Refusals as clients get them: one public shape, on every path but those that speak another provider's API."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from aihub_lite.errors import GatewayError
from aihub_lite.wire.sse import event

ERROR_TYPE = "new_api_error"
"""The documented type of every error, whatever its cause."""

_encode = msgspec.json.Encoder().encode


class ErrorShape(Protocol):
    """How the clients of a surface are told of a refusal."""

    def body(self, error: GatewayError) -> bytes:
        """A whole answer, as JSON."""
        ...

    def event(self, error: GatewayError) -> bytes:
        """What ends a stream that failed."""
        ...


class PublicShape:
    """The gateway's own, which is OpenAI's."""

    def body(self, error: GatewayError) -> bytes:
        """`{"error": {…}}`."""
        return error_body(error)

    def event(self, error: GatewayError) -> bytes:
        """The same as an event."""
        return error_event(error)


PUBLIC = PublicShape()


def error_body(error: GatewayError) -> bytes:
    """`{"error": {code, message, type, param}}`; the message is never empty (AI SDK shows the status text then)."""
    return _encode(_shape(error))


def error_event(error: GatewayError) -> bytes:
    """The event that ends a stream which failed: compact, `error` first, and nothing after it."""
    return event(_encode(_shape(error)))


def _shape(error: GatewayError) -> dict[str, Any]:
    # A path or a header may hold bytes that are not UTF-8: refusing to name them must not become a fault of ours.
    message = (error.message or GatewayError().message).encode("utf-8", "replace").decode()
    # Upstreams number their codes too (OpenRouter, Gemini); typed SDKs read a string or null there.
    code = None if error.code is None else str(error.code)
    return {"error": {"code": code, "message": message, "type": ERROR_TYPE, "param": None}}
