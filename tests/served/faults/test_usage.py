"""Usage that clients hide, upstreams invent, and nobody asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.gateway import Gateway
from tests.support.upstream.answers import USAGE, chat_answer, chat_chunks, json_answer, sse
from tests.support.upstream.scripted import Upstream

Serve = Callable[..., str]
BIG = 10**6
UNASKED = [{}, {"stream_options": {}}, {"stream_options": {"include_usage": False}}, {"stream_options": None}]
ODD: dict[str, object] = {
    "missing": None,
    "negative": {"prompt_tokens": -5, "completion_tokens": -7, "total_tokens": -12},
    "huge": {"prompt_tokens": 10**30, "completion_tokens": 10**30, "total_tokens": 10**30},
    "float": {"prompt_tokens": 10.7, "completion_tokens": 5.2, "total_tokens": 15.9},
    "string": {"prompt_tokens": "10", "completion_tokens": "many", "total_tokens": "15"},
    "list": [1, 2, 3],
    "text": "none",
    "empty": {},
    "nested nonsense": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": ["x"]},
    "parts above the whole": {
        "prompt_tokens": 1,
        "completion_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 9},
    },
}
odd_usage = pytest.mark.parametrize("usage", ODD.values(), ids=ODD)


@pytest.mark.attack("T-25")
@pytest.mark.parametrize("fields", UNASKED, ids=["omitted", "empty", "false", "null"])
def test_a_client_that_asks_for_no_usage_is_charged_the_true_usage(
    gateway: Gateway, serve: Serve, upstream: Upstream, fields: dict[str, Any]
) -> None:
    """T-25: the true usage is asked for upstream and charged, whatever the client asked for."""
    model = serve(upstream.url)
    gateway.chat(model, stream=True, **fields)
    (record,) = gateway.books.records(model)
    assert {"include_usage": True} == upstream.chats[0].json()["stream_options"]
    assert ("upstream", USAGE["prompt_tokens"]) == (record.usage_source, record.prompt_tokens)


@pytest.mark.attack("T-25")
@pytest.mark.parametrize("fields", UNASKED, ids=["omitted", "empty", "false", "null"])
def test_no_client_gets_a_usage_chunk_unasked(
    gateway: Gateway, serve: Serve, upstream: Upstream, fields: dict[str, Any]
) -> None:
    """T-25: no chunk has empty choices or usage unless it was asked for."""
    with gateway.stream(serve(upstream.url), **fields) as stream:
        chunks = [event.json() for event in stream.events() if event.payload.startswith(b"{")]
    assert [] == [chunk for chunk in chunks if not chunk["choices"] or chunk.get("usage")]
    assert stream.clean


@pytest.mark.attack("T-25")
def test_a_requested_usage_chunk_comes_once_and_last(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-25: with the option exactly one chunk, the last, has it."""
    with gateway.stream(serve(upstream.url), stream_options={"include_usage": True}) as stream:
        chunks = [event.json() for event in stream.events() if event.payload.startswith(b"{")]
    assert [len(chunks) - 1] == [number for number, chunk in enumerate(chunks) if chunk.get("usage")]
    assert (USAGE["total_tokens"], []) == (chunks[-1]["usage"]["total_tokens"], chunks[-1]["choices"])


@pytest.mark.attack("T-48")
@odd_usage
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_odd_usage_leaves_the_books_whole(
    gateway: Gateway, serve: Serve, upstream: Upstream, usage: Any, streamed: bool
) -> None:
    """T-48: the answer is delivered, counts are whole and not negative, and the books balance (the sentinel)."""
    script = sse(*chat_chunks("one two", usage)) if streamed else chat_answer("one two", usage)
    upstream.default = script
    model = serve(upstream.url)
    answer = gateway.chat(model, stream=streamed)
    (record,) = gateway.books.records(model)
    assert (200, "ok") == (answer.status, record.outcome)
    assert min(record.prompt_tokens, record.completion_tokens, record.charge_nano) >= 0


@pytest.mark.attack("T-48")
@pytest.mark.parametrize("usage", [None, {}, [1], "none"], ids=["missing", "empty", "list", "text"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_answer_without_usage_is_charged_an_estimate(
    gateway: Gateway, serve: Serve, upstream: Upstream, usage: Any, streamed: bool
) -> None:
    """T-48: no usage came: estimated and said to be."""
    upstream.default = sse(*chat_chunks("one two", usage)) if streamed else chat_answer("one two", usage)
    model = serve(upstream.url)
    gateway.chat(model, stream=streamed)
    (record,) = gateway.books.records(model)
    assert "estimated" == record.usage_source
    assert min(record.prompt_tokens, record.completion_tokens, record.charge_nano) > 0


def spend_far_more(gateway: Gateway, upstream: Upstream, model: str, key: str) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": BIG, "total_tokens": BIG + 10}
    upstream.default = json_answer(200, {**chat_answer_body(), "usage": usage})
    assert 200 == gateway.chat(model, key=key, max_tokens=10).status


def chat_answer_body() -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": "long"}, "finish_reason": "stop"}
    return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


@pytest.mark.attack("T-48")
def test_what_exceeds_the_hold_is_charged_as_overrun(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-48: usage above the hold is charged in full and marked as overrun."""
    model = serve(upstream.url)
    key = gateway.add_token(quota="1.50")
    spend_far_more(gateway, upstream, model, key)
    (record,) = gateway.books.records(model)
    # 20 USD per million: a million completion tokens, and ten of the prompt at 10 USD.
    assert 20 * 10**9 + 10 * 10 * 10**3 == record.charge_nano
    assert 0 < record.overrun_nano < record.charge_nano


@pytest.mark.attack("T-48")
def test_an_overdrawn_token_is_refused(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-48: after an overrun the next request is refused."""
    model = serve(upstream.url)
    key = gateway.add_token(quota="1.50")
    spend_far_more(gateway, upstream, model, key)
    answer = gateway.chat(model, key=key, max_tokens=10)
    assert (402, "insufficient_user_quota", 1) == (answer.status, answer.error["code"], len(upstream.chats))
