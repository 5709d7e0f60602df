"""Upstreams that answer the other way than they were asked: a stream as one document, or one document as a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from tests.conftest import AddChannel
from tests.support.books import Record
from tests.support.gateway import Gateway
from tests.support.upstream.answers import chat_chunk, json_answer, sse, usage_chunk
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Step

CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at":"sky"}'}}
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
CHAT = {
    "id": "chatcmpl-up",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello!", "reasoning_content": "Hm.", "tool_calls": [CALL]},
            "finish_reason": "tool_calls",
        }
    ],
    "usage": USAGE,
}
CHAT_EVENTS = [
    chat_chunk({"role": "assistant", "reasoning_content": "Hm"}),
    chat_chunk({"reasoning_content": "."}),
    chat_chunk({"content": "Hel"}),
    chat_chunk({"content": "lo!"}),
    chat_chunk({"tool_calls": [{"index": 0, **CALL, "function": {"name": "look", "arguments": '{"at":'}}]}),
    chat_chunk({"tool_calls": [{"index": 0, "function": {"arguments": '"sky"}'}}]}),
    chat_chunk({}, "tool_calls"),
    usage_chunk(USAGE),
]
MESSAGE = {
    "id": "msg_up",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "text", "text": "Hello!"},
        {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": "sky"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 5},
}
MESSAGE_EVENTS: list[dict[str, Any]] = [
    {
        "type": "message_start",
        "message": {
            **MESSAGE,
            "content": [],
            "stop_reason": None,
            "usage": {"input_tokens": 7, "output_tokens": 1},
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hel"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "lo!"}},
    {"type": "content_block_stop", "index": 1},
    {
        "type": "content_block_start",
        "index": 2,
        "content_block": {"type": "tool_use", "id": "call_1", "name": "look", "input": {}},
    },
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"at":'}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '"sky"}'}},
    {"type": "content_block_stop", "index": 2},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 5},
    },
    {"type": "message_stop"},
]
GEMINI: dict[str, Any] = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [
                    {"text": "Hm.", "thought": True},
                    {"text": "Hello!"},
                    {"functionCall": {"id": "call_1", "name": "look", "args": {"at": "sky"}}},
                ],
            },
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 4, "thoughtsTokenCount": 1, "totalTokenCount": 12},
}
PARTS = GEMINI["candidates"][0]["content"]["parts"]
GEMINI_EVENTS = [
    *({"candidates": [{"content": {"role": "model", "parts": [part]}}]} for part in PARTS),
    {"candidates": [{"finishReason": "STOP"}], "usageMetadata": GEMINI["usageMetadata"]},
]
WIRES: Mapping[str, tuple[Mapping[str, Any], list[dict[str, Any]]]] = {
    "openai": (CHAT, CHAT_EVENTS),
    "anthropic": (MESSAGE, MESSAGE_EVENTS),
    "gemini": (GEMINI, GEMINI_EVENTS),
}
TOOL = {"type": "object", "properties": {"at": {"type": "string"}}}
BODIES: Mapping[str, Mapping[str, Any]] = {
    "/v1/chat/completions": {
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": {"name": "look", "parameters": TOOL}}],
        "stream_options": {"include_usage": True},
    },
    "/v1/messages": {
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 99,
        "tools": [{"name": "look", "input_schema": TOOL}],
    },
    "/v1/responses": {"input": "Hi", "tools": [{"type": "function", "name": "look", "parameters": TOOL}]},
}
SAID = (b"Hello!", b"Hm.", b"look")


def asked(gateway: Gateway, path: str, model: str, *, stream: bool) -> tuple[int, bytes]:
    body = {"model": model, "stream": stream, **BODIES[path]}
    if not stream:
        body.pop("stream_options", None)
    answer = gateway.post(body, path)
    return answer.status, answer.body


def script(wire: str, *, streamed: bool) -> list[Step]:
    """The same answer, as events or as one document."""
    document, events = WIRES[wire]
    if streamed:
        return sse(*events, done=wire == "openai")
    return json_answer(200, dict(document))


def normal(body: bytes) -> Any:
    """Without what differs from call to call."""
    document = msgspec.json.decode(body)
    for name in ("id", "created", "created_at", "completed_at"):
        document.pop(name, None)
    for item in document.get("output", ()):
        item.pop("id", None)
    return document


def counts(record: Record) -> list[object]:
    """What was billed, and whether the upstream or we counted it."""
    return [record.row[name] for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens", "usage_source")]


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_in_place_of_a_document_says_what_the_document_says(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel, wire: str, path: str
) -> None:
    """Proxies that only stream answered 502 to every call that did not ask for one."""
    model = add_channel(upstream.url, provider=wire)
    answers = []
    for streamed in (False, True):
        upstream.default = script(wire, streamed=streamed)
        status, body = asked(gateway, path, model, stream=False)
        assert 200 == status, body
        assert [] == [text for text in SAID if text not in body]
        answers.append(normal(body))
    assert answers[0] == answers[1]
    whole, joined = gateway.books.records(model)
    assert counts(whole) == counts(joined)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("wire", WIRES)
def test_a_document_in_place_of_a_stream_becomes_one(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel, wire: str, path: str
) -> None:
    """Upstreams that ignore `stream` answered 502 to every client that streams."""
    model = add_channel(upstream.url, provider=wire)
    upstream.default = script(wire, streamed=False)
    status, body = asked(gateway, path, model, stream=True)
    assert 200 == status, body
    assert body.startswith((b"data: ", b"event: "))
    assert [] == [text for text in SAID if text not in body]
    upstream.default = script(wire, streamed=True)
    asked(gateway, path, model, stream=True)
    made, streamed = gateway.books.records(model)
    assert ("ok", counts(made)) == (made.outcome, counts(streamed))


@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_that_breaks_off_is_no_document(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel, wire: str
) -> None:
    model = add_channel(upstream.url, provider=wire)
    upstream.default = sse(*WIRES[wire][1][:2], done=False)
    assert 502 == asked(gateway, "/v1/chat/completions", model, stream=False)[0]


TEXT = {
    "id": "cmpl-up",
    "object": "text_completion",
    "created": 1_700_000_000,
    "model": "m",
    "choices": [{"text": "Hello!", "index": 0, "logprobs": None, "finish_reason": "stop"}],
    "usage": USAGE,
}
TEXT_EVENTS = [
    {**TEXT, "choices": [{"text": "Hel", "index": 0, "finish_reason": None}], "usage": None},
    {**TEXT, "choices": [{"text": "lo!", "index": 0, "finish_reason": "stop"}], "usage": None},
    {**TEXT, "choices": []},
]


@pytest.mark.parametrize("stream", [False, True])
def test_a_completion_is_read_as_what_it_is(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel, *, stream: bool
) -> None:
    model = add_channel(upstream.url)
    upstream.default = json_answer(200, TEXT) if stream else sse(*TEXT_EVENTS)
    answer = gateway.post({"model": model, "prompt": "Hi", "stream": stream}, "/v1/completions")
    assert 200 == answer.status, answer.body
    assert b'"text":"Hello!"' in answer.body
    assert stream == answer.body.endswith(b"data: [DONE]\n\n")
    (record,) = gateway.books.records(model)
    assert [7, 5, 0, "upstream"] == counts(record)


def test_a_completion_that_breaks_off_is_no_answer(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel
) -> None:
    model = add_channel(upstream.url)
    upstream.default = sse(TEXT_EVENTS[0], done=False)
    assert 502 == gateway.post({"model": model, "prompt": "Hi"}, "/v1/completions").status


def test_a_filled_in_middle_is_read_as_what_it_is(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel
) -> None:
    """Mistral's stream has deltas where its answer has a message."""
    model = add_channel(upstream.url)
    pieces = [chat_chunk({"content": "Hel"}), {**chat_chunk({"content": "lo!"}, "stop"), "usage": USAGE}]
    upstream.default = sse(*pieces)
    answer = gateway.post({"model": model, "prompt": "Hi"}, "/v1/fim/completions")
    (choice,) = answer.json()["choices"]
    assert ("Hello!", "stop") == (choice["message"]["content"], choice["finish_reason"])
    assert "text" not in choice
