"""Streams: what each event becomes, and how they end."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic.upstream.request import JSON_TOOL
from aihub_lite.wire.anthropic.upstream.stream import AnthropicStream
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from tests.support.checkers.chat import CheckedStream, check_chat_stream

Event = dict[str, Any]
START: Event = {"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 9, "output_tokens": 1}}}
STOP: Event = {"type": "message_stop"}


def begun(block: Event, index: int = 0) -> Event:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(kind: str, index: int = 0, **fields: Any) -> Event:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def ended(index: int = 0) -> Event:
    return {"type": "content_block_stop", "index": index}


def finished(stop: str = "end_turn", usage: Event | None = None, **more: Any) -> Event:
    return {"type": "message_delta", "delta": {"stop_reason": stop, **more}, "usage": usage or {"output_tokens": 7}}


def text(value: str, index: int = 0) -> list[Event]:
    return [begun({"type": "text", "text": ""}, index), delta("text_delta", index, text=value), ended(index)]


def call(call_id: str, *pieces: str, index: int = 0, **block: Any) -> list[Event]:
    start = {"type": "tool_use", "id": call_id, "name": "f", "input": {}, **block}
    deltas = [delta("input_json_delta", index, partial_json=piece) for piece in pieces]
    return [begun(start, index), *deltas, ended(index)]


def through(*events: Event, names: dict[str, str] | None = None) -> tuple[CheckedStream, ChatStream]:
    """What a client has at the end; AssertionError if anything that it got was not strict."""
    stream = AnthropicStream(names or {})
    chat = ChatStream("m", "r", 1, include_usage=True)
    sent = [event for each in events for chunk in stream.push_event(each) for event in chat.push_chunk(chunk)]
    return check_chat_stream(b"".join(sent + chat.end()), include_usage=True), chat


def whole(*events: Event, **options: Any) -> CheckedStream:
    """The same for the events between start and stop."""
    return through(START, *events, finished(), STOP, **options)[0]


def test_text_arrives_as_it_comes() -> None:
    seen = whole(*text("Hello"))

    assert ("Hello", "stop", "msg_1") == (seen.content, seen.finish_reason, seen.id)


def test_text_that_a_block_begins_with_is_not_lost() -> None:
    assert "Hello" == whole(begun({"type": "text", "text": "Hel"}), delta("text_delta", text="lo"), ended()).content


def test_calls_are_counted_from_zero_whatever_stands_before_them() -> None:
    thought = begun({"type": "thinking", "thinking": ""})
    events = [thought, ended(), *text("a", 1), *call("c", "{}", index=2), *call("d", "{}", index=3)]
    seen, _ = through(START, *events, finished("tool_use"), STOP)

    assert ["c", "d"] == [tool_call["id"] for tool_call in seen.tool_calls]
    assert "tool_calls" == seen.finish_reason


def test_arguments_are_put_together_by_the_block_that_they_belong_to() -> None:
    first = call("c", '{"a":', "1}")
    second = call("d", '{"b":', "2}", index=1)
    mixed = [first[0], second[0], first[1], second[1], first[2], second[2], first[3], second[3]]

    assert ['{"a":1}', '{"b":2}'] == [tool_call["function"]["arguments"] for tool_call in whole(*mixed).tool_calls]


@pytest.mark.parametrize(("given", "expected"), [({}, "{}"), ({"x": "ü"}, '{"x":"ü"}')])
def test_a_call_without_argument_deltas_has_what_it_began_with(given: Event, expected: str) -> None:
    assert expected == whole(*call("c", "", input=given)).tool_calls[0]["function"]["arguments"]


def test_a_changed_name_is_changed_back() -> None:
    assert "my.f" == whole(*call("c", "{}"), names={"f": "my.f"}).tool_calls[0]["function"]["name"]


def test_tools_that_run_at_anthropic_are_no_calls() -> None:
    server = begun({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})
    result = begun({"type": "web_search_tool_result", "tool_use_id": "s", "content": []}, 1)
    seen = whole(server, delta("input_json_delta", partial_json="{}"), ended(), result, ended(1), *text("a", 2))

    assert ([], "a") == (seen.tool_calls, seen.content)


def test_thinking_is_shown_as_it_comes_and_given_whole_with_its_signature() -> None:
    events = [
        begun({"type": "thinking", "thinking": "", "signature": ""}),
        delta("thinking_delta", thinking="H"),
        delta("thinking_delta", thinking="m"),
        delta("signature_delta", signature="s"),
        ended(),
    ]
    seen = whole(*events, *text("a", 1))

    assert "Hm" == seen.reasoning
    assert [
        {"type": "reasoning.text", "text": "Hm", "signature": "s", "format": "anthropic-claude-v1", "index": 0}
    ] == [entry for name, value in seen.first.extras if name == "reasoning_details" for entry in value]


def test_thinking_that_is_hidden_is_given_whole() -> None:
    events = [begun({"type": "redacted_thinking", "data": "d"}), ended()]
    events += [begun({"type": "thinking", "thinking": ""}, 1), delta("signature_delta", 1, signature="s"), ended(1)]
    details = [entry for name, value in whole(*events).first.extras for entry in value if name == "reasoning_details"]

    assert [("reasoning.encrypted", 0), ("reasoning.text", 1)] == [(entry["type"], entry["index"]) for entry in details]


def test_pages_that_are_cited_are_annotations() -> None:
    cited = {"url": "https://x", "title": "t", "cited_text": "y"}
    events = [begun({"type": "text", "text": "As "}), ended(), begun({"type": "text", "text": "", "citations": []}, 1)]
    events += [delta("citations_delta", 1, citation=cited), delta("text_delta", 1, text="said.")]
    ((_, (annotation,)),) = whole(*events, ended(1)).first.extras

    place = {"start_index": 3, "end_index": 8}
    assert {"url": "https://x", "title": "t", "content": "y", **place} == annotation["url_citation"]


def test_a_citation_of_no_block_is_not_remembered_for_another_stream() -> None:
    cited = {"url": "https://x", "title": "t", "cited_text": "y"}
    whole(delta("citations_delta", 7, citation=cited))

    assert [] == whole(begun({"type": "text", "text": "a"}), ended(), ended(7)).first.extras


def test_the_last_count_that_is_not_null_wins_and_none_is_added() -> None:
    start = {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 0, "output_tokens": 1}
    end: Event = {"input_tokens": 7, "cache_read_input_tokens": None, "output_tokens": 20}
    end |= {"output_tokens_details": {"thinking_tokens": 3}}
    events = [{"type": "message_start", "message": {"id": "m", "usage": start}}, *text("a"), finished(usage=end), STOP]

    assert Usage(107, 20, 100, 0, 3) == through(*events)[1].usage


def test_counts_that_only_the_start_reports_are_kept() -> None:
    assert Usage(9, 7) == through(START, *text("a"), finished(), STOP)[1].usage


def test_a_stream_cut_off_reports_no_usage_since_it_would_be_that_of_its_first_moment() -> None:
    stream = AnthropicStream()
    chat = ChatStream("m", "r", 1, include_usage=True)
    for event in [START, *text("a")]:
        for chunk in stream.push_event(event):
            chat.push_chunk(chunk)

    assert (None, None, False) == (chat.usage, chat.finish_reason, stream.done)
    assert Usage(9, 1) == stream.usage


def test_a_refusal_says_why() -> None:
    seen, _ = through(START, finished("refusal", stop_details={"type": "refusal", "explanation": "No"}), STOP)

    assert ("content_filter", "No", "") == (seen.finish_reason, seen.first.refusal, seen.content)


def test_a_stream_of_nothing_is_an_empty_answer() -> None:
    seen, chat = through(START, finished(), STOP)

    assert ("", "stop", True) == (seen.content, seen.finish_reason, chat.has_content)


def test_a_stop_without_reason_still_ends_the_answer() -> None:
    seen, chat = through(START, *text("a"), STOP)

    assert ("stop", "stop") == (seen.finish_reason, chat.finish_reason)


def test_the_tool_that_stands_for_json_is_the_text_of_the_answer() -> None:
    seen, _ = through(
        START, *call("c", '{"x":', "1}", name=JSON_TOOL), finished("tool_use"), STOP, names={JSON_TOOL: ""}
    )

    assert ('{"x":1}', [], "stop") == (seen.content, seen.tool_calls, seen.finish_reason)


def test_pings_and_what_is_not_known_say_nothing() -> None:
    odd: list[Event] = [
        {"type": "ping"},
        {"type": "something_new"},
        {},
        {"type": 5},
        begun({"type": "something_new"}, 7),
        delta("something_delta", 7, x=1),
        {"type": "content_block_start", "index": 8},
        {"type": "content_block_delta", "index": 9},
        delta("input_json_delta", 99, partial_json="{"),
        delta("thinking_delta", 99, thinking="x"),
        ended(99),
        {"type": "message_start"},
    ]

    assert whole(*text("a")) == whole(*odd, *text("a"))


def test_what_follows_the_end_says_nothing() -> None:
    seen, _ = through(START, *text("a"), finished(), STOP, START, *text("b"), {"type": "error", "error": {}})

    assert "a" == seen.content


@pytest.mark.parametrize(
    ("kind", "status", "fault"),
    [
        ("overloaded_error", 503, "server"),
        ("api_error", 500, "server"),
        ("timeout_error", 504, "server"),
        ("rate_limit_error", 429, "rate"),
        ("authentication_error", 401, "auth"),
        ("invalid_request_error", 400, "client"),
        ("something_new", 502, "server"),
    ],
)
def test_an_error_in_a_stream_has_the_status_that_it_would_have_had(kind: str, status: int, fault: str) -> None:
    stream = AnthropicStream()
    with pytest.raises(StreamError) as caught:
        stream.push(msgspec.json.encode({"type": "error", "error": {"type": kind, "message": "Oh"}}))

    assert (status, fault, "Oh") == (caught.value.status, caught.value.kind, caught.value.message)


def test_an_endpoint_that_says_done_as_openai_does_is_understood() -> None:
    assert [] == AnthropicStream().push(b" [DONE]")


@pytest.mark.parametrize("payload", [b"<html>", b"[]", b"5", b""])
def test_what_is_no_event_is_nonsense(payload: bytes) -> None:
    with pytest.raises(AnswerNonsense):
        AnthropicStream().push(payload)
