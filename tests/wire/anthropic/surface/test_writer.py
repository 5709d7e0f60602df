"""Chat chunks as events of Messages: one block at a time, and nothing lost between two."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic.surface.answer import translated_answer
from aihub_lite.wire.anthropic.surface.request import MessagesBody, parse_messages
from aihub_lite.wire.anthropic.surface.stream import WrittenStream
from aihub_lite.wire.anthropic.surface.thinking import OURS
from aihub_lite.wire.anthropic.surface.to_chat import chat_of
from tests.support.checkers.messages import CheckedMessage, check_message, check_messages_stream
from tests.support.upstream.answers import chat_body, chat_chunk

HELLO = {"role": "user", "content": "Hello"}
REQUEST = {"model": "m", "max_tokens": 9, "messages": [HELLO]}
SIGNED = {"google": {"thought_signature": "c2ln"}}


def stream_of(*chunks: dict[str, Any], **fields: Any) -> bytes:
    """What a client gets of an upstream's chunks."""
    request = parse_messages(MessagesBody(msgspec.json.encode({**REQUEST, **fields})))
    stream = WrittenStream.of(request, "r1", 1)
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


def test_the_piece_that_begins_a_block_is_written() -> None:
    message = streamed({"reasoning_content": "Hm"}, {"content": "Yes"}, call(0, "{", "f"), call(0, '"a":1}'))
    assert ("Hm", "Yes", [("f", {"a": 1})]) == (message.thinking, message.text, message.calls)
    assert ["thinking", "text", "tool_use"] == kinds(message)


def test_white_space_before_a_text_is_kept() -> None:
    assert "\n\nYes" == streamed({"content": "\n"}, {"content": "\n"}, {"content": "Yes"}).text


def test_pieces_of_several_calls_are_kept_apart() -> None:
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
    ("arguments", "tool_input"),
    [
        ("", {}),
        ("null", {}),
        (" ", {}),
        ('"words"', {"_raw": '"words"'}),
        ("[1]", {"_raw": "[1]"}),
        (' {"a":1}', {"a": 1}),
    ],
)
def test_arguments_of_any_form_become_an_object(arguments: str, tool_input: dict[str, Any]) -> None:
    pieces = [call(0, letter) for letter in arguments]
    assert [("f", tool_input)] == streamed(call(0, "", "f"), *pieces).calls
    function = {"name": "f", "arguments": arguments}
    assert [("f", tool_input)] == whole(tool_calls=[{"id": "c", "type": "function", "function": function}]).calls


def test_an_id_that_anthropic_would_refuse_is_coded() -> None:
    """Kimi's ids are such; the client sends them back, perhaps to Anthropic."""
    message = streamed(call(0, "{}", "f", id="functions.Bash:0"))
    assert "coded_ZnVuY3Rpb25zLkJhc2g6MA" == message.content[0]["id"]


def test_a_shortened_name_of_a_tool_is_the_clients_own_again() -> None:
    tool = {"name": "a" * 100, "input_schema": {"type": "object"}}
    request = parse_messages(MessagesBody(msgspec.json.encode({**REQUEST, "tools": [tool]})))
    (short,) = request.names
    assert [("a" * 100, {})] == streamed(call(0, "{}", short), tools=[tool]).calls


@pytest.mark.parametrize(
    ("finish", "stop"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("content_filter", "refusal"), ("eos", "end_turn")],
)
def test_a_finish_reason_is_anthropics_stop_reason(finish: str, stop: str) -> None:
    assert (stop, stop) == (
        streamed({"content": "x"}, finish=finish).stop_reason,
        whole(finish, content="x").stop_reason,
    )


def test_a_refusal_is_text_and_the_stop_reason() -> None:
    message = streamed({"refusal": "I "}, {"refusal": "won't"})
    assert ("I won't", "refusal") == (message.text, message.stop_reason)
    assert ("No", "refusal") == ((said := whole(refusal="No")).text, said.stop_reason)


def test_an_answer_of_nothing_is_a_message_without_blocks() -> None:
    message = streamed({"role": "assistant", "content": ""})
    assert ([], "end_turn") == (message.content, message.stop_reason)
    assert [] == whole(content="").content


def test_cached_tokens_are_counted_once_and_apart() -> None:
    """OpenAI's count of the prompt has them in, Anthropic's has not."""
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


def test_a_text_is_written_as_soon_as_it_comes() -> None:
    request = parse_messages(MessagesBody(msgspec.json.encode(REQUEST)))
    stream = WrittenStream.of(request, "r1", 1)
    first = b"".join(stream.chat.push(msgspec.json.encode(chat_chunk({"content": "x"}))))
    assert b"message_start" in first
    assert first.count(b"text_delta") == 1
    stream.usage = Usage(3, 4)
    assert stream.end()[-1].endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


def test_a_thought_that_claude_signed_keeps_its_signature() -> None:
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


def test_a_thought_that_comes_again_with_its_signature_is_written_once() -> None:
    detail = {"type": "reasoning.text", "text": "Hm", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
    message = streamed({"reasoning_content": "Hm"}, {"reasoning_details": [detail]}, {"content": "Yes"})
    assert [
        {"type": "thinking", "thinking": "Hm", "signature": "sig"},
        {"type": "text", "text": "Yes"},
    ] == message.content


def test_a_thought_that_may_not_be_seen_keeps_its_signature() -> None:
    detail = {"type": "reasoning.text", "text": "", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
    assert [{"type": "thinking", "thinking": "", "signature": "sig"}] == streamed(
        {"reasoning_details": [detail]}
    ).content


def test_a_signature_of_geminis_comes_back_in_a_hidden_thought() -> None:
    message = streamed({"reasoning_content": "Hm"}, call(0, "{}", "f", extra_content=SIGNED))
    assert ["thinking", "redacted_thinking", "tool_use"] == kinds(message)
    assert message.content[1]["data"].startswith(OURS)
    said = {"role": "assistant", "content": message.content}
    request = parse_messages(MessagesBody(msgspec.json.encode({**REQUEST, "messages": [said]})))
    (called,) = request.chat.body["messages"][0]["tool_calls"]
    assert SIGNED == called["extra_content"]


def test_thoughts_that_google_merely_names_as_such_are_no_signature() -> None:
    thought = {"reasoning_content": "Hm", "extra_content": {"google": {"thought": True}}}

    assert ["thinking", "text"] == kinds(streamed(thought, {"content": "Yes"}))


def test_what_gemini_signed_of_several_turns_in_a_row_comes_back_in_one() -> None:
    parts = [{"toolCall": {"id": number}} for number in ("1", "2")]
    turns = [whole(content="Yes", extra_content={"google": {"parts": [part]}}).content for part in parts]

    said = chat_of({**REQUEST, "messages": [{"role": "assistant", "content": turn} for turn in turns]})

    assert {"google": {"parts": parts}} == said.body["messages"][0]["extra_content"]


def test_what_openai_encrypted_comes_back_as_it_was() -> None:
    detail = {"type": "reasoning.encrypted", "data": "x", "format": "openai-responses-v1", "id": "rs_1", "index": 0}
    for message in (
        streamed({"reasoning_details": [detail]}, {"content": "Yes"}),
        whole(content="Yes", reasoning_details=[detail]),
    ):
        said = {"role": "assistant", "content": message.content}
        request = parse_messages(MessagesBody(msgspec.json.encode({**REQUEST, "messages": [said]})))
        assert [detail] == request.chat.body["messages"][0]["reasoning_details"]


def test_a_legacy_call_is_a_call() -> None:
    message = streamed({"function_call": {"name": "f", "arguments": '{"a"'}}, {"function_call": {"arguments": ":1}"}})
    assert [("f", {"a": 1})] == message.calls
    assert [("f", {"a": 1})] == whole("function_call", function_call={"name": "f", "arguments": '{"a":1}'}).calls


OF_TEXT = {"type": "reasoning.encrypted", "format": "google-gemini-v1", "index": 0, "data": "c2ln", "text": [0, 3]}


def test_a_signature_of_a_text_goes_back_with_it() -> None:
    """Gemini recommends it, and had it back on the two other surfaces only."""
    signed: dict[str, Any] = {"content": "Yes", "reasoning_details": [OF_TEXT]}
    for message in (whole(**signed), streamed({"content": "Y"}, {"content": "es"}, {"reasoning_details": [OF_TEXT]})):
        history = [HELLO, {"role": "assistant", "content": message.content}, HELLO]
        said = chat_of({**REQUEST, "messages": history}).body["messages"][1]
        assert ("Yes", "Yes", [OF_TEXT]) == (message.text, said["content"], said["reasoning_details"])


def test_a_signature_cuts_no_text_and_comes_before_the_call() -> None:
    message = streamed({"content": "Y"}, {"reasoning_details": [OF_TEXT]}, {"content": "es"}, call(0, "{}", "f"))

    assert ["text", "redacted_thinking", "tool_use"] == kinds(message)
    assert "Yes" == message.text
