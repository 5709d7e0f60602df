"""A Gemini answer that was not streamed, as a chat completion."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from aihub_lite.wire.chat_usage import usage_json
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.gemini_stream import GeminiStream

LISTS = frozenset({"tool_calls", "reasoning_details", "images", "annotations"})
TEXTS = frozenset({"content", "reasoning_content", "refusal"})


def chat_of(answer: object, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A `chat.completion` for `answer_of` to finish; an array is a stream that came without `alt=sse`.

    `names` are the client's names of functions, from `Translated`. Made of the same deltas as a stream, so that both
    always say the same. Raises AnswerNonsense for what is no answer, and for an error inside a 200.
    """
    stream = GeminiStream(names or {})
    found: dict[str, Any] = {"object": "chat.completion"}
    choices: dict[int, dict[str, Any]] = {}
    try:
        chunks = [stream.push_answer(piece) for piece in (answer if isinstance(answer, list) else [answer])]
    except StreamError as error:
        raise AnswerNonsense(f"The upstream answered an error: {error.message}", error.foreign) from None
    for chunk in filter(None, chunks):
        if "usage" in chunk:
            chunk["usage"] = usage_json(chunk["usage"])
        found |= {name: value for name, value in chunk.items() if name not in ("object", "choices")}
        for choice in chunk["choices"]:
            _take(choices.setdefault(choice["index"], {}), choice)
    for index in stream.candidates.keys() - choices.keys():  # said nothing at all
        _take(choices.setdefault(index, {}), {"delta": {}})
    if not choices:
        raise AnswerNonsense("The upstream's answer has no candidates.")
    found["choices"] = [_settled(choices[index], index) for index in sorted(choices)]
    return found


def _take(so_far: dict[str, Any], choice: dict[str, Any]) -> None:
    """In place: one more piece of a choice."""
    delta = choice.pop("delta")
    tokens = choice.pop("logprobs", None)
    so_far |= {name: value for name, value in choice.items() if value is not None}
    if tokens:
        so_far.setdefault("logprobs", {"content": []})["content"] += tokens["content"]
    message = so_far.setdefault("message", {"role": "assistant", "content": None})
    for name, value in delta.items():
        if name in TEXTS:
            message[name] = (message.get(name) or "") + value
        elif name in LISTS:
            message.setdefault(name, []).extend(value)
        elif name == "audio" and name in message:
            message[name] |= {"data": _joined(message[name]["data"], value["data"])}
        else:
            message[name] = value


def _settled(choice: dict[str, Any], index: int) -> dict[str, Any]:
    """Without what only deltas have; text is null only beside calls, or where it was withheld."""
    message = choice["message"]
    for call in message.get("tool_calls", ()):
        del call["index"]
    reason = choice.setdefault("finish_reason", "tool_calls" if "tool_calls" in message else "stop")
    if message["content"] is None and "tool_calls" not in message and reason != "content_filter":
        message["content"] = ""
    return {**choice, "index": index}


def _joined(first: str, second: str) -> str:
    """Two pieces of base64 as one: padding may only stand at the end."""
    try:
        return base64.b64encode(base64.b64decode(first) + base64.b64decode(second)).decode()
    except ValueError:
        return first
