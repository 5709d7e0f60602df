"""Upstreams that speak the Responses API themselves: their requests, answers and events, passed on."""

from __future__ import annotations

from typing import Any

import msgspec

from aihub_lite.wire.chat_usage import usage_of
from aihub_lite.wire.estimate import byte_count, tokens_in
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.foreign_error import error_in, status_in
from aihub_lite.wire.foreign_json import decode, encode
from aihub_lite.wire.passed_answer import PassedAnswer
from aihub_lite.wire.responses_reasoning import is_ours
from aihub_lite.wire.responses_request import ResponsesRequest
from aihub_lite.wire.responses_told import usage_json

LAST = frozenset({"response.completed", "response.incomplete", "response.cancelled"})
"""Events after which nothing comes."""
FAILED = "response.failed"
STILL = frozenset(
    {"response.created", "response.in_progress", "response.queued", "response.content_part.added"}
    | {"response.reasoning_summary_part.added", "keepalive"}
)
"""Events that no user would notice."""
_encode = msgspec.json.Encoder().encode


def native_body(asked: ResponsesRequest, upstream_model: str) -> bytes:
    """The request as it came, but for the model, and for reasoning that was sealed here and nobody there could read."""
    body = {name: value for name, value in asked.content.items() if name not in ROUTING_FIELDS}
    body["model"] = upstream_model
    if isinstance(items := body.get("input"), list):
        body["input"] = [item for item in items if not _sealed_here(item)]
    return _encode(body)


def _sealed_here(item: object) -> bool:
    return isinstance(item, dict) and item.get("type") == "reasoning" and is_ours(item.get("encrypted_content"))


def native_answer(asked: ResponsesRequest, data: bytes) -> PassedAnswer:
    """A whole answer; raises AnswerNonsense for what is none."""
    answer = decode(data) if data.strip() else None
    if not isinstance(answer, dict):
        raise AnswerNonsense("The upstream's answer is not a JSON object.")
    if answer.get("error") or answer.get("status") == "failed":
        failure = failure_in({"response": answer} if answer.get("object") == "response" else answer)
        raise AnswerNonsense(f"The upstream answered an error: {failure.message}", failure.foreign)
    if not isinstance(answer.get("output"), list):
        raise AnswerNonsense("The upstream's answer has no output.")
    own = asked.usage(tokens_in(written_in(answer)))
    usage = usage_of(answer.get("usage"))
    answer["model"] = asked.model
    if usage is None:
        answer["usage"] = usage_json(own)
    return PassedAnswer(encode(answer), usage, own)


def failure_in(event: dict[str, Any]) -> StreamError:
    """What an upstream says went wrong."""
    response = event.get("response")
    said = response.get("error") if isinstance(response, dict) else event.get("error")
    error = {"error": said or event}
    status = status_in(error, 502)
    return StreamError(error_in(status, error), status)


def text_in(kind: str, event: dict[str, Any]) -> str:
    """What a model wrote in an event."""
    delta = event.get("delta")
    return delta if isinstance(delta, str) and kind.endswith(".delta") else ""


def written_in(response: dict[str, Any]) -> int:
    """UTF-8 bytes of all that a model wrote in a whole response."""
    output = response.get("output")
    return sum(_written(item) for item in output) if isinstance(output, list) else 0


def _written(item: object) -> int:
    if not isinstance(item, dict):
        return 0
    lists = [item.get(name) for name in ("content", "summary")]
    parts = [part for each in lists if isinstance(each, list) for part in each if isinstance(part, dict)]
    texts = [item.get("arguments"), item.get("input"), *(part.get("text") or part.get("refusal") for part in parts)]
    return sum(byte_count(text) for text in texts if isinstance(text, str))
