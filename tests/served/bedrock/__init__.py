"""Amazon Bedrock behind a running gateway: a scripted upstream that knows its paths, its bodies and its streams."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import attrs

from tests.served.messages import claude_events, claude_message
from tests.support.upstream.answers import END_OF_BODY, chat_answer, chat_stream, chunked, head, json_answer
from tests.support.upstream.event_stream import chunk
from tests.support.upstream.received import Request
from tests.support.upstream.steps import Script, Send, Step

CLAUDE = "us.anthropic.claude-sonnet-4-6-20260101-v1:0"
ARN = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3"
INVOKED = re.compile(r"/model/([^/]+)/invoke(-with-response-stream)?")
STREAM_HEAD = head(200, [("content-type", "application/vnd.amazon.eventstream"), ("transfer-encoding", "chunked")])


def bedrock_stream(*parts: Mapping[str, Any] | bytes | Step, end: Sequence[Step] = (END_OF_BODY,)) -> Script:
    """A stream of a model's events; bytes are messages as they are, steps are played where they stand."""
    script: list[Step] = [Send(STREAM_HEAD)]
    for part in parts or claude_events():
        data = chunk(part) if isinstance(part, Mapping) else part
        script.append(Send(chunked(data)) if isinstance(data, bytes) else data)
    return [*script, *end]


def refusal(status: int, kind: str, message: str) -> Script:
    """An error as AWS answers it."""
    return json_answer(status, {"message": message}, [("x-amzn-errortype", f"{kind}:http://internal/")])


@attrs.define(eq=False)
class Bedrock:
    """Answers as Bedrock does, and as strictly: no model, no stream and nothing unknown in a body for Claude."""

    message: dict[str, Any] = attrs.field(factory=claude_message)
    events: Sequence[Mapping[str, Any] | bytes] = attrs.field(factory=claude_events)

    def __call__(self, request: Request) -> Script:
        """The answer to any request."""
        if request.path.endswith("/chat/completions"):
            return chat_stream() if request.json().get("stream") else chat_answer()
        invoked = INVOKED.fullmatch(request.path)
        if request.method != "POST" or invoked is None:
            return refusal(404, "UnknownOperationException", "")
        if problem := _problem(request.json()):
            return refusal(400, "ValidationException", problem)
        return bedrock_stream(*self.events) if invoked[2] else json_answer(200, self.message)


def _problem(body: Mapping[str, Any]) -> str:
    for name in ("model", "stream", "service_tier"):
        if name in body:
            return f"{name}: Extra inputs are not permitted"
    if body.get("anthropic_version") != "bedrock-2023-05-31":
        return "anthropic_version: Field required"
    if "claude-code-20250219" in body.get("anthropic_beta", ()):
        return "The model returned the following errors: invalid beta flag"
    return ""


def model_asked(request: Request) -> str:
    """The id in a request's path."""
    invoked = INVOKED.fullmatch(request.path)
    assert invoked is not None, request.path
    return unquote(invoked[1])
