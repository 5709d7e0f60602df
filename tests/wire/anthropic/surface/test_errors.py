"""Refusals in Anthropic's shape."""

from __future__ import annotations

import pytest

from aihub_lite.errors import (
    AccessDenied,
    BodyTimeout,
    ChannelsDisabled,
    ChannelsDown,
    GatewayError,
    InvalidRequest,
    MethodNotAllowed,
    NoChannel,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestTooLarge,
    StorageUnavailable,
    Unauthenticated,
    UnknownModel,
    UpstreamBroken,
    UpstreamRejected,
    UpstreamTimeout,
)
from aihub_lite.wire.anthropic.surface.errors import MessagesErrors
from tests.support.checkers.messages import check_error, check_messages_stream


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (InvalidRequest("x"), "invalid_request_error"),
        (Unauthenticated(), "authentication_error"),
        (QuotaExhausted(1, 0), "billing_error"),
        (AccessDenied("x"), "permission_error"),
        (MethodNotAllowed("x"), "invalid_request_error"),
        (BodyTimeout("x"), "timeout_error"),
        (RequestTooLarge("x"), "request_too_large"),
        (RateLimited("x", 1), "rate_limit_error"),
        (GatewayError(), "api_error"),
        (UpstreamBroken("x"), "api_error"),
        (NoChannel("m", "default"), "not_found_error"),
        (UnknownModel("m", "default"), "not_found_error"),
        (ChannelsDown("m", 5), "overloaded_error"),
        (ChannelsDisabled("m", "default"), "api_error"),
        (Overloaded("x"), "overloaded_error"),
        (StorageUnavailable("x"), "overloaded_error"),
        (UpstreamTimeout("x"), "timeout_error"),
        (UpstreamRejected(422, 17, "x"), "invalid_request_error"),
        (UpstreamRejected(404, "not_found_error", "x"), "not_found_error"),
        (UpstreamRejected(400, "billing_error", "x"), "billing_error"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
def test_a_refusal_has_anthropics_type_for_it(error: GatewayError, word: str) -> None:
    shaped = check_error(MessagesErrors("r1").body(error))
    assert (word, error.message) == (shaped["type"], shaped["message"])
    assert error.code is None or str(error.code) == shaped["code"]


def test_a_refusal_in_a_stream_is_an_error_event() -> None:
    checked = check_messages_stream(MessagesErrors().event(Overloaded("full")))
    assert checked.error is not None
    assert "full" == checked.error["message"]


def test_a_conversation_that_is_too_long_is_called_so_in_anthropics_words() -> None:
    text = "This model's maximum context length is 128000 tokens."
    shaped = check_error(MessagesErrors().body(UpstreamRejected(400, "context_length_exceeded", text)))
    assert ("invalid_request_error", f"prompt is too long: {text}") == (shaped["type"], shaped["message"])
    said = "prompt is too long: 210000 tokens > 200000 maximum"
    shaped = check_error(MessagesErrors().body(UpstreamRejected(400, "context_length_exceeded", said)))
    assert said == shaped["message"]
