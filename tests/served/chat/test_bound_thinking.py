"""Thoughts that only the account can read that had them: a conversation stays there, or goes on without them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.conftest import AddChannel
from tests.served.chat.accounts import ClaudeAccounts
from tests.support.gateway import Gateway, unique
from tests.support.upstream.accounts import KEYS, Accounts, mark
from tests.support.upstream.answers import error_answer
from tests.support.upstream.scripted import Upstream

HELLO = {"role": "user", "content": "Hello"}


@pytest.fixture
def accounts(gateway: Gateway, upstream: Upstream) -> Accounts:
    return ClaudeAccounts(upstream)


@pytest.fixture
def model(accounts: Accounts, add_channel: AddChannel) -> str:
    """One channel with a key for each account."""
    return serve(accounts, add_channel, "claude-sonnet-5-5")


def serve(accounts: Accounts, add_channel: AddChannel, upstream_model: str) -> str:
    """A channel for a model that is `upstream_model` at Anthropic."""
    model = unique("thinker")
    return add_channel(
        accounts.upstream.url, model, provider="anthropic", keys=KEYS, models=[f"{model}={upstream_model}"]
    )


def turn(gateway: Gateway, model: str, chat: list[dict[str, Any]], *, streamed: bool = False) -> dict[str, Any]:
    """The next message of the assistant, as a client keeps it."""
    if not streamed:
        answer = gateway.chat(model, messages=chat)
        assert 200 == answer.status, answer.body
        message: dict[str, Any] = answer.json()["choices"][0]["message"]
        return message
    with gateway.stream(model, messages=chat) as stream:
        assert 200 == stream.head.status
        events = [event.payload for event in stream.events()]
    deltas = [msgspec.json.decode(event)["choices"][0]["delta"] for event in events if event != b"[DONE]"]
    details = [detail for delta in deltas for detail in delta.get("reasoning_details", ())]
    return {"role": "assistant", "content": "Yes", "reasoning_details": details}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_conversation_stays_with_the_key_that_can_read_its_thoughts(
    gateway: Gateway, accounts: Accounts, model: str, streamed: bool
) -> None:
    chat = [HELLO]
    for _ in range(8):  # chance alone would keep to one key once in 128 times
        chat += [turn(gateway, model, chat, streamed=streamed), HELLO]
    keys = {key for key, _ in accounts.requests}
    assert (1, 8, 7) == (len(keys), len(accounts.requests), len(accounts.requests[-1][1]))


def test_a_conversation_without_thoughts_goes_to_any_key(gateway: Gateway, accounts: Accounts, model: str) -> None:
    turn(gateway, model, [HELLO])
    for _ in range(20):
        turn(gateway, model, [HELLO, {"role": "assistant", "content": "Yes"}, HELLO])
    assert set(KEYS) == {key for key, _ in accounts.requests}


def test_thoughts_stay_behind_where_another_key_stands_in(gateway: Gateway, accounts: Accounts, model: str) -> None:
    chat = [HELLO, turn(gateway, model, [HELLO]), HELLO]
    ((home, _),) = accounts.requests
    (other,) = set(KEYS) - {home}
    accounts.limited.add(home)
    chat += [turn(gateway, model, chat), HELLO]
    assert [(home, 1), (other, 0)] == [(key, len(signed)) for key, signed in accounts.requests[1:]]
    # Now the first key waits: the other one is asked at once, for what it thought itself and nothing else.
    turn(gateway, model, chat)
    assert [(other, 1)] == [(key, len(signed)) for key, signed in accounts.requests[3:]]


def test_a_conversation_can_go_back_to_the_first_key_with_its_thought(
    gateway: Gateway, accounts: Accounts, model: str
) -> None:
    chat = [HELLO, turn(gateway, model, [HELLO]), HELLO]
    ((home, _),) = accounts.requests
    accounts.limited.add(home)
    chat += [turn(gateway, model, chat), HELLO]
    accounts.limited = set(KEYS) - {home}
    channel = next(
        entry for entry in gateway.admin("GET", "/channels").json()["channels"] if model in str(entry["models"])
    )
    gateway.admin("POST", f"/channels/{channel['id']}/enable")  # its health starts afresh
    turn(gateway, model, chat)
    tried = [(key, len(signed)) for key, signed in accounts.requests[3:]]
    assert (home, 1) == tried[-1]


def test_thoughts_of_an_unknown_account_are_kept_at_the_first_try_and_left_out_after_it(
    gateway: Gateway, accounts: Accounts, model: str
) -> None:
    turn(gateway, model, [HELLO])
    detail = {"type": "reasoning.text", "text": "Hm", "format": "anthropic-claude-v1", "index": 0}
    home = accounts.requests[0][0]
    stranger = {
        "role": "assistant",
        "content": "Yes",
        "reasoning_details": [{**detail, "signature": f"{mark(home)}/0"}],
    }
    accounts.limited = set(KEYS) - {home}
    turn(gateway, model, [HELLO, stranger, HELLO])
    sent = [(key, signed) for key, signed in accounts.requests[1:]]
    # As before a restart: kept at the first try, and left out when another key has been tried.
    assert (sent[0][1], sent[-1][0]) == ([f"{mark(home)}/0"], home)
    assert [] == [signed for _, signed in sent[1:] if signed]


def test_models_whose_thoughts_anybody_can_read_are_bound_to_no_key(
    gateway: Gateway, accounts: Accounts, model: str, add_channel: AddChannel
) -> None:
    thoughtful = turn(gateway, model, [HELLO])
    free = serve(accounts, add_channel, "claude-sonnet-4-5")
    accounts.bound = False
    for _ in range(20):
        gateway.chat(free, messages=[HELLO, thoughtful, HELLO])
    assert set(KEYS) == {key for key, _ in accounts.requests[1:]}
    assert {1} == {len(signed) for _, signed in accounts.requests[1:]}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_thought_that_no_account_here_can_read_is_left_out_after_one_refusal(
    gateway: Gateway, accounts: Accounts, model: str, streamed: bool
) -> None:
    """Of an account that was replaced: the client got Anthropic's 400 until it began anew."""
    detail = {"type": "reasoning.text", "text": "Hm", "signature": "of-nobody", "format": "anthropic-claude-v1"}
    answer: dict[str, Any] = {"role": "assistant", "content": "Yes", "reasoning_details": [detail]}
    turn(gateway, model, [HELLO, answer, HELLO], streamed=streamed)
    (first, one), (second, none) = accounts.requests
    assert (first, ["of-nobody"], []) == (second, one, none)


def test_details_that_a_chat_upstream_cannot_read_are_left_out_after_one_refusal(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel
) -> None:
    """OpenRouter passes on what xAI encrypted; xAI could not read it any more."""
    name = unique("grok")
    model = add_channel(upstream.url, name, provider="openrouter", models=[f"{name}=x-ai/grok-4"])
    upstream.enqueue(error_answer(400, "Could not decrypt the provided encrypted_content. Ensure the value"))
    detail = {"type": "reasoning.encrypted", "data": "of-nobody", "format": "xai-responses-v1"}
    answer: dict[str, Any] = {"role": "assistant", "content": "Yes", "reasoning_details": [detail]}
    turn(gateway, model, [HELLO, answer, HELLO])
    sent = [request.json()["messages"][1] for request in upstream.chats]
    assert [answer, {"role": "assistant", "content": "Yes"}] == sent
