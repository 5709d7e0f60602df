"""The strict checker catches what it is there for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.checkers.chat import check_chat_answer, check_chat_stream

HEAD: dict[str, Any] = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def event(**fields: Any) -> bytes:
    return b"data: " + json.dumps({**HEAD, **fields}).encode() + b"\n\n"


def chunk(reason: str | None = None, /, index: Any = 0, **delta: Any) -> bytes:
    return event(choices=[{"index": index, "delta": delta, "finish_reason": reason}])


def tool(index: int, **fields: Any) -> bytes:
    return chunk(tool_calls=[{"index": index, **fields}])


def first_of_call(index: int, call_id: str = "a", name: str = "f") -> bytes:
    return tool(index, id=call_id, type="function", function={"name": name, "arguments": ""})


FIRST = chunk(role="assistant", content="")
STOP = chunk("stop")
CALLED = chunk("tool_calls")
DONE = b"data: [DONE]\n\n"
GOOD = FIRST + chunk(content="x") + STOP


def test_a_good_stream_is_accumulated() -> None:
    raw = (
        FIRST + b": keep-alive\n" + chunk(content="x") + first_of_call(0)
        + tool(0, function={"arguments": "{}"}) + CALLED + event(choices=[], usage=USAGE) + DONE
    )  # fmt: skip
    checked = check_chat_stream(raw, include_usage=True)

    assert ("x", "tool_calls", USAGE) == (checked.content, checked.finish_reason, checked.usage)
    assert "{}" == checked.tool_calls[0]["function"]["arguments"]


@pytest.mark.parametrize(
    ("rule", "raw"),
    [
        pytest.param(1, GOOD, id="no DONE"),
        pytest.param(1, GOOD + DONE + DONE, id="after DONE"),
        pytest.param(1, GOOD + DONE[:-1], id="no blank line"),
        pytest.param(1, FIRST + DONE, id="no finish_reason"),
        pytest.param(1, GOOD + STOP + DONE, id="two finish_reasons"),
        pytest.param(1, FIRST + chunk("eos") + DONE, id="unknown finish_reason"),
        pytest.param(1, b"data: {oops\n\n" + DONE, id="not JSON"),
        pytest.param(7, event(id="", choices=[]) + DONE, id="empty id"),
        pytest.param(7, event(object="", choices=[]) + DONE, id="empty object"),
        pytest.param(7, event(created=1.5, choices=[]) + DONE, id="created no int"),
        pytest.param(7, event(choices=None) + DONE, id="null choices"),
        pytest.param(7, chunk(index=None, role="assistant") + DONE, id="no index"),
        pytest.param(7, chunk(content="x") + DONE, id="no role"),
        pytest.param(7, FIRST + chunk(role="assistant") + DONE, id="second role"),
        pytest.param(7, chunk(role="") + DONE, id="empty role"),
        pytest.param(7, chunk(role="assistant", content=[]) + DONE, id="content a list"),
        pytest.param(8, event(choices=[]) + DONE, id="empty choices"),
        pytest.param(8, event(choices=[], usage={**USAGE, "total_tokens": 1.0}) + DONE, id="usage a float"),
        pytest.param(8, GOOD + event(choices=[], usage=USAGE) * 2 + DONE, id="usage twice"),
        pytest.param(8, event(choices=[{"index": 0, "delta": {}}], usage=None) + DONE, id="null usage"),
        pytest.param(9, FIRST + first_of_call(1) + CALLED + DONE, id="index from 1"),
        pytest.param(9, FIRST + first_of_call(0, "") + CALLED + DONE, id="no call id"),
        pytest.param(9, FIRST + first_of_call(0) * 2 + CALLED + DONE, id="id twice"),
        pytest.param(9, FIRST + first_of_call(0) + first_of_call(1) + CALLED + DONE, id="two calls, one id"),
        pytest.param(
            9, FIRST + first_of_call(0) + tool(0, function={"arguments": {}}) + DONE, id="arguments no string"
        ),
        pytest.param(9, FIRST + chunk(content="x", tool_calls=[{"index": 0}]) + DONE, id="content beside a call"),
        pytest.param(9, FIRST + chunk(tool_calls=[{"index": 0}, {"index": 1}]) + DONE, id="two calls in a chunk"),
        pytest.param(9, FIRST + first_of_call(0) + STOP + DONE, id="stop after calls"),
        pytest.param(10, b'data: {"error":null}\n\n' + DONE, id="null error"),
        pytest.param(12, b"event: x\n" + GOOD + DONE, id="event line"),
        pytest.param(12, b"id: 1\n" + GOOD + DONE, id="id line"),
        pytest.param(12, b": ping\n" + GOOD + DONE, id="ping"),
        pytest.param(12, b": keep-alive\n\n" + GOOD + DONE, id="keep-alive with a blank line"),
        pytest.param(12, b"data: \n\n" + GOOD + DONE, id="empty data"),
        pytest.param(12, GOOD.replace(b"\n", b"\r\n") + DONE, id="CRLF"),
        pytest.param(15, FIRST + chunk(reasoning="x") + STOP + DONE, id="reasoning"),
        pytest.param(
            18, FIRST + b'data: {"id":1,"error":{"message":"m","type":"t","code":1}}\n\n', id="not only error"
        ),
        pytest.param(18, FIRST + b'data: {"error": {"message":"m","type":"t","code":1}}\n\n', id="not compact"),
        pytest.param(18, FIRST + b'data: {"error":{"message":"","type":"t","code":1}}\n\n', id="empty message"),
        pytest.param(
            18, FIRST + b'data: {"error":{"message":"m","type":"t","code":1}}\n\n' + DONE, id="DONE after error"
        ),
    ],
)
def test_a_broken_rule_is_named(rule: int, raw: bytes) -> None:
    with pytest.raises(AssertionError, match=f"^rule {rule}:"):
        check_chat_stream(raw, include_usage=True)


def test_usage_that_was_not_asked_for_breaks_a_rule() -> None:
    with pytest.raises(AssertionError, match=r"^rule 8:"):
        check_chat_stream(GOOD + event(choices=[], usage=USAGE) + DONE, include_usage=False)


def answer(message: object, **fields: Any) -> bytes:
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return json.dumps({**HEAD, "object": "chat.completion", "choices": choices, "usage": USAGE, **fields}).encode()


GOOD_MESSAGE = {"role": "assistant", "content": "x"}


def test_a_good_answer_is_read() -> None:
    assert "x" == check_chat_answer(answer(GOOD_MESSAGE)).first.content


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        pytest.param(1, answer(GOOD_MESSAGE, choices=[]), id="no choices"),
        pytest.param(7, answer(GOOD_MESSAGE, object="x"), id="object"),
        pytest.param(7, answer({"content": "x"}), id="no role"),
        pytest.param(7, answer({"role": "assistant"}), id="no content"),
        pytest.param(8, answer(GOOD_MESSAGE, usage=None), id="no usage"),
        pytest.param(9, answer({**GOOD_MESSAGE, "tool_calls": None}), id="null calls"),
        pytest.param(10, answer(GOOD_MESSAGE, error=None), id="null error"),
        pytest.param(15, answer({**GOOD_MESSAGE, "reasoning": "x"}), id="reasoning"),
    ],
)
def test_a_broken_answer_is_named(rule: int, body: bytes) -> None:
    with pytest.raises(AssertionError, match=f"^rule {rule}:"):
        check_chat_answer(body)
