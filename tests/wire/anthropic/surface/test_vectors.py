"""Recorded traffic of real providers as Anthropic Messages: all that comes out passes the strict checker."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from aihub_lite.domain.usage import Usage
from aihub_lite.errors import UpstreamBroken
from aihub_lite.wire.anthropic.surface.answer import native_answer, translated_answer
from aihub_lite.wire.anthropic.surface.errors import MessagesErrors
from aihub_lite.wire.anthropic.surface.request import MessagesBody, MessagesRequest, parse_messages
from aihub_lite.wire.anthropic.surface.stream import NativeStream, WrittenStream
from aihub_lite.wire.anthropic.surface.usage import messages_usage
from aihub_lite.wire.chat.answer import normalised
from aihub_lite.wire.chat.upstream_cost import cost_said
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.sse import EventSplitter
from tests.support.checkers.chat import check_chat_stream
from tests.support.checkers.messages import CheckedMessage, check_message, check_messages_stream
from tests.support.replay import CHAT_PROVIDERS, Vector, requires_vectors, vectors
from tests.wire.test_vectors import NO_CHAT_ANSWERS
from tests.wire.test_vectors import through as chat_through

PROVIDERS = (*CHAT_PROVIDERS, "ollama", "gemini", "fixtures")
STREAMS = [vector for vector in vectors("chat", PROVIDERS, streamed=True) if vector.status == 200]
ANSWERS = [each for each in vectors("chat", PROVIDERS, streamed=False, status=200) if each.id not in NO_CHAT_ANSWERS]
NATIVE_STREAMS = vectors("messages", ("anthropic", "fixtures"), streamed=True, status=200)
NATIVE_ANSWERS = vectors("messages", ("anthropic",), streamed=False, status=200)
EVENTS: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)
SPLICED = "71689f542c6e"
"""Two messages, of which the second begins inside a block of the first: passed on, and nobody can make sense of it."""
SMALL = 3000
FAILED = MessagesErrors().event(UpstreamBroken("The upstream broke off."))

pytestmark = requires_vectors


def request() -> MessagesRequest:
    body = {"model": "asked-for", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
    return parse_messages(MessagesBody(msgspec.json.encode(body)))


def run(stream: Any, push: Any, pieces: tuple[bytes, ...]) -> tuple[bytes, bool]:
    """What a client gets of a stream in these pieces, and whether the upstream said that it failed."""
    splitter = EventSplitter(1 << 22)
    sent = list[bytes]()
    try:
        for piece in pieces:
            for payload in splitter.feed(piece):
                sent += push(payload)
        for payload in splitter.flush():
            sent += push(payload)
    except StreamError:
        return b"".join([*sent, FAILED]), True
    return b"".join([*sent, *stream.end()]), False


def through(*pieces: bytes) -> bytes:
    stream = WrittenStream.of(request(), "r1", 1_700_000_000)
    return run(stream, stream.chat.push, pieces)[0]


def natively(*pieces: bytes) -> tuple[bytes, NativeStream]:
    stream = NativeStream("asked-for")
    return run(stream, stream.push, pieces)[0], stream


def name_of(vector: Vector) -> str:
    return str(vector)


@pytest.mark.parametrize("vector", STREAMS, ids=name_of)
def test_a_recorded_stream_keeps_to_the_order_of_events(vector: Vector) -> None:
    checked = check_messages_stream(through(vector.body))
    assert "asked-for" == checked.model or checked.error is not None


@pytest.mark.parametrize("vector", STREAMS, ids=name_of)
def test_all_that_a_recorded_stream_says_is_written(vector: Vector) -> None:
    checked = check_messages_stream(through(vector.body))
    raw, stream, error = chat_through(vector.body)
    if error is not None:
        assert checked.error is not None
        return
    chat = check_chat_stream(raw, include_usage=True)
    assert (chat.content + chat.first.refusal).strip() == checked.text.strip()
    assert chat.reasoning == checked.thinking
    assert [name for name, _ in calls_of(chat.tool_calls)] == [name for name, _ in checked.calls]
    assert [given for _, given in calls_of(chat.tool_calls)] == [given for _, given in checked.calls]
    usage = stream.usage or stream.estimated(request().prompt_estimate)
    assert {**messages_usage(usage), **cost_said(chat.usage)} == checked.usage


def calls_of(calls: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [(call["function"]["name"], msgspec.json.decode(call["function"]["arguments"] or "{}")) for call in calls]


@pytest.mark.parametrize("vector", STREAMS, ids=name_of)
def test_every_event_is_of_the_sdks_types(vector: Vector) -> None:
    lines = [line for line in through(vector.body).split(b"\n") if line.startswith(b"data: ")]
    for line in lines:
        if b'"type":"ping"' not in line and b'"type":"error"' not in line:
            EVENTS.validate_json(line[6:], strict=True)


@pytest.mark.served  # every cut of every recording
@pytest.mark.parametrize("vector", [each for each in STREAMS if len(each.body) <= SMALL], ids=name_of)
def test_a_cut_at_any_byte_changes_nothing_of_what_is_written(vector: Vector) -> None:
    expected = through(vector.body)
    for position in range(len(vector.body)):
        assert expected == through(vector.body[:position], vector.body[position:]), f"cut at {position}"


@pytest.mark.parametrize("vector", ANSWERS, ids=name_of)
def test_a_recorded_answer_is_a_strict_message(vector: Vector) -> None:
    answer = translated_answer(vector.body, "asked-for", "r1", 7)
    chat = normalised(vector.body, "asked-for", "r1", 1, 7)
    Message.model_validate_json(answer.body, strict=True)
    checked = check_message(answer.body)
    message = chat.chat["choices"][0]["message"]
    assert ((message["content"] or "") + (message.get("refusal") or "")).strip() == checked.text.strip()
    assert (message.get("reasoning_content") or "") == checked.thinking
    legacy = [{"function": message["function_call"]}] if "function_call" in message else []
    assert calls_of(message.get("tool_calls", legacy)) == checked.calls
    assert (chat.usage, chat.text_bytes) == (answer.usage, answer.text_bytes)
    assert chat.usage is not None
    own = Usage(7, tokens_in(answer.text_bytes))  # OpenRouter says 0 of a prompt with a film
    said = cost_said(msgspec.json.decode(vector.body)["usage"])
    assert {**messages_usage(chat.usage.possible(own)), **said} == checked.usage


def expected_of(vector: Vector) -> list[dict[str, Any]]:
    """The recorded events with the model that was asked for, up to the message's end; a second start is left out."""
    events: list[dict[str, Any]] = []
    for line in vector.body.split(b"\n"):
        if not line.startswith(b"data:"):
            continue
        event = msgspec.json.decode(line[5:])
        if event["type"] == "message_start":
            if any(earlier["type"] == "message_start" for earlier in events):
                continue
            event["message"]["model"] = "asked-for"
        events.append(event)
        if event["type"] == "message_stop":
            break
    return events


@pytest.mark.parametrize("vector", NATIVE_STREAMS, ids=name_of)
def test_events_of_anthropics_own_are_unchanged_but_for_the_model(vector: Vector) -> None:
    sent, stream = natively(vector.body)
    got = [msgspec.json.decode(line[6:]) for line in sent.split(b"\n") if line.startswith(b"data: ")]
    assert expected_of(vector) == got
    assert stream.complete
    assert stream.has_content


@pytest.mark.parametrize("vector", [each for each in NATIVE_STREAMS if each.id != SPLICED], ids=name_of)
def test_a_stream_of_anthropics_own_keeps_to_the_order_of_events(vector: Vector) -> None:
    checked = check_messages_stream(natively(vector.body)[0], ours=False)
    assert "asked-for" == checked.model


@pytest.mark.served  # every cut of every recording
@pytest.mark.parametrize("vector", NATIVE_STREAMS, ids=name_of)
def test_a_cut_at_any_byte_changes_no_event_of_anthropics_own(vector: Vector) -> None:
    expected = natively(vector.body)[0]
    step = 1
    if len(vector.body) > SMALL:
        step = len(vector.body) // 200
    for position in range(0, len(vector.body), step):
        assert expected == natively(vector.body[:position], vector.body[position:])[0], f"cut at {position}"
    assert expected == natively(*(vector.body[at : at + 1] for at in range(len(vector.body))))[0]


@pytest.mark.parametrize("vector", NATIVE_ANSWERS, ids=name_of)
def test_an_answer_of_anthropics_own_is_unchanged_but_for_the_model(vector: Vector) -> None:
    recorded = msgspec.json.decode(vector.body)
    if recorded.get("type") != "message":
        with pytest.raises(AnswerNonsense):
            native_answer(vector.body, "asked-for")
        return
    answer = native_answer(vector.body, "asked-for")
    assert {**recorded, "model": "asked-for"} == msgspec.json.decode(answer.body)
    assert isinstance(check_message(answer.body, ours=False), CheckedMessage)
    assert answer.usage is not None
    assert recorded["usage"]["output_tokens"] == answer.usage.completion_tokens
