"""What upstreams count in ways of their own is billed whole: on every surface, streamed and whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.gateway import CHAT, Gateway, unique
from tests.support.upstream.answers import chat_answer, chat_body, chat_chunks, json_answer, sse, usage_chunk
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

Serve = Callable[..., str]
MESSAGES = "/v1/messages"
RESPONSES = "/v1/responses"
ASKED: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "hello"}]},
    MESSAGES: {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 100},
    RESPONSES: {"input": "hello"},
}
"""The same question on every surface."""
on_every_surface = pytest.mark.parametrize("path", ASKED)
streamed_or_whole = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


def ask(gateway: Gateway, path: str, model: str, streamed: bool) -> Any:
    """The record of one answered request."""
    answer = gateway.post({"model": model, "stream": streamed, **ASKED[path]}, path)
    assert 200 == answer.status, answer.body
    (record,) = gateway.books.records(model)
    return record


@on_every_surface
@streamed_or_whole
@pytest.mark.parametrize(
    ("total", "reasoning"), [(410, 300), (110, 300), (410, 0)], ids=["xAI", "Vercel", "Google's compatible endpoint"]
)
def test_reasoning_beside_the_completion_is_billed(
    gateway: Gateway, serve: Serve, upstream: Upstream, path: str, streamed: bool, total: int, reasoning: int
) -> None:
    """A Grok answer with 300 tokens of thought was booked as the 10 tokens of its text."""
    details = {"reasoning_tokens": reasoning}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": total, "completion_tokens_details": details}
    upstream.default = sse(*chat_chunks("Yes", usage)) if streamed else chat_answer("Yes", usage)

    record = ask(gateway, path, serve(upstream.url), streamed)

    assert (100, 310, reasoning) == (record.prompt_tokens, record.completion_tokens, record.reasoning_tokens)
    assert (100 * 10 + 310 * 20) * 1000 == record.cost_nano
    assert "upstream" == record.usage_source


@on_every_surface
@streamed_or_whole
def test_zeros_for_a_prompt_and_a_text_are_estimated_and_shown_so(
    gateway: Gateway, serve: Serve, upstream: Upstream, path: str, streamed: bool
) -> None:
    """A local server that counts nothing answered for free; the client sees what it was charged for."""
    zeros = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    upstream.default = sse(*chat_chunks("one two", zeros)) if streamed else chat_answer("one two", zeros)

    record = ask(gateway, path, serve(upstream.url), streamed)

    assert "estimated" == record.usage_source
    assert min(record.prompt_tokens, record.completion_tokens, record.cost_nano) > 0


@on_every_surface
def test_zeros_at_the_end_of_a_stream_change_no_count(
    gateway: Gateway, serve: Serve, upstream: Upstream, path: str
) -> None:
    zeros = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    upstream.default = sse(*chat_chunks("one two", {"prompt_tokens": 10, "completion_tokens": 2}), usage_chunk(zeros))

    record = ask(gateway, path, serve(upstream.url), True)

    assert (10, 2, "upstream") == (record.prompt_tokens, record.completion_tokens, record.usage_source)


@on_every_surface
def test_a_delta_of_zeros_keeps_what_a_message_began_with(gateway: Gateway, upstream: Upstream, path: str) -> None:
    """An endpoint like Anthropic's began with 1000 tokens and ended with `input_tokens: 0`: the prompt was free."""
    upstream.default = anthropic_stream(
        {"input_tokens": 1000, "output_tokens": 1}, {"input_tokens": 0, "output_tokens": 5}
    )
    model = gateway.add_channel(upstream.url, provider="anthropic")

    record = ask(gateway, path, model, True)

    assert (1000, 5, "upstream") == (record.prompt_tokens, record.completion_tokens, record.usage_source)


SONNET = {"input": "3", "output": "15", "cache_read": "0.3", "cache_write": "3.75"}


@on_every_surface
@streamed_or_whole
@pytest.mark.parametrize(
    ("five_minutes", "an_hour", "rates", "nano"),
    [
        pytest.param(0, 100_000, SONNET, 600_180_000, id="the hour alone, at twice the input"),
        pytest.param(40_000, 60_000, SONNET, 510_180_000, id="both"),
        pytest.param(40_000, 60_000, SONNET | {"cache_write_1h": "5"}, 450_180_000, id="at a price of its own"),
    ],
)
def test_what_is_cached_for_an_hour_is_billed_so(
    gateway: Gateway,
    upstream: Upstream,
    path: str,
    streamed: bool,
    five_minutes: int,
    an_hour: int,
    rates: dict[str, str],
    nano: int,
) -> None:
    """Claude Code with caches of an hour cost 0.375 USD here, and 0.60 at Anthropic."""
    lasting = {"ephemeral_5m_input_tokens": five_minutes, "ephemeral_1h_input_tokens": an_hour}
    usage = {
        "input_tokens": 10,
        "cache_creation_input_tokens": five_minutes + an_hour,
        "cache_read_input_tokens": 0,
        "cache_creation": lasting,
        "output_tokens": 10,
    }
    upstream.default = anthropic_stream(usage, usage) if streamed else anthropic_answer(usage)
    model = gateway.add_channel(upstream.url, provider="anthropic")
    assert 200 == gateway.admin("POST", "/prices", {"model": model, **rates}).status

    record = ask(gateway, path, model, streamed)

    assert (five_minutes + an_hour, an_hour) == (record.cache_write_tokens, record.cache_write_1h_tokens)
    assert nano == record.cost_nano


COST = {"cost": {"request_cost": 0.005, "total_cost": 0.00502}}


@on_every_surface
@streamed_or_whole
def test_an_answer_is_billed_what_its_upstream_says_that_it_cost(
    gateway: Gateway, upstream: Upstream, path: str, streamed: bool
) -> None:
    """Perplexity's answers were free here (K5): no price table knows what it charges for a request."""
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20, **COST}
    upstream.default = sse(*chat_chunks("Yes", usage)) if streamed else chat_answer("Yes", usage)

    record = ask(gateway, path, gateway.add_channel(upstream.url), streamed)

    assert (5_020_000, 5_020_000, "upstream") == (record.cost_nano, record.upstream_cost_nano, record.usage_source)
    assert [] == gateway.books.imbalances()


@streamed_or_whole
@pytest.mark.parametrize("path", [*ASKED, "/v1/completions"])
def test_a_client_reads_what_the_upstream_says_that_it_cost(
    gateway: Gateway, serve: Serve, upstream: Upstream, path: str, streamed: bool
) -> None:
    """Clients show `usage.cost`; what is booked by the operator's own price is another matter.

    It was lost on `/v1/messages` and `/v1/responses` (B7).
    """
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20, **COST}
    upstream.default = sse(*chat_chunks("Yes", usage)) if streamed else chat_answer("Yes", usage)
    model = serve(upstream.url)
    asked = ASKED.get(path, {"prompt": "hello"})
    body = {"model": model, "stream": streamed, "stream_options": {"include_usage": True}, **asked}

    answer = gateway.post(body if streamed else {"model": model, **asked}, path)

    assert b'"cost":{"request_cost":0.005,"total_cost":0.00502}' in answer.body.replace(b" ", b"")
    (record,) = gateway.books.records(model)
    assert ((10 * 10 + 10 * 20) * 1000, 5_020_000) == (record.cost_nano, record.upstream_cost_nano)


@streamed_or_whole
def test_responses_of_xai_are_billed_what_they_say(gateway: Gateway, upstream: Upstream, streamed: bool) -> None:
    usage = {"input_tokens": 10, "output_tokens": 10, "total_tokens": 20, "cost_in_usd_ticks": 1_750_000}
    item = {"type": "message", "id": "m1", "role": "assistant", "content": [{"type": "output_text", "text": "Yes"}]}
    response = {"id": "r1", "object": "response", "status": "completed", "output": [item], "usage": usage}
    delta = {"type": "response.output_text.delta", "delta": "Yes"}
    upstream.default = json_answer(200, response)
    if streamed:
        upstream.default = sse(delta, {"type": "response.completed", "response": response})

    record = ask(gateway, RESPONSES, gateway.add_channel(upstream.url, provider="xai"), streamed)

    assert (175_000, 175_000) == (record.cost_nano, record.upstream_cost_nano)


EMBEDDED = {"data": [{"index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 5, "total_tokens": 5, **COST}}
RANKED = {"results": [{"index": 0, "relevance_score": 0.5}], "usage": {"search_units": 1, "cost": 0.00502}}
PAINTED = {"data": [{"url": "https://images.example/1"}], "usage": {"cost_in_usd_ticks": 50_200_000}}


@pytest.mark.parametrize(
    ("path", "asked", "answered"),
    [
        pytest.param("/v1/embeddings", {"input": "hello"}, EMBEDDED, id="embeddings of Perplexity's"),
        pytest.param("/v1/rerank", {"query": "a", "documents": ["b"]}, RANKED, id="a rerank of OpenRouter's"),
        pytest.param("/v1/images/generations", {"prompt": "a cat"}, PAINTED, id="an image of xAI's"),
    ],
)
def test_what_passes_through_is_billed_what_its_upstream_says(
    gateway: Gateway, upstream: Upstream, path: str, asked: dict[str, Any], answered: dict[str, Any]
) -> None:
    upstream.default = json_answer(200, answered)
    model = gateway.add_channel(upstream.url)

    assert 200 == gateway.post({"model": model, **asked}, path).status

    (record,) = gateway.books.records(model)
    assert (5_020_000, 5_020_000) == (record.cost_nano, record.upstream_cost_nano)


COMPACTION = {"type": "compaction", "input_tokens": 99195, "output_tokens": 81}
ADVICE = {"type": "advisor_message", "input_tokens": 1000, "output_tokens": 100, "model": "adviser-20260101"}
ANSWER = {"type": "message", "input_tokens": 162, "output_tokens": 11}
ANSWERED = (162 * 3 + 11 * 15) * 1000
DECLINED = {"type": "message", "input_tokens": 162, "output_tokens": 0, "model": "upstream-model"}
FALLBACK = {**ADVICE, "type": "fallback_message"}
SUMMARY = (99195 * 3 + 81 * 15) * 1000


@on_every_surface
@streamed_or_whole
@pytest.mark.parametrize(
    ("iterations", "advice_price", "nano"),
    [
        pytest.param([COMPACTION, ANSWER], None, ANSWERED + SUMMARY, id="a compaction (K2)"),
        pytest.param([ANSWER, ADVICE], "25", ANSWERED + (1000 * 5 + 100 * 25) * 1000, id="advice"),
        pytest.param([ANSWER, ADVICE], None, ANSWERED + (1000 * 3 + 100 * 15) * 1000, id="advice at no known price"),
        pytest.param([COMPACTION, ADVICE, ANSWER], "25", ANSWERED + SUMMARY + 7_500_000, id="both"),
        pytest.param([DECLINED, FALLBACK], "25", 7_500_000, id="another model's answer"),
    ],
)
def test_all_that_claude_did_for_an_answer_is_billed(
    gateway: Gateway,
    upstream: Upstream,
    path: str,
    streamed: bool,
    iterations: list[dict[str, Any]],
    advice_price: str | None,
    nano: int,
) -> None:
    """Anthropic bills a compaction and another model's advice, which only a list beside its counts has."""
    usage = {"input_tokens": 162, "output_tokens": 11, "iterations": iterations}
    upstream.default = anthropic_stream({"input_tokens": 162}, usage) if streamed else anthropic_answer(usage)
    model = unique("model")
    adviser = unique("adviser")
    models = [f"{model}=upstream-model", f"{adviser}=adviser"]
    gateway.add_channel(upstream.url, model, provider="anthropic", models=models)
    gateway.set_price(model, "3", "15")
    if advice_price:
        gateway.set_price(adviser, "5", advice_price)
    else:
        gateway.set_price(adviser, "3", "15")

    record = ask(gateway, path, model, streamed)

    assert (nano, "upstream") == (record.cost_nano, record.usage_source)
    shown = gateway.admin("GET", f"/records/{record.request_id}").json()
    assert ["adviser-20260101"] * (ADVICE in iterations or FALLBACK in iterations) == [
        other["model"] for other in shown["others"]
    ]
    assert [] == gateway.books.imbalances()


@pytest.mark.parametrize("path", [CHAT, MESSAGES, RESPONSES])
@streamed_or_whole
@pytest.mark.parametrize(("tier", "nano"), [("flex", 150_000), ("default", 300_000), ("scale", 300_000)])
def test_an_answer_is_billed_at_the_tier_that_it_was_given_at(
    gateway: Gateway, serve: Serve, upstream: Upstream, path: str, streamed: bool, tier: str, nano: int
) -> None:
    """Flex answers of OpenAI's were billed at twice what they cost."""
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    body = {**chat_body("Yes", usage), "service_tier": tier}
    chunks = [{**chunk, "service_tier": tier} for chunk in chat_chunks("Yes", usage)]
    upstream.default = sse(*chunks) if streamed else json_answer(200, body)
    model = serve(upstream.url)
    assert 200 == gateway.admin("POST", "/prices", {"model": model, "tier": "flex", "input": 5, "output": 10}).status

    record = ask(gateway, path, model, streamed)

    assert (nano, tier if tier != "default" else "") == (record.cost_nano, record.tier)
    shown = gateway.admin("GET", f"/records/{record.request_id}").json()
    assert (tier if tier != "default" else None, tier == "scale") == (shown["tier"], shown["tier_unpriced"])


@streamed_or_whole
def test_a_response_is_billed_at_the_tier_that_it_was_given_at(
    gateway: Gateway, upstream: Upstream, streamed: bool
) -> None:
    usage = {"input_tokens": 10, "output_tokens": 10, "total_tokens": 20}
    item = {"type": "message", "id": "m1", "role": "assistant", "content": [{"type": "output_text", "text": "Yes"}]}
    response = {"id": "r1", "object": "response", "status": "completed", "output": [item], "usage": usage}
    response["service_tier"] = "flex"
    delta = {"type": "response.output_text.delta", "delta": "Yes"}
    upstream.default = json_answer(200, response)
    if streamed:
        upstream.default = sse(delta, {"type": "response.completed", "response": response})
    model = gateway.add_channel(upstream.url, provider="xai")
    gateway.set_price(model)
    assert 200 == gateway.admin("POST", "/prices", {"model": model, "tier": "flex", "input": 5, "output": 10}).status

    record = ask(gateway, RESPONSES, model, streamed)

    assert (150_000, "flex") == (record.cost_nano, record.tier)


def anthropic_answer(usage: dict[str, Any]) -> Script:
    content = [{"type": "text", "text": "Yes"}]
    return json_answer(200, {**anthropic_message(), "content": content, "stop_reason": "end_turn", "usage": usage})


def anthropic_stream(started: dict[str, Any], ended: dict[str, Any]) -> Script:
    """A message whose usage is told at its start and at its end."""
    return sse(
        {"type": "message_start", "message": {**anthropic_message(), "content": [], "usage": started}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Yes"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": ended},
        {"type": "message_stop"},
    )


def anthropic_message() -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": None}
