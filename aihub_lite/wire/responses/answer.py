"""A whole chat answer as a response."""

from __future__ import annotations

from aihub_lite.wire.chat.answer import ChatAnswer, Normalised, normalised
from aihub_lite.wire.chat.shapes import AnswerMessage, Choice, Delta
from aihub_lite.wire.chat.upstream_cost import cost_said
from aihub_lite.wire.json_types import JsonObject, dicts_in
from aihub_lite.wire.responses.compaction import compacted, writer_of
from aihub_lite.wire.responses.request import ResponsesRequest


def responses_answer(request: ResponsesRequest, data: bytes, request_id: str, created: int) -> ChatAnswer:
    """The body to send for a chat answer; raises AnswerNonsense."""
    response, answer = _response(request, data, request_id, created)
    if not request.stream:
        request.state.answered(response)
    return answer.sent(response)


def compacted_answer(request: ResponsesRequest, data: bytes, request_id: str, created: int) -> ChatAnswer:
    """The same for `/v1/responses/compact`."""
    response, answer = _response(request, data, request_id, created)
    return answer.sent(compacted(response, request.content.get("input")))


def _response(request: ResponsesRequest, data: bytes, request_id: str, created: int) -> tuple[JsonObject, Normalised]:
    answer = normalised(data, request.model, request_id, created, request.prompt_estimate)
    request.state.created = answer.chat["created"]
    writer = writer_of(request, request_id)
    choice: Choice = answer.chat["choices"][0]
    for delta in _deltas(choice["message"]):
        writer.take(delta, choice.get("logprobs"))
    writer.reason = choice["finish_reason"]
    usage = answer.believable(request.prompt_estimate)
    return writer.response(usage, cost_said(answer.chat["usage"])), answer


def _deltas(message: AnswerMessage) -> list[Delta]:
    """A message as the deltas that a stream of it would have had: what signs a text stands behind it."""
    before: list[JsonObject] = []
    behind: list[JsonObject] = []
    for detail in dicts_in(message.get("reasoning_details")):
        if _follows_text(detail):
            behind.append(detail)
        else:
            before.append(detail)
    deltas: list[Delta] = [
        {"reasoning_content": message.get("reasoning_content", ""), "reasoning_details": before},
        {
            "content": message.get("content"),
            "refusal": message.get("refusal"),
            "annotations": message.get("annotations"),
        },
        {"images": message.get("images", [])},
        {"reasoning_details": behind, "extra_content": message.get("extra_content")},
        {"tool_calls": message.get("tool_calls", [])},
    ]
    if "function_call" in message:
        deltas.append({"function_call": message["function_call"]})
    return deltas


def _follows_text(detail: JsonObject) -> bool:
    """Whether it stood behind a text of Anthropic's, or signs one of Gemini's."""
    return bool(detail.get("position")) or isinstance(detail.get("text"), list)
