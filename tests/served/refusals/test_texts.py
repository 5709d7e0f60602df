"""The texts of refusals, where clients look for words in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.refusals import BODIES, each_surface
from tests.support.gateway import CHAT, Gateway, chat_body
from tests.support.rawclient import Answer
from tests.support.upstream.scripted import Upstream

AIDER = "OpenAI/Python 2.20.0"
"""As aider 0.86.2 calls itself, which is what its SDK does."""


@pytest.fixture(scope="module")
def behind_a_restart() -> bool:
    """The same texts of the same few things that are set up."""
    return False


def spent(gateway: Gateway, upstream: Upstream, path: str, agent: str, **more: Any) -> str:
    """What a token without a cent left is told."""
    model = gateway.add_channel(upstream.url)
    gateway.admin("POST", "/prices", {"model": model, "input": "10", "output": "20", "image": "1"})
    body = {"model": model, **BODIES[path], **more}
    answer = gateway.post(body, path, gateway.add_token(quota="0.000000001"), **{"user-agent": agent})
    assert 402 == answer.status, answer.body
    return text(answer)


def text(answer: Answer) -> str:
    message: str = answer.json()["error"]["message"]
    return message


@each_surface
@pytest.mark.parametrize("agent", ["LobeChat/1.0", "OpenAI/JS 6.30.1", "claude-cli/2.1.330 (external, cli)", ""])
def test_a_spent_quota_is_told_in_the_words_that_clients_look_for(
    gateway: Gateway, upstream: Upstream, path: str, agent: str
) -> None:
    """People read `("code":402)` at the end of it, which is for aider alone."""
    said = spent(gateway, upstream, path, agent)
    assert said.startswith("Insufficient credits (insufficient quota): this request may cost up to $")
    assert said.endswith(" of the token's quota is left. It never refills by itself.")


@pytest.mark.parametrize("path", [CHAT, "/v1/messages", "/v1/responses"])
def test_a_spent_quota_is_told_in_the_same_words_to_who_wants_a_stream(
    gateway: Gateway, upstream: Upstream, path: str
) -> None:
    said = spent(gateway, upstream, path, "", stream=True)
    assert said.endswith(" of the token's quota is left. It never refills by itself.")


@pytest.mark.parametrize("agent", [AIDER, "AsyncOpenAI/Python 2.20.0", "litellm/1.81.10"])
def test_aider_is_told_the_code_that_stops_it(gateway: Gateway, upstream: Upstream, agent: str) -> None:
    """It asks again for a minute unless the text has both `insufficient credits`, in whatever case, and the code."""
    said = spent(gateway, upstream, CHAT, agent)
    assert (True, True) == ("insufficient credits" in said.lower(), said.endswith('by itself. ("code":402)'))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"rpm": 1}, "Rate limit reached: 1 requests per minute."),
        ({"tpm": 1}, "Rate limit reached: 1 tokens per minute."),
    ],
)
def test_a_limit_is_told_in_the_words_that_clients_look_for(
    gateway: Gateway, limits: dict[str, int], said: str
) -> None:
    """LobeChat showed an unknown fault of the provider."""
    key = gateway.add_token(**limits)
    assert 200 == gateway.chat("demo", key).status
    answer = gateway.chat("demo", key)
    assert (429, said) == (answer.status, text(answer))


def test_a_limit_of_requests_at_once_is_told_in_the_same_words(gateway: Gateway) -> None:
    key = gateway.add_token(concurrency=1)
    with gateway.asking("demo", key, stream=True) as first:
        first.read_head()
        answer = gateway.post(chat_body("demo"), key=key)
    assert (429, "Rate limit reached: 1 requests at once, and they are running.") == (answer.status, text(answer))
