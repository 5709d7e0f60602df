"""What other gateways got wrong between chat and Gemini, each under the number that the three files share."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from aihub_lite.errors import InvalidRequest
from tests.wire.gemini.wire import (
    NEW,
    WEATHER,
    calling,
    candidate,
    checked,
    completion_of,
    contents,
    request_of,
    result,
    stream_of,
    stream_of_bytes,
    translation_of,
    user,
)


def call(name: str, **args: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": args}}


def test_1_parallel_calls_after_thoughts_and_text_keep_indices_of_their_own() -> None:
    events = [
        candidate({"text": "Hmm.", "thought": True}),
        candidate({"text": "Both."}),
        candidate(call("f", x=1)),
        candidate(call("g", y=2), finish="STOP"),
    ]

    calls = stream_of(*events).checked.tool_calls

    assert [("f", {"x": 1}), ("g", {"y": 2})] == [
        (tool_call["function"]["name"], json.loads(tool_call["function"]["arguments"])) for tool_call in calls
    ]


def test_3_two_calls_in_one_event_keep_their_own_arguments() -> None:
    calls = stream_of(candidate(call("f", x=1), call("f", x=2), finish="STOP")).checked.tool_calls

    assert ['{"x":1}', '{"x":2}'] == [tool_call["function"]["arguments"] for tool_call in calls]


def test_4_a_call_that_comes_whole_in_the_only_event_keeps_its_arguments() -> None:
    stream = stream_of(candidate(call("f", x=1), finish="STOP")).checked

    assert '{"x":1}' == stream.tool_calls[0]["function"]["arguments"]


def test_5_thoughts_are_kept_out_of_the_text() -> None:
    first = stream_of(candidate({"text": "T", "thought": True}, {"text": "A"}), candidate(finish="STOP")).checked.first

    assert ("A", "T") == (first.content, first.reasoning)


def test_6_a_line_break_between_calls_is_text_and_breaks_no_call() -> None:
    stream = stream_of(candidate(call("f")), candidate({"text": "\n"}), candidate(call("g"), finish="STOP")).checked

    assert ("\n", 2) == (stream.content, len(stream.tool_calls))


def test_7_an_answer_that_calls_a_tool_ends_with_tool_calls() -> None:
    assert "tool_calls" == completion_of(candidate(call("f"), finish="STOP")).first.finish_reason
    assert "tool_calls" == stream_of(candidate(call("f")), candidate(finish="STOP")).checked.finish_reason


def test_8_a_later_system_message_leaves_the_cached_prefix_as_it_is() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "S"},
        user("A"),
        {"role": "assistant", "content": "B"},
    ]
    later = [*messages, user("C"), {"role": "system", "content": "Now do it."}]

    begun = translation_of(messages).body
    grown = translation_of(later).body

    assert begun["systemInstruction"] == grown["systemInstruction"]
    assert begun["contents"] == grown["contents"][:2]


def test_10_of_usage_that_grows_from_event_to_event_the_last_counts() -> None:
    def usage(answer: int) -> dict[str, Any]:
        return {"promptTokenCount": 10, "candidatesTokenCount": answer, "totalTokenCount": 10 + answer}

    events = [candidate({"text": "A"}, usageMetadata=usage(n)) for n in (1, 2)]
    stream = stream_of(*events, candidate(finish="STOP", usageMetadata=usage(3))).checked

    assert stream.usage is not None
    assert (10, 3, 13) == tuple(stream.usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens"))


def test_11_line_separators_inside_a_text_leave_its_event_whole() -> None:
    text = "a\u2028b\u2029c\u0085d\x0be"

    raw = json.dumps(candidate({"text": text}, finish="STOP"), ensure_ascii=False).encode()

    assert text == stream_of_bytes(b"data: " + raw + b"\n\n").checked.content


def test_12_an_event_split_over_packets_inside_a_character_is_whole_again() -> None:
    raw = b"data: " + msgspec.json.encode(candidate({"text": "wörld 🎉"}, call("f", x="é"), finish="STOP")) + b"\n\n"
    expected = stream_of_bytes(raw).sent

    assert {expected} == {stream_of_bytes(raw[:n], raw[n:]).sent for n in range(len(raw))}


def test_13_an_empty_message_is_left_out_and_an_empty_result_is_an_object() -> None:
    turns = contents(
        [user("A"), {"role": "assistant", "content": ""}, user(""), calling(("a", "f", "{}")), result("a", "")]
    )

    assert [{"text": "A"}] == turns[0]["parts"]
    assert {"result": ""} == turns[2]["parts"][0]["functionResponse"]["response"]


def test_15_a_thought_signature_survives_the_tool_loop() -> None:
    part = {"functionCall": {"name": "f", "args": {}, "id": "x"}, "thoughtSignature": "c2ln"}
    calls = stream_of(candidate(part), candidate({"text": ""}, finish="STOP")).checked.tool_calls

    turns = contents([user(), {"role": "assistant", "content": None, "tool_calls": calls}, result("x", "1")])

    assert part == turns[1]["parts"][0]


def test_19_a_schema_that_holds_itself_stays_small() -> None:
    node = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}
    schema = {"$defs": {"Node": node}, "$ref": "#/$defs/Node"}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}

    body = translation_of([user()], "gemini-1.5-pro", tools=[tool]).body

    assert len(msgspec.json.encode(body)) < 1000


def test_19_a_union_is_sent_without_what_stands_beside_it() -> None:
    schema = {"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "integer"}], "default": 1}}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}

    body = translation_of([user()], "gemini-1.5-pro", tools=[tool]).body

    parameters = body["tools"][0]["functionDeclarations"][0]["parameters"]
    assert {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]} == parameters["properties"]["a"]


def test_20_a_tool_that_gemini_cannot_have_is_refused_by_its_position() -> None:
    with pytest.raises(InvalidRequest, match=r"tools\[1\]"):
        checked(request_of([user()], tools=[WEATHER, {"type": "custom", "custom": {"name": "apply_patch"}}]), NEW)


def test_21_results_follow_their_calls_whatever_stands_between_the_messages() -> None:
    turns = contents(
        [user(), calling(("a", "f", "{}"), ("b", "g", "{}")), result("b", "2"), result("a", "1"), user("x")]
    )

    assert ["f", "g"] == [part["functionResponse"]["name"] for part in turns[2]["parts"]]
    assert [{"text": "x"}] == turns[3]["parts"]


def test_25_a_call_without_arguments_has_an_empty_object_and_not_an_empty_string() -> None:
    assert (
        "{}"
        == stream_of(candidate({"functionCall": {"name": "f"}}, finish="STOP")).checked.tool_calls[0]["function"][
            "arguments"
        ]
    )
    assert {} == contents([user(), calling(("a", "f", ""))])[1]["parts"][0]["functionCall"]["args"]


def test_26_messages_in_a_row_stay_apart_and_keep_their_quotes() -> None:
    turns = contents([user('"A"'), user(' "B" ')])

    assert [{"text": '"A"'}, {"text": ' "B" '}] == turns[0]["parts"]


def test_26_a_call_whose_arguments_are_no_json_is_passed_on_with_their_text() -> None:
    turns = contents([user(), calling(("a", "f", '{"x":')), result("a", "failed")])

    assert {"_raw": '{"x":'} == turns[1]["parts"][0]["functionCall"]["args"]
    assert "f" == turns[2]["parts"][0]["functionResponse"]["name"]


def test_27_no_null_of_a_client_reaches_gemini() -> None:
    nothing = dict.fromkeys(
        ("temperature", "top_p", "stop", "tools", "tool_choice", "response_format", "reasoning_effort", "seed", "user")
    )
    message = {"role": "assistant", "content": "B", "tool_calls": None, "refusal": None, "reasoning_content": None}

    body = checked(request_of([user(), message], **nothing), NEW).body

    assert b"null" not in msgspec.json.encode(body)
