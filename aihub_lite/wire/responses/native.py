"""Upstreams that speak the Responses API themselves: their requests, answers and events, passed on."""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs

from aihub_lite.domain.usage import Usage, believable
from aihub_lite.wire.chat.tier import TIER, at_tier
from aihub_lite.wire.chat.usage import usage_of
from aihub_lite.wire.estimate import byte_count, tokens_in
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.foreign_json import answer_object, encode
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, list_at, text_at
from aihub_lite.wire.passthrough.answer import PassedAnswer
from aihub_lite.wire.responses.compaction import opened
from aihub_lite.wire.responses.hosted import hosted_in
from aihub_lite.wire.responses.reasoning import is_ours, thought_of
from aihub_lite.wire.responses.request import ResponsesRequest
from aihub_lite.wire.responses.state import usage_json
from aihub_lite.wire.upstream_error import error_in, status_in
from aihub_lite.wire.written import Written

LAST = frozenset({"response.completed", "response.incomplete", "response.cancelled"})
"""Events after which nothing comes."""
FAILED = "response.failed"
QUIET = frozenset(
    {"response.created", "response.in_progress", "response.queued", "response.content_part.added"}
    | {"response.reasoning_summary_part.added", "keepalive"}
)
"""Events that no user would notice."""
OWN_ID = re.compile(r"[a-z]{2,3}_(?:resp_)?[0-9a-f]{16,}_\d+", re.ASCII)
"""An item's id that was made here, for an answer or by a compaction: its kind, the request that it answers, its place
there. Upstreams' have no place."""
NAMELESS = frozenset({"message", "function_call", "custom_tool_call"})
"""Items that every upstream with this API takes without an id."""
SAID = frozenset({"user", "system", "developer"})
"""Roles of messages that no model wrote."""


def native_body(
    request: ResponsesRequest, upstream_model: str, readable: Callable[[str], bool] = lambda _: True
) -> bytes:
    """The client's request with the upstream's model, without reasoning that was sealed here or is not `readable`, and
    without ids that the upstream cannot know."""
    body = {name: value for name, value in request.content.items() if name not in ROUTING_FIELDS}
    body["model"] = upstream_model
    if isinstance(items := body.get("input"), list):
        body["input"] = _readable_items(items, readable)
    return encode(body)


def _readable_items(items: list[object], readable: Callable[[str], bool]) -> list[object]:
    """What comes of reasoning that is left out goes without its id: OpenAI refuses an item that it knows without the
    reasoning that led to it."""
    kept: list[object] = []
    left_out = False
    for item in items:
        if _unreadable(item, readable):
            left_out = True
            continue
        if not isinstance(item, dict) or item.get("type", "message") not in NAMELESS or item.get("role") in SAID:
            left_out = False
            kept.append(opened(item))
        elif left_out or is_own_id(item.get("id")):
            kept.append({name: value for name, value in item.items() if name != "id"})
        else:
            kept.append(item)
    return kept


def is_own_id(item_id: object) -> bool:
    """Whether an item's id was made here, as `OutputSlot.id` does."""
    return isinstance(item_id, str) and OWN_ID.fullmatch(item_id) is not None


def _unreadable(item: object, readable: Callable[[str], bool]) -> bool:
    """Only reasoning is left out: without a compacted conversation, the request would be another."""
    if not isinstance(item, dict) or item.get("type") != "reasoning":
        return False
    if is_ours(item.get("encrypted_content")):
        return True
    if is_own_id(item.get("id")) and not item.get("encrypted_content"):
        return True
    thought = thought_of(item)
    return bool(thought) and not readable(thought)


def native_answer(request: ResponsesRequest, data: bytes) -> PassedAnswer:
    """A whole answer; raises AnswerNonsense for what is none."""
    answer = answer_object(data)
    if answer.get("error") or answer.get("status") == "failed":
        event = answer
        if answer.get("object") == "response":
            event = {"response": answer}
        failure = failure_in(event)
        raise AnswerNonsense(f"The upstream answered an error: {failure.message}", failure.foreign)
    if not isinstance(answer.get("output"), list):
        raise AnswerNonsense("The upstream's answer has no output.")
    own = request.usage(tokens_in(written_in(answer))).with_hosted(hosted_in(answer))
    usage = usage_in(answer)
    answer["model"] = request.model
    billed = believable(usage, own)
    if billed is not usage:  # the client sees what it is billed for
        answer["usage"] = {**dict_at(answer, "usage"), **usage_json(billed)}
    request.state.tell_previous(answer)
    if not request.stream:
        request.state.answered(answer)
    return PassedAnswer(encode(answer), usage, own, written=text_of(answer), withheld=is_withheld(answer))


def is_withheld(response: JsonView) -> bool:
    """Whether a policy kept a whole response back."""
    if dict_at(response, "incomplete_details").get("reason") != "content_filter" or written_in(response):
        return False
    return all(text_at(item, "type") in ("message", "reasoning") for item in dicts_in(response.get("output")))


def usage_in(response: JsonView) -> Usage | None:
    """What a response says that it used, at the tier that stands beside it, and what ran for it at the provider."""
    usage = at_tier(usage_of(response.get("usage")), response.get(TIER))
    if usage is None or usage.hosted is not None:  # xAI counts it in the usage
        return usage
    return usage.with_hosted(hosted_in(response))


def same_tokens(usage: Usage, reported: Usage | None) -> bool:
    """Whether a usage is as it was reported, whatever ran at the provider."""
    return reported is not None and attrs.evolve(usage, hosted=reported.hosted) == reported


def failure_in(event: JsonObject) -> StreamError:
    """What an upstream says went wrong, in an event of its own, or in the response that failed."""
    holder = event.get("response")
    if not isinstance(holder, dict):
        holder = event
    error = {"error": holder.get("error") or event}
    status = status_in(error, 502)
    return StreamError(error_in(status, error), status)


def text_in(kind: str, event: JsonView) -> str:
    """What a model wrote in an event of this type."""
    delta = event.get("delta")
    if isinstance(delta, str) and kind.endswith(".delta"):
        return delta
    return ""


def written_in(response: JsonView) -> int:
    """UTF-8 bytes of all that a model wrote in a whole response."""
    return sum(_written(item) for item in dicts_in(response.get("output")))


def text_of(response: JsonView) -> Written:
    """The text of a whole response, and whether it has more than that."""
    written = Written()
    for item in dicts_in(response.get("output")):
        kind = item.get("type")
        if kind == "message":
            _take_parts(written, list_at(item, "content"))
        elif kind == "reasoning":
            written.thought = True
        else:
            written.other = True
    return written


def _take_parts(written: Written, parts: list[object]) -> None:
    for part in dicts_in(parts):
        written.add(text_at(part, "text") or text_at(part, "refusal"))
        if part.get("annotations"):
            written.other = True


def _written(item: JsonView) -> int:
    parts = dicts_in([*list_at(item, "content"), *list_at(item, "summary")])
    texts = [item.get("arguments"), item.get("input"), *(part.get("text") or part.get("refusal") for part in parts)]
    return sum(byte_count(text) for text in texts if isinstance(text, str))
