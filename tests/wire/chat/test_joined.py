"""Chat that came the other way than it was asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aihub_lite.wire.chat.joined import answer_in, events_in
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.sse import event


def stream(*chunks: dict[str, Any], done: bool = True) -> bytes:
    data = b"".join(event(json.dumps(chunk).encode()) for chunk in chunks)
    return data + b"data: [DONE]\n\n" if done else data


def chunk(delta: dict[str, Any], finish: str | None = None, index: int = 0, **fields: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": index, "delta": delta, "finish_reason": finish, **fields}]}


def test_choices_calls_and_lists_are_put_together_by_their_numbers() -> None:
    calls = [
        {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": "{"}},
        {"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
        {"index": 0, "function": {"arguments": "}"}},
    ]
    logprobs = {"content": [{"token": "x", "logprob": -1}]}
    data = stream(
        *(chunk({"tool_calls": [call]}) for call in calls),
        chunk({"content": "second"}, index=1, logprobs=logprobs),
        chunk({"annotations": [{"type": "url_citation"}]}, index=1),
        chunk({}, "tool_calls"),
        chunk({}, "stop", index=1, logprobs=logprobs),
    )
    first, second = json.loads(answer_in(data, "r", 1))["choices"]
    assert [("a", "f", "{}"), ("b", "g", "{}")] == [
        (call["id"], call["function"]["name"], call["function"]["arguments"]) for call in first["message"]["tool_calls"]
    ]
    assert ("second", 1, 2) == (
        second["message"]["content"],
        len(second["message"]["annotations"]),
        len(second["logprobs"]["content"]),
    )


@pytest.mark.parametrize("data", [b"data: {oops\n\n", stream(), stream(chunk({"content": "half"}), done=False)])
def test_what_is_no_whole_stream_is_no_answer(data: bytes) -> None:
    with pytest.raises(AnswerNonsense):
        answer_in(data, "r", 1)


def test_an_error_in_a_stream_is_the_upstreams_own() -> None:
    with pytest.raises(AnswerNonsense) as raised:
        answer_in(stream({"error": {"message": "quota", "code": "insufficient_quota"}}), "r", 1)
    assert raised.value.foreign is not None


def test_a_document_and_its_events_say_the_same() -> None:
    message = {"role": "assistant", "content": "Hello", "reasoning_content": "Hm", "refusal": None}
    document = {"id": "c", "created": 5, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    joined = json.loads(answer_in(b"".join(map(event, events_in(json.dumps(document).encode()))), "r", 1))
    (choice,) = joined["choices"]
    assert ("c", 5, "Hello", "Hm", "stop") == (
        joined["id"],
        joined["created"],
        choice["message"]["content"],
        choice["message"]["reasoning_content"],
        choice["finish_reason"],
    )
