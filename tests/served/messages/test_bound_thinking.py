"""Thoughts that only their account can read, asked for in Anthropic's own words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import AddChannel
from tests.messages import TEXT, claude_error, streamed, whole
from tests.messages.conftest import Serve
from tests.support.answers import chat_stream
from tests.support.gateway import Gateway, unique
from tests.support.scripted import Upstream
from tests.wires.test_bound_thinking import KEYS, Accounts

HELLO: dict[str, Any] = {"role": "user", "content": [{"type": "text", "text": "Hello"}]}


@pytest.fixture
def accounts(gateway: Gateway, upstream: Upstream) -> Accounts:
    return Accounts(upstream)


@pytest.fixture
def model(accounts: Accounts, add_channel: AddChannel) -> str:
    """One channel with a key for each account."""
    name = unique("thinker")
    models = [f"{name}=claude-sonnet-5-5"]
    return add_channel(accounts.upstream.url, name, provider="anthropic", keys=KEYS, models=models)


def turn(gateway: Gateway, model: str, history: list[dict[str, Any]], *, stream: bool = False) -> dict[str, Any]:
    """The next message of the assistant, as a client keeps it."""
    asked = streamed if stream else whole
    return {"role": "assistant", "content": asked(gateway, model, ours=False, messages=history).content}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_conversation_goes_to_a_key_that_cannot_read_its_thoughts(
    gateway: Gateway, accounts: Accounts, model: str, stream: bool
) -> None:
    history = [HELLO]
    for _ in range(8):  # chance alone would keep to one key once in 128 times
        history += [turn(gateway, model, history, stream=stream), HELLO]
    keys = {key for key, _ in accounts.asked}
    assert (1, 8, 7) == (len(keys), len(accounts.asked), len(accounts.asked[-1][1]))


def test_thoughts_go_along_to_the_key_that_stands_in(gateway: Gateway, accounts: Accounts, model: str) -> None:
    history = [HELLO, turn(gateway, model, [HELLO], stream=True), HELLO]
    ((home, _),) = accounts.asked
    (other,) = set(KEYS) - {home}
    accounts.limited.add(home)
    turn(gateway, model, history)
    assert [(home, 1), (other, 0)] == [(key, len(signed)) for key, signed in accounts.asked[1:]]


def test_a_conversation_changes_surfaces_and_its_key(gateway: Gateway, accounts: Accounts, model: str) -> None:
    """A thought that chat was told of is known on Messages."""
    answer = gateway.chat(model, messages=[{"role": "user", "content": "Hello"}]).json()["choices"][0]["message"]
    (detail,) = answer["reasoning_details"]
    thought = {"type": "thinking", "thinking": detail["text"], "signature": detail["signature"]}
    history = [HELLO, {"role": "assistant", "content": [thought, {"type": "text", "text": "Yes"}]}, HELLO]
    for _ in range(6):
        turn(gateway, model, history)
    assert {accounts.asked[0][0]} == {key for key, _ in accounts.asked}


def test_a_chat_upstream_that_stands_in_is_told_what_was_signed(
    gateway: Gateway, serve: Serve, accounts: Accounts
) -> None:
    with Upstream(chat_stream()) as other:
        model = serve(("anthropic", accounts.upstream.url), other.url, upstream_model="claude-opus-4-6")
        accounts.upstream.default = accounts.message("signed", streamed=True)
        history = [HELLO, turn(gateway, model, [HELLO], stream=True), HELLO]
        accounts.upstream.default = claude_error(529, "overloaded_error", "Overloaded")
        assert TEXT == streamed(gateway, model, messages=history).text
        (asked,) = other.chats
    assert ("Hm" in str(history), "signed" in asked.body.decode()) == (True, False)
