"""Refusals as clients of Anthropic Messages read them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs
import msgspec

from aihub_lite.errors import ChannelsDisabled, GatewayError, UpstreamRejected
from aihub_lite.wire.anthropic.surface.events import event
from aihub_lite.wire.field_names import FieldNames
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.upstream_error import CONTEXT_OVERFLOW

TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""Anthropic's words by status; any other is an `invalid_request_error` below 500, and an `api_error` from there on."""
OWN = frozenset({*TYPES.values(), "invalid_request_error", "api_error"})
NO_MODEL = "model_not_found"
OVERFLOW = "prompt is too long"
"""What Claude Code looks for in a message to make its conversation shorter, and Anthropic's own words for it."""

_encode = msgspec.json.Encoder().encode

FIELD_NAMES: FieldNames = (
    (re.compile(r"'messages\b[^']*'"), "'messages'"),
    (re.compile(r"'(tools\[\d+\])\.(?:function\.)?parameters\b[^']*'"), r"'\1.input_schema'"),
    (re.compile(r"'(tools\[\d+\])\.function\b"), r"'\1"),
    (re.compile(r"'response_format\b[^']*'"), "'output_config.format'"),
    (re.compile(r"'reasoning_effort'"), "'output_config.effort'"),
    (re.compile(r"'stop'"), "'stop_sequences'"),
)


@attrs.frozen
class MessagesErrors:
    """Anthropic's shape; `request_id` where it is known."""

    request_id: str = ""

    def body(self, error: GatewayError) -> bytes:
        """`{"type": "error", "error": {type, message, code}, "request_id"}`."""
        return _encode(self._shape(error))

    def event(self, error: GatewayError) -> bytes:
        """The event that ends a stream which failed."""
        return event("error", self._shape(error))

    def _shape(self, error: GatewayError) -> JsonObject:
        message = (error.message or GatewayError().message).encode("utf-8", "replace").decode()
        if error.code == CONTEXT_OVERFLOW and OVERFLOW not in message.lower():
            message = f"{OVERFLOW}: {message}"
        shape = {"type": type_of(error), "message": message}
        if error.code is not None:
            shape["code"] = str(error.code)
        return {"type": "error", "error": shape, "request_id": self.request_id or None}


def type_of(error: GatewayError) -> str:
    """Anthropic's word: the upstream's own where it is one and the client is at fault."""
    if isinstance(error, UpstreamRejected) and error.code in OWN:
        return str(error.code)
    if error.code == NO_MODEL:
        return "not_found_error"
    if isinstance(error, ChannelsDisabled):
        return "api_error"  # nothing is overloaded: a retry would find the same
    return TYPES.get(error.status) or ("invalid_request_error" if error.status < 500 else "api_error")
