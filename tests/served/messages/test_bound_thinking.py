"""Thoughts that only their account can read, asked for in Anthropic's own words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import AddChannel
from tests.served.chat.accounts import ClaudeAccounts
from tests.served.messages import TEXT, claude_error, streamed, whole
from tests.served.messages.conftest import Serve
from tests.support.gateway import Gateway, unique
from tests.support.upstream.accounts import KEYS, Accounts
from tests.support.upstream.answers import chat_stream
from tests.support.upstream.scripted import Upstream

HELLO: dict[str, Any] = {"role": "user", "content": [{"type": "text", "text": "Hello"}]}


@pytest.fixture
def accounts(gateway: Gateway, upstream: Upstream) -> Accounts:
    return ClaudeAccounts(upstream)


@pytest.fixture
def model(accounts: Accounts, add_channel: AddChannel) -> str:
    """One channel with a key for each account."""
    name = unique("thinker")
    models = [f"{name}=claude-sonnet-5-5"]
    return add_channel(accounts.upstream.url, name, provider="anthropic", keys=KEYS, models=models)


def turn(gateway: Gateway, model: str, history: list[dict[str, Any]], *, stream: bool = False) -> dict[str, Any]:
    """The next message of the assistant, as a client keeps it."""
    ask = streamed if stream else whole
    return {"role": "assistant", "content": ask(gateway, model, ours=False, messages=history).content}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_conversation_stays_with_the_key_that_can_read_its_thoughts(
    gateway: Gateway, accounts: Accounts, model: str, stream: bool
) -> None:
    history = [HELLO]
    for _ in range(8):  # chance alone would keep to one key once in 128 times
        history += [turn(gateway, model, history, stream=stream), HELLO]
    keys = {key for key, _ in accounts.requests}
    assert (1, 8, 7) == (len(keys), len(accounts.requests), len(accounts.requests[-1][1]))


def test_thoughts_stay_behind_where_another_key_stands_in(gateway: Gateway, accounts: Accounts, model: str) -> None:
    history = [HELLO, turn(gateway, model, [HELLO], stream=True), HELLO]
    ((home, _),) = accounts.requests
    (other,) = set(KEYS) - {home}
    accounts.limited.add(home)
    turn(gateway, model, history)
    assert [(home, 1), (other, 0)] == [(key, len(signed)) for key, signed in accounts.requests[1:]]


def test_a_conversation_that_changes_surfaces_keeps_its_key(gateway: Gateway, accounts: Accounts, model: str) -> None:
    """A thought that chat was told of is known on Messages."""
    answer = gateway.chat(model, messages=[{"role": "user", "content": "Hello"}]).json()["choices"][0]["message"]
    (detail,) = answer["reasoning_details"]
    thought = {"type": "thinking", "thinking": detail["text"], "signature": detail["signature"]}
    history = [HELLO, {"role": "assistant", "content": [thought, {"type": "text", "text": "Yes"}]}, HELLO]
    for _ in range(6):
        turn(gateway, model, history)
    assert {accounts.requests[0][0]} == {key for key, _ in accounts.requests}


@pytest.mark.parametrize(("provider", "told"), [("openai", True), ("openrouter", True), ("mistral", False)])
def test_a_chat_upstream_that_stands_in_is_told_what_was_signed_where_it_takes_that(
    gateway: Gateway, serve: Serve, accounts: Accounts, provider: str, told: bool
) -> None:
    """A compatible server may have Claude behind it, and want its thoughts back; Mistral refuses the field."""
    with Upstream(chat_stream()) as other:
        model = serve(("anthropic", accounts.upstream.url), (provider, other.url), upstream_model="claude-opus-4-6")
        accounts.upstream.default = accounts.message("signed", streamed=True)
        history = [HELLO, turn(gateway, model, [HELLO], stream=True), HELLO]
        accounts.upstream.default = claude_error(529, "overloaded_error", "Overloaded")
        assert TEXT == streamed(gateway, model, messages=history).text
        (received,) = other.chats
    assert ("Hm" in str(history), "signed" in received.body.decode()) == (True, told)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_thought_that_no_account_here_can_read_is_left_out_after_one_refusal(
    gateway: Gateway, accounts: Accounts, model: str, stream: bool
) -> None:
    """Of an account that was replaced: Claude Code got Anthropic's 400 until it began anew."""
    thought = {"type": "thinking", "thinking": "Hm", "signature": "of-nobody"}
    history = [HELLO, {"role": "assistant", "content": [thought, {"type": "text", "text": "Yes"}]}, HELLO]
    turn(gateway, model, history, stream=stream)
    (first, one), (second, none) = accounts.requests
    assert (first, ["of-nobody"], []) == (second, one, none)
