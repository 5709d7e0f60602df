"""Embeddings in every form that clients ask for, from upstreams that know only some of them."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest

from tests.served.endpoints import EMBEDDING, EMBEDDINGS
from tests.support.gateway import Gateway
from tests.support.upstream.answers import error_answer, json_answer
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Step

Serve = Callable[..., str]
VECTOR = [0.5, -1.0, 0.25]
PACKED = b64encode(struct.pack("<3f", *VECTOR)).decode()
PRICE = {"input": "0.13", "output": "0"}


def vectors(*embeddings: object, usage: object = None) -> list[Step]:
    data = [{**EMBEDDING, "index": index, "embedding": embedding} for index, embedding in enumerate(embeddings)]
    return json_answer(200, {"object": "list", "data": data, "model": "up", **({"usage": usage} if usage else {})})


@pytest.mark.parametrize("vector", [VECTOR, PACKED], ids=["floats", "base64"])
@pytest.mark.parametrize("form", [None, "float", "base64"])
def test_a_vector_comes_in_the_form_that_was_asked_for(
    gateway: Gateway, serve: Serve, upstream: Upstream, vector: object, form: str | None
) -> None:
    upstream.default = vectors(vector, vector)
    more = {} if form is None else {"encoding_format": form}
    answer = EMBEDDINGS.ask(gateway, serve(upstream.url), **more).json()
    expected = PACKED if form == "base64" else VECTOR
    assert [expected] * 2 == [item["embedding"] for item in answer["data"]]
    assert [0, 1] == [item["index"] for item in answer["data"]]


@pytest.mark.parametrize("value", ["one", ["one", "two"], [1, 2, 3], [[1, 2], [3]]], ids=str)
def test_an_input_arrives_as_it_was_sent(gateway: Gateway, serve: Serve, upstream: Upstream, value: object) -> None:
    upstream.default = EMBEDDINGS.answer
    assert 200 == EMBEDDINGS.ask(gateway, serve(upstream.url), input=value).status
    assert value == upstream.chats[0].json()["input"]


@pytest.mark.parametrize("value", [None, "", [], 5, {"text": "x"}], ids=str)
def test_a_wrong_input_is_named_and_not_sent(gateway: Gateway, serve: Serve, upstream: Upstream, value: object) -> None:
    answer = EMBEDDINGS.ask(gateway, serve(upstream.url), input=value)
    assert (400, True, []) == (answer.status, "'input'" in answer.error["message"], upstream.chats)


@pytest.mark.parametrize("odd", ["!!!", "abc", [None], [[1.0]], {}], ids=str)
def test_an_odd_vector_is_a_fault_of_the_upstream(
    gateway: Gateway, serve: Serve, upstream: Upstream, odd: object
) -> None:
    model = serve(upstream.url)
    upstream.default = vectors(odd)
    form = "float" if isinstance(odd, str) else "base64"
    assert 502 == EMBEDDINGS.ask(gateway, model, encoding_format=form).status


def test_the_model_in_an_answer_is_the_one_that_was_asked_for(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = EMBEDDINGS.answer
    model = serve(upstream.url)
    assert model == EMBEDDINGS.ask(gateway, model).json()["model"]


def test_embeddings_cost_their_tokens(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = vectors(VECTOR, usage={"prompt_tokens": 1_000_003, "total_tokens": 1_000_003})
    model = serve(upstream.url, price=PRICE)
    EMBEDDINGS.ask(gateway, model)
    (record,) = gateway.books.records(model)
    assert ("upstream", 1_000_003, 0) == (record.usage_source, record.prompt_tokens, record.completion_tokens)
    assert -(-1_000_003 * 130_000_000 // 10**6) == record.charge_nano


@pytest.mark.parametrize(("value", "tokens"), [("x" * 40, 10), (["x" * 40] * 2, 20), ([7] * 9, 9), ([[7], [7, 7]], 3)])
def test_embeddings_without_usage_are_charged_an_estimate(
    gateway: Gateway, serve: Serve, upstream: Upstream, value: object, tokens: int
) -> None:
    upstream.default = vectors(VECTOR)
    model = serve(upstream.url, price=PRICE)
    answer = EMBEDDINGS.ask(gateway, model, input=value)
    (record,) = gateway.books.records(model)
    assert ("estimated", tokens, tokens * 130) == (record.usage_source, record.prompt_tokens, record.charge_nano)
    assert {"prompt_tokens": tokens, "total_tokens": tokens} == answer.json()["usage"]


def gemini(*values: list[float], usage: dict[str, int] | None = None) -> list[Step]:
    return json_answer(
        200, {"embeddings": [{"values": numbers} for numbers in values], **({"usageMetadata": usage} if usage else {})}
    )


def ask_gemini(gateway: Gateway, serve: Serve, upstream: Upstream, **fields: Any) -> Any:
    model = serve(upstream.url.replace("/v1", "/v1beta"), provider="gemini", price=PRICE)
    return model, EMBEDDINGS.ask(gateway, model, **fields)


def test_gemini_is_asked_in_its_own_words(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = gemini(VECTOR, VECTOR)
    _, answer = ask_gemini(gateway, serve, upstream, input=["one", "two"], dimensions=3, user="u")
    (received,) = [each for each in upstream.requests if each.method == "POST"]
    each = {"model": "models/upstream-model", "outputDimensionality": 3}
    assert "/v1beta/models/upstream-model:batchEmbedContents" == received.path
    assert [{**each, "content": {"parts": [{"text": text}]}} for text in ("one", "two")] == received.json()["requests"]
    assert "user" == answer.header("x-aihub-dropped-params")


@pytest.mark.parametrize(("form", "expected"), [("float", VECTOR), ("base64", PACKED)])
def test_an_answer_of_gemini_comes_in_openais_words(
    gateway: Gateway, serve: Serve, upstream: Upstream, form: str, expected: object
) -> None:
    upstream.default = gemini(VECTOR, usage={"promptTokenCount": 7})
    model, answer = ask_gemini(gateway, serve, upstream, encoding_format=form)
    assert {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": expected}],
        "model": model,
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    } == answer.json()
    (record,) = gateway.books.records(model)
    assert ("upstream", 7, 7 * 130) == (record.usage_source, record.prompt_tokens, record.charge_nano)


@pytest.mark.parametrize("tokens", [[1, 2], [[1, 2]]], ids=str)
def test_tokens_that_gemini_cannot_read_are_refused(
    gateway: Gateway, serve: Serve, upstream: Upstream, tokens: object
) -> None:
    upstream.default = gemini(VECTOR)
    _, answer = ask_gemini(gateway, serve, upstream, input=tokens)
    assert (400, "invalid_request", True) == (answer.status, answer.error["code"], "tokens" in answer.error["message"])


def test_a_refusal_of_gemini_says_why(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    error = {"code": 400, "message": "outputDimensionality is too large", "status": "INVALID_ARGUMENT"}
    upstream.default = json_answer(400, {"error": error})
    _, answer = ask_gemini(gateway, serve, upstream)
    assert (400, "outputDimensionality is too large") == (answer.status, answer.error["message"])


def test_a_packed_float_loses_nothing_but_precision(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    numbers = [0.1, -3.4e38, 1e-30]
    upstream.default = vectors(numbers)
    answer = EMBEDDINGS.ask(gateway, serve(upstream.url), encoding_format="base64").json()
    packed = b64decode(answer["data"][0]["embedding"])
    assert pytest.approx(numbers, rel=1e-6) == list(struct.unpack("<3f", packed))


@pytest.mark.parametrize("path", ["/v1/embeddings", "/embeddings", "/v1/v1/embeddings/", "//v1//embeddings"])
def test_a_first_call_works_without_an_upstream_at_any_spelling_of_the_path(gateway: Gateway, path: str) -> None:
    answer = gateway.post({"model": "demo", "input": "hello", "encoding_format": "base64"}, path)
    assert (200, 32 * 4) == (answer.status, len(b64decode(answer.json()["data"][0]["embedding"])))


@pytest.mark.parametrize("form", [None, "float", "base64_int8", "base64_binary", "base64"])
@pytest.mark.parametrize("vector", ["9sYAAzzy/vc=", "9sYAAzzy"], ids=["8 bytes", "6 bytes"])
def test_base64_of_something_else_than_floats_is_passed_as_it_is(
    gateway: Gateway, serve: Serve, upstream: Upstream, form: str | None, vector: str
) -> None:
    """K16: Perplexity's vectors are 8-bit integers; they came out as 3.8e-37 and null."""
    upstream.default = vectors(vector)
    more = {} if form is None else {"encoding_format": form}
    answer = EMBEDDINGS.ask(gateway, serve(upstream.url), **more).json()
    assert [vector] == [item["embedding"] for item in answer["data"]]
    assert form == upstream.chats[0].json().get("encoding_format")


def test_vectors_with_zeros_and_of_any_honest_size_are_floats(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    numbers = [0.0, -0.0, 1e-19, -1e19, 65504.0, 2.0**-24]
    upstream.default = vectors(b64encode(struct.pack("<6f", *numbers)).decode())
    answer = EMBEDDINGS.ask(gateway, serve(upstream.url)).json()
    assert struct.pack("<6f", *numbers) == struct.pack("<6f", *answer["data"][0]["embedding"])


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    "refusal",
    ["encoding_format: base64 is not supported", "Unsupported encoding_format, must be float", "Base64 not supported"],
)
def test_an_upstream_without_base64_is_asked_for_numbers(
    gateway: Gateway, serve: Serve, upstream: Upstream, status: int, refusal: str
) -> None:
    """openai-python asks for base64 by itself: it was a 400 at every server that has only lists."""
    upstream.enqueue(error_answer(status, refusal))
    upstream.default = vectors(VECTOR)
    model = serve(upstream.url)
    answer = EMBEDDINGS.ask(gateway, model, encoding_format="base64").json()
    assert [PACKED] == [item["embedding"] for item in answer["data"]]
    assert ["base64", None] == [request.json().get("encoding_format") for request in upstream.chats]
    (record,) = gateway.books.records(model)
    assert ["absent", ""] == [attempt["fault"] for attempt in record.tries]


def test_a_refusal_of_vectors_in_any_form_is_passed_on_after_two_calls(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = error_answer(400, "encoding_format must be base64_int8 or base64_binary")
    answer = EMBEDDINGS.ask(gateway, serve(upstream.url), encoding_format="base64")
    assert (400, 2) == (answer.status, len(upstream.chats))
    assert 400 == EMBEDDINGS.ask(gateway, serve(upstream.url), encoding_format="float").status
    assert 3 == len(upstream.chats)
