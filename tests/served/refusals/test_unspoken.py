"""Clients of an API that is not served here are told so in its own shape, and what there is instead."""

from __future__ import annotations

import pytest

from tests.support.checkers.messages import check_error
from tests.support.gateway import Gateway
from tests.support.rawclient import Answer, request

GENERATE = "gemini-2.5-pro:generateContent"
GEMINI = [
    ("GET", "/v1beta/models"),
    ("POST", f"/v1beta/models/{GENERATE}"),
    ("POST", "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"),
    ("POST", f"/v1/v1beta/models/{GENERATE}"),
    ("POST", f"/v1/models/{GENERATE}"),
    ("POST", f"/models/{GENERATE}"),
    ("POST", f"/v1/models/google/{GENERATE}"),
    ("POST", "/v1/models/text-embedding-004:embedContent"),
    ("POST", "/v1/models/gemini-2.5-pro:countTokens"),
    ("POST", f"/v1alpha/models/{GENERATE}"),
]
OLLAMA = [("POST", "/api/chat"), ("POST", "/api/generate"), ("GET", "/api/tags"), ("POST", "/v1/api/show")]
BATCHES = [
    ("POST", "/v1/messages/batches"),
    ("GET", "/v1/messages/batches?limit=20"),
    ("GET", "/v1/messages/batches/msgbatch_1/results"),
    ("DELETE", "/messages/batches/msgbatch_1"),
]
INPUT_TOKENS = [("POST", "/v1/responses/input_tokens"), ("POST", "/responses/input_tokens")]


@pytest.fixture(scope="module")
def behind_a_restart() -> bool:
    """Nothing is set up here."""
    return False


def ask(gateway: Gateway, method: str, path: str, key: str | None = None) -> Answer:
    content = None
    if method == "POST":
        content = b'{"contents": [{"parts": [{"text": "hello"}]}]}'
    return request(gateway.url, method, path, gateway.headers(key), content)


@pytest.mark.parametrize(("method", "path"), GEMINI)
def test_a_client_of_gemini_is_told_what_is_spoken_in_googles_shape(gateway: Gateway, method: str, path: str) -> None:
    answer = ask(gateway, method, path)
    error = answer.json()["error"]
    assert (404, 404, "NOT_FOUND", {"code", "message", "status"}) == (
        answer.status,
        error["code"],
        error["status"],
        set(error),
    )
    assert all(word in error["message"] for word in ("Gemini", "/v1/chat/completions", "/v1/messages", "/v1/models"))
    assert "false" == answer.header("x-should-retry")


@pytest.mark.parametrize(("method", "path"), OLLAMA)
def test_a_client_of_ollama_is_told_what_is_spoken_in_its_shape(gateway: Gateway, method: str, path: str) -> None:
    answer = ask(gateway, method, path)
    assert (404, ["error"]) == (answer.status, [*answer.json()])
    assert all(word in answer.json()["error"] for word in ("Ollama", "/v1/chat/completions", "/v1/models"))


@pytest.mark.parametrize(("method", "path"), BATCHES)
def test_who_posts_batches_of_messages_is_told_so_in_anthropics_shape(gateway: Gateway, method: str, path: str) -> None:
    answer = ask(gateway, method, path)
    error = check_error(answer.body)
    assert (404, "not_found_error") == (answer.status, error["type"])
    assert all(word in error["message"] for word in ("Batches", "POST /v1/messages", "count_tokens"))


@pytest.mark.parametrize(("method", "path"), INPUT_TOKENS)
def test_who_counts_the_tokens_of_a_response_is_told_where_tokens_are_counted(
    gateway: Gateway, method: str, path: str
) -> None:
    """It was told that responses are not stored."""
    answer = ask(gateway, method, path)
    assert (404, "not_found", "new_api_error") == (answer.status, answer.error["code"], answer.error["type"])
    assert "/v1/messages/count_tokens" in answer.error["message"]


@pytest.mark.parametrize(("method", "path"), [*GEMINI[:2], OLLAMA[0], BATCHES[0], INPUT_TOKENS[0]])
def test_a_wrong_key_is_told_first(gateway: Gateway, method: str, path: str) -> None:
    answer = ask(gateway, method, path, "sk-wrong")
    assert (401, True) == (answer.status, b"Incorrect API key provided" in answer.body)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/files"),
        ("GET", "/v1/batches"),
        ("POST", "/v1/chat"),
        ("POST", "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"),
    ],
)
def test_a_path_that_nobody_serves_is_told_what_is_served(gateway: Gateway, method: str, path: str) -> None:
    answer = ask(gateway, method, path)
    assert (404, "not_found", "new_api_error") == (answer.status, answer.error["code"], answer.error["type"])
    assert all(word in answer.error["message"] for word in (path.partition("?")[0], "/v1/chat/completions"))


def test_a_path_of_the_admin_api_is_told_nothing_of_the_surfaces(gateway: Gateway) -> None:
    answer = gateway.admin("GET", "/nothing")
    assert (404, False) == (answer.status, "chat/completions" in answer.error["message"])


def test_a_google_key_header_is_a_key(gateway: Gateway) -> None:
    for headers in ({"x-goog-api-key": gateway.key}, {}):
        path = f"/v1beta/models/{GENERATE}"
        if not headers:
            path += f"?key={gateway.key}"
        assert 404 == request(gateway.url, "POST", path, headers, b"{}").status


def test_a_models_own_name_may_hold_a_colon(gateway: Gateway) -> None:
    """Ollama's do: `llama3:8b`."""
    for name in ("llama3:8b", "gpt-oss:20b-cloud", "embeddinggemma:latest"):
        answer = gateway.get(f"/v1/models/{name}")
        assert (404, "model_not_found") == (answer.status, answer.error["code"])


def test_what_claude_code_asks_beside_is_still_answered(gateway: Gateway) -> None:
    assert 200 == request(gateway.url, "GET", "/api/hello", {}).status
    body = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
    assert 200 == gateway.post(body, "/v1/messages/count_tokens").status
