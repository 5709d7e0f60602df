"""A pause holds over a restart, and the official SDKs, told to try again and again, ask once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest

from tests.support.gateway import Gateway, unique

RETRIES = 5
MESSAGES: Any = [{"role": "user", "content": "Go on."}]
OPENAI: dict[str, Callable[[openai.OpenAI], object]] = {
    "chat": lambda client: client.chat.completions.create(model="demo", messages=MESSAGES),
    "chat, streamed": lambda client: client.chat.completions.create(model="demo", messages=MESSAGES, stream=True),
    "responses": lambda client: client.responses.create(model="demo", input="Go on."),
    "embeddings": lambda client: client.embeddings.create(model="demo", input="Go on."),
}
ANTHROPIC: dict[str, Callable[[anthropic.Anthropic], object]] = {
    "messages": lambda client: client.messages.create(model="demo", max_tokens=9, messages=MESSAGES),
    "messages, streamed": lambda client: client.messages.create(
        model="demo", max_tokens=9, messages=MESSAGES, stream=True
    ),
    "count of tokens": lambda client: client.messages.count_tokens(model="demo", messages=MESSAGES),
}


def refused_openai(ask: Callable[[openai.OpenAI], object], url: str, key: str) -> tuple[int, int, bool]:
    """Status, how many requests the SDK made, and whether its user reads why."""
    sent: list[object] = []
    http = openai.DefaultHttpxClient(event_hooks={"request": [sent.append]})
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, http_client=http, max_retries=RETRIES)
    with client, pytest.raises(openai.APIStatusError) as raised:
        ask(client)
    return raised.value.status_code, len(sent), "This token is paused" in str(raised.value)


def refused_anthropic(ask: Callable[[anthropic.Anthropic], object], url: str, key: str) -> tuple[int, int, bool]:
    """The same of Anthropic's."""
    sent: list[object] = []
    http = anthropic.DefaultHttpxClient(event_hooks={"request": [sent.append]})
    client = anthropic.Anthropic(base_url=url, api_key=key, http_client=http, max_retries=RETRIES)
    with client, pytest.raises(anthropic.APIStatusError) as raised:
        ask(client)
    return raised.value.status_code, len(sent), "This token is paused" in str(raised.value)


def test_a_pause_holds_over_a_restart_and_no_sdk_asks_again(fresh_gateway: Gateway) -> None:
    gateway = fresh_gateway
    name = unique("agent")
    key = gateway.add_token(name=name)
    assert 200 == gateway.chat("demo", key=key).status
    assert 200 == gateway.admin("POST", f"/tokens/{name}/pause").status
    gateway.restart()
    url = gateway.url
    told = {surface: refused_openai(ask, url, key) for surface, ask in OPENAI.items()}
    told |= {surface: refused_anthropic(ask, url, key) for surface, ask in ANTHROPIC.items()}
    assert told == dict.fromkeys([*OPENAI, *ANTHROPIC], (402, 1, True))
    assert 200 == gateway.admin("POST", f"/tokens/{name}/resume").status
    assert 200 == gateway.chat("demo", key=key).status
