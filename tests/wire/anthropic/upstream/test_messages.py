"""System text, turns, results of tools: how a conversation is laid out for Anthropic."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from tests.support.upstream.claude import messages, sent

OLD = "claude-sonnet-4-6"
NEW = "claude-opus-4-8"
HELLO = {"role": "user", "content": "Hello"}
OK = {"role": "assistant", "content": "OK"}
MARK = {"type": "ephemeral"}


def text(*texts: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": one} for one in texts]


def calling(*ids: str) -> dict[str, Any]:
    calls = [{"id": one, "type": "function", "function": {"name": "f", "arguments": "{}"}} for one in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def result(call_id: str, content: Any = "done", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content, **more}


def test_leading_system_and_developer_messages_are_blocks_of_the_system_prompt() -> None:
    leading = [
        {"role": "system", "content": "One"},
        {"role": "developer", "content": [{"type": "text", "text": "Two", "cache_control": MARK}]},
        {"role": "system", "content": "  "},
    ]
    body = sent({"messages": [*leading, HELLO]})

    assert [*text("One"), {**text("Two")[0], "cache_control": MARK}] == body["system"]
    assert [{"role": "user", "content": text("Hello")}] == body["messages"]


def test_a_request_without_system_text_has_no_system_field() -> None:
    assert "system" not in sent({"messages": [{"role": "system", "content": ""}, HELLO]})


def test_a_system_message_alone_still_gets_a_turn_of_the_user() -> None:
    body = sent({"messages": [{"role": "system", "content": "Write a poem"}]})

    assert (text("Write a poem"), [{"role": "user", "content": text(".")}]) == (body["system"], body["messages"])


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_later_system_message_stays_where_it_is_on_models_that_take_it(role: str) -> None:
    later = {"role": role, "content": "Be brief"}

    assert ["user", "assistant", "user", "system", "assistant"] == [
        message["role"] for message in messages(HELLO, OK, HELLO, later, OK, model=NEW)
    ]


def test_a_later_system_message_becomes_a_note_of_the_user_on_older_models() -> None:
    turns = messages(HELLO, {"role": "system", "content": "Be brief"}, OK, model=OLD)

    assert text("Hello", "<system>\nBe brief\n</system>") == turns[0]["content"]


def test_a_system_message_after_the_assistant_becomes_a_note_since_it_must_follow_a_user() -> None:
    turns = messages(HELLO, OK, {"role": "system", "content": "Be brief"}, HELLO, model=NEW)

    assert text("<system>\nBe brief\n</system>", "Hello") == turns[2]["content"]


def test_a_system_message_between_two_of_the_user_becomes_a_note_since_an_assistant_must_follow() -> None:
    turns = messages(HELLO, {"role": "system", "content": "Be brief"}, HELLO, OK, model=NEW)

    assert ["user", "assistant"] == [message["role"] for message in turns]


def test_two_system_messages_in_a_row_become_one_since_two_are_refused() -> None:
    turns = messages(HELLO, {"role": "system", "content": "A"}, {"role": "developer", "content": "B"}, model=NEW)

    assert {"role": "system", "content": text("A", "B")} == turns[1]


def test_a_system_message_between_calls_and_results_goes_after_the_results() -> None:
    turns = messages(HELLO, calling("a"), {"role": "system", "content": "S"}, result("a"), OK, model=NEW)

    assert ["user", "assistant", "user", "system", "assistant"] == [message["role"] for message in turns]
    assert "tool_result" == turns[2]["content"][0]["type"]


def test_messages_of_the_same_role_are_merged_block_by_block() -> None:
    assert [{"role": "user", "content": text("Hello", "Hello")}] == messages(HELLO, HELLO)


def test_results_of_parallel_calls_come_first_in_one_message_before_what_the_user_says() -> None:
    turns = messages(HELLO, calling("a", "b"), result("a"), HELLO, result("b"))

    assert ["tool_result", "tool_result", "text"] == [block["type"] for block in turns[2]["content"]]
    assert ["a", "b"] == [block["tool_use_id"] for block in turns[2]["content"][:2]]


def test_a_result_holds_images_and_keeps_its_mark_and_its_failure() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
    turns = messages(HELLO, calling("a"), result("a", [image], is_error=True, cache_control=MARK))

    assert {
        "type": "tool_result",
        "tool_use_id": "a",
        "content": [{"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}],
        "is_error": True,
        "cache_control": MARK,
    } == turns[2]["content"][0]


def test_an_empty_result_has_no_content_since_empty_text_is_refused() -> None:
    assert [{"type": "tool_result", "tool_use_id": "a"}] == messages(HELLO, calling("a"), result("a", ""))[2]["content"]


def test_an_empty_failed_result_says_something_since_a_failure_must() -> None:
    turns = messages(HELLO, calling("a"), result("a", None, is_error=True))

    assert text(".") == turns[2]["content"][0]["content"]


def test_legacy_functions_find_their_results_without_ids() -> None:
    call = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"x":1}'}}
    turns = messages(HELLO, call, {"role": "function", "name": "f", "content": "1"}, call)

    assert {"type": "tool_use", "id": "fc_1", "name": "f", "input": {"x": 1}} == turns[1]["content"][0]
    assert "fc_1" == turns[2]["content"][0]["tool_use_id"]
    assert "fc_2" == turns[3]["content"][0]["id"]


def test_a_conversation_that_begins_with_the_assistant_gets_a_user_before_it() -> None:
    assert [{"role": "user", "content": text(".")}, {"role": "assistant", "content": text("OK")}] == messages(OK)


@pytest.mark.parametrize("empty", ["", " \n", None, [], [{"type": "text", "text": ""}]])
def test_an_empty_message_of_the_user_vanishes_beside_another(empty: Any) -> None:
    assert messages(HELLO) == messages({"role": "user", "content": empty}, HELLO)


def test_an_empty_message_of_the_user_keeps_two_of_the_assistant_apart() -> None:
    turns = messages(HELLO, OK, {"role": "user", "content": ""}, OK)

    assert {"role": "user", "content": text(".")} == turns[2]


def test_an_empty_message_of_the_assistant_vanishes() -> None:
    assert [{"role": "user", "content": text("Hello", "Hello")}] == messages(
        HELLO, {"role": "assistant", "content": ""}, HELLO
    )


def test_a_refusal_of_the_assistant_is_text() -> None:
    assert text("No") == messages(HELLO, {"role": "assistant", "content": None, "refusal": "No"})[1]["content"]


def test_text_to_continue_does_not_end_with_white_space_where_it_can_be_continued() -> None:
    begun = {"role": "assistant", "content": "The answer is "}

    assert text("The answer is") == messages(HELLO, begun, model="claude-sonnet-4-5")[1]["content"]
    assert text("The answer is ") == messages(HELLO, begun, HELLO, model=NEW)[1]["content"]


def test_names_of_participants_are_left_out() -> None:
    assert [{"role": "user", "content": text("Hello")}] == messages({**HELLO, "name": "ann"})


def test_a_mark_of_a_whole_message_goes_to_its_last_block() -> None:
    turns = messages({"role": "user", "content": [*text("a", "b")], "cache_control": MARK})

    assert [text("a")[0], {**text("b")[0], "cache_control": MARK}] == turns[0]["content"]


ADDED = {"role": "system", "content": [{"type": "tool_addition", "tool": {"type": "tool_reference", "name": "f"}}]}


def test_tools_are_added_where_the_model_takes_that_and_refused_elsewhere() -> None:
    assert {"role": "system", "content": ADDED["content"]} == messages(HELLO, ADDED, OK, model=NEW)[1]
    with pytest.raises(InvalidRequest, match="changes of tools"):
        messages(HELLO, ADDED, OK, model=OLD)


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ({"role": "judge", "content": "x"}, "messages[0].role"),
        ({"role": "user", "content": 5}, "messages[0].content"),
        ({"role": "user", "content": [5]}, "messages[0].content[0]"),
        ({"role": "user", "content": [{"type": "text", "text": 5}]}, "messages[0].content[0].text"),
        ({"role": "assistant", "tool_calls": {}}, "messages[0].tool_calls"),
        ({"role": "assistant", "tool_calls": [{}]}, "messages[0].tool_calls[0].function"),
        ({"role": "assistant", "tool_calls": [{"function": {}}]}, "messages[0].tool_calls[0].function.name"),
        ({"role": "system", "content": [{"type": "image", "source": {}}]}, "messages[0].content"),
    ],
)
def test_what_no_message_can_be_is_refused_by_name(message: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named.replace("[", r"\[").replace("]", r"\]")):
        messages(message)
