"""What other gateways got wrong between Anthropic Messages in front and chat behind, each under its shared number."""

from __future__ import annotations

import pytest

from aihub_lite.wire.anthropic.surface.content import NOTHING
from tests.wire.anthropic.surface.test_request import CALL as USE
from tests.wire.anthropic.surface.test_request import HELLO, assistant, chat, result, text, turns, user
from tests.wire.anthropic.surface.test_writer import call, kinds, streamed, whole


def test_1_parallel_calls_after_a_thought_and_text_have_blocks_of_their_own() -> None:
    before = [{"reasoning_content": "Hm"}, {"content": "Both"}]
    message = streamed(*before, call(0, "{}", "f"), call(1, '{"a":1}', "g"))
    assert ["thinking", "text", "tool_use", "tool_use"] == kinds(message)
    assert [("f", {}), ("g", {"a": 1})] == message.calls


def test_3_pieces_of_parallel_calls_are_not_run_together() -> None:
    message = streamed(call(0, '{"a":', "f"), call(0, "1}"), call(1, '{"a":', "f"), call(1, "2}"))
    assert [("f", {"a": 1}), ("f", {"a": 2})] == message.calls


def test_4_a_call_that_comes_whole_in_the_only_chunk_keeps_its_input() -> None:
    message = streamed(call(0, '{"a":1}', "f"))
    assert ([("f", {"a": 1})], "tool_use") == (message.calls, message.stop_reason)


def test_5_a_thought_is_no_delta_of_a_text_and_a_message_begins_once() -> None:
    """The strict machine has the last word on both."""
    message = streamed({"content": "a"}, {"reasoning_content": "Hm"}, {"content": "b"}, {"role": "assistant"})
    assert (["text", "thinking", "text"], 1) == (kinds(message), message.events.count("message_start"))


def test_6_text_between_two_calls_lands_in_neither() -> None:
    message = streamed(call(0, "{}", "f"), {"content": "\n"}, call(1, "{}", "g"), {"content": "Done"})
    assert (["tool_use", "tool_use", "text"], "\nDone") == (kinds(message), "\n" + message.text)
    assert [("f", {}), ("g", {})] == message.calls


def test_7_no_empty_block_of_text_comes_first() -> None:
    message = streamed({"role": "assistant", "content": ""}, {"content": "\n\n"}, call(0, "{}", "f"))
    assert ["tool_use"] == kinds(message)


def test_7_a_turn_with_a_call_has_not_ended() -> None:
    function = {"name": "f", "arguments": "{}"}
    message = whole(tool_calls=[{"id": "c", "type": "function", "function": function}])
    assert ("tool_use", "tool_use") == (message.stop_reason, streamed(call(0, "{}", "f")).stop_reason)


def test_11_a_line_separator_inside_a_text_does_not_cut_its_event() -> None:
    assert "a\u2028b\x85c" == streamed({"content": "a\u2028b\x85c"}).text


@pytest.mark.parametrize("empty", [result(""), result([]), result(None), text(""), text("")], ids=str)
def test_13_nothing_empty_is_sent(empty: dict[str, object]) -> None:
    messages = turns(assistant(USE), user(empty))
    assert [NOTHING] == [message["content"] for message in messages[1:]]


def test_17_thoughts_are_no_parts_of_the_content() -> None:
    thought = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    message = turns(HELLO, assistant(thought, text("a"), text("b")))[1]
    assert "ab" == message["content"]


def test_18_a_type_of_custom_is_none_of_the_parameters() -> None:
    (tool,) = chat(tools=[{"type": "custom", "name": "f", "input_schema": {"type": "object"}}])["tools"]
    assert {"type": "object"} == tool["function"]["parameters"]


def test_22_results_come_first_and_follow_their_calls() -> None:
    messages = turns(assistant(USE), user(text("and now?"), result()))[1:]
    assert ["tool", "user"] == [message["role"] for message in messages]
    assert {"role": "tool", "tool_call_id": "toolu_1", "content": "done"} == messages[0]


def test_24_a_search_that_ran_at_anthropic_is_no_call() -> None:
    ran = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    assert "tool_calls" not in turns(HELLO, assistant(ran, text("Found")))[1]


def test_25_a_call_without_arguments_has_an_empty_object() -> None:
    """The strict machine wants it said, too."""
    assert [("f", {}), ("g", {})] == streamed(call(0, "", "f"), call(1, None, "g")).calls
    function = {"name": "f", "arguments": ""}
    assert [("f", {})] == whole(tool_calls=[{"id": "c", "type": "function", "function": function}]).calls


def test_26_a_call_whose_arguments_are_no_json_is_not_skipped() -> None:
    assert [("f", {"_raw": "ls -l"})] == streamed(call(0, "ls", "f"), call(0, " -l")).calls
