"""Gemini's errors: whose fault, and how long to wait."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.wire.faults import ForeignError
from aihub_lite.wire.upstream_error import DAILY_WAIT, error_of

TYPE = "type.googleapis.com/google.rpc."
RETRY = {"@type": TYPE + "RetryInfo", "retryDelay": "34.4s"}
QUOTA = "You exceeded your current quota, please check your plan and billing details."


def refused(code: int, status: str, message: str, *details: dict[str, Any], wrapped: bool = False) -> ForeignError:
    body = {"error": {"code": code, "message": message, "status": status, "details": list(details)}}
    return error_of(code, msgspec.json.encode([body] if wrapped else body))


@pytest.mark.parametrize(
    ("code", "status", "message", "kind"),
    [
        (400, "INVALID_ARGUMENT", "Invalid value at 'contents'.", "client"),
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", "forbidden"),
        (400, "FAILED_PRECONDITION", "Please enable billing on your project in Google AI Studio.", "funds"),
        (400, "FAILED_PRECONDITION", "The File is not in an ACTIVE state.", "client"),
        (403, "PERMISSION_DENIED", "Permission denied: Consumer has been suspended.", "forbidden"),
        (404, "NOT_FOUND", "models/x is not found for API version v1beta", "model"),
        (429, "RESOURCE_EXHAUSTED", QUOTA, "rate"),
        (429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.", "funds"),
        (500, "INTERNAL", "An internal error has occurred.", "server"),
        (503, "UNAVAILABLE", "The model is overloaded.", "server"),
        (504, "DEADLINE_EXCEEDED", "The request timed out.", "server"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_an_error_is_classified_by_its_code_and_its_words(
    code: int, status: str, message: str, kind: str, wrapped: bool
) -> None:
    assert kind == refused(code, status, message, wrapped=wrapped).kind


def test_a_bad_key_is_an_auth_error_although_its_status_is_400() -> None:
    reason = {"@type": TYPE + "ErrorInfo", "reason": "API_KEY_INVALID"}

    assert "auth" == refused(400, "INVALID_ARGUMENT", "API key not valid.", reason).kind


def test_a_prompt_that_is_too_long_has_openais_code() -> None:
    message = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."

    assert "context_length_exceeded" == refused(400, "INVALID_ARGUMENT", message).code


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_delay_that_gemini_asks_for_is_read(wrapped: bool) -> None:
    assert 34.4 == refused(429, "RESOURCE_EXHAUSTED", QUOTA, RETRY, wrapped=wrapped).retry_after


def test_a_quota_per_day_waits_longer_than_the_delay_it_names() -> None:
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}
    failure = {"@type": TYPE + "QuotaFailure", "violations": [violation]}

    assert DAILY_WAIT == refused(429, "RESOURCE_EXHAUSTED", QUOTA, failure, RETRY).retry_after


@pytest.mark.parametrize("delay", [34, None, "soon", "-3s", "1e9s", ""])
def test_an_implausible_delay_is_ignored(delay: object) -> None:
    assert refused(429, "RESOURCE_EXHAUSTED", QUOTA, {"retryDelay": delay}).retry_after is None


def test_an_error_of_another_provider_names_no_delay() -> None:
    assert error_of(429, b'{"error":{"message":"slow down","details":"none"}}').retry_after is None
