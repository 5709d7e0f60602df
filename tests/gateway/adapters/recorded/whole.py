"""A recorded stream as the same answer would have come that was not streamed, put together naively."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import msgspec

from tests.gateway.adapters.recorded.speech import events_of
from tests.support.replay import Vector
from tests.wire.anthropic.upstream.test_vectors import message_of


def whole(vector: Vector) -> Vector:
    """The same answer, not streamed; one of Gemini's is the array of its events."""
    body = msgspec.json.encode(MAKERS[vector.endpoint](vector))
    return attrs.evolve(vector, body=body, content_type="application/json", streamed=False)


def document(vector: Vector) -> Any:
    """What a recorded answer is, or would have been, as one document."""
    if vector.streamed:
        return MAKERS[vector.endpoint](vector)
    return msgspec.json.decode(vector.body)


def _completion(vector: Vector) -> dict[str, Any]:
    answer: dict[str, Any] = {"object": "chat.completion"}
    choices: dict[int, dict[str, Any]] = {}
    for event in events_of(vector):
        fields = {name: value for name, value in event.items() if name not in ("object", "choices", "error")}
        answer |= {name: value for name, value in fields.items() if value is not None}
        if usage := (event.get("x_groq") or {}).get("usage"):
            answer["usage"] = usage
        for choice in event.get("choices") or ():
            _add(choices.setdefault(choice.get("index", 0), {"message": {"role": "assistant"}}), choice)
    return {**answer, "choices": [{**choice, "index": index} for index, choice in sorted(choices.items())]}


def _add(choice: dict[str, Any], piece: Mapping[str, Any]) -> None:
    if piece.get("finish_reason"):
        choice["finish_reason"] = piece["finish_reason"]
    message = choice["message"]
    for name, value in (piece.get("delta") or {"content": piece.get("text")}).items():
        if name == "tool_calls":
            for call in value or ():
                _add_call(message.setdefault(name, []), call)
        elif name != "role" and isinstance(value, str | list):
            message[name] = _joined(message.get(name), value)


def _joined(so_far: Any, more: Any) -> Any:
    """Two texts are one, and where either is a list of parts, so are both together."""
    if not so_far:
        return more
    if isinstance(so_far, str) and isinstance(more, str):
        return so_far + more
    return [*_parts(so_far), *_parts(more)]


def _parts(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content)


def _add_call(calls: list[dict[str, Any]], piece: Mapping[str, Any]) -> None:
    """A piece goes on with the call of its id; without one, with that of its index, or the last."""
    found = [call for call in calls if piece.get("id") and call["id"] == piece["id"]]
    if not piece.get("id"):
        found = [call for call in calls if call["index"] == piece.get("index")] or calls[-1:]
    if not found:
        call = {**piece, "function": {"arguments": "", **piece["function"]}}
        call["function"]["arguments"] = call["function"]["arguments"] or ""
        calls.append(call)
        return
    arguments = (piece.get("function") or {}).get("arguments")
    found[-1]["function"]["arguments"] += arguments or ""


def _response(vector: Vector) -> Any:
    """Its last event holds it."""
    return events_of(vector)[-1]["response"]


MAKERS: Mapping[str, Callable[[Vector], Any]] = {
    "chat": _completion,
    "messages": lambda vector: message_of(vector.body),
    "generateContent": events_of,
    "responses": _response,
}
"""By the endpoint that was recorded."""
