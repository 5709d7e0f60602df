"""A message that came the other way than it was asked for: a stream as one message, one message as events."""

from __future__ import annotations

from collections.abc import Iterator

from aihub_lite.wire.anthropic.usage import merge
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_json import answer_object, decode, encode, event_object
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at
from aihub_lite.wire.sse import payloads_in
from aihub_lite.wire.upstream_error import error_in, status_in

GROWING = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}
"""The field of each kind of delta, by which a block's field of the same name grows."""
INPUT = "partial_json"


def message_in(data: bytes) -> bytes:
    """A stream as the message that was asked for; raises AnswerNonsense, for one that is cut off too."""
    message: JsonObject = {}
    blocks: dict[object, JsonObject] = {}
    for event in map(event_object, payloads_in(data)):
        match event.get("type"):
            case "message_start" if not message:
                message = dict(dict_at(event, "message"))
            case "content_block_start":
                blocks[event.get("index")] = dict(dict_at(event, "content_block"))
            case "content_block_delta":
                _grow(blocks.get(event.get("index"), {}), dict_at(event, "delta"))
            case "message_delta":
                message |= dict_at(event, "delta")
                merge(message.setdefault("usage", {}), event.get("usage"))
            case "error":
                foreign = error_in(status_in(event, 502), event)
                raise AnswerNonsense(f"The upstream answered an error: {foreign.message}", foreign)
    if not message.get("stop_reason"):
        raise AnswerNonsense("The upstream's answer breaks off.")
    return encode({**message, "content": [_whole(block) for block in blocks.values()]})


def _grow(block: JsonObject, delta: JsonView) -> None:
    field = GROWING.get(text_at(delta, "type"))
    if field is not None:
        block[field] = text_at(block, field) + text_at(delta, field)
    elif delta.get("type") == "citations_delta":
        block["citations"] = [*(block.get("citations") or []), delta.get("citation")]


def _whole(block: JsonObject) -> JsonObject:
    """A block at its end, where the pieces of a call's input are known all."""
    if INPUT in block:
        block["input"] = decode(block.pop(INPUT).encode() or b"{}")
    return block


def events_in(data: bytes) -> list[bytes]:
    """A message as what the events of a stream would have said; raises AnswerNonsense."""
    return [encode(event) for event in _events(answer_object(data))]


def _events(message: JsonView) -> Iterator[JsonObject]:
    ends = {name: message.get(name) for name in ("stop_reason", "stop_sequence")}
    yield {"type": "message_start", "message": {**message, **dict.fromkeys(ends), "content": []}}
    for index, block in enumerate(dicts_in(message.get("content"))):
        start, deltas = _apart(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": ends, "usage": dict_at(message, "usage")}
    yield {"type": "message_stop"}


def _apart(block: JsonView) -> tuple[JsonObject, list[JsonObject]]:
    """How a block begins in a stream, and the deltas that make it what it is."""
    start = dict(block)
    deltas: list[JsonObject] = []
    if "input" in start:
        deltas.append({"type": "input_json_delta", INPUT: encode(start["input"]).decode()})
        start["input"] = {}
    citations = start.pop("citations", None) or ()
    deltas += [{"type": "citations_delta", "citation": citation} for citation in citations]
    for kind, field in GROWING.items():
        if text := text_at(start, field):
            deltas.append({"type": kind, field: text})
            start[field] = ""
    return start, deltas
