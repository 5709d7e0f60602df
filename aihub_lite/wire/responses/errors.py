"""Refusals on the Responses surface: the public shape before a stream, `response.failed` in one."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from aihub_lite.errors import ClientFault, GatewayError, UpstreamRejected
from aihub_lite.wire.errors_out import error_body
from aihub_lite.wire.foreign_error import CONTEXT_OVERFLOW
from aihub_lite.wire.responses_told import Told

CODES: Mapping[str, str] = {
    CONTEXT_OVERFLOW: CONTEXT_OVERFLOW,
    "insufficient_user_quota": "insufficient_quota",
    "rate_limit_exceeded": "rate_limit_exceeded",
    "overloaded": "server_is_overloaded",
    "channel_unavailable": "server_is_overloaded",
    "request_stopped": "server_is_overloaded",
}
"""Codes that Codex acts upon, by ours; it tries again after others, but for `invalid_prompt`."""
AGAIN = re.compile(r"try again in \d", re.IGNORECASE)
"""Where Codex reads how long to wait."""


@attrs.frozen
class ResponsesErrors:
    """How a client is told of a refusal."""

    told: Told

    def body(self, error: GatewayError) -> bytes:
        """`{"error": {…}}`, as everywhere."""
        return error_body(error)

    def event(self, error: GatewayError) -> bytes:
        """The end of the stream."""
        message = (error.message or GatewayError().message).encode("utf-8", "replace").decode()
        if error.retry_after is not None and AGAIN.search(message) is None:
            message = f"{message.rstrip('.')}. Please try again in {error.retry_after}s."
        return self.told.failed({"code": code_of(error), "message": message})


def code_of(error: GatewayError) -> str:
    """Of a failed response."""
    found = CODES.get(str(error.code))
    if found is not None:
        return found
    return "invalid_prompt" if isinstance(error, ClientFault | UpstreamRejected) else "server_error"
