"""Errors of upstreams, understood in every real shape, and ours, always in one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.errors import GatewayError, InvalidRequest, QuotaExhausted, UpstreamRejected
from aihub_lite.wire.client_error import error_body, error_event
from aihub_lite.wire.faults import Kind
from aihub_lite.wire.upstream_error import error_of
from tests.support.checkers.chat import check_chat_stream
from tests.support.examples import examples

CASES: list[tuple[int, Any, Kind, str | int | None]] = [
    (
        401,
        {"error": {"message": "Incorrect API key provided: sk-proj-***abcd.", "code": "invalid_api_key"}},
        "auth",
        "invalid_api_key",
    ),
    (401, {"detail": "Invalid API Key"}, "auth", None),
    (403, {"Message": "Authentication failed: Please make sure your API Key is valid."}, "auth", None),
    (403, {"message": "The security token included in the request is expired"}, "auth", None),
    (403, {"message": "The request signature we calculated does not match the signature"}, "auth", None),
    (403, {"message": "You don't have access to the model with the specified model ID."}, "model", None),
    (403, {"Message": "User: a is not authorized to perform: bedrock:InvokeModel on resource: b"}, "model", None),
    (400, {"message": "The provided model identifier is invalid."}, "model", None),
    (400, {"message": "Invocation of model ID a with on-demand throughput isn\u2019t supported."}, "model", None),
    (404, {"message": "Model use case details have not been submitted for this account."}, "model", None),
    (400, {"message": "Input is too long for requested model."}, "client", "context_length_exceeded"),
    (424, {"message": "The model failed.", "originalStatusCode": 500}, "server", None),
    (429, {"message": "Too many tokens, please wait before trying again."}, "rate", None),
    (401, {"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}, "auth", "401"),
    (400, {"code": "invalid-argument", "error": "Incorrect API key provided: xai-ab***. "}, "auth", "invalid-argument"),
    (
        400,
        [{"error": {"code": 400, "message": "API key not valid.", "details": [{"reason": "API_KEY_INVALID"}]}}],
        "auth",
        400,
    ),
    (403, {"error": {"message": "Country, region, or territory not supported"}}, "forbidden", None),
    (400, {"error": {"code": 400, "message": "User location is not supported for the API use."}}, "forbidden", 400),
    (403, "<html><title>Attention Required! | Cloudflare</title></html>", "forbidden", None),
    (403, {"error": {"message": "Key limit exceeded (monthly limit)", "code": 403}}, "forbidden", 403),
    (407, {}, "forbidden", None),
    (403, {"error": {"type": "permission_error", "message": "Request not allowed"}}, "forbidden", "permission_error"),
    (
        403,
        {"error": {"code": 403, "message": "Your API key was reported as leaked. Please use another API key."}},
        "auth",
        403,
    ),
    (
        403,
        {"error": {"code": 403, "message": "Blocked.", "details": [{"reason": "API_KEY_HTTP_REFERRER_BLOCKED"}]}},
        "auth",
        403,
    ),
    (403, {"error": {"message": "The API key has been revoked", "code": "revoked"}}, "auth", "revoked"),
    (
        402,
        {"error": {"message": "Insufficient Balance", "code": "invalid_request_error"}},
        "funds",
        "invalid_request_error",
    ),
    (
        429,
        {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}},
        "funds",
        "insufficient_quota",
    ),
    (
        400,
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "Your credit balance is too low to access"},
        },
        "funds",
        "invalid_request_error",
    ),
    (
        400,
        {"error": {"code": "Arrearage", "message": "Access denied, please make sure your account"}},
        "funds",
        "Arrearage",
    ),
    (
        429,
        {"error": {"message": "Rate limit reached for gpt-4o", "code": "rate_limit_exceeded"}},
        "rate",
        "rate_limit_exceeded",
    ),
    (429, {"error": {"code": 429, "message": "Provider returned error", "metadata": {"raw": "limited"}}}, "rate", 429),
    (
        429,
        {"object": "error", "message": "Requests rate limit exceeded", "type": "rate_limited"},
        "rate",
        "rate_limited",
    ),
    (
        404,
        {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}},
        "model",
        "model_not_found",
    ),
    (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment"}}, "model", "DeploymentNotFound"),
    (
        404,
        {"error": {"message": 'model "x" not found, try pulling it first', "type": "api_error"}},
        "model",
        "api_error",
    ),
    (400, {"error": {"message": "x is not a valid model ID", "code": 400}}, "model", 400),
    (404, {"detail": "Not Found"}, "client", None),
    (403, {"error": {"code": 403, "message": "Your input was flagged by moderation"}}, "client", 403),
    (400, {"error": {"code": "content_filter", "message": "The response was filtered"}}, "client", "content_filter"),
    (
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body"], "msg": "Extra inputs"}]},
        "client",
        "extra_forbidden",
    ),
    (
        422,
        {"object": "error", "message": {"detail": [{"msg": "Extra"}]}, "type": "invalid_request_error"},
        "client",
        "invalid_request_error",
    ),
    (400, {"error": {"message": "This model's maximum context length is 8192"}}, "client", "context_length_exceeded"),
    (
        400,
        {"error": {"type": "invalid_request_error", "message": "prompt is too long: 3 > 2"}},
        "client",
        "context_length_exceeded",
    ),
    (400, {"id": "u", "message": "invalid request: message must be at least 1 token long"}, "client", None),
    (500, {"error": {"message": "The server had an error", "type": "server_error"}}, "server", "server_error"),
    (
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        "server",
        "overloaded_error",
    ),
    (503, {"errors": [{"code": 7, "message": "busy"}]}, "server", 7),
    (408, {}, "server", None),
]


@pytest.mark.parametrize(("status", "body", "kind", "code"), CASES)
def test_every_real_shape_of_error_says_whose_fault_it_is(
    status: int, body: Any, kind: Kind, code: str | int | None
) -> None:
    error = error_of(status, json.dumps(body).encode())

    assert (kind, code) == (error.kind, error.code)


@pytest.mark.parametrize(("status", "body", "kind", "code"), [case for case in CASES if case[1]])
def test_every_real_shape_of_error_gives_its_text(status: int, body: Any, kind: Kind, code: object) -> None:
    assert not error_of(status, json.dumps(body).encode()).message.startswith("The upstream answered")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The upstream answered with HTTP status 502."),
        (b"<html><h1>Bad Gateway</h1></html>", "The upstream answered with HTTP status 502."),
        (b"upstream connect error", "upstream connect error"),
        (b"null", "The upstream answered with HTTP status 502."),
        (b"[]", "The upstream answered with HTTP status 502."),
        (b"\xff\xfe\x00", "The upstream answered with HTTP status 502."),
        (b"[" * 100_000, "The upstream answered with HTTP status 502."),
        (b'{"error":{}}', "The upstream answered with HTTP status 502."),
        (b'{"error":{"message":null}}', "The upstream answered with HTTP status 502."),
    ],
)
def test_a_body_that_says_nothing_still_gives_a_message(body: bytes, message: str) -> None:
    assert ("server", message) == ((error := error_of(502, body)).kind, error.message)


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcdefghijkl",
        "sk-ant-api03-AAAAbbbb-CCCC",
        "sk-****************abcd",
        "AIzaSyA1234567890",
        "gsk_abcdef123456",
    ],
)
def test_a_key_that_an_upstream_echoes_is_not_repeated(key: str) -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {key}. Find yours at"}}).encode()

    assert "Incorrect API key provided: [key]. Find yours at" == error_of(401, body).message


def test_an_ordinary_word_is_not_taken_for_a_key() -> None:
    text = "The key-value store of task-management failed; pk skipped, the sk-learn risk-free"

    assert "task-management" in error_of(500, json.dumps({"error": text}).encode()).message


def test_a_long_text_is_cut() -> None:
    assert 2000 == len(error_of(400, json.dumps({"error": "x" * 100_000}).encode()).message)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "detail", "message", "code", "type", "details", "metadata", "raw"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=examples(75), deadline=None)
@given(st.sampled_from([200, 302, 400, 401, 404, 429, 500]), JSON)
def test_no_shape_of_error_breaks_us(status: int, body: Any) -> None:
    assert error_of(status, json.dumps(body).encode()).message


def test_our_errors_have_the_public_shape() -> None:
    assert {"error": {"code": "invalid_request", "message": "m", "type": "new_api_error", "param": None}} == json.loads(
        error_body(InvalidRequest("m"))
    )


@pytest.mark.parametrize("error", [GatewayError(""), UpstreamRejected(400, None, ""), UpstreamRejected(400, 400, "")])
def test_a_message_is_never_empty(error: GatewayError) -> None:
    assert json.loads(error_body(error))["error"]["message"]


def test_a_path_that_is_not_utf8_can_be_named_in_an_error() -> None:
    assert "/\\x" not in json.loads(error_body(InvalidRequest("no such path /\udcff")))["error"]["message"]


def test_a_spent_quota_says_the_words_that_clients_look_for() -> None:
    message = json.loads(error_body(QuotaExhausted(5_000_000, 1_000_000)))["error"]["message"]
    costs = (
        "this request may cost up to $0.005000, but $0.001000 of the token's quota is left. It never refills by itself."
    )
    assert f"Insufficient credits (insufficient quota): {costs}" == message


def test_an_error_event_ends_a_stream_as_clients_expect() -> None:
    checked = check_chat_stream(error_event(UpstreamRejected(400, 400, "m")), include_usage=True)

    assert {"code": "400", "message": "m", "type": "new_api_error", "param": None} == checked.error
