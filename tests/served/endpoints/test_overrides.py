"""What a channel's operator changes in all that is sent, on every surface, and what of it is billed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.endpoints import EMBEDDINGS
from tests.served.messages import claude_message
from tests.served.messages import request as messages_request
from tests.served.responses import request as responses_request
from tests.served.responses import response
from tests.support.canaries import KEY_CANARY
from tests.support.gateway import CHAT, Gateway, chat_body, unique
from tests.support.upstream.answers import chat_answer, chat_stream, error_answer, json_answer, models_list
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

SECRET = f"{KEY_CANARY}-in-a-header"
PREFIX = "Answer in Latin."
GEMINI: dict[str, Any] = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Salve"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
}
OVERRIDES: dict[str, Any] = {
    "headers": [f"CF-Access-Client-Secret={SECRET}", "User-Agent=Lunchroom/1"],
    "default_params": ["temperature=0.5", "top_p=0.9"],
    "set_params": ['metadata={"team":"a"}'],
    "drop_params": ["user"],
    "system_prefix": PREFIX,
}


def answering(received: Request) -> Script:
    """An upstream of every format."""
    if received.method == "GET":
        return models_list("upstream-model")
    if received.path.endswith("/messages"):
        return json_answer(200, claude_message())
    if received.path.endswith("/responses"):
        return json_answer(200, response())
    if ":generateContent" in received.path:
        return json_answer(200, GEMINI)
    if received.path.endswith("/embeddings"):
        data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
        return json_answer(200, {"object": "list", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
    body = received.json()
    if body.get("stream"):
        wanted = (body.get("stream_options") or {}).get("include_usage")
        return chat_stream() if wanted else chat_stream(usage=None)
    return chat_answer()


SYSTEM = [{"role": "system", "content": PREFIX}]
WAYS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    # surface -> wire: (provider, path, what the client adds, the fields upstream that hold the prefix)
    "chat": ("openai", CHAT, {}, {"messages": [*SYSTEM, chat_body("m")["messages"][0]]}),
    "chat to anthropic": ("anthropic", CHAT, {}, {"system": PREFIX}),
    "chat to gemini": ("gemini", CHAT, {}, {"systemInstruction": {"parts": [{"text": PREFIX}]}}),
    "messages": ("anthropic", "/v1/messages", {"system": "Be."}, {"system": f"{PREFIX}\n\nBe."}),
    "responses": ("openrouter", "/v1/responses", {"instructions": "Be."}, {"instructions": f"{PREFIX}\n\nBe."}),
}


def posted(path: str, model: str, **fields: Any) -> dict[str, Any]:
    """A small request for a path."""
    if path == "/v1/messages":
        return messages_request(model, **fields)
    if path == "/v1/responses":
        return responses_request(model, **fields)
    return chat_body(model, **fields)


@pytest.mark.parametrize(("provider", "path", "more", "prefixed"), WAYS.values(), ids=WAYS)
def test_every_format_is_sent_what_the_operator_says(
    gateway: Gateway, upstream: Upstream, provider: str, path: str, more: dict[str, Any], prefixed: dict[str, Any]
) -> None:
    upstream.default = answering
    model = gateway.add_channel(upstream.url, provider=provider, **OVERRIDES)
    answer = gateway.post(posted(path, model, user="alice", top_p=0.1, **more), path)
    assert 200 == answer.status, answer.body
    (sent,) = upstream.chats
    body = sent.json()
    assert (SECRET, "Lunchroom/1") == (sent.header("cf-access-client-secret"), sent.header("user-agent"))
    assert {"metadata": {"team": "a"}, **prefixed} == {name: body[name] for name in ("metadata", *prefixed)}
    assert (False, 0.5) == ("user" in body, body["temperature"])


def test_the_clients_own_value_comes_before_a_default(gateway: Gateway, upstream: Upstream) -> None:
    model = gateway.add_channel(upstream.url, default_params=["temperature=0.5", "top_p=0.9"])
    gateway.chat(model, temperature=1, top_p=None)
    body = upstream.chats[0].json()
    assert (1, 0.9) == (body["temperature"], body["top_p"])


def test_a_default_comes_before_what_anthropic_wants_and_the_gateway_assumes(
    gateway: Gateway, upstream: Upstream
) -> None:
    """Anthropic refuses a request that does not say how much may be written: the gateway puts a number there."""
    upstream.default = answering
    model = gateway.add_channel(upstream.url, provider="anthropic", default_params=["max_tokens=77"])
    gateway.chat(model)
    gateway.chat(model, max_tokens=50)
    assert [77, 50] == [request.json()["max_tokens"] for request in upstream.chats]


def test_embeddings_get_parameters_and_headers_but_no_prefix(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = answering
    fields: dict[str, Any] = {"set_params": ["embeddings:dimensions=64", "chat:top_k=1"], "system_prefix": PREFIX}
    model = gateway.add_channel(upstream.url, headers=["X-One=1"], **fields)
    assert 200 == gateway.post({"model": model, "input": "Hi"}, EMBEDDINGS.path).status
    (sent,) = upstream.chats
    expected = {"model": "upstream-model", "input": "Hi", "dimensions": 64}
    assert ("1", expected) == (sent.header("x-one"), sent.json())


def test_a_clients_betas_stay_beside_the_operators(gateway: Gateway, upstream: Upstream) -> None:
    """The body is written for them."""
    upstream.default = answering
    model = gateway.add_channel(upstream.url, provider="anthropic", headers=["anthropic-beta=b-2026-01-01"])
    gateway.post(messages_request(model), "/v1/messages", anthropic_beta="a-2026-01-01")
    assert "a-2026-01-01,b-2026-01-01" == upstream.chats[0].header("anthropic-beta")


def test_an_error_that_repeats_a_header_is_passed_on_without_it(gateway: Gateway, upstream: Upstream) -> None:
    model = gateway.add_channel(upstream.url, **OVERRIDES)
    upstream.enqueue(error_answer(400, f"Who are you, {SECRET}?"))
    answer = gateway.chat(model)
    assert (400, True, False) == (answer.status, b"Who are you" in answer.body, SECRET.encode() in answer.body)


def test_a_set_limit_is_what_is_held_for(gateway: Gateway, upstream: Upstream) -> None:
    """Else a token with little left would be sent through for 10 tokens and billed for 1,000."""
    model = gateway.add_channel(upstream.url, set_params=["max_tokens=1000"])
    gateway.set_price(model, "0", "1000")
    poor = gateway.add_token(quota="0.5")
    rich = gateway.add_token(quota="1.1")
    assert [402, 200] == [gateway.chat(model, key, max_tokens=10).status for key in (poor, rich)]
    assert 1000 == upstream.chats[0].json()["max_tokens"]


def test_a_lower_limit_lets_through_whom_the_clients_own_would_not(gateway: Gateway, upstream: Upstream) -> None:
    model = gateway.add_channel(upstream.url, set_params=["max_tokens=10"])
    gateway.set_price(model, "0", "1000")
    assert 200 == gateway.chat(model, gateway.add_token(quota="0.05"), max_tokens=1000).status


def test_every_channel_of_a_route_counts_in_a_hold(gateway: Gateway, upstream: Upstream) -> None:
    model = gateway.add_channel(upstream.url, priority=2)
    gateway.add_channel(upstream.url, model, priority=1, set_params=["max_tokens=1000"])
    gateway.set_price(model, "0", "1000")
    assert 402 == gateway.chat(model, gateway.add_token(quota="0.5"), max_tokens=10).status


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({}, "upstream"),
        ({"drop_params": ["stream_options"]}, "estimated"),
        ({"set_params": ["stream_options.include_usage=false"]}, "estimated"),
        ({"provider": "mistral"}, "estimated"),
        ({"provider": "mistral", "set_params": ['stream_options={"include_usage":true}']}, "upstream"),
    ],
    ids=["as it is", "dropped", "set to false", "an upstream that is not asked", "forced on it"],
)
def test_a_stream_is_billed_by_what_was_really_asked_for(
    gateway: Gateway, upstream: Upstream, fields: dict[str, Any], source: str
) -> None:
    upstream.default = answering
    model = gateway.add_channel(upstream.url, **fields)
    with gateway.stream(model) as stream:
        assert [*stream.events()]
    (record,) = gateway.books.records(model)
    assert (source, True) == (record.usage_source, record.completion_tokens > 0)


def test_a_prefix_is_billed_where_the_upstream_counts_nothing(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = chat_answer(usage=None)
    bare = gateway.add_channel(upstream.url)
    prefixed = gateway.add_channel(upstream.url, system_prefix="x" * 400)
    told = [gateway.chat(model).json()["usage"]["prompt_tokens"] for model in (bare, prefixed)]
    booked = [gateway.books.records(model)[0].prompt_tokens for model in (bare, prefixed)]
    assert ([100, 100], told) == ([told[1] - told[0], booked[1] - booked[0]], booked)


def test_after_a_failover_only_what_the_last_channel_puts_in_is_billed(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = chat_answer(usage=None)
    bare = gateway.add_channel(upstream.url)
    gateway.chat(bare)
    model = gateway.add_channel(upstream.url, priority=2, system_prefix="x" * 400)
    gateway.add_channel(upstream.url, model, priority=1)
    upstream.enqueue(error_answer(500, "no"))
    assert 200 == gateway.chat(model).status
    prompts = [gateway.books.records(name)[0].prompt_tokens for name in (bare, model)]
    assert (prompts[0], [True, False]) == (
        prompts[1],
        ["system" in str(request.json()["messages"]) for request in upstream.chats[1:]],
    )


def test_a_channel_whose_header_is_not_set_is_passed_over(gateway: Gateway, upstream: Upstream) -> None:
    """Without it the upstream would refuse the key, which would then be taken out of use."""
    name = unique("unset")
    model = gateway.add_channel(upstream.url, name=name, headers=["X-Access=env:NOWHERE_SET"])
    assert 503 == gateway.chat(model).status
    shown = gateway.admin("GET", f"/channels/{name}").json()
    explained = gateway.admin("GET", f"/route?model={model}").json()
    assert ("no usable key", ["x-access=env:NOWHERE_SET"], []) == (shown["state"], shown["headers"], upstream.chats)
    assert "NOWHERE_SET, which is not set" in explained["channels"][0]["why"]


def test_lists_and_tests_of_a_channel_carry_its_headers(gateway: Gateway, upstream: Upstream) -> None:
    name = unique("behind-a-door")
    gateway.add_channel(upstream.url, "listed", name=name, models=[], headers=[f"X-Access={SECRET}"])
    assert gateway.admin("POST", f"/channels/{name}/test", {}).json()["ok"]
    assert [("GET", SECRET), ("POST", SECRET)] == [
        (request.method, request.header("x-access")) for request in upstream.requests
    ]
