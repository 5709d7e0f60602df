"""Requests and answers of the Responses surface, made and read as the gateway does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.responses.answer import responses_answer
from aihub_lite.wire.responses.request import ResponsesRequest, parse_responses
from aihub_lite.wire.responses.state import ResponseState
from aihub_lite.wire.responses.stream import WrittenStream
from tests.support.checkers.responses import CheckedResponse, check_response, check_responses_stream

USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
ENCRYPTED = "reasoning.encrypted_content"


def new_request(**fields: Any) -> ResponsesRequest:
    """A parsed request with these fields."""
    body = {"model": "asked-for", "input": "hi", **fields}
    return parse_responses(msgspec.json.encode(body), ResponseState("resp_r1", created=1_700_000_000))


def messages(*items: Any, **fields: Any) -> list[dict[str, Any]]:
    """The chat messages that come of some input."""
    chat: list[dict[str, Any]] = new_request(input=list(items), **fields).chat.body["messages"]
    return chat


def chunk(delta: dict[str, Any], reason: str | None = None, **fields: Any) -> dict[str, Any]:
    """One chunk of a chat stream."""
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **fields}


def stream_of(request: ResponsesRequest, *deltas: dict[str, Any], reason: str = "stop") -> CheckedResponse:
    """What a client has of a stream of these deltas."""
    chunks = [*(chunk(delta) for delta in deltas), chunk({}, reason, usage=USAGE)]
    return check_responses_stream(events_of(request, map(msgspec.json.encode, chunks)))


def events_of(request: ResponsesRequest, payloads: Iterable[bytes]) -> bytes:
    """The bytes of a stream of these payloads."""
    stream = WrittenStream.of(request, "r1", 1_700_000_000)
    sent = [event for payload in payloads for event in stream.chat.push(payload)]
    if stream.usage is None:
        stream.usage = Usage(7, 5)
    return b"".join([*sent, *stream.end()])


def response_of(request: ResponsesRequest, message: dict[str, Any], reason: str = "stop") -> dict[str, Any]:
    """What a client has of a whole answer."""
    chat = {"choices": [{"index": 0, "message": message, "finish_reason": reason}], "usage": USAGE}
    answer = responses_answer(request, msgspec.json.encode(chat), "r1", 1_700_000_000)
    return check_response(msgspec.json.decode(answer.body))


def call(name: str, arguments: str, call_id: str = "call_1", index: int = 0, **more: Any) -> dict[str, Any]:
    """A delta with a whole call."""
    function = {"name": name, "arguments": arguments}
    return {"tool_calls": [{"index": index, "id": call_id, "type": "function", "function": function, **more}]}
