"""Chat that came the other way than it was asked for: a stream as one answer, one answer as the events of a stream."""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.foreign_json import answer_object, decode, encode
from aihub_lite.wire.hosted import hosted_usage, says_searches
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in
from aihub_lite.wire.sse import payloads_in

TEXTS = frozenset({"content", "reasoning_content", "reasoning", "refusal"})
LISTS = frozenset({"reasoning_details", "annotations", "images"})
"""Fields of a message that grow from delta to delta, as texts and as lists."""
IN_CALLS = ("arguments", "input")
"""The same in a call of a function, and of a custom tool."""


def answer_in(data: bytes, request_id: str, created: int) -> bytes:
    """A stream as the `chat.completion` that was asked for; raises AnswerNonsense, for one that is cut off too."""
    stream = ChatStream("", request_id, created, include_usage=True, write=encode)
    chunks: list[bytes] = []
    try:
        for payload in payloads_in(data):
            chunks += stream.push(payload)
    except StreamError as error:
        raise AnswerNonsense(f"The upstream answered an error: {error.message}", error.foreign) from None
    if not stream.complete:
        raise AnswerNonsense("The upstream's answer breaks off.")
    *last, _ = stream.end()  # without [DONE]
    completion: JsonObject = {}
    choices: dict[int, JsonObject] = {}
    for chunk in map(decode, [*chunks, *last]):
        pieces = chunk.pop("choices")
        completion |= chunk
        for piece in pieces:
            _add(choices.setdefault(piece["index"], {"message": {}}), piece)
    for choice in choices.values():
        for call in choice["message"].get("tool_calls", ()):
            del call["index"]
    usage = completion.get("usage")
    if stream.hosted is not None and not says_searches(usage):  # a message has the tools of the last delta only
        completion["usage"] = {**(usage or {}), **(hosted_usage(stream.hosted) or {})}
    return encode({**completion, "choices": [choices[index] for index in sorted(choices)]})


def _add(choice: JsonObject, piece: JsonObject) -> None:
    """One more piece of a choice, which it takes apart."""
    message = choice["message"]
    delta = piece.pop("delta")
    tokens = piece.pop("logprobs", None)
    choice |= {name: value for name, value in piece.items() if value is not None}
    if tokens:
        choice.setdefault("logprobs", {"content": []})["content"] += tokens.get("content") or []
    for call in delta.pop("tool_calls", ()):
        _add_call(message.setdefault("tool_calls", []), call)
    if "function_call" in delta:
        _grow(message.setdefault("function_call", {}), delta.pop("function_call"))
    for name, value in delta.items():
        if name in TEXTS and value is not None:
            message[name] = (message.get(name) or "") + value
        elif name in LISTS and isinstance(value, list):
            message.setdefault(name, []).extend(value)
        elif value is not None or name not in message:
            message[name] = value


def _add_call(calls: list[JsonObject], call: JsonObject) -> None:
    """A call's first delta has its id and name; those after it have pieces of what it is given."""
    for begun in calls:
        if begun["index"] == call["index"]:
            for kind in ("function", "custom"):
                _grow(begun.get(kind, {}), call.get(kind, {}))
            return
    calls.append(call)


def _grow(begun: JsonObject, more: Mapping[str, str]) -> None:
    for name, value in more.items():
        if name in IN_CALLS:
            begun[name] = begun.get(name, "") + value
        else:
            begun.setdefault(name, value)


def events_in(data: bytes) -> list[bytes]:
    """A `chat.completion` as what the events of a stream would have said; raises AnswerNonsense."""
    completion = answer_object(data)
    choices = [_chunk_choice(choice) for choice in dicts_in(completion.get("choices"))]
    return [encode({**completion, "choices": choices}), b"[DONE]"]


def _chunk_choice(choice: JsonView) -> JsonObject:
    """A whole choice in one delta, whose calls are numbered as those of a stream."""
    delta: JsonObject = {}
    message = choice.get("message")
    if isinstance(message, dict):
        delta = dict(message)
    if delta.get("tool_calls"):
        calls = dicts_in(delta["tool_calls"])
        delta["tool_calls"] = [{**call, "index": index} for index, call in enumerate(calls)]
    return {**{name: value for name, value in choice.items() if name != "message"}, "delta": delta}
