"""A completion that came the other way than it was asked for: a stream as one answer, one answer as a stream."""

from __future__ import annotations

from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject, dict_at, dicts_in, text_at
from aihub_lite.wire.passthrough.stream import END, chunk_of
from aihub_lite.wire.sse import payloads_in


def completion_in(data: bytes) -> bytes:
    """A stream as the completion that was asked for; raises AnswerNonsense, for one that is cut off too."""
    completion: JsonObject = {}
    choices: dict[object, JsonObject] = {}
    for payload in payloads_in(data):
        try:
            chunk = chunk_of(payload)
        except StreamError as error:
            raise AnswerNonsense(f"The upstream answered an error: {error.message}", error.foreign) from None
        for position, piece in enumerate(dicts_in(chunk.pop("choices", None))):
            _add(choices.setdefault(piece.get("index", position), {"text": ""}), piece)
        completion |= {name: value for name, value in chunk.items() if value is not None}
    if not choices or not all(choice.get("finish_reason") for choice in choices.values()):
        raise AnswerNonsense("The upstream's answer breaks off.")
    return encode({**completion, "choices": list(choices.values())})


def _add(choice: JsonObject, piece: JsonObject) -> None:
    """One more piece; fill-in-the-middle's have their text in a `delta`, and its answers in a `message`."""
    text = text_at(piece, "text")
    if "delta" in piece:
        said = text_at(dict_at(piece, "delta"), "content")
        message = choice.setdefault("message", {"role": "assistant", "content": ""})
        message["content"] += said
        choice.pop("text", None)
    else:
        choice["text"] += text
    more = {name: value for name, value in piece.items() if name not in ("text", "delta") and value is not None}
    choice |= more


def events_in(data: bytes) -> list[bytes]:
    """A completion is what one event of a stream would say."""
    return [data, END]
