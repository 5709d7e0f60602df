"""A Gemini answer that was not streamed, as a chat completion."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.usage import usage_json
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.foreign_json import decode
from aihub_lite.wire.gemini.stream import GeminiStream, answers_in
from aihub_lite.wire.hosted import hosted_usage
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.sse import payloads_in

LISTS = frozenset({"tool_calls", "reasoning_details", "images", "annotations"})
TEXTS = frozenset({"content", "reasoning_content", "refusal"})
"""Fields of a message that grow from piece to piece, as lists and as texts."""


def chat_of(
    answer: object, names: Mapping[str, str] | None = None, upstream_model: str = "", *, streamed: bool = False
) -> JsonObject:
    """A `chat.completion` for `answer_of` to finish; an array is a stream that came without `alt=sse`.

    `names` are the client's names of functions, from `Translation`, and `upstream_model` is the one that was asked.
    Made of the same deltas as a stream, so that both always say the same. Raises AnswerNonsense for what is no answer,
    and for an error inside a 200.
    """
    stream = GeminiStream(names or {}, upstream_model)
    try:
        chunks = [stream.push_answer(event) for event in answers_in(answer)]
    except StreamError as error:
        raise AnswerNonsense(f"The upstream answered an error: {error.message}", error.foreign) from None
    if streamed and not stream.done:
        raise AnswerNonsense("The upstream's answer breaks off.")
    completion: JsonObject = {"object": "chat.completion"}
    choices: dict[int, JsonObject] = {}
    usage: Usage | None = None
    for chunk in filter(None, chunks):
        if "usage" in chunk:
            usage = chunk["usage"].possible(usage or chunk["usage"])
        completion |= {name: value for name, value in chunk.items() if name not in ("object", "choices", "usage")}
        for piece in chunk["choices"]:
            _add_piece(choices.setdefault(piece["index"], {}), piece)
    if usage is not None:
        completion["usage"] = usage_json(usage.with_hosted(stream.hosted))
    elif stream.hosted is not None:
        completion["usage"] = hosted_usage(stream.hosted)
    for index in stream.candidates.keys() - choices.keys():  # they said nothing at all
        _add_piece(choices.setdefault(index, {}), {"delta": {}})
    if not choices:
        raise AnswerNonsense("The upstream's answer has no candidates.")
    completion["choices"] = [_completed(choices[index], index) for index in sorted(choices)]
    return completion


def joined_chat(data: bytes, names: Mapping[str, str], upstream_model: str = "") -> JsonObject:
    """The same for a stream that came in place of an answer; raises AnswerNonsense, for one that is cut off too."""
    return chat_of([decode(payload) for payload in payloads_in(data)], names, upstream_model, streamed=True)


def _add_piece(choice: JsonObject, piece: JsonObject) -> None:
    """Adds one more piece to a choice, taking the piece apart."""
    delta = piece.pop("delta")
    tokens = piece.pop("logprobs", None)
    choice |= {name: value for name, value in piece.items() if value is not None}
    if tokens:
        choice.setdefault("logprobs", {"content": []})["content"] += tokens["content"]
    message = choice.setdefault("message", {"role": "assistant", "content": None})
    for name, value in delta.items():
        if name in TEXTS:
            message[name] = (message.get(name) or "") + value
        elif name in LISTS:
            message.setdefault(name, []).extend(value)
        elif name == "audio" and name in message:
            message[name]["data"] = _joined(message[name]["data"], value["data"])
        else:
            message[name] = value


def _completed(choice: JsonObject, index: int) -> JsonObject:
    """Without what only deltas have; text is null only beside calls, or where it was withheld."""
    message = choice["message"]
    default_reason = "stop"
    if "tool_calls" in message:
        default_reason = "tool_calls"
        for call in message["tool_calls"]:
            del call["index"]
    reason = choice.setdefault("finish_reason", default_reason)
    if message["content"] is None and "tool_calls" not in message and reason != "content_filter":
        message["content"] = ""
    return {**choice, "index": index}


def _joined(first: str, second: str) -> str:
    """Two pieces of base64 as one: padding may only stand at the end."""
    try:
        return base64.b64encode(base64.b64decode(first) + base64.b64decode(second)).decode()
    except ValueError:
        return first
