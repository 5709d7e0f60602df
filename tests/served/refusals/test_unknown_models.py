"""A model that nobody offers, one whose channels are disabled, and one whose channels wait: three things to be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.served.refusals import BODIES, each_surface
from tests.support.gateway import CHAT, Gateway, unique
from tests.support.rawclient import Answer
from tests.support.upstream.answers import error_answer
from tests.support.upstream.scripted import Upstream

OWN_404 = ("/v1/messages", "/v1/responses")
HAMMERS = (
    "opencode/1.18.33 ai-sdk/provider-utils/4.0.23 runtime/bun/1.3.14",
    "QwenCode/0.15.10 (linux; x64)",
    "ls/JS 5.23.2",
    "Continue/1.3.30 (vscode; ide)",
    "ai-sdk/openai-compatible/3.0.37 ai-sdk/provider-utils/5.0.30 runtime/bun/1.3.13",
    "langchainjs-openai/1.0.0 ((node/v20.20.2; linux; x64))",
    "litellm/1.81.10",
    "codex_exec/0.169.0 (Linux)",
)
"""As they were seen on 2026-11-26."""
OTHERS = ("OpenAI/Python 3.54.0", "OpenAI/JS 6.30.1", "curl/8.5.0", "Go-http-client/1.1", "")


def ask(gateway: Gateway, model: str, path: str = CHAT, agent: str = "", key: str | None = None) -> Answer:
    return gateway.post({"model": model, **BODIES[path]}, path, key, **{"user-agent": agent})


def error(answer: Answer) -> dict[str, Any]:
    """The error in either shape."""
    found: dict[str, Any] = answer.json()["error"]
    return found


def told(answer: Answer) -> tuple[int, str, str | None, str | None]:
    """Status, code, and whether and when to ask again."""
    return answer.status, error(answer)["code"], answer.header("x-should-retry"), answer.header("retry-after")


UNKNOWN_404 = (404, "model_not_found", "false", None)
UNKNOWN_503 = (503, "model_not_found", "false", None)
DISABLED = (503, "channel_unavailable", "false", None)


@contextmanager
def answering(gateway: Gateway, status: str) -> Iterator[None]:
    gateway.admin("PATCH", "/settings", {"unknown_model_status": status})
    try:
        yield
    finally:
        gateway.admin("PATCH", "/settings", {"unknown_model_status": None})


@each_surface
@pytest.mark.parametrize("agent", OTHERS)
def test_an_unknown_model_is_answered_as_each_api_documents_it(gateway: Gateway, path: str, agent: str) -> None:
    """Claude Code and Codex took a 503 for an outage: 30 requests in 24 s."""
    model = unique("nobody-has-it")
    answer = ask(gateway, model, path, agent)
    assert (UNKNOWN_404 if path in OWN_404 else UNKNOWN_503) == told(answer)
    assert f"No available channel for model {model} under group default" == error(answer)["message"]


@pytest.mark.parametrize("path", [CHAT, "/v1/embeddings"])
@pytest.mark.parametrize("agent", HAMMERS)
def test_clients_that_hammer_a_503_are_told_404_of_an_unknown_model(gateway: Gateway, path: str, agent: str) -> None:
    """opencode asked 9 times in 72 s, LangChain.js for 105 s; at a 404 with the same body each stops."""
    answer = ask(gateway, "nobody-has-it", path, agent)
    assert UNKNOWN_404 == told(answer)
    assert "No available channel for model nobody-has-it under group default" == error(answer)["message"]


@each_surface
@pytest.mark.parametrize(("status", "expected"), [("503", UNKNOWN_503), ("404", UNKNOWN_404)])
def test_the_operator_may_choose_one_status_for_all(
    gateway: Gateway, path: str, status: str, expected: tuple[object, ...]
) -> None:
    with answering(gateway, status):
        assert [expected] * 2 == [told(ask(gateway, "nobody-has-it", path, agent)) for agent in (HAMMERS[0], "")]


def test_another_word_is_no_status(gateway: Gateway) -> None:
    refusal = gateway.admin("PATCH", "/settings", {"unknown_model_status": "500"})
    assert (400, True) == (refusal.status, refusal.error["message"].startswith("unknown_model_status"))


def test_a_streamed_request_is_told_the_same(gateway: Gateway) -> None:
    for path in (CHAT, *OWN_404):
        body = {"model": "nobody-has-it", "stream": True, **BODIES[path]}
        assert UNKNOWN_404 == told(gateway.post(body, path, **{"user-agent": HAMMERS[0]}))


def test_counting_the_tokens_of_an_unknown_model_is_404(gateway: Gateway) -> None:
    body = {"model": "nobody-has-it", "messages": [{"role": "user", "content": "hello"}]}
    answer = gateway.post(body, "/v1/messages/count_tokens")
    assert (UNKNOWN_404, "not_found_error") == (told(answer), error(answer)["type"])


def test_an_alias_that_leads_nowhere_is_an_unknown_model(gateway: Gateway) -> None:
    alias = unique("alias")
    gateway.admin("POST", "/aliases", {"alias": alias, "model": "comes-later"})
    assert (UNKNOWN_404, UNKNOWN_503) == (told(ask(gateway, alias, "/v1/messages")), told(ask(gateway, alias)))


def test_a_model_of_another_group_is_unknown(gateway: Gateway, upstream: Upstream) -> None:
    model = gateway.add_channel(upstream.url, group="team")
    answer = ask(gateway, model, "/v1/messages")
    assert UNKNOWN_404 == told(answer)
    assert UNKNOWN_503 == told(ask(gateway, model))
    assert f"No available channel for model {model} under group default" == error(answer)["message"]


def disable(gateway: Gateway, channel: str) -> None:
    answer = gateway.admin("POST", f"/channels/{channel}/disable", {})
    assert 200 == answer.status, answer.body


@each_surface
@pytest.mark.parametrize("agent", [HAMMERS[0], ""])
def test_a_model_whose_channels_are_disabled_is_the_operators_business(
    gateway: Gateway, upstream: Upstream, path: str, agent: str
) -> None:
    """It was answered as one that nobody knows, or with `Retry-After: 5` for as long as it stayed so."""
    name = unique("off")
    model = gateway.add_channel(upstream.url, name=name)
    gateway.set_price(model)
    disable(gateway, name)
    answer = ask(gateway, model, path, agent)
    assert DISABLED == told(answer)
    text = error(answer)["message"]
    assert (True, True) == (text.startswith(f"No available channel for model {model} under group "), "operator" in text)
    assert [] == upstream.chats


@each_surface
def test_a_model_whose_only_key_was_refused_is_the_operators_business(
    gateway: Gateway, upstream: Upstream, path: str
) -> None:
    """The second request was told to come back in 5 s."""
    upstream.default = error_answer(401, "Incorrect API key provided", "invalid_api_key")
    model = gateway.add_channel(upstream.url)
    gateway.set_price(model)
    assert [502, 503] == [(answers := ask(gateway, model, path)).status for _ in range(2)]
    assert DISABLED == told(answers)
    assert "operator" in error(answers)["message"]


def test_a_disabled_channel_beside_a_well_one_shows_nowhere(gateway: Gateway, upstream: Upstream) -> None:
    name = unique("off")
    model = gateway.add_channel(upstream.url, name=name, priority=9)
    gateway.add_channel(upstream.url, model)
    disable(gateway, name)
    assert 200 == ask(gateway, model).status


def test_a_disabled_channel_beside_one_of_another_group_is_the_operators_business(
    gateway: Gateway, upstream: Upstream
) -> None:
    name = unique("off")
    model = gateway.add_channel(upstream.url, name=name)
    gateway.add_channel(upstream.url, model, group="team")
    disable(gateway, name)
    assert DISABLED == told(ask(gateway, model))


def test_a_channel_that_is_enabled_again_serves_again(gateway: Gateway, upstream: Upstream) -> None:
    name = unique("off")
    model = gateway.add_channel(upstream.url, name=name)
    disable(gateway, name)
    assert DISABLED == told(ask(gateway, model, "/v1/messages"))
    gateway.admin("POST", f"/channels/{name}/enable", {})
    assert 200 == ask(gateway, model, "/v1/messages").status
    gateway.admin("DELETE", f"/channels/{name}")
    assert UNKNOWN_404 == told(ask(gateway, model, "/v1/messages"))


def test_an_alias_of_a_model_whose_channels_are_disabled_is_the_operators_business(
    gateway: Gateway, upstream: Upstream
) -> None:
    name, alias = unique("off"), unique("alias")
    gateway.admin("POST", "/aliases", {"alias": alias, "model": gateway.add_channel(upstream.url, name=name)})
    disable(gateway, name)
    assert DISABLED == told(ask(gateway, alias))


def test_a_token_learns_nothing_of_disabled_models_that_it_may_not_use(gateway: Gateway, upstream: Upstream) -> None:
    name = unique("off")
    model = gateway.add_channel(upstream.url, name=name)
    disable(gateway, name)
    answer = ask(gateway, model, key=gateway.add_token(models=["other"]))
    assert (403, "model_not_allowed") == (answer.status, answer.error["code"])


@each_surface
def test_a_model_whose_channels_wait_says_for_how_long(gateway: Gateway, upstream: Upstream, path: str) -> None:
    """Only for the moment it lacks a channel: every client may wait, those that hammer too."""
    upstream.default = error_answer(429, "slow down", headers=[("retry-after", "7")])
    model = gateway.add_channel(upstream.url)
    gateway.set_price(model)
    name = unique("off")
    gateway.add_channel(upstream.url, model, name=name)
    disable(gateway, name)
    for agent in ("", HAMMERS[0]):
        answer = ask(gateway, model, path, agent)
        assert (429, "rate_limit_exceeded", None) == told(answer)[:3]
        assert 6 <= int(answer.header("retry-after") or 0) <= 8


def test_the_list_of_models_is_the_same_for_a_client_that_hammers(gateway: Gateway) -> None:
    assert 404 == gateway.get("/v1/models/nobody-has-it").status
