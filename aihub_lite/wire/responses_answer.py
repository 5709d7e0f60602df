"""A whole chat answer as a response."""

from __future__ import annotations

from typing import Any

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat_answer import ChatAnswer, settled
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.responses_request import ResponsesRequest
from aihub_lite.wire.responses_writer import Writer


def responses_answer(asked: ResponsesRequest, data: bytes, request_id: str, created: int) -> ChatAnswer:
    """The body to send for a chat answer; raises AnswerNonsense."""
    found = settled(data, asked.model, request_id, created, asked.prompt_estimate)
    asked.told.created = found.chat["created"]
    writer = Writer(asked, request_id)
    choice = found.chat["choices"][0]
    for delta in _in_order(choice["message"]):
        writer.take(delta, choice.get("logprobs"))
    writer.reason = choice["finish_reason"]
    usage = found.usage or Usage(asked.prompt_estimate, tokens_in(found.text_bytes))
    return ChatAnswer(encode(writer.response(usage)), found.usage, found.text_bytes)


def _in_order(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A message as its deltas would have come: what signs a text stands behind it."""
    given = message.get("reasoning_details")
    details = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    late = [each for each in details if each.get("position") or isinstance(each.get("text"), list)]
    early = [each for each in details if each not in late]
    said = {name: message[name] for name in ("content", "refusal", "annotations") if message.get(name)}
    return [
        {"reasoning_content": message.get("reasoning_content"), "reasoning_details": early},
        said,
        {"reasoning_details": late, "extra_content": message.get("extra_content")},
        {"tool_calls": message.get("tool_calls")},
    ]
