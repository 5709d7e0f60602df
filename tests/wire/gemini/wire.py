"""Short ways to ask and to answer, for the tests of this wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.request import ChatRequest, parse_chat
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.chat.translated import Translation
from aihub_lite.wire.gemini.answer import chat_of
from aihub_lite.wire.gemini.request import translate
from aihub_lite.wire.gemini.stream import GeminiStream
from aihub_lite.wire.sse import EventSplitter
from tests.support.checkers.chat import CheckedAnswer, CheckedStream, check_chat_answer, check_chat_stream
from tests.wire.gemini.sdk import check_request

OLD, BUDGET, NEW = "gemini-2.0-flash", "gemini-2.5-flash", "gemini-3-flash-preview"
PIXEL = "iVBORw0KGgo="
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def user(content: Any = "Hi") -> dict[str, Any]:
    return {"role": "user", "content": content}


def calling(*calls: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """An assistant's message with calls as (id, name, arguments)."""
    tool_calls = [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for call_id, name, arguments in calls
    ]
    return {"role": "assistant", "content": None, "tool_calls": tool_calls, **more}


def result(call_id: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def request_of(messages: Iterable[Any], **fields: Any) -> ChatRequest:
    return parse_chat(msgspec.json.encode({"model": "asked-for", "messages": list(messages), **fields}))


def checked(request: ChatRequest, model: str, *, nonsense: bool = False, **options: Any) -> Translation:
    """What goes upstream, held against the SDK's types.

    With `nonsense`, what a client says in Google's own words may be wrong: it is passed on for Google to judge.
    """
    translation = translate(request, model, **options)
    own = {"safetySettings", "tools"} if nonsense else set()
    check_request({name: value for name, value in translation.body.items() if name not in own})
    return translation


def translation_of(messages: Iterable[Any], model: str = NEW, **fields: Any) -> Translation:
    """The same for messages and fields of a chat request."""
    return checked(request_of(messages, **fields), model)


def contents(messages: Iterable[Any], model: str = NEW, **fields: Any) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = translation_of(messages, model, **fields).body["contents"]
    return turns


def parts(content: Any, model: str = NEW) -> list[dict[str, Any]]:
    """Those of one user message."""
    wire_parts: list[dict[str, Any]] = contents([user(content)], model)[0]["parts"]
    return wire_parts


def config(model: str = NEW, **fields: Any) -> dict[str, Any]:
    settings: dict[str, Any] = translation_of([user()], model, **fields).body.get("generationConfig", {})
    return settings


def dropped(model: str = NEW, **fields: Any) -> tuple[str, ...]:
    return translation_of([user()], model, **fields).dropped


def candidate(*parts_said: Mapping[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    """An answer with one candidate."""
    only: dict[str, Any] = {"content": {"role": "model", "parts": list(parts_said)}}
    if finish is not None:
        only["finishReason"] = finish
    return {"candidates": [only], "responseId": "R1", "modelVersion": "gemini-3", **more}


def completion_of(answer: object, names: Mapping[str, str] | None = None) -> CheckedAnswer:
    """A whole answer as the client gets it, held against the strict checker."""
    sent = answer_of(msgspec.json.encode(chat_of(answer, names)), "asked-for", "r1", 1_700_000_000)
    return check_chat_answer(sent.body)


@attrs.frozen
class Streamed:
    """A stream as the client gets it, and the two objects that made it."""

    sent: bytes
    checked: CheckedStream
    chat: ChatStream
    gemini: GeminiStream


def stream_of_bytes(*pieces: bytes, names: Mapping[str, str] | None = None) -> Streamed:
    splitter = EventSplitter(1 << 22)
    gemini = GeminiStream(names or {})
    chat = ChatStream("asked-for", "r1", 1_700_000_000, True)
    sent: list[bytes] = []
    for payload in [*(payload for piece in pieces for payload in splitter.feed(piece)), *splitter.flush()]:
        for chunk in gemini.push(payload):
            sent += chat.push_chunk(chunk)
    sent += chat.end()
    raw = b"".join(sent)
    return Streamed(raw, check_chat_stream(raw, include_usage=True), chat, gemini)


def stream_of(*events: object, names: Mapping[str, str] | None = None) -> Streamed:
    return stream_of_bytes(*(b"data: " + msgspec.json.encode(event) + b"\r\n\r\n" for event in events), names=names)
