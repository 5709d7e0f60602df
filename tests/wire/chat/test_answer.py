"""Answers that are not streamed, in the one form that clients accept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat_answer import ChatAnswer, answer_of
from aihub_lite.wire.faults import AnswerNonsense
from tests.support.checker import CheckedAnswer, check_chat_answer
from tests.wire.test_chat_stream import DELTAS, ODD, TEXT

Json = dict[str, Any]


def opened(body: Json | bytes) -> ChatAnswer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return answer_of(data, "asked-for", "r1", 1_700_000_000, prompt_tokens=50)


def relayed(message: Json | None = None, reason: object = "stop", **fields: Any) -> CheckedAnswer:
    choice: Json = {"index": 0, "finish_reason": reason}
    if message is not None:
        choice["message"] = message
    return check_chat_answer(opened({"choices": [choice], **fields}).body)


def test_the_answer_goes_by_the_name_the_client_asked_for() -> None:
    assert ("asked-for", "up") == ((found := relayed({"content": "x"}, model="theirs", id="up")).model, found.id)


def test_what_upstream_left_out_is_filled_in() -> None:
    assert "chatcmpl-r1" == relayed({"content": "x"}, created=None, id="", object="").id


def test_reported_usage_is_sent_on_in_three_counts() -> None:
    answer = opened({"choices": [{"message": {}}], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "cost": 1}})

    assert Usage(3, 4) == answer.usage
    assert 7 == check_chat_answer(answer.body).usage["total_tokens"]


def test_an_answer_without_usage_shows_an_estimate_and_says_so_to_the_gateway() -> None:
    answer = opened({"choices": [{"message": {"content": "x" * 40}}]})
    shown = check_chat_answer(answer.body).usage

    assert answer.usage is None
    assert (50, 10) == (shown["prompt_tokens"], shown["completion_tokens"])


def test_mistrals_list_of_parts_becomes_text_and_reasoning() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    first = relayed({"content": [thinking, {"type": "text", "text": "yes"}]}).first

    assert ("hm", "yes") == (first.reasoning, first.content)


def test_reasoning_goes_by_one_name() -> None:
    assert "hm" == relayed({"content": "x", "reasoning": "hm"}).first.reasoning


def test_calls_get_ids_types_and_arguments_as_text() -> None:
    calls = [{"function": {"name": "f", "arguments": {"x": 1}}}, {"id": "b", "function": {"name": "g"}}]
    found = relayed({"content": None, "tool_calls": calls}).first

    assert [("call_r1_0", '{"x":1}'), ("b", "")] == [
        (call["id"], call["function"]["arguments"]) for call in found.tool_calls
    ]


def test_two_calls_of_one_id_are_told_apart() -> None:
    found = relayed({"tool_calls": [{"id": "x", "function": {"name": name}} for name in ("f", "g")]}).first

    assert [("x", "f"), ("call_r1_1", "g")] == [(call["id"], call["function"]["name"]) for call in found.tool_calls]


def test_a_stop_after_tool_calls_says_tool_calls() -> None:
    assert "tool_calls" == relayed({"tool_calls": [{"id": "a", "function": {"name": "f"}}]}).first.finish_reason


@pytest.mark.parametrize("reason", [None, "", "eos", 5])
def test_an_answer_always_has_a_finish_reason_that_clients_know(reason: object) -> None:
    assert "stop" == relayed({"content": "x"}, reason).first.finish_reason


def test_a_filtered_answer_may_lack_its_message() -> None:
    assert "content_filter" == relayed(None, "content_filter").first.finish_reason


def test_unknown_fields_survive() -> None:
    answer = opened({"choices": [{"message": {"annotations": [1]}, "logprobs": {}}], "citations": ["u"], "error": None})
    body = json.loads(answer.body)

    assert (["u"], [1], {}) == (
        body["citations"],
        body["choices"][0]["message"]["annotations"],
        body["choices"][0]["logprobs"],
    )


def test_what_the_model_wrote_is_counted_in_bytes() -> None:
    call = {"id": "a", "function": {"name": "f", "arguments": "xyz"}}

    assert (
        2 + 2 + 3
        == opened({"choices": [{"message": {"content": "é", "reasoning": "ab", "tool_calls": [call]}}]}).text_bytes
    )


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b" \n", b"<!doctype html><html></html>", b"null", b"[]", b'"x"', b"{}", b'{"choices":[]}'),
        *(
            b'{"choices":null}',
            b'{"choices":"x"}',
            b'{"choices":[null]}',
            b'{"error":{"message":"m"}}',
            b'{"error":"m"}',
        ),
        *(b'{"message":"m"}', b'{"detail":[{"msg":"m"}]}', b'{"choices":[{}', b"[" * 100_000),
        b'{"error":{"message":"m"},"choices":[{"message":{"content":"x"}}]}',
    ],
)
def test_what_is_no_answer_is_nonsense(data: bytes) -> None:
    with pytest.raises(AnswerNonsense):
        opened(data)


def test_an_error_inside_a_200_says_whose_fault_it_was() -> None:
    with pytest.raises(AnswerNonsense) as caught:
        opened({"error": {"message": "Unsupported parameter", "type": "invalid_request_error", "code": "unsupported"}})

    assert caught.value.foreign is not None
    assert ("client", "unsupported") == (caught.value.foreign.kind, caught.value.foreign.code)


def test_a_page_of_html_is_not_quoted() -> None:
    with pytest.raises(AnswerNonsense) as caught:
        opened(b"<html>secret</html>")

    assert "secret" not in caught.value.message


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "choices": st.lists(
                st.fixed_dictionaries({"message": DELTAS | ODD, "finish_reason": TEXT}), min_size=1, max_size=1
            )
        },
        optional=dict.fromkeys(["id", "created", "usage", "model", "object"], ODD),
    )
)
def test_whatever_shape_an_answer_has_it_comes_out_strict(body: Json) -> None:
    check_chat_answer(opened(body).body)
