"""What of upstreams' answers is one that a policy kept back, on every surface and wire, whole and streamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import msgspec
import pytest

from tests.gateway.adapters.recorded.exchanges import (
    CONVERSATIONS,
    MODEL,
    SHORT,
    STREAMED,
    SurfaceName,
    adapter_of,
    parsed,
    payloads,
)
from tests.support.replay import Vector

each_surface = pytest.mark.parametrize("surface", CONVERSATIONS)
Json = dict[str, Any]


@attrs.frozen
class Wire:
    """Answers of one format, each whole and as the events of a stream."""

    provider: str
    endpoint: str
    withheld: Sequence[tuple[Json, Sequence[Json]]]
    others: Sequence[tuple[Json, Sequence[Json]]]
    """Those that look like it and are none."""


def chat(reason: str, **message: Any) -> tuple[Json, list[Json]]:
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    whole = {**head, "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}]}
    begin = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    end = {"index": 0, "delta": message, "finish_reason": reason}
    return whole, [{**head, "choices": [begin]}, {**head, "choices": [end]}]


def claude(stop: str, *content: Json) -> tuple[Json, list[Json]]:
    usage = {"input_tokens": 9, "output_tokens": 1}
    head = {"id": "m", "type": "message", "role": "assistant", "model": "m", "usage": usage}
    events: list[Json] = [{"type": "message_start", "message": {**head, "content": [], "stop_reason": None}}]
    for index, block in enumerate(content):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": usage})
    return {**head, "content": [*content], "stop_reason": stop}, [*events, {"type": "message_stop"}]


def gemini(**answer: Any) -> tuple[Json, list[Json]]:
    return {"responseId": "r", **answer}, [{"responseId": "r", **answer}]


def candidate(reason: str, *parts: Json, **more: Any) -> Json:
    return {"candidates": [{"finishReason": reason, "content": {"role": "model", "parts": [*parts]}, **more}]}


CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
WIRES = (
    Wire(
        "openai",
        "chat",
        [chat("content_filter"), chat("content_filter", content=None), chat("content_filter", content="")],
        [
            chat("content_filter", content="Half an"),
            chat("stop", content=""),
            chat("stop", content="Yes"),
            chat("content_filter", tool_calls=[{"index": 0, **CALL}]),
            chat("content_filter", reasoning_content="Hm."),
        ],
    ),
    Wire(
        "anthropic",
        "messages",
        [claude("refusal"), claude("refusal", {"type": "text", "text": ""})],
        [
            claude("refusal", {"type": "text", "text": "Half an"}),
            claude("end_turn", {"type": "text", "text": "Yes"}),
            claude("refusal", {"type": "tool_use", "id": "t", "name": "f", "input": {}}),
        ],
    ),
    Wire(
        "gemini",
        "generateContent",
        [
            gemini(promptFeedback={"blockReason": "PROHIBITED_CONTENT"}),
            gemini(promptFeedback={"blockReason": "SAFETY", "blockReasonMessage": "The prompt was blocked."}),
            gemini(candidates=[{"finishReason": "SAFETY"}]),
            gemini(**candidate("SAFETY", finishMessage="It was kept back.")),
        ],
        [gemini(**candidate("SAFETY", {"text": "Half an"})), gemini(**candidate("STOP", {"text": "Yes"}))],
    ),
)
CASES = [
    pytest.param(wire, answer, is_withheld, id=f"{wire.provider}-{'withheld' if is_withheld else 'given'}-{number}")
    for wire in WIRES
    for is_withheld, answers in ((True, wire.withheld), (False, wire.others))
    for number, answer in enumerate(answers)
]


def vector_of(wire: Wire, body: bytes, *, streamed: bool) -> Vector:
    kind = "text/event-stream" if streamed else "application/json"
    return Vector(
        id="1",
        source="",
        provider=wire.provider,
        endpoint=wire.endpoint,
        status=200,
        request=None,
        body=body,
        content_type=kind,
        streamed=streamed,
    )


@each_surface
@pytest.mark.parametrize(("wire", "answer", "is_withheld"), CASES)
def test_an_answer_that_says_only_that_it_was_kept_back_is_withheld(
    surface: SurfaceName, wire: Wire, answer: tuple[Json, Sequence[Json]], is_withheld: bool
) -> None:
    whole, events = answer
    vector = vector_of(wire, msgspec.json.encode(whole), streamed=False)
    request = parsed(surface, {"model": MODEL, **SHORT[surface]})
    adapter = adapter_of(surface, request, vector)
    adapter.send()
    assert is_withheld == adapter.answer(vector.body, vector.content_type).withheld

    body = b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)
    vector = vector_of(wire, body, streamed=True)
    request = parsed(surface, {"model": MODEL, **SHORT[surface], **STREAMED[surface]})
    adapter = adapter_of(surface, request, vector)
    adapter.send()
    stream = adapter.stream()
    seen = []
    for payload in payloads([body]):
        stream.push(payload)
        if stream.has_content:  # what the line looks at, before any of it goes out
            seen.append(stream.withheld)
    assert is_withheld == seen[0]


@pytest.mark.parametrize(
    ("response", "is_withheld"),
    [
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}, "output": []}, True),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": []}, False),
        ({"status": "completed", "incomplete_details": None, "output": []}, False),
    ],
)
def test_a_response_of_the_upstreams_own_is_looked_at_too(response: Json, is_withheld: bool) -> None:
    wire = Wire("openai", "responses", [], [])
    body = {"id": "r", "object": "response", "created_at": 1, "model": "m", **response}
    vector = vector_of(wire, msgspec.json.encode(body), streamed=False)
    adapter = adapter_of("responses", parsed("responses", {"model": MODEL, **SHORT["responses"]}), vector)
    adapter.send()
    assert is_withheld == adapter.answer(vector.body, vector.content_type).withheld
    streaming = parsed("responses", {"model": MODEL, **SHORT["responses"], "stream": True})
    adapter = adapter_of("responses", streaming, vector)
    adapter.send()
    stream = adapter.stream()
    stream.push(msgspec.json.encode({"type": "response.created", "response": {**body, "status": "in_progress"}}))
    stream.push(msgspec.json.encode({"type": f"response.{response['status']}", "response": body}))
    assert is_withheld == stream.withheld
