"""Encrypted reasoning, which only the account that it came from can read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import AddChannel
from tests.served.responses import message, native_events, native_stream, response, streamed, whole
from tests.served.responses.conftest import NATIVE
from tests.support.gateway import Gateway, unique
from tests.support.upstream.accounts import KEYS, Accounts
from tests.support.upstream.answers import json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

HELLO: dict[str, Any] = {"type": "message", "role": "user", "content": "Hello"}
INCLUDE = ["reasoning.encrypted_content"]
OPENAI = {"error": {"code": "invalid_encrypted_content", "message": "The encrypted content could not be verified."}}
XAI = {
    "code": "invalid-argument",
    "error": "Could not decrypt the provided encrypted_content. Ensure the value is the unmodified encrypted_content "
    "from a previous response.",
}


class EncryptingAccounts(Accounts):
    """Reasoning of theirs is encrypted."""

    refusal: dict[str, Any] = OPENAI

    def thoughts_in(self, request: Request) -> list[str]:
        return [item["encrypted_content"] for item in request.json()["input"] if item.get("type") == "reasoning"]

    def refused(self) -> Script:
        return json_answer(400, self.refusal)

    def message(self, thought: str, *, streamed: bool) -> Script:
        _, _, number = thought.partition("/")
        reasoning = {
            "id": f"rs_{number}",
            "type": "reasoning",
            "summary": [],
            "encrypted_content": thought,
        }
        named = {"id": f"resp_{number}"}
        if not streamed:
            return json_answer(200, response("completed", reasoning, message(), **named))
        (created, in_progress, *events) = native_events()
        for begun in (created, in_progress):
            begun["response"].update(named)
        events[-1] = {"type": "response.completed", "response": response("completed", reasoning, message(), **named)}
        hidden = {**reasoning, "encrypted_content": ""}
        began = {"type": "response.output_item.added", "output_index": 0, "item": hidden}
        ended = {"type": "response.output_item.done", "output_index": 0, "item": reasoning}
        events = [{**event, "output_index": 1} if "output_index" in event else event for event in events]
        all_events = [created, in_progress, began, ended, *events]
        return native_stream(*({**event, "sequence_number": place} for place, event in enumerate(all_events)))


@pytest.fixture
def accounts(upstream: Upstream) -> EncryptingAccounts:
    return EncryptingAccounts(upstream)


@pytest.fixture
def model(accounts: EncryptingAccounts, add_channel: AddChannel) -> str:
    """One channel with a key for each account."""
    name = unique("thinker")
    return add_channel(accounts.upstream.url, name, provider=NATIVE, keys=KEYS, models=[f"{name}=upstream-model"])


def turn(gateway: Gateway, model: str, history: list[dict[str, Any]], *, stream: bool = False) -> list[dict[str, Any]]:
    """The next items of the model, as a client keeps them."""
    if stream:
        return list(streamed(gateway, model, input=history, include=INCLUDE, store=False).response["output"])
    return list(whole(gateway, model, input=history, include=INCLUDE, store=False)["output"])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_conversation_stays_with_the_key_that_can_read_its_reasoning(
    gateway: Gateway, accounts: EncryptingAccounts, model: str, stream: bool
) -> None:
    """Every second turn of a conversation was a 400 at OpenAI and xAI with two keys."""
    history = [HELLO]
    for _ in range(8):  # chance alone would keep to one key once in 128 times
        history += [*turn(gateway, model, history, stream=stream), HELLO]
    keys = {key for key, _ in accounts.requests}
    assert (1, 8, 7) == (len(keys), len(accounts.requests), len(accounts.requests[-1][1]))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_reasoning_stays_behind_where_another_key_stands_in(
    gateway: Gateway, accounts: EncryptingAccounts, model: str, stream: bool
) -> None:
    history = [HELLO, *turn(gateway, model, [HELLO], stream=stream), HELLO]
    ((home, _),) = accounts.requests
    (other,) = set(KEYS) - {home}
    accounts.limited.add(home)
    turn(gateway, model, history, stream=stream)
    assert [(home, 1), (other, 0)] == [(key, len(thoughts)) for key, thoughts in accounts.requests[1:]]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("by", ["response", "item"])
def test_a_conversation_that_points_at_its_reasoning_stays_with_the_key_that_can_read_it(
    gateway: Gateway, accounts: EncryptingAccounts, model: str, by: str, stream: bool
) -> None:
    fields: dict[str, Any] = {"input": [HELLO]}
    for _ in range(8):
        answer = streamed(gateway, model, **fields).response if stream else whole(gateway, model, **fields)
        if by == "response":
            fields = {"previous_response_id": answer["id"], "input": [HELLO]}
        else:
            items = [{"type": "item_reference", "id": item["id"]} for item in answer["output"]]
            fields = {"input": [*fields["input"], *items, HELLO]}
    keys = {key for key, _ in accounts.requests}
    assert (1, 8, 7) == (len(keys), len(accounts.requests), len(accounts.requests[-1][1]))


@pytest.mark.parametrize("refusal", [OPENAI, XAI], ids=["openai", "xai"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_reasoning_that_no_account_here_can_read_is_left_out_after_one_refusal(
    gateway: Gateway, accounts: EncryptingAccounts, model: str, stream: bool, refusal: dict[str, Any]
) -> None:
    """Of an account that was replaced, or of one before a restart: the client got 400 until it began anew."""
    accounts.refusal = refusal
    thought = {"type": "reasoning", "id": "rs_0", "summary": [], "encrypted_content": "of-nobody/1"}
    items = turn(gateway, model, [HELLO, thought, message("Yes"), HELLO], stream=stream)
    assert ["reasoning", "message"] == [item["type"] for item in items]
    (first, one), (second, none) = accounts.requests
    assert (first, ["of-nobody/1"], []) == (second, one, none)
    (record,) = gateway.books.records(model)
    assert ["unreadable", ""] == [attempt["fault"] for attempt in record.tries]


def test_a_refusal_of_what_cannot_be_left_out_is_passed_on(
    gateway: Gateway, accounts: EncryptingAccounts, model: str
) -> None:
    """A compacted conversation is all that there is of it."""
    accounts.upstream.default = json_answer(400, OPENAI)
    sealed = {"type": "compaction", "id": "cmp_0", "encrypted_content": "of-nobody/1"}
    answer = gateway.post({"model": model, "input": [sealed, HELLO]}, "/v1/responses")
    assert (400, "invalid_encrypted_content") == (answer.status, answer.error["code"])
    assert 1 == len(accounts.upstream.chats)
