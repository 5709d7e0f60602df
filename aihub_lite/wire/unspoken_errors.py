"""Refusals in the shapes of APIs that are not served: a client of theirs reads nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.errors import GatewayError
from aihub_lite.wire.client_error import message_of
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.sse import event

GOOGLE_STATUS: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
"""Google's words by HTTP status (google.rpc.Code); any other is UNKNOWN."""


class GoogleErrors:
    """`{"error": {code, message, status}}`, as every API of Google's has it."""

    def body(self, error: GatewayError) -> bytes:
        """The JSON of an answer that is nothing but this error."""
        status = GOOGLE_STATUS.get(error.status, "UNKNOWN")
        return encode({"error": {"code": error.status, "message": message_of(error), "status": status}})

    def event(self, error: GatewayError) -> bytes:
        """The same object in one `data:` event."""
        return event(self.body(error))


class OllamaErrors:
    """`{"error": text}`."""

    def body(self, error: GatewayError) -> bytes:
        """The JSON of an answer that is nothing but this error."""
        return encode({"error": message_of(error)})

    def event(self, error: GatewayError) -> bytes:
        """A line of its own: Ollama's streams are lines of JSON."""
        return self.body(error) + b"\n"


GOOGLE = GoogleErrors()
OLLAMA = OllamaErrors()
