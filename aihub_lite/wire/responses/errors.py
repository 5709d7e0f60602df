"""Refusals on the Responses surface: the public shape before a stream, `response.failed` in one."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from aihub_lite.errors import ClientFault, GatewayError, UpstreamRejected
from aihub_lite.wire.client_error import error_body
from aihub_lite.wire.field_names import FieldNames
from aihub_lite.wire.responses.state import ResponseState
from aihub_lite.wire.upstream_error import CONTEXT_OVERFLOW

CODES: Mapping[str, str] = {
    CONTEXT_OVERFLOW: CONTEXT_OVERFLOW,
    "insufficient_user_quota": "insufficient_quota",
    "rate_limit_exceeded": "rate_limit_exceeded",
    "overloaded": "server_is_overloaded",
    "channel_unavailable": "server_is_overloaded",
    "request_stopped": "server_is_overloaded",
}
"""Codes that Codex acts upon, by ours; it tries again after others, but for `invalid_prompt`."""
RETRY_HINT = re.compile(r"try again in \d", re.IGNORECASE)
"""Where Codex reads how long to wait."""

FIELD_NAMES: FieldNames = (
    (re.compile(r"'messages\b[^']*'"), "'input'"),
    (re.compile(r"'(tools\[\d+\])\.function\b"), r"'\1"),
    (re.compile(r"'response_format\b[^']*'"), "'text.format'"),
    (re.compile(r"'reasoning_effort'"), "'reasoning.effort'"),
    (re.compile(r"'max_(?:completion_)?tokens'"), "'max_output_tokens'"),
)


@attrs.frozen
class ResponsesErrors:
    """How a client of this surface is told of a refusal."""

    state: ResponseState

    def body(self, error: GatewayError) -> bytes:
        """The public shape, which is OpenAI's on this surface too."""
        return error_body(error)

    def event(self, error: GatewayError) -> bytes:
        """`response.failed`, after the beginning of the response where there was none yet."""
        message = (error.message or GatewayError().message).encode("utf-8", "replace").decode()
        if error.retry_after is not None and RETRY_HINT.search(message) is None:
            message = f"{message.rstrip('.')}. Please try again in {error.retry_after}s."
        return self.state.failed({"code": code_of(error), "message": message})


def code_of(error: GatewayError) -> str:
    """The code of a failed response."""
    code = CODES.get(str(error.code))
    if code is not None:
        return code
    if isinstance(error, ClientFault | UpstreamRejected):
        return "invalid_prompt"
    return "server_error"
