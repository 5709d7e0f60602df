"""A response that came the other way than it was asked for: a stream as one response, one response as events."""

from __future__ import annotations

from collections.abc import Iterator

from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_json import answer_object, encode, event_object
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at
from aihub_lite.wire.responses.native import FAILED, LAST, failure_in
from aihub_lite.wire.sse import payloads_in

CALLS = {
    "function_call": ("arguments", "response.function_call_arguments"),
    "custom_tool_call": ("input", "response.custom_tool_call_input"),
}
"""Items that are calls: the field with what they are given, and the events that spell it out."""
TEXTS = {"output_text": ("text", "response.output_text"), "refusal": ("refusal", "response.refusal")}
"""The same for parts of a message."""


def response_in(data: bytes) -> bytes:
    """A stream as the response that was asked for, which stands in its last event.

    Raises AnswerNonsense, for a stream that is cut off too.
    """
    for payload in payloads_in(data):
        event = event_object(payload)
        kind = event.get("type")
        if kind in LAST:
            return encode(dict_at(event, "response"))
        if kind in (FAILED, "error"):
            failure = failure_in(event)
            raise AnswerNonsense(f"The upstream answered an error: {failure.message}", failure.foreign)
    raise AnswerNonsense("The upstream's answer breaks off.")


def events_in(data: bytes) -> list[bytes]:
    """A response as what the events of a stream would have said; raises AnswerNonsense."""
    return [encode(event) for event in _events(answer_object(data))]


def _events(response: JsonView) -> Iterator[JsonObject]:
    begun = {**response, "status": "in_progress", "incomplete_details": None, "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    for index, item in enumerate(dicts_in(response.get("output"))):
        yield from _item(item, {"output_index": index})
    status = "completed"
    if response.get("status") == "incomplete":
        status = "incomplete"
    yield {"type": f"response.{status}", "response": response}


def _item(item: JsonView, place: JsonView) -> Iterator[JsonObject]:
    """An item from its beginning to its end; one that is neither a message nor a call is there at once."""
    kind = text_at(item, "type")
    inside = {**place, "item_id": item.get("id")}
    begun = dict(item)
    if "status" in item:
        begun["status"] = "in_progress"
    if kind == "message":
        begun["content"] = []
    elif kind in CALLS:
        begun[CALLS[kind][0]] = ""
    yield {"type": "response.output_item.added", **place, "item": begun}
    if kind == "message":
        for number, part in enumerate(dicts_in(item.get("content"))):
            yield from _part(part, {**inside, "content_index": number})
    elif kind in CALLS:
        yield from _spelt(item, *CALLS[kind], inside)
    yield {"type": "response.output_item.done", **place, "item": item}


def _part(part: JsonView, place: JsonView) -> Iterator[JsonObject]:
    field, events = TEXTS.get(text_at(part, "type"), ("", ""))
    begun = dict(part)
    if field:
        begun[field] = ""
    yield {"type": "response.content_part.added", **place, "part": begun}
    if field:
        yield from _spelt(part, field, events, place)
    yield {"type": "response.content_part.done", **place, "part": part}


def _spelt(said: JsonView, field: str, events: str, place: JsonView) -> Iterator[JsonObject]:
    """A text in one delta, and its end."""
    text = text_at(said, field)
    more: JsonObject = {}
    if field == "text":
        more["logprobs"] = []
    yield {"type": f"{events}.delta", **place, "delta": text, **more}
    yield {"type": f"{events}.done", **place, field: text, **more}
