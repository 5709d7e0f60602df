"""Thoughts that only the account can read that had them: a conversation stays there, or goes on without them."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from tests.conftest import AddChannel
from tests.support.answers import END_OF_BODY, SSE_HEAD, chunked, error_answer, json_answer, sse_event
from tests.support.canaries import KEY_CANARY
from tests.support.gateway import Gateway, unique
from tests.support.received import Request
from tests.support.scripted import Upstream
from tests.support.steps import Script, Send

KEYS = [f"{KEY_CANARY}-one", f"{KEY_CANARY}-two"]
HELLO = {"role": "user", "content": "Hello"}
INVALID = "Invalid signature in thinking block. The block is bound to a different account."


class Accounts:
    """Two accounts at Anthropic, told apart by their keys: none takes a thought that the other one signed."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.numbers = itertools.count(1)
        self.limited: set[str] = set()
        """Keys that get a 429."""
        self.bound = True
        """Whether they mind each other's thoughts."""
        upstream.default = self.answer

    @property
    def asked(self) -> list[tuple[str, list[str]]]:
        """Key and signatures of every request for a message so far."""
        return [(key_of(request), signatures(request)) for request in self.upstream.chats]

    def answer(self, request: Request) -> Script:
        if request.method == "GET":
            return json_answer(200, {"data": []})
        key = key_of(request)
        if key in self.limited:
            return error_answer(429, "slow down", headers=[("retry-after", "30")])
        if self.bound and any(not signature.startswith(mark(key)) for signature in signatures(request)):
            return json_answer(400, {"type": "error", "error": {"type": "invalid_request_error", "message": INVALID}})
        return self.message(f"{mark(key)}/{next(self.numbers)}", streamed=bool(request.json().get("stream")))

    def message(self, signature: str, *, streamed: bool) -> Script:
        thought = {"type": "thinking", "thinking": "Hm", "signature": signature}
        usage = {"input_tokens": 3, "output_tokens": 5}
        whole = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "usage": usage}
        text = {"type": "text", "text": "Yes"}
        if not streamed:
            return json_answer(200, {**whole, "content": [thought, text], "stop_reason": "end_turn"})
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
        ]
        for index, (block, delta) in enumerate(
            [
                ({**thought, "signature": ""}, {"type": "signature_delta", "signature": signature}),
                ({**text, "text": ""}, {"type": "text_delta", "text": "Yes"}),
            ]
        ):
            events += [
                {"type": "content_block_start", "index": index, "content_block": block},
                {"type": "content_block_delta", "index": index, "delta": delta},
                {"type": "content_block_stop", "index": index},
            ]
        events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})
        events.append({"type": "message_stop"})
        return [Send(SSE_HEAD), *(Send(chunked(sse_event(event))) for event in events), END_OF_BODY]


def key_of(request: Request) -> str:
    return str(request.header("x-api-key"))


def mark(key: str) -> str:
    """How thoughts of an account begin to be signed: with no part of its key."""
    return f"account-{KEYS.index(key)}"


def signatures(request: Request) -> list[str]:
    """Of the thinking that a request carries."""
    blocks = [block for message in request.json()["messages"] for block in message["content"]]
    return [block["signature"] for block in blocks if block["type"] == "thinking"]


@pytest.fixture
def accounts(gateway: Gateway, upstream: Upstream) -> Accounts:
    return Accounts(upstream)


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
def test_a_conversation_goes_to_a_key_that_cannot_read_its_thoughts(
    gateway: Gateway, accounts: Accounts, model: str, streamed: bool
) -> None:
    chat = [HELLO]
    for _ in range(8):  # chance alone would keep to one key once in 128 times
        chat += [turn(gateway, model, chat, streamed=streamed), HELLO]
    keys = {key for key, _ in accounts.asked}
    assert (1, 8, 7) == (len(keys), len(accounts.asked), len(accounts.asked[-1][1]))


def test_a_conversation_without_thoughts_is_kept_from_a_key(gateway: Gateway, accounts: Accounts, model: str) -> None:
    turn(gateway, model, [HELLO])
    for _ in range(20):
        turn(gateway, model, [HELLO, {"role": "assistant", "content": "Yes"}, HELLO])
    assert set(KEYS) == {key for key, _ in accounts.asked}


def test_thoughts_go_along_to_the_key_that_stands_in(gateway: Gateway, accounts: Accounts, model: str) -> None:
    chat = [HELLO, turn(gateway, model, [HELLO]), HELLO]
    ((home, _),) = accounts.asked
    (other,) = set(KEYS) - {home}
    accounts.limited.add(home)
    chat += [turn(gateway, model, chat), HELLO]
    assert [(home, 1), (other, 0)] == [(key, len(signed)) for key, signed in accounts.asked[1:]]
    # Now the first key waits: the other one is asked at once, for what it thought itself and nothing else.
    turn(gateway, model, chat)
    assert [(other, 1)] == [(key, len(signed)) for key, signed in accounts.asked[3:]]


def test_a_thought_of_the_first_key_spoils_the_way_back_to_it(gateway: Gateway, accounts: Accounts, model: str) -> None:
    chat = [HELLO, turn(gateway, model, [HELLO]), HELLO]
    ((home, _),) = accounts.asked
    accounts.limited.add(home)
    chat += [turn(gateway, model, chat), HELLO]
    accounts.limited = set(KEYS) - {home}
    channel = next(each for each in gateway.admin("GET", "/channels").json() if model in str(each["models"]))
    gateway.admin("POST", f"/channels/{channel['id']}/enable")  # its health starts afresh
    turn(gateway, model, chat)
    tried = [(key, len(signed)) for key, signed in accounts.asked[3:]]
    assert (home, 1) == tried[-1]


def test_thoughts_of_nobody_knows_whom_are_left_out_unasked(gateway: Gateway, accounts: Accounts, model: str) -> None:
    turn(gateway, model, [HELLO])
    detail = {"type": "reasoning.text", "text": "Hm", "format": "anthropic-claude-v1", "index": 0}
    known = accounts.asked[0][0]
    stranger = {
        "role": "assistant",
        "content": "Yes",
        "reasoning_details": [{**detail, "signature": f"{mark(known)}/0"}],
    }
    accounts.limited = set(KEYS) - {known}
    turn(gateway, model, [HELLO, stranger, HELLO])
    sent = [(key, signed) for key, signed in accounts.asked[1:]]
    # As before a restart: kept at the first try, and left out when another key has been tried.
    assert (sent[0][1], sent[-1][0]) == ([f"{mark(known)}/0"], known)
    assert [] == [signed for _, signed in sent[1:] if signed]


def test_models_whose_thoughts_anybody_can_read_are_bound_to_a_key(
    gateway: Gateway, accounts: Accounts, model: str, add_channel: AddChannel
) -> None:
    thoughtful = turn(gateway, model, [HELLO])
    free = serve(accounts, add_channel, "claude-sonnet-4-5")
    accounts.bound = False
    for _ in range(20):
        gateway.chat(free, messages=[HELLO, thoughtful, HELLO])
    assert set(KEYS) == {key for key, _ in accounts.asked[1:]}
    assert {1} == {len(signed) for _, signed in accounts.asked[1:]}
