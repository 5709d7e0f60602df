"""A conversation summed up in one sealed item, after which its client forgets the rest.

OpenAI and xAI have ways of their own; any other upstream is asked for a summary in words. Clients ask in two ways: with
a last item `compaction_trigger`, answered by a response that holds one `compaction` item (Codex counts them, since May
2026), and by `POST /v1/responses/compact`, answered by the whole history that stands for the one before: the user's
messages, and that item behind them (openai-python 3.54, `CompactedResponse`).
"""

from __future__ import annotations

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.shapes import Delta
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in, text_at
from aihub_lite.wire.responses.items import BEFORE
from aihub_lite.wire.responses.output import COMPLETED
from aihub_lite.wire.responses.reasoning import seal_summary, unseal_summary
from aihub_lite.wire.responses.request import ResponsesRequest
from aihub_lite.wire.responses.writer import ResponseWriter

COMPACTIONS = ("compaction", "compaction_summary")
NO_SUMMARY = "The upstream wrote no summary of the conversation."


@attrs.define
class SummaryWriter(ResponseWriter):
    """Writes the answer to a request for a summary: the text that an upstream writes is one sealed item."""

    _texts: list[str] = attrs.field(factory=list)

    def take(self, delta: Delta, logprobs: object = None, reason: str | None = None) -> None:
        """Nothing is shown before the end; what the model thought is no part of the summary."""
        if text := delta.get("content"):
            self._texts.append(text)
        if reason is not None:
            self.reason = reason

    def end(self, usage: Usage | None, cost: JsonView) -> bytes:
        """The events that end the response."""
        try:
            return ResponseWriter.end(self, usage, cost)
        except AnswerNonsense as error:
            self.begun = True
            return self.request.state.failed({"code": "server_error", "message": error.message})

    def response(self, usage: Usage | None, cost: JsonView) -> JsonObject:
        """The `response` object; raises AnswerNonsense where there is no summary."""
        summary = "".join(self._texts).strip()
        if not summary:
            raise AnswerNonsense(NO_SUMMARY)
        slot = self._slot()
        item: JsonObject = {"id": slot.id("cmp"), "type": "compaction", "encrypted_content": seal_summary(summary)}
        slot.add(item)
        self.output[slot.index] = slot.finish(item)
        return self.request.state.response(COMPLETED, self.output, usage=usage, cost=cost)


def writer_of(request: ResponsesRequest, request_id: str) -> ResponseWriter:
    """Writes one attempt's answer to a request."""
    if request.compacts:
        return SummaryWriter(request, request_id)
    return ResponseWriter(request, request_id)


def compacted(response: JsonView, items: object) -> JsonObject:
    """The answer of `/v1/responses/compact`; `items` is the `input` that was summed up."""
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    said = [item for item in dicts_in(items) if item.get("role") == "user" and text_at(item, "type") in ("", "message")]
    kept = [_message(item, f"msg_{response['id']}_{position}") for position, item in enumerate(said)]
    return {
        "id": response["id"],
        "object": "response.compaction",
        "created_at": response["created_at"],
        "output": [*kept, *response["output"]],
        "usage": response["usage"],
    }


def _message(item: JsonView, item_id: str) -> JsonObject:
    """A user's message as typed clients read one."""
    content = item.get("content")
    if isinstance(content, str):
        content = [{"type": "input_text", "text": content}]
    return {"id": item_id, "status": COMPLETED, **item, "type": "message", "content": content}


def opened(item: object) -> object:
    """An item that was sealed here as upstreams can read it, which is a message; any other as it is."""
    if not isinstance(item, dict) or item.get("type") not in COMPACTIONS:
        return item
    summary = unseal_summary(item.get("encrypted_content"))
    if not summary:
        return item
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": BEFORE + summary}]}
