"""Embeddings in every form that clients ask for, from upstreams that know only some of them."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest

from tests.endpoints import EMBEDDING, EMBEDDINGS
from tests.support.answers import json_answer
from tests.support.gateway import Gateway
from tests.support.scripted import Upstream
from tests.support.steps import Step

Serve = Callable[..., str]
VECTOR = [0.5, -1.0, 0.25]
PACKED = b64encode(struct.pack("<3f", *VECTOR)).decode()
PRICE = {"input": "0.13", "output": "0"}


def vectors(*found: object, usage: object = None) -> list[Step]:
    data = [{**EMBEDDING, "index": index, "embedding": each} for index, each in enumerate(found)]
    return json_answer(200, {"object": "list", "data": data, "model": "up", **({"usage": usage} if usage else {})})


@pytest.mark.parametrize("given", [VECTOR, PACKED], ids=["floats", "base64"])
@pytest.mark.parametrize("asked", [None, "float", "base64"])
def test_a_vector_comes_in_a_form_that_was_not_asked_for(
    gateway: Gateway, serve: Serve, upstream: Upstream, given: object, asked: str | None
) -> None:
    upstream.default = vectors(given, given)
    more = {} if asked is None else {"encoding_format": asked}
    answer = EMBEDDINGS.ask(gateway, serve(upstream.url), **more).json()
    expected = PACKED if asked == "base64" else VECTOR
    assert [expected] * 2 == [each["embedding"] for each in answer["data"]]
    assert [0, 1] == [each["index"] for each in answer["data"]]


@pytest.mark.parametrize("given", ["one", ["one", "two"], [1, 2, 3], [[1, 2], [3]]], ids=str)
def test_an_input_changes_on_its_way(gateway: Gateway, serve: Serve, upstream: Upstream, given: object) -> None:
    upstream.default = EMBEDDINGS.answer
    assert 200 == EMBEDDINGS.ask(gateway, serve(upstream.url), input=given).status
    assert given == upstream.chats[0].json()["input"]


@pytest.mark.parametrize("given", [None, "", [], 5, {"text": "x"}], ids=str)
def test_a_wrong_input_is_sent(gateway: Gateway, serve: Serve, upstream: Upstream, given: object) -> None:
    answer = EMBEDDINGS.ask(gateway, serve(upstream.url), input=given)
    assert (400, True, []) == (answer.status, "'input'" in answer.error["message"], upstream.chats)


@pytest.mark.parametrize("odd", ["!!!", "abc", [None], [[1.0]], {}], ids=str)
def test_an_odd_vector_is_a_fault_of_ours(gateway: Gateway, serve: Serve, upstream: Upstream, odd: object) -> None:
    model = serve(upstream.url)
    upstream.default = vectors(odd)
    wanted = "float" if isinstance(odd, str) else "base64"
    assert 502 == EMBEDDINGS.ask(gateway, model, encoding_format=wanted).status


def test_the_model_in_an_answer_is_the_upstreams(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = EMBEDDINGS.answer
    model = serve(upstream.url)
    assert model == EMBEDDINGS.ask(gateway, model).json()["model"]


def test_embeddings_cost_something_else_than_their_tokens(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = vectors(VECTOR, usage={"prompt_tokens": 1_000_003, "total_tokens": 1_000_003})
    model = serve(upstream.url, price=PRICE)
    EMBEDDINGS.ask(gateway, model)
    (record,) = gateway.books.records(model)
    assert ("upstream", 1_000_003, 0) == (record.usage_source, record.prompt_tokens, record.completion_tokens)
    assert -(-1_000_003 * 130_000_000 // 10**6) == record.charge_nano


@pytest.mark.parametrize(("given", "tokens"), [("x" * 40, 10), (["x" * 40] * 2, 20), ([7] * 9, 9), ([[7], [7, 7]], 3)])
def test_embeddings_without_usage_are_free(
    gateway: Gateway, serve: Serve, upstream: Upstream, given: object, tokens: int
) -> None:
    upstream.default = vectors(VECTOR)
    model = serve(upstream.url, price=PRICE)
    answer = EMBEDDINGS.ask(gateway, model, input=given)
    (record,) = gateway.books.records(model)
    assert ("estimated", tokens, tokens * 130) == (record.usage_source, record.prompt_tokens, record.charge_nano)
    assert {"prompt_tokens": tokens, "total_tokens": tokens} == answer.json()["usage"]


def gemini(*values: list[float], usage: dict[str, int] | None = None) -> list[Step]:
    return json_answer(
        200, {"embeddings": [{"values": each} for each in values], **({"usageMetadata": usage} if usage else {})}
    )


def ask_gemini(gateway: Gateway, serve: Serve, upstream: Upstream, **fields: Any) -> Any:
    model = serve(upstream.url.replace("/v1", "/v1beta"), provider="gemini", price=PRICE)
    return model, EMBEDDINGS.ask(gateway, model, **fields)


def test_gemini_is_asked_in_openais_words(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = gemini(VECTOR, VECTOR)
    _, answer = ask_gemini(gateway, serve, upstream, input=["one", "two"], dimensions=3, user="u")
    (received,) = [each for each in upstream.requests if each.method == "POST"]
    each = {"model": "models/upstream-model", "outputDimensionality": 3}
    assert "/v1beta/models/upstream-model:batchEmbedContents" == received.path
    assert [{**each, "content": {"parts": [{"text": text}]}} for text in ("one", "two")] == received.json()["requests"]
    assert "user" == answer.header("x-aihub-dropped-params")


@pytest.mark.parametrize(("asked", "expected"), [("float", VECTOR), ("base64", PACKED)])
def test_gemini_answers_in_its_own_words(
    gateway: Gateway, serve: Serve, upstream: Upstream, asked: str, expected: object
) -> None:
    upstream.default = gemini(VECTOR, usage={"promptTokenCount": 7})
    model, answer = ask_gemini(gateway, serve, upstream, encoding_format=asked)
    assert {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": expected}],
        "model": model,
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    } == answer.json()
    (record,) = gateway.books.records(model)
    assert ("upstream", 7, 7 * 130) == (record.usage_source, record.prompt_tokens, record.charge_nano)


@pytest.mark.parametrize("tokens", [[1, 2], [[1, 2]]], ids=str)
def test_gemini_gets_tokens_that_it_cannot_read(
    gateway: Gateway, serve: Serve, upstream: Upstream, tokens: object
) -> None:
    upstream.default = gemini(VECTOR)
    _, answer = ask_gemini(gateway, serve, upstream, input=tokens)
    assert (400, "invalid_request", True) == (answer.status, answer.error["code"], "tokens" in answer.error["message"])


def test_gemini_refuses_and_nobody_says_why(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    error = {"code": 400, "message": "outputDimensionality is too large", "status": "INVALID_ARGUMENT"}
    upstream.default = json_answer(400, {"error": error})
    _, answer = ask_gemini(gateway, serve, upstream)
    assert (400, "outputDimensionality is too large") == (answer.status, answer.error["message"])


def test_a_float_loses_more_than_its_precision(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    numbers = [0.1, -3.4e38, 1e-30]
    upstream.default = vectors(numbers)
    answer = EMBEDDINGS.ask(gateway, serve(upstream.url), encoding_format="base64").json()
    packed = b64decode(answer["data"][0]["embedding"])
    assert pytest.approx(numbers, rel=1e-6) == list(struct.unpack("<3f", packed))


@pytest.mark.parametrize("path", ["/v1/embeddings", "/embeddings", "/v1/v1/embeddings/", "//v1//embeddings"])
def test_a_first_call_needs_an_account_or_the_right_path(gateway: Gateway, path: str) -> None:
    answer = gateway.post({"model": "demo", "input": "hello", "encoding_format": "base64"}, path)
    assert (200, 32 * 4) == (answer.status, len(b64decode(answer.json()["data"][0]["embedding"])))
