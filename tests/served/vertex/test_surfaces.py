"""Gemini and Claude at Vertex, on every surface, whole and streamed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.served.vertex.conftest import CLAUDE, GEMINI, PLACE, Project
from tests.support.upstream.answers import json_answer
from tests.support.upstream.google import SIGNATURE, vertex
from tests.support.upstream.received import Request
from tests.support.upstream.steps import Script

TOOL = {"type": "object", "properties": {"city": {"type": "string"}}}
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": (
        "/v1/chat/completions",
        {
            "messages": [{"role": "user", "content": "Where?"}],
            "tools": [{"type": "function", "function": {"name": "look_up", "parameters": TOOL}}],
            "stream_options": {"include_usage": True},
        },
    ),
    "messages": (
        "/v1/messages",
        {
            "max_tokens": 100,
            "messages": [{"role": "user", "content": "Where?"}],
            "tools": [{"name": "look_up", "input_schema": TOOL}],
        },
    ),
    "responses": (
        "/v1/responses",
        {"input": "Where?", "tools": [{"type": "function", "name": "look_up", "parameters": TOOL}]},
    ),
}
"""By surface: the path, and what is asked beside the model."""
VERBS = {
    GEMINI: ("publishers/google", "generateContent", "streamGenerateContent?alt=sse"),
    CLAUDE: ("publishers/anthropic", "rawPredict", "streamRawPredict"),
}
each_surface = pytest.mark.parametrize("surface", ASKED)
each_model = pytest.mark.parametrize("model", VERBS)


def asked(surface: str, model: str, *, stream: bool) -> tuple[dict[str, Any], str]:
    path, body = ASKED[surface]
    body = {**body, "model": model, "stream": stream}
    if not stream:
        body.pop("stream_options", None)
    return body, path


@each_surface
@each_model
@pytest.mark.parametrize("stream", [False, True])
def test_a_model_is_asked_at_its_publishers_path_with_a_token(
    project: Project, surface: str, model: str, stream: bool
) -> None:
    public = project.add_channel(model)
    answer = project.gateway.post(*asked(surface, public, stream=stream))
    assert 200 == answer.status, answer.body
    assert b"hello there" in answer.body
    assert b"look_up" in answer.body
    assert b"Oslo" in answer.body
    publisher, whole, streamed = VERBS[model]
    sent = project.last()
    assert f"/v1{PLACE}/{publisher}/models/{model}:{streamed if stream else whole}" == sent.path
    assert f"Bearer {project.tokens.given[-1]}" == sent.header("authorization")
    assert None is sent.header("x-api-key")
    assert "model" not in sent.json()


@each_surface
@each_model
@pytest.mark.parametrize("stream", [False, True])
def test_tokens_of_the_cache_are_booked_with_the_price_of_vertex(
    project: Project, surface: str, model: str, stream: bool
) -> None:
    public = project.add_channel(model)
    project.gateway.post(*asked(surface, public, stream=stream))
    (record,) = [record for record in project.gateway.books.records() if record.model == public]
    assert (100, 40, 5) == (record.prompt_tokens, record.cache_read_tokens, record.completion_tokens)
    assert "upstream" == record.usage_source
    assert record.cost_nano > 0


@each_model
def test_a_thoughts_signature_goes_back_where_it_came_from(project: Project, model: str) -> None:
    public = project.add_channel(model)
    body, path = asked("chat", public, stream=False)
    message = project.gateway.post(body, path).json()["choices"][0]["message"]
    call = message["tool_calls"][0]["id"]
    body["messages"] += [message, {"role": "tool", "tool_call_id": call, "content": "north"}]
    assert 200 == project.gateway.post(body, path).status
    assert SIGNATURE.encode() in project.last().body


def test_one_channel_holds_models_of_both_publishers(project: Project) -> None:
    public = project.add_channel(GEMINI)
    other = f"{public}-claude"
    both = [f"{public}-gemini={GEMINI}", f"{other}={CLAUDE}"]
    project.add_channel(GEMINI, models=both)
    project.price(other)
    for name, publisher in ((f"{public}-gemini", "google"), (other, "anthropic")):
        assert 200 == project.gateway.chat(name).status
        assert f"/publishers/{publisher}/" in project.last().path
    assert 1 == len(project.tokens.given), "the key is the same: one token serves both channels"


@pytest.mark.parametrize(
    ("model", "asked_for"),
    [
        ("claude-sonnet-4.5-20250929", "claude-sonnet-4-5@20250929"),
        ("claude-opus-4@20250514", "claude-opus-4@20250514"),
        ("claude-opus-4-6", "claude-opus-4-6"),
    ],
)
def test_claude_is_asked_for_by_vertex_own_name(project: Project, model: str, asked_for: str) -> None:
    public = project.add_channel(model)
    assert 200 == project.gateway.chat(public).status
    assert project.last().path.endswith(f"/models/{asked_for}:rawPredict")


def test_what_a_client_of_claude_may_ask_for_goes_along(project: Project) -> None:
    public = project.add_channel(CLAUDE)
    body, path = asked("messages", public, stream=False)
    answer = project.gateway.post(
        body, path, anthropic_version="2023-06-01", anthropic_beta="interleaved-thinking-2025-05-14"
    )
    assert 200 == answer.status
    assert "interleaved-thinking-2025-05-14" == project.last().header("anthropic-beta")
    assert None is project.last().header("anthropic-version")


@pytest.mark.parametrize(
    ("model", "texts", "verb", "answer"),
    [
        ("gemini-embedding-001", "a", "embedContent", {"embedding": {"values": [1.0, 2.0]}}),
        (
            "gemini-embedding-2",
            ["a", "b"],
            "batchEmbedContents",
            {"embeddings": [{"values": [1.0]}, {"values": [2.0]}]},
        ),
        (
            "text-embedding-005",
            ["a", "b"],
            "predict",
            {
                "predictions": [
                    {"embeddings": {"values": [1.0], "statistics": {"token_count": 3.0}}},
                    {"embeddings": {"values": [2.0], "statistics": {"token_count": 4.0}}},
                ]
            },
        ),
    ],
)
def test_embeddings_are_asked_the_way_that_the_model_has(
    project: Project, model: str, texts: Any, verb: str, answer: dict[str, Any]
) -> None:
    def embed(request: Request) -> Script:
        return json_answer(200, {"usageMetadata": {"promptTokenCount": 7}, **answer})

    project.models.default = embed
    public = project.add_channel(model)
    got = project.gateway.post({"model": public, "input": texts, "dimensions": 2}, "/v1/embeddings")
    assert 200 == got.status, got.body
    rows = msgspec.json.decode(got.body)
    assert ([0, 1] if isinstance(texts, list) else [0]) == [row["index"] for row in rows["data"]]
    assert 7 == rows["usage"]["prompt_tokens"]
    assert project.last().path.endswith(f"/publishers/google/models/{model}:{verb}")


def test_a_beta_that_vertex_does_not_know_is_left_out_from_then_on(project: Project) -> None:
    """Coding tools send some that Anthropic alone has, and the whole request was a 400."""

    def strict(request: Request) -> Script:
        if "prompt-caching-scope-2026-01-05" not in str(request.header("anthropic-beta")):
            return vertex(request)
        message = "Unexpected value(s) `prompt-caching-scope-2026-01-05` for the `anthropic-beta` header."
        error = {"type": "invalid_request_error", "message": message}
        return json_answer(400, {"type": "error", "error": error, "request_id": "req_vrtx_1"})

    project.models.default = strict
    public = project.add_channel(CLAUDE)
    body, path = asked("messages", public, stream=False)
    betas = "interleaved-thinking-2025-05-14,prompt-caching-scope-2026-01-05"
    for _ in range(2):
        answer = project.gateway.post(body, path, anthropic_beta=betas)
        assert 200 == answer.status, answer.body
        assert "anthropic-beta" == answer.header("x-aihub-dropped-params")
    told = [request.header("anthropic-beta") for request in project.models.chats]
    assert [betas, "interleaved-thinking-2025-05-14", "interleaved-thinking-2025-05-14"] == told
