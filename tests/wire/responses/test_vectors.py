"""Recorded traffic through the wire of Responses: chat answers as responses, and responses passed on as they are."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec
import openai.types.chat.completion_create_params as chat_params
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.chat.tier import at_tier
from aihub_lite.wire.chat.upstream_cost import cost_said
from aihub_lite.wire.chat.usage import usage_of
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.responses.answer import responses_answer
from aihub_lite.wire.responses.native import LAST, native_answer, native_body
from aihub_lite.wire.responses.request import ResponsesRequest, parse_responses
from aihub_lite.wire.responses.state import ResponseState, usage_json
from aihub_lite.wire.responses.stream import NativeStream, WrittenStream
from aihub_lite.wire.sse import EventSplitter
from tests.support.checkers.responses import check_response, check_responses_stream
from tests.support.checkers.typed_dicts import problems
from tests.support.replay import CHAT_PROVIDERS, Vector, requires_vectors, vectors
from tests.wire.responses.exchanges import new_request

PROVIDERS = (*CHAT_PROVIDERS, "ollama", "gemini", "fixtures")
STREAMS = vectors("chat", PROVIDERS, streamed=True, status=200)
ANSWERS = vectors("chat", PROVIDERS, streamed=False, status=200)
SPEAKING = ("openai", "azure", "deepseek", "openrouter", "fixtures")
NATIVE = vectors("responses", SPEAKING, status=200)
SMALL = 3000
"""Bytes up to which a whole stream is cut at every position."""
PIECES = (7, 61)
ECHOES = {"tools", "tool_choice", "text", "reasoning", "metadata", "instructions"}
STORED = {"previous_response_id", "conversation", "background", "prompt"}
"""Asks for what is stored."""
_event: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)

pytestmark = requires_vectors


def pieces_of(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


def through(stream: NativeStream | WrittenStream, pieces: list[bytes]) -> bytes:
    """What a client gets; raises as the stream does."""
    splitter = EventSplitter(1 << 22)
    push = stream.push if isinstance(stream, NativeStream) else stream.chat.push
    sent = [event for piece in pieces for payload in splitter.feed(piece) for event in push(payload)]
    sent += [event for payload in splitter.flush() for event in push(payload)]
    if stream.usage is None:
        stream.usage = stream.estimated(3)
    return b"".join([*sent, *stream.end()])


def chat_usage(vector: Vector) -> JsonObject:
    """As chat's own stream counts it, in the words of Responses."""
    stream = ChatStream("asked-for", "r1", 1, include_usage=False)
    splitter = EventSplitter(1 << 22)
    for payload in [*splitter.feed(vector.body), *splitter.flush()]:
        stream.push(payload)
    return {**usage_json(stream.usage or stream.estimated(3)), **stream.cost}


def typed(raw: bytes) -> None:
    """The official SDK reads every event."""
    for line in raw.split(b"\n"):
        if line.startswith(b"data: "):
            _event.validate_json(line[6:])


@pytest.mark.parametrize("vector", STREAMS, ids=str)
def test_a_recorded_chat_stream_becomes_valid_events_however_it_is_cut(vector: Vector) -> None:
    try:
        expected = chat_usage(vector)
    except StreamError:
        with pytest.raises(StreamError):
            through(WrittenStream.of(new_request(), "r1", 1), [vector.body])
        return
    raw = through(WrittenStream.of(new_request(include=["reasoning.encrypted_content"]), "r1", 1), [vector.body])
    checked = check_responses_stream(raw)
    assert expected == checked.response["usage"]
    typed(raw)
    for size in (1, *PIECES) if len(vector.body) <= SMALL else PIECES:
        again = WrittenStream.of(new_request(include=["reasoning.encrypted_content"]), "r1", 1)
        assert raw == through(again, pieces_of(vector.body, size)), size


@pytest.mark.parametrize("vector", ANSWERS, ids=str)
def test_a_recorded_chat_answer_becomes_a_valid_response(vector: Vector) -> None:
    request = new_request(include=["reasoning.encrypted_content"])
    try:
        chat = answer_of(vector.body, "asked-for", "r1", 1, request.prompt_estimate)
    except AnswerNonsense:
        with pytest.raises(AnswerNonsense):
            responses_answer(request, vector.body, "r1", 1)
        return
    answer = responses_answer(request, vector.body, "r1", 1)
    response = check_response(msgspec.json.decode(answer.body))
    message = msgspec.json.decode(chat.body)["choices"][0]["message"]
    texts = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    assert (message.get("content") or "") == "".join(part.get("text", "") for part in texts)
    calls = [item for item in response["output"] if "call_id" in item]
    expected = [call["id"] for call in message.get("tool_calls", ())]
    if message.get("function_call"):
        expected.append("call_r1")  # a legacy call has no id of its own
    assert expected == [item["call_id"] for item in calls]
    told = msgspec.json.decode(chat.body)["usage"]
    known = usage_of(told)
    assert known is not None and {**usage_json(known), **cost_said(told)} == response["usage"]
    Response.model_validate(response)


def request_of(vector: Vector) -> ResponsesRequest:
    body = {**(vector.request or {"input": "hi"}), "model": "asked-for"}
    plain = {name: value for name, value in body.items() if name not in STORED}
    return parse_responses(msgspec.json.encode(plain), ResponseState("resp_r1"))


@pytest.mark.parametrize("vector", [vector for vector in vectors("responses", SPEAKING) if vector.request], ids=str)
def test_a_recorded_request_becomes_one_that_the_sdk_could_send(vector: Vector) -> None:
    request = request_of(vector)
    body = {name: value for name, value in request.chat.body.items() if name != "stream"}
    for message in body["messages"]:
        for ours in ("reasoning_content", "reasoning_details"):
            message.pop(ours, None)
    judged = {name: value for name, value in body.items() if name != "provider"}  # OpenRouter's own
    assert [] == problems(judged, chat_params.CompletionCreateParamsNonStreaming)


@pytest.mark.parametrize("vector", [vector for vector in vectors("responses", SPEAKING) if vector.request], ids=str)
def test_a_recorded_request_is_passed_on_but_for_the_model(vector: Vector) -> None:
    request = request_of(vector)
    sent = msgspec.json.decode(native_body(request, "upstream-model"))
    expected = {name: value for name, value in (vector.request or {}).items() if name not in STORED}
    assert {**expected, "model": "upstream-model"} == sent


@pytest.mark.parametrize("vector", [vector for vector in vectors("responses", SPEAKING) if vector.request], ids=str)
def test_a_request_that_needs_what_is_stored_is_refused(vector: Vector) -> None:
    body = {**(vector.request or {}), "model": "m"}
    if any(body.get(name) for name in STORED):
        with pytest.raises(InvalidRequest):
            parse_responses(msgspec.json.encode(body), ResponseState("resp_r1"))


def upstreams(vector: Vector) -> list[dict[str, Any]]:
    """The events of the first response, numbered: some recordings hold several in a row. Raises DecodeError."""
    splitter = EventSplitter(1 << 22)
    events: list[dict[str, Any]] = []
    for payload in [*splitter.feed(vector.body), *splitter.flush()]:
        if payload != b"[DONE]" and not (events and events[-1]["type"] in LAST):
            events.append({"sequence_number": len(events), **msgspec.json.decode(payload)})
    return events


@pytest.mark.parametrize("vector", [vector for vector in NATIVE if vector.streamed], ids=str)
def test_a_recorded_responses_stream_is_passed_on_but_for_the_model(vector: Vector) -> None:
    try:
        events = upstreams(vector)
    except msgspec.DecodeError:  # one is kept with its last brace cut off
        with pytest.raises(AnswerNonsense):
            through(NativeStream(request_of(vector)), [vector.body])
        return
    for event in events:
        if isinstance(event.get("response"), dict):
            event["response"]["model"] = "asked-for"
    stream = NativeStream(request_of(vector))
    if events[-1]["type"] in ("error", "response.failed") or not stream_ends(events):
        return
    raw = through(stream, [vector.body])
    state = [msgspec.json.decode(line[6:]) for line in raw.split(b"\n") if line.startswith(b"data: ")]
    assert events == state
    assert usage_of(events[-1]["response"].get("usage")) in (tokens_of(stream.usage), None)
    for size in (1, *PIECES) if len(vector.body) <= SMALL else PIECES:
        assert raw == through(NativeStream(request_of(vector)), pieces_of(vector.body, size)), size


def stream_ends(events: list[dict[str, Any]]) -> bool:
    return events[-1]["type"] in LAST


def test_most_recorded_responses_streams_are_whole() -> None:
    streams = [vector for vector in NATIVE if vector.streamed]
    assert len(streams) * 0.8 <= sum(b"response.completed" in vector.body for vector in streams)


@pytest.mark.parametrize("vector", [vector for vector in NATIVE if not vector.streamed], ids=str)
def test_a_recorded_response_is_passed_on_but_for_the_model(vector: Vector) -> None:
    upstream = msgspec.json.decode(vector.body)
    request = request_of(vector)
    if upstream.get("error") or not isinstance(upstream.get("output"), list):
        with pytest.raises(AnswerNonsense):
            native_answer(request, vector.body)
        return
    answer = native_answer(request, vector.body)
    assert {
        **upstream,
        "model": "asked-for",
        "usage": upstream.get("usage") or usage_json(answer.own),
    } == {
        "usage": None,
        **msgspec.json.decode(answer.body),
    }
    assert at_tier(usage_of(upstream.get("usage")), upstream.get("service_tier")) == tokens_of(answer.usage)


def tokens_of(usage: Usage | None) -> Usage | None:
    """Without what ran at the provider, which stands in the response's output."""
    if usage is None:
        return None
    return attrs.evolve(usage, hosted=None)
