"""Answers that are not streamed, in the one form that clients accept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.answer import ChatAnswer, answer_of
from aihub_lite.wire.faults import AnswerNonsense
from tests.support.checkers.chat import CheckedAnswer, check_chat_answer
from tests.support.examples import examples
from tests.wire.chat.test_stream import DELTAS, ODD, REPORTED, TEXT

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
    assert ("asked-for", "up") == ((answer := relayed({"content": "x"}, model="theirs", id="up")).model, answer.id)


def test_what_upstream_left_out_is_filled_in() -> None:
    assert "chatcmpl-r1" == relayed({"content": "x"}, created=None, id="", object="").id


def test_reported_usage_is_sent_on_in_three_counts() -> None:
    answer = opened({"choices": [{"message": {}}], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "cost": 1}})

    assert Usage(3, 4, upstream_cost_nano=1_000_000_000) == answer.usage
    assert 7 == check_chat_answer(answer.body).usage["total_tokens"]


def test_usage_keeps_what_the_gateway_does_not_count() -> None:
    answer = relayed({"content": "x"}, usage=REPORTED)

    assert REPORTED == answer.usage


def test_fields_that_our_counts_are_made_of_are_not_told_twice() -> None:
    usage = relayed({"content": "x"}, usage={"input_tokens": 3, "output_tokens": 4, "cost": 1, "total_tokens": 9}).usage

    assert (3, 1, False) == (usage["prompt_tokens"], usage["cost"], "input_tokens" in usage)


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
    choice = relayed({"content": None, "tool_calls": calls}).first

    assert [("call_r1_0", '{"x":1}'), ("b", "{}")] == [
        (call["id"], call["function"]["arguments"]) for call in choice.tool_calls
    ]


@pytest.mark.parametrize("nothing", ["", None, " "])
def test_a_call_without_arguments_has_an_empty_object(nothing: str | None) -> None:
    """`json.loads(call.function.arguments)`, as every client does it, raised for a call without arguments."""
    function = {"name": "f", "arguments": nothing}
    message = {"tool_calls": [{"id": "a", "function": function}], "function_call": function}

    choice = relayed(message, "tool_calls").first

    assert "{}" == choice.tool_calls[0]["function"]["arguments"]
    assert {"name": "f", "arguments": "{}"} == choice.function_call


def test_a_call_that_was_cut_short_gets_no_arguments_made_up() -> None:
    calls = [{"id": "a", "function": {"name": "f", "arguments": ""}}]

    assert "" == relayed({"tool_calls": calls}, "length").first.tool_calls[0]["function"]["arguments"]


def test_two_calls_of_one_id_are_told_apart() -> None:
    choice = relayed({"tool_calls": [{"id": "x", "function": {"name": name}} for name in ("f", "g")]}).first

    assert [("x", "f"), ("call_r1_1", "g")] == [(call["id"], call["function"]["name"]) for call in choice.tool_calls]


def test_a_call_has_no_index_where_nothing_is_streamed() -> None:
    """Ollama gives index 0 to every call of a whole answer: the Responses API lost all but the last."""
    calls = [{"index": 0, "id": name, "function": {"name": name, "arguments": "{}"}} for name in ("f", "g")]
    answer = json.loads(opened({"choices": [{"message": {"tool_calls": calls}}]}).body)

    assert [("f", None), ("g", None)] == [
        (call["id"], call.get("index")) for call in answer["choices"][0]["message"]["tool_calls"]
    ]


BOTH = {"function": {"name": "f", "arguments": '{"x":1}'}, "custom": {"name": "", "input": ""}}


def test_a_call_is_what_its_own_type_says() -> None:
    """Snowflake fills in both kinds: every call became a custom one without a name."""
    custom = {"function": {"name": "", "arguments": ""}, "custom": {"name": "g", "input": "x"}}
    calls = [{"id": "a", "type": "function", **BOTH}, {"id": "b", "type": "custom", **custom}, {"id": "c", **BOTH}]

    function = {"type": "function", "function": BOTH["function"]}
    assert [
        {"id": "a", **function},
        {"id": "b", "type": "custom", "custom": custom["custom"]},
        {"id": "c", **function},
    ] == relayed({"tool_calls": calls}).first.tool_calls


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


@settings(max_examples=examples(75), deadline=None)
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
