"""Whose fault an error of Anthropic's is, and what it is called."""

from __future__ import annotations

import msgspec
import pytest

from aihub_lite.wire.upstream_error import error_of

ERRORS = [
    (400, "invalid_request_error", "max_tokens: Field required", "client", "invalid_request_error"),
    (400, "invalid_request_error", "prompt is too long: 21 tokens > 20 maximum", "client", "context_length_exceeded"),
    (400, "invalid_request_error", "Your credit balance is too low", "funds", "invalid_request_error"),
    (400, "invalid_request_error", "Invalid signature in thinking block.", "client", "invalid_request_error"),
    (400, "invalid_request_error", "x is not supported for this model.", "client", "invalid_request_error"),
    (401, "authentication_error", "invalid x-api-key", "auth", "authentication_error"),
    (402, "billing_error", "Payment required", "funds", "billing_error"),
    (403, "permission_error", "Your key may not use this", "forbidden", "permission_error"),
    (404, "not_found_error", "model: claude-sonet-4-5", "model", "not_found_error"),
    (413, "request_too_large", "Request exceeds the maximum size", "client", "request_too_large"),
    (429, "rate_limit_error", "This request would exceed your rate limit", "rate", "rate_limit_error"),
    (500, "api_error", "Internal server error", "server", "api_error"),
    (504, "timeout_error", "Request timed out", "server", "timeout_error"),
    (529, "overloaded_error", "Overloaded", "server", "overloaded_error"),
]


@pytest.mark.parametrize(("status", "kind", "message", "fault", "code"), ERRORS)
def test_every_error_of_anthropics_is_laid_where_it_belongs(
    status: int, kind: str, message: str, fault: str, code: str
) -> None:
    body = msgspec.json.encode({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})
    error = error_of(status, body)

    assert (fault, code, message) == (error.kind, error.code, error.message)
