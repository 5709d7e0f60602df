"""Streams: chunks, indices, usage, ends and breaks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.gemini.answer import chat_of
from aihub_lite.wire.gemini.stream import GeminiStream
from tests.wire.gemini.wire import candidate, completion_of, stream_of, stream_of_bytes


def usage(prompt: int, answer: int, **more: Any) -> dict[str, Any]:
    return {
        "usageMetadata": {
            "promptTokenCount": prompt,
            "candidatesTokenCount": answer,
            "totalTokenCount": prompt + answer,
            **more,
        }
    }


def test_text_comes_piece_by_piece() -> None:
    stream = stream_of(candidate({"text": "Hel"}), candidate({"text": "lo"}, finish="STOP"))

    assert ("Hello", "stop", 3) == (stream.checked.content, stream.checked.finish_reason, stream.checked.events)
    assert stream.gemini.done


def test_calls_are_counted_over_all_chunks() -> None:
    stream = stream_of(
        candidate({"text": "Two things."}),
        candidate({"functionCall": {"name": "f", "args": {"x": 1}}}),
        candidate({"functionCall": {"name": "g", "args": {}}}, {"functionCall": {"name": "h"}}),
        candidate({"text": ""}, finish="STOP"),
    )

    calls = [(call["function"]["name"], call["function"]["arguments"]) for call in stream.checked.tool_calls]
    assert [("f", '{"x":1}'), ("g", "{}"), ("h", "{}")] == calls
    assert "tool_calls" == stream.checked.finish_reason


def test_text_after_a_call_is_still_text() -> None:
    stream = stream_of(candidate({"functionCall": {"name": "f"}}), candidate({"text": "\n"}, finish="STOP"))

    assert ("\n", 1) == (stream.checked.content, len(stream.checked.tool_calls))


def test_the_last_complete_usage_counts() -> None:
    stream = stream_of(
        candidate({"text": "A"}, **usage(10, 1)),
        candidate({"text": "B"}, usageMetadata={"trafficType": "ON_DEMAND"}),
        candidate({"text": "C"}, finish="STOP", **usage(10, 3, trafficType="ON_DEMAND")),
        {"usageMetadata": {"trafficType": "ON_DEMAND"}},
    )

    assert stream.checked.usage is not None
    assert (10, 3) == (stream.checked.usage["prompt_tokens"], stream.checked.usage["completion_tokens"])


def test_a_stream_that_breaks_off_is_not_done() -> None:
    stream = GeminiStream()

    stream.push(msgspec.json.encode(candidate({"text": "Hel"})))

    assert not stream.done


def test_a_prompt_that_is_blocked_ends_the_stream() -> None:
    stream = stream_of({"promptFeedback": {"blockReason": "SAFETY"}, **usage(5, 0)})

    assert ("", "content_filter") == (stream.checked.content, stream.checked.finish_reason)
    assert stream.gemini.done


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_error_in_the_middle_of_a_stream_is_raised_with_its_status(wrapped: bool) -> None:
    error: Any = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    stream = GeminiStream()
    stream.push(msgspec.json.encode(candidate({"text": "Hel"})))

    with pytest.raises(StreamError) as raised:
        stream.push(msgspec.json.encode([error] if wrapped else error))

    assert (503, "server", "The model is overloaded.") == (raised.value.status, raised.value.kind, raised.value.message)


def test_an_error_that_names_its_status_only_in_words_has_it() -> None:
    with pytest.raises(StreamError) as raised:
        GeminiStream().push(b'{"error":{"message":"m","status":"RESOURCE_EXHAUSTED"}}')

    assert (429, "rate") == (raised.value.status, raised.value.kind)


@pytest.mark.parametrize("payload", [b"not json", b"7", b'"text"', b"<html>", b"[7]"])
def test_an_event_that_is_no_answer_is_nonsense(payload: bytes) -> None:
    with pytest.raises(AnswerNonsense):
        GeminiStream().push(payload)


def test_two_candidates_are_streamed_side_by_side() -> None:
    def both(a: str, b: str, **more: Any) -> dict[str, Any]:
        texts = enumerate((a, b))
        return {"candidates": [{"index": n, "content": {"parts": [{"text": text}]}, **more} for n, text in texts]}

    stream = stream_of(both("A", "B"), both("a", "b", finishReason="STOP"))

    assert ["Aa", "Bb"] == [stream.checked.choices[n].content for n in (0, 1)]


def test_an_event_with_nothing_in_it_says_nothing() -> None:
    assert [] == GeminiStream().push(b'{"usageMetadata":{"trafficType":"ON_DEMAND"},"modelVersion":"x"}')


PIECES: list[dict[str, Any]] = [
    {"functionCall": {"name": "f", "willContinue": True}, "thoughtSignature": "c2ln"},
    {
        "functionCall": {
            "partialArgs": [{"jsonPath": "$.items[0].name", "stringValue": "ap", "willContinue": True}],
            "willContinue": True,
        }
    },
    {
        "functionCall": {
            "partialArgs": [{"jsonPath": "$.items[0].name", "stringValue": "ple"}],
            "willContinue": True,
        }
    },
    {"functionCall": {"partialArgs": [{"jsonPath": "$.items[1]", "numberValue": 0.5}], "willContinue": True}},
    {"functionCall": {"partialArgs": [{"jsonPath": "$.ok", "boolValue": True}], "willContinue": True}},
    {"functionCall": {"partialArgs": [{"jsonPath": "$['a.b']", "nullValue": "NULL_VALUE"}], "willContinue": True}},
]
ARGUMENTS = {"items": [{"name": "apple"}, 0.5], "ok": True, "a.b": None}


@pytest.mark.parametrize("ended", [True, False])
def test_arguments_that_come_in_pieces_are_passed_on_whole(ended: bool) -> None:
    parts: list[dict[str, Any]] = [*PIECES]
    if ended:
        parts.append({"functionCall": {}})
    parts.append({"functionCall": {"name": "g"}})
    events = [candidate(piece) for piece in parts]

    stream = stream_of(*events, candidate(finish="STOP")).checked

    assert ["f", "g"] == [call["function"]["name"] for call in stream.tool_calls]
    assert ARGUMENTS == msgspec.json.decode(stream.tool_calls[0]["function"]["arguments"])
    assert {"google": {"thought_signature": "c2ln"}} == stream.tool_calls[0]["extra_content"]


def test_a_stream_as_one_array_says_the_same() -> None:
    events = [candidate({"text": "Hel"}, **usage(3, 1)), candidate({"text": "lo"}, finish="STOP", **usage(3, 2))]

    array = stream_of_bytes(b"data: " + msgspec.json.encode(events) + b"\n\n").checked

    assert stream_of(*events).checked == array
    assert ("Hello", 2) == (completion_of(events).first.content, completion_of(events).usage["completion_tokens"])


def test_tools_that_ran_at_google_are_told_in_one_delta() -> None:
    """openai-python cannot add up a list in `extra_content` that comes in several deltas, and raised."""
    called = {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB"}, "thoughtSignature": "c2ln"}
    done = {"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB"}}
    events = [candidate(called), candidate({"text": "a"}), candidate(done), candidate({"text": "b"}, finish="STOP")]

    told = [value for name, value in stream_of(*events).checked.first.extras if name == "extra_content"]

    assert [{"google": {"parts": [called, done]}}] == told
    assert told[0] == chat_of(events)["choices"][0]["message"]["extra_content"]
