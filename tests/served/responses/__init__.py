"""OpenAI Responses through a running gateway, in front of upstreams of every wire."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.support.canaries import ANSWER_CANARY, PROMPT_CANARY
from tests.support.checkers.responses import CheckedResponse, check_response, check_responses_stream
from tests.support.gateway import Gateway
from tests.support.rawclient import Answer, Stream, stream
from tests.support.upstream.answers import END_OF_BODY, SSE_HEAD, chunked, json_answer
from tests.support.upstream.steps import Script, Send, Step

PATH = "/v1/responses"
TEXT = f"hello {ANSWER_CANARY}"
USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 15,
}


def request(model: str, **fields: Any) -> dict[str, Any]:
    """A request whose prompt is a canary."""
    return {"model": model, "input": f"Say {PROMPT_CANARY}", **fields}


def ask(gateway: Gateway, model: str, key: str | None = None, **fields: Any) -> Answer:
    """One that is not streamed."""
    return gateway.post(request(model, **fields), PATH, key)


def asking(gateway: Gateway, model: str, **fields: Any) -> Any:
    """One whose answer is being read; leaving the block hangs up."""
    content = msgspec.json.encode(request(model, stream=True, **fields))
    return stream(gateway.url, PATH, gateway.headers(), content)


def whole(gateway: Gateway, model: str, **fields: Any) -> dict[str, Any]:
    """The response of an answer; raises AssertionError."""
    answer = ask(gateway, model, **fields)
    assert 200 == answer.status, answer.body
    return check_response(answer.json())


def streamed(gateway: Gateway, model: str, **fields: Any) -> CheckedResponse:
    """The same of a stream."""
    with asking(gateway, model, **fields) as reading:
        return read(reading)


def read(reading: Stream) -> CheckedResponse:
    """All that comes of a stream."""
    assert 200 == reading.head.status
    return check_responses_stream(b"".join(event.data for event in reading.events()))


def text_of(response: dict[str, Any]) -> str:
    """All text of its messages."""
    messages = [item for item in response["output"] if item["type"] == "message"]
    return "".join(part.get("text", "") for item in messages for part in item["content"])


def response(status: str = "completed", *output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A response of an upstream's own."""
    return {
        "id": "resp_up",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": "upstream-model",
        "output": list(output),
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": USAGE if status == "completed" else None,
        "metadata": {},
        "store": True,
        **fields,
    }


def message(text: str = TEXT, status: str = "completed") -> dict[str, Any]:
    """An item that says something."""
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": text}
    content = [part] if status == "completed" else []
    return {"id": "msg_up", "type": "message", "status": status, "role": "assistant", "content": content}


def native_events(text: str = TEXT) -> list[dict[str, Any]]:
    """A stream of an upstream's own."""
    place = {"item_id": "msg_up", "output_index": 0, "content_index": 0}
    empty = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": response("in_progress")},
        {"type": "response.in_progress", "response": response("in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": message(status="in_progress")},
        {"type": "response.content_part.added", **place, "part": empty},
        {"type": "response.output_text.delta", **place, "delta": text, "logprobs": []},
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": {**empty, "text": text}},
        {"type": "response.output_item.done", "output_index": 0, "item": message(text)},
        {"type": "response.completed", "response": response("completed", message(text))},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def native_stream(*parts: dict[str, Any] | Step, end: tuple[Step, ...] = (END_OF_BODY,)) -> Script:
    """These events, with steps where they stand, or a whole healthy stream."""
    script = parts or native_events()
    steps = [Send(chunked(event_bytes(part))) if isinstance(part, dict) else part for part in script]
    return [Send(SSE_HEAD), *steps, *end]


def event_bytes(event: dict[str, Any]) -> bytes:
    """As OpenAI writes one."""
    return b"event: %b\ndata: %b\n\n" % (str(event["type"]).encode(), msgspec.json.encode(event))


def healthy(script_request: Any) -> Script:
    """A well-behaved upstream with this API."""
    if script_request.method == "GET":
        return json_answer(200, {"data": []})
    if script_request.json().get("stream"):
        return native_stream()
    return json_answer(200, response("completed", message()))
