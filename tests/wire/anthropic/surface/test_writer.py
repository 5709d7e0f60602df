"""Chat chunks as events of Messages: one block at a time, and nothing lost between two."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.messages_answer import translated_answer
from aihub_lite.wire.messages_asked import Posted, parse_messages
from aihub_lite.wire.messages_stream import WrittenStream
from aihub_lite.wire.messages_thoughts import OURS
from tests.support.answers import chat_body, chat_chunk
from tests.support.messages_checker import CheckedMessage, check_message, check_messages_stream

REQUEST = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
SIGNED = {"google": {"thought_signature": "c2ln"}}


def stream_of(*chunks: dict[str, Any], **fields: Any) -> bytes:
    """What a client gets of an upstream's chunks."""
    asked = parse_messages(Posted(msgspec.json.encode({**REQUEST, **fields})))
    stream = WrittenStream.of(asked, "r1", 1)
    sent = [event for chunk in chunks for event in stream.chat.push(msgspec.json.encode(chunk))]
    return b"".join([*sent, *stream.end()])


def streamed(*deltas: dict[str, Any], finish: str = "stop", **fields: Any) -> CheckedMessage:
    return check_messages_stream(stream_of(*map(chat_chunk, deltas), chat_chunk({}, finish), **fields))


def whole(finish: str = "stop", **message: Any) -> CheckedMessage:
    body = chat_body()
    body["choices"] = [{"index": 0, "message": {"role": "assistant", "content": None, **message}}]
    body["choices"][0]["finish_reason"] = finish
    return check_message(translated_answer(msgspec.json.encode(body), "m", "r1").body)


def call(index: int, arguments: str | None = None, name: str | None = None, **more: Any) -> dict[str, Any]:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    named = {"id": more.pop("id", f"call_{index}")} if name is not None else {}
    return {"tool_calls": [{"index": index, **named, "function": function, **more}]}


def kinds(message: CheckedMessage) -> list[str]:
    return [block["type"] for block in message.content]


def test_the_piece_that_begins_a_block_is_lost() -> None:
    message = streamed({"reasoning_content": "Hm"}, {"content": "Yes"}, call(0, "{", "f"), call(0, '"a":1}'))
    assert ("Hm", "Yes", [("f", {"a": 1})]) == (message.thinking, message.text, message.calls)
    assert ["thinking", "text", "tool_use"] == kinds(message)


def test_white_space_before_a_text_is_lost() -> None:
    assert "\n\nYes" == streamed({"content": "\n"}, {"content": "\n"}, {"content": "Yes"}).text


def test_pieces_of_two_calls_are_mixed() -> None:
    message = streamed(
        call(0, '{"a":', "f"),
        call(1, '{"b":', "g"),
        {"content": "text"},
        call(0, "1}"),
        call(1, "2}"),
        call(2, "{}", "h"),
    )
    assert [("f", {"a": 1}), ("g", {"b": 2}), ("h", {})] == message.calls
    assert "text" == message.text


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ("", {}),
        ("null", {}),
        (" ", {}),
        ('"words"', {"_raw": '"words"'}),
        ("[1]", {"_raw": "[1]"}),
        (' {"a":1}', {"a": 1}),
    ],
)
def test_arguments_that_are_no_object_are_no_input(arguments: str, given: dict[str, Any]) -> None:
    pieces = [call(0, letter) for letter in arguments]
    assert [("f", given)] == streamed(call(0, "", "f"), *pieces).calls
    function = {"name": "f", "arguments": arguments}
    assert [("f", given)] == whole(tool_calls=[{"id": "c", "type": "function", "function": function}]).calls


def test_an_upstreams_id_of_a_call_is_one_that_anthropic_refuses() -> None:
    message = streamed(call(0, "{}", "f", id="functions.Bash:0"))
    assert "coded_ZnVuY3Rpb25zLkJhc2g6MA" == message.content[0]["id"]


def test_a_shortened_name_of_a_tool_reaches_the_client() -> None:
    tool = {"name": "a" * 100, "input_schema": {"type": "object"}}
    asked = parse_messages(Posted(msgspec.json.encode({**REQUEST, "tools": [tool]})))
    (short,) = asked.names
    assert [("a" * 100, {})] == streamed(call(0, "{}", short), tools=[tool]).calls


@pytest.mark.parametrize(
    ("finish", "stop"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("content_filter", "refusal"), ("eos", "end_turn")],
)
def test_a_finish_reason_is_told_as_another(finish: str, stop: str) -> None:
    assert (stop, stop) == (
        streamed({"content": "x"}, finish=finish).stop_reason,
        whole(finish, content="x").stop_reason,
    )


def test_a_refusal_seems_to_be_an_answer() -> None:
    message = streamed({"refusal": "I "}, {"refusal": "won't"})
    assert ("I won't", "refusal") == (message.text, message.stop_reason)
    assert ("No", "refusal") == ((said := whole(refusal="No")).text, said.stop_reason)


def test_an_answer_of_nothing_is_no_message() -> None:
    message = streamed({"role": "assistant", "content": ""})
    assert ([], "end_turn") == (message.content, message.stop_reason)
    assert [] == whole(content="").content


def test_cached_tokens_are_counted_twice() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    last = {**chat_chunk({}), "choices": [], "usage": usage}
    message = check_messages_stream(stream_of(chat_chunk({"content": "x"}), chat_chunk({}, "stop"), last))
    assert {
        "input_tokens": 10,
        "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 30,
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 5},
    } == message.usage


def test_what_was_said_before_the_reason_waits_for_the_end() -> None:
    asked = parse_messages(Posted(msgspec.json.encode(REQUEST)))
    stream = WrittenStream.of(asked, "r1", 1)
    first = b"".join(stream.chat.push(msgspec.json.encode(chat_chunk({"content": "x"}))))
    assert b"message_start" in first
    assert first.count(b"text_delta") == 1
    stream.usage = Usage(3, 4)
    assert stream.end()[-1].endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


def test_a_thought_that_claude_signed_loses_its_signature() -> None:
    signed = {"type": "reasoning.text", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
    said = {"type": "reasoning.text", "text": "Hm", "format": "anthropic-claude-v1", "index": 0}
    hidden = {"type": "reasoning.encrypted", "data": "x", "format": "anthropic-claude-v1", "index": 1}
    expected = [
        {"type": "thinking", "thinking": "Hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "Yes"},
    ]
    pieces: list[dict[str, Any]] = [{"reasoning": "Hm", "reasoning_details": [said]}, {"reasoning_details": [signed]}]
    assert expected == streamed(*pieces, {"reasoning_details": [hidden]}, {"content": "Yes"}).content
    details = [{**said, **signed}, hidden]
    assert expected == whole(content="Yes", reasoning="Hm", reasoning_details=details).content


def test_a_thought_of_another_gateway_like_this_one_is_said_twice() -> None:
    detail = {"type": "reasoning.text", "text": "Hm", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
    message = streamed({"reasoning_content": "Hm"}, {"reasoning_details": [detail]}, {"content": "Yes"})
    assert [
        {"type": "thinking", "thinking": "Hm", "signature": "sig"},
        {"type": "text", "text": "Yes"},
    ] == message.content


def test_a_thought_that_may_not_be_seen_loses_its_signature() -> None:
    detail = {"type": "reasoning.text", "text": "", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
    assert [{"type": "thinking", "thinking": "", "signature": "sig"}] == streamed(
        {"reasoning_details": [detail]}
    ).content


def test_a_signature_of_geminis_does_not_come_back() -> None:
    message = streamed({"reasoning_content": "Hm"}, call(0, "{}", "f", extra_content=SIGNED))
    assert ["thinking", "redacted_thinking", "tool_use"] == kinds(message)
    assert message.content[1]["data"].startswith(OURS)
    said = {"role": "assistant", "content": message.content}
    asked = parse_messages(Posted(msgspec.json.encode({**REQUEST, "messages": [said]})))
    detail = {"type": "reasoning.encrypted", "format": "google-gemini-v1", "id": "call_0", "data": "c2ln"}
    assert [detail] == asked.chat.body["messages"][0]["reasoning_details"]


def test_what_openai_encrypted_does_not_come_back() -> None:
    detail = {"type": "reasoning.encrypted", "data": "x", "format": "openai-responses-v1", "id": "rs_1", "index": 0}
    for message in (
        streamed({"reasoning_details": [detail]}, {"content": "Yes"}),
        whole(content="Yes", reasoning_details=[detail]),
    ):
        said = {"role": "assistant", "content": message.content}
        asked = parse_messages(Posted(msgspec.json.encode({**REQUEST, "messages": [said]})))
        assert [detail] == asked.chat.body["messages"][0]["reasoning_details"]


def test_a_legacy_call_is_lost() -> None:
    message = streamed({"function_call": {"name": "f", "arguments": '{"a"'}}, {"function_call": {"arguments": ":1}"}})
    assert [("f", {"a": 1})] == message.calls
    assert [("f", {"a": 1})] == whole("function_call", function_call={"name": "f", "arguments": '{"a":1}'}).calls
