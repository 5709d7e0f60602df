"""Anthropic Messages through a running gateway, in front of upstreams of every wire."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.support.canaries import ANSWER_CANARY, PROMPT_CANARY
from tests.support.checkers.messages import CheckedMessage, check_message, check_messages_stream
from tests.support.gateway import Gateway
from tests.support.rawclient import Answer, Stream, stream
from tests.support.upstream.answers import END_OF_BODY, SSE_HEAD, chunked, json_answer
from tests.support.upstream.steps import Script, Send, Step

PATH = "/v1/messages"
HELLO = {"role": "user", "content": f"Say {PROMPT_CANARY}"}
TEXT = f"hello {ANSWER_CANARY}"
USAGE = {"input_tokens": 10, "output_tokens": 5}


def request(model: str, **fields: Any) -> dict[str, Any]:
    """A request whose prompt is a canary."""
    return {"model": model, "max_tokens": 100, "messages": [HELLO], **fields}


def ask(gateway: Gateway, model: str, key: str | None = None, **fields: Any) -> Answer:
    """One that is not streamed."""
    return gateway.post(request(model, **fields), PATH, key)


def asking(gateway: Gateway, model: str, path: str = PATH, **fields: Any) -> Any:
    """One whose answer is being read; leaving the block hangs up."""
    content = msgspec.json.encode(request(model, stream=True, **fields))
    return stream(gateway.url, path, gateway.headers(), content)


def whole(gateway: Gateway, model: str, *, ours: bool = True, **fields: Any) -> CheckedMessage:
    """The message of an answer; raises AssertionError."""
    answer = ask(gateway, model, **fields)
    assert 200 == answer.status, answer.body
    return check_message(answer.body, ours=ours)


def streamed(gateway: Gateway, model: str, *, ours: bool = True, **fields: Any) -> CheckedMessage:
    """The same of a stream."""
    with asking(gateway, model, **fields) as reading:
        return read(reading, ours=ours)


def read(reading: Stream, *, ours: bool = True) -> CheckedMessage:
    """All that comes of a stream."""
    assert 200 == reading.head.status
    return check_messages_stream(b"".join(event.data for event in reading.events()), ours=ours)


def event_bytes(event: dict[str, Any]) -> bytes:
    """As Anthropic writes one, its data padded."""
    return b"event: %b\ndata: %b    \n\n" % (str(event["type"]).encode(), msgspec.json.encode(event))


def claude_events(*blocks: tuple[dict[str, Any], dict[str, Any]], stop: str = "end_turn") -> list[dict[str, Any]]:
    """A stream of Anthropic's: each block as it begins, and its one delta."""
    head = {"id": "msg_up", "type": "message", "role": "assistant", "model": "upstream-model", "content": []}
    start = {**head, "stop_reason": None, "stop_sequence": None, "usage": {**USAGE, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}, {"type": "ping"}]
    for index, (block, delta) in enumerate(blocks or [text_block()]):
        events += [
            {"type": "content_block_start", "index": index, "content_block": block},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    delta = {"stop_reason": stop, "stop_sequence": None}
    return [*events, {"type": "message_delta", "delta": delta, "usage": USAGE}, {"type": "message_stop"}]


def text_block(text: str = TEXT) -> tuple[dict[str, Any], dict[str, Any]]:
    """A block of text for `claude_events`."""
    return {"type": "text", "text": ""}, {"type": "text_delta", "text": text}


def claude_stream(*parts: dict[str, Any] | Step, end: tuple[Step, ...] = (END_OF_BODY,)) -> Script:
    """These events, with steps where they stand, or a whole healthy stream."""
    script = parts or claude_events()
    steps = [Send(chunked(event_bytes(part))) if isinstance(part, dict) else part for part in script]
    return [Send(SSE_HEAD), *steps, *end]


def claude_message(*content: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A whole answer of Anthropic's."""
    blocks = list(content) or [{"type": "text", "text": TEXT}]
    head = {"id": "msg_up", "type": "message", "role": "assistant", "model": "upstream-model"}
    return {**head, "content": blocks, "stop_reason": "end_turn", "stop_sequence": None, "usage": USAGE, **fields}


def claude_error(status: int, kind: str, message: str, headers: Any = ()) -> Script:
    """An error in Anthropic's shape."""
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_up"}
    return json_answer(status, error, headers)


def healthy(script_request: Any) -> Script:
    """What a well-behaved Anthropic answers: models, or a message, streamed if that was asked."""
    if script_request.method == "GET":
        return json_answer(200, {"data": []})
    return claude_stream() if script_request.json().get("stream") else json_answer(200, claude_message())
