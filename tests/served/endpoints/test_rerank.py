"""Rerank and moderations: whatever way an upstream counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.served.endpoints import MODERATIONS, RANK, RERANK, VERDICT
from tests.support.gateway import Gateway
from tests.support.upstream.answers import json_answer
from tests.support.upstream.scripted import Upstream

Serve = Callable[..., str]
PRICE = {"input": "0.02", "output": "0", "search": "0.002000001"}
SEARCH, TOKEN = 2_000_001, 20
ESTIMATE = 10 * 2 + 2
"""The query, read again with each document, and the documents."""


@pytest.mark.parametrize(
    ("counts", "tokens", "searches", "source"),
    [
        ({"usage": {"total_tokens": 815}}, 815, 1, "upstream"),
        ({"usage": {"prompt_tokens": 815, "total_tokens": 815}}, 815, 1, "upstream"),
        ({"meta": {"billed_units": {"search_units": 3}}}, 0, 3, "upstream"),
        ({"meta": {"tokens": {"input_tokens": 44}, "billed_units": {"input_tokens": 45}}}, 44, 1, "upstream"),
        ({}, ESTIMATE, 1, "estimated"),
        ({"usage": "many", "meta": []}, ESTIMATE, 1, "estimated"),
    ],
    ids=str,
)
def test_a_search_costs_what_was_counted(
    gateway: Gateway,
    serve: Serve,
    upstream: Upstream,
    counts: dict[str, Any],
    tokens: int,
    searches: int,
    source: str,
) -> None:
    upstream.default = json_answer(200, {"results": [RANK], **counts})
    model = serve(upstream.url, price=PRICE)
    RERANK.ask(gateway, model, query="x" * 40, documents=["abcd", "efgh"])
    (record,) = gateway.books.records(model)
    assert (source, tokens, searches, "search", tokens * TOKEN + searches * SEARCH) == (
        record.usage_source,
        record.prompt_tokens,
        record.units,
        record.unit,
        record.charge_nano,
    )


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"query": ""}, "query"),
        ({"query": 5}, "query"),
        ({"documents": []}, "documents"),
        ({"documents": "x"}, "documents"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named_and_not_sent(
    gateway: Gateway, serve: Serve, upstream: Upstream, fields: dict[str, Any], word: str
) -> None:
    answer = RERANK.ask(gateway, serve(upstream.url), **fields)
    assert (400, True, []) == (answer.status, f"'{word}'" in answer.error["message"], upstream.chats)


@pytest.mark.parametrize(
    ("entry", "result"),
    [
        ({"index": 1, "score": 0.9}, {"index": 1, "relevance_score": 0.9}),
        (
            {"index": 1, "score": 0.9, "text": "two"},
            {"index": 1, "relevance_score": 0.9, "document": {"text": "two"}},
        ),
        (
            {"index": 1, "score": 0.9, "document": "two", "meta_info": {"id": "a"}},
            {"index": 1, "relevance_score": 0.9, "document": {"text": "two"}, "meta_info": {"id": "a"}},
        ),
        ({"score": 0.9}, {"index": 0, "relevance_score": 0.9}),
    ],
    ids=["TEI", "TEI with texts", "SGLang", "no index"],
)
def test_an_answer_that_is_a_list_has_results(
    gateway: Gateway, serve: Serve, upstream: Upstream, entry: dict[str, Any], result: dict[str, Any]
) -> None:
    """TEI and SGLang answer with a bare list: it was a 502, after the search was done."""
    upstream.default = json_answer(200, [entry])
    model = serve(upstream.url)

    answer = RERANK.ask(gateway, model)

    assert (200, {"model": model, "results": [result]}) == (answer.status, answer.json())


def test_a_list_of_nothing_is_no_answer(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = json_answer(200, [])

    assert 502 == RERANK.ask(gateway, serve(upstream.url)).status


def test_documents_keep_their_shape(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = RERANK.answer
    documents = [{"text": "one", "id": 7}, {"image": "https://images.example/1"}]
    assert 200 == RERANK.ask(gateway, serve(upstream.url), documents=documents).status
    assert documents == upstream.chats[0].json()["documents"]


@pytest.mark.parametrize("value", ["one", ["one", "two"], [{"type": "text", "text": "one"}]], ids=str)
def test_what_is_judged_arrives_as_it_was_sent(
    gateway: Gateway, serve: Serve, upstream: Upstream, value: object
) -> None:
    upstream.default = MODERATIONS.answer
    model = serve(upstream.url)
    answer = MODERATIONS.ask(gateway, model, input=value)
    assert (value, [VERDICT], model) == (
        upstream.chats[0].json()["input"],
        answer.json()["results"],
        answer.json()["model"],
    )


def test_a_field_that_a_provider_refuses_is_left_out(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """Mistral answers 422 to fields that it does not know."""
    upstream.default = MODERATIONS.answer
    MODERATIONS.ask(gateway, serve(upstream.url, provider="mistral"), user="u", input="x")
    assert {"model": "upstream-model", "input": "x"} == upstream.chats[0].json()
