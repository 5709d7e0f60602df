"""`channel explain` shows what is really sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.endpoints.test_overrides import OVERRIDES, SECRET, answering
from tests.support.gateway import Gateway, unique
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream

PATHS = {
    "chat": "/v1/chat/completions",
    "messages": "/v1/messages",
    "responses": "/v1/responses",
    "embeddings": "/v1/embeddings",
}
HELLO = [{"role": "user", "content": "Hello!"}]
ASKED: dict[str, dict[str, Any]] = {
    "chat": {"messages": HELLO},
    "messages": {"max_tokens": 1024, "messages": HELLO},
    "responses": {"input": "Hello!"},
    "embeddings": {"input": "Hello!"},
}


def as_text(request: Request) -> tuple[str, list[tuple[str, str]], str]:
    return request.path, sorted(request.headers), request.body.decode()


def parsed(head: str) -> tuple[str, list[tuple[str, str]]]:
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    fields = [line.split(": ", 1) for line in lines]
    return first.split(" ")[1], sorted((name, value) for name, value in fields)


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini", "openrouter"])
def test_what_is_shown_is_what_is_sent_but_for_secrets(gateway: Gateway, upstream: Upstream, provider: str) -> None:
    upstream.default = answering
    name = unique("channel")
    key = "sk-canary-upstream-5f20-explained"
    model = gateway.add_channel(upstream.url, name=name, provider=provider, keys=[key], **OVERRIDES)
    shown = gateway.admin("GET", f"/channels/{name}/sent?model={model}").json()["requests"]
    surfaces = [surface for surface in PATHS if provider != "anthropic" or surface != "embeddings"]
    assert surfaces == [request["surface"] for request in shown]
    for surface, request in zip(surfaces, shown, strict=True):
        gateway.post({"model": model, **ASKED[surface]}, PATHS[surface])
        path, headers, body = as_text(upstream.chats[-1])
        masked = [(field, value.replace(key, "[key]").replace(SECRET, "[hidden]")) for field, value in headers]
        masked = [(field, "[hidden]" if field == "user-agent" else value) for field, value in masked]
        assert (path, sorted(masked), body) == (*parsed(request["head"]), request["body"])


def test_a_stream_is_shown_as_one(gateway: Gateway, upstream: Upstream) -> None:
    name = unique("channel")
    model = gateway.add_channel(upstream.url, name=name, drop_params=["stream_options"])
    shown = gateway.admin("GET", f"/channels/{name}/sent?model={model}&stream=true").json()["requests"]
    assert (True, False) == ('"stream":true' in shown[0]["body"], "stream_options" in shown[0]["body"])


def test_nothing_is_sent_and_no_secret_is_shown(gateway: Gateway, upstream: Upstream) -> None:
    name = unique("channel")
    model = gateway.add_channel(upstream.url, name=name, headers=[f"X-Access={SECRET}"])
    shown = gateway.admin("GET", f"/channels/{name}/sent?model={model}").body.decode()
    assert (False, True, []) == ("sk-canary" in shown, "x-access: [hidden]" in shown, upstream.requests)


def test_the_demo_sends_nothing(gateway: Gateway) -> None:
    shown = gateway.admin("GET", "/channels/demo/sent?model=demo").json()["requests"]
    assert {"The demo answers within the gateway: nothing is sent."} == {request["refusal"] for request in shown}


def test_a_model_that_a_channel_does_not_offer_is_not_found(gateway: Gateway) -> None:
    assert 404 == gateway.admin("GET", "/channels/demo/sent?model=other").status


@pytest.mark.parametrize(
    ("key", "shown"),
    [("azure-key-1", "api-key: [key]"), ("entra:tenant/client/azure-secret", "authorization: [key]")],
)
def test_at_azure_what_the_key_is_exchanged_for_is_shown(gateway: Gateway, key: str, shown: str) -> None:
    name = unique("channel")
    body = {"name": name, "type": "azure", "base_url": "http://127.0.0.1:9", "keys": [key], "models": ["m"]}
    assert 201 == gateway.admin("POST", "/channels", body).status
    sent = gateway.admin("GET", f"/channels/{name}/sent?model=m").json()["requests"]
    assert {True} == {f"\r\n{shown}\r\n" in request["head"] for request in sent}
    assert ("api-key" in shown, False) == ("\r\napi-key:" in sent[0]["head"], "azure-secret" in str(sent))
