"""What an answer says, as its upstream said it and as the client of each surface hears it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import ANY

import attrs
import msgspec

from tests.gateway.adapters.recorded.exchanges import SurfaceName, payloads
from tests.support.checkers.chat import CheckedChoice, check_chat_answer, check_chat_stream
from tests.support.checkers.messages import CheckedMessage, check_message, check_messages_stream
from tests.support.checkers.responses import check_response, check_responses_stream
from tests.support.replay import Vector
from tests.wire.anthropic.upstream.test_vectors import message_of

LEGACY = "legacy"
"""For a `function_call`, which has no id."""
UNREFUSED = (None, "STOP", "MAX_TOKENS", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")
"""Gemini's reasons to end with which nothing is withheld."""


@attrs.define
class Speech:
    """Text (a refusal is one too), reasoning, and calls as (name, arguments)."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, Any]] = attrs.field(factory=list)

    def on(self, surface: SurfaceName) -> Speech:
        """The same as it is told there: Messages have no white space around their text."""
        if surface != "messages":
            return self
        return attrs.evolve(self, text=self.text.strip())

    def call(self, name: str, arguments: str) -> None:
        """One more call; arguments that are no JSON, as those of custom tools, stay a text."""
        self.calls.append((name, loaded(arguments)))


def loaded(arguments: str) -> Any:
    """No arguments at all are an empty object."""
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments


def events_of(vector: Vector) -> list[Any]:
    """Of a stream its events; a whole answer is one, or several in an array."""
    if vector.streamed:
        return [msgspec.json.decode(payload) for payload in payloads([vector.body]) if payload.strip() != b"[DONE]"]
    value = msgspec.json.decode(vector.body)
    return value if isinstance(value, list) else [value]


# As an upstream says it, read naively.


def spoken(vector: Vector) -> Speech:
    """What a recorded answer says."""
    return READERS[vector.endpoint](vector)


def _in_chat(vector: Vector) -> Speech:
    speech = Speech()
    calls: dict[Any, tuple[str, str]] = {}
    for event in events_of(vector):
        for choice in event.get("choices") or ():
            if choice.get("index", 0) == 0:
                message = choice.get("delta" if vector.streamed else "message") or {"content": choice.get("text")}
                _add_message(speech, message)
                if legacy := message.get("function_call"):
                    _grow(calls, {"id": LEGACY, "function": legacy})
                for call in message.get("tool_calls") or ():
                    _grow(calls, call)
    for name, arguments in calls.values():
        speech.call(name, arguments)
    return speech


def _add_message(speech: Speech, message: Mapping[str, Any]) -> None:
    content = message.get("content") or ""
    if isinstance(content, str):
        speech.text += content
        content = []
    for part in content:
        speech.text += part.get("text") or ""
        speech.reasoning += "".join(inner.get("text") or "" for inner in part.get("thinking") or ())
    speech.text += message.get("refusal") or ""
    speech.reasoning += message.get("reasoning_content") or message.get("reasoning") or ""


def _grow(calls: dict[Any, tuple[str, str]], call: Mapping[str, Any]) -> None:
    """A call goes by its id, a piece without one belongs to the last."""
    function = call.get("function") or call.get("custom") or {}
    text = function.get("arguments") or function.get("input") or ""
    if isinstance(text, dict):
        text = json.dumps(text)
    which = call.get("id") or next(reversed(calls), None)
    name, so_far = calls.get(which, (str(function.get("name")), ""))
    calls[which] = (name, so_far + text)


def _in_messages(vector: Vector) -> Speech:
    message = message_of(vector.body) if vector.streamed else msgspec.json.decode(vector.body)
    speech = _of_blocks(message["content"])
    speech.text += (message.get("stop_details") or {}).get("explanation") or ""
    return speech


def _of_blocks(blocks: list[dict[str, Any]]) -> Speech:
    speech = Speech()
    for block in blocks:
        if block["type"] == "text":
            speech.text += block["text"]
        elif block["type"] == "thinking":
            speech.reasoning += block["thinking"]
        elif block["type"] == "tool_use":
            speech.calls.append((block["name"], block["input"]))
    return speech


def _in_gemini(vector: Vector) -> Speech:
    speech = Speech()
    for event in events_of(vector):
        speech.text += event.get("promptFeedback", {}).get("blockReasonMessage", "")
        for candidate in (event.get("candidates") or ())[:1]:
            for part in candidate.get("content", {}).get("parts", ()):
                if "functionCall" in part:
                    _add_call(speech, part["functionCall"])
                elif part.get("thought"):
                    speech.reasoning += part.get("text", "")
                else:
                    speech.text += part.get("text") or code_run(part)
            if candidate.get("finishReason") not in UNREFUSED:
                speech.text += candidate.get("finishMessage", "")
    return speech


def _add_call(speech: Speech, call: Mapping[str, Any]) -> None:
    """One that comes in pieces has its name in the first, and what they say is for other tests."""
    if "name" in call:
        speech.calls.append((call["name"], ANY if "willContinue" in call else call.get("args") or {}))


def code_run(part: Mapping[str, Any]) -> str:
    """Code that ran at Google's and what it printed, which a client reads as text."""
    code = part.get("executableCode", {}).get("code")
    output = part.get("codeExecutionResult", {}).get("output")
    if code:
        return f"\n```python\n{code.rstrip()}\n```\n"
    if output:
        return f"\n```\n{output.rstrip()}\n```\n"
    return ""


def _in_responses(vector: Vector) -> Speech:
    last = events_of(vector)[-1]
    return _of_items(last.get("response", last)["output"])


def _of_items(items: list[dict[str, Any]]) -> Speech:
    speech = Speech()
    for item in items:
        if item["type"] == "message":
            speech.text += "".join(part.get("text", part.get("refusal", "")) for part in item["content"])
        elif item["type"] == "reasoning":
            parts = [*item.get("summary", ()), *(item.get("content") or ())]
            speech.reasoning += "".join(part["text"] for part in parts)
        elif item["type"] in ("function_call", "custom_tool_call"):
            speech.call(item["name"], item.get("arguments", item.get("input", "")))
    return speech


READERS: Mapping[str, Callable[[Vector], Speech]] = {
    "chat": _in_chat,
    "messages": _in_messages,
    "generateContent": _in_gemini,
    "responses": _in_responses,
}
"""By the endpoint that was recorded."""


# As a client hears it: held against the strict checker of its surface.


@attrs.frozen
class Heard:
    """A checked answer: what it says, and its usage in the surface's own words."""

    speech: Speech
    usage: Mapping[str, Any]


def heard(surface: SurfaceName, body: bytes, *, streamed: bool, ours: bool) -> Heard:
    """Raises AssertionError where the answer breaks a rule of its surface; one that is not `ours` was passed on."""
    if surface == "chat":
        return _chat_heard(body, streamed=streamed)
    if surface == "messages":
        check = check_messages_stream if streamed else check_message
        message: CheckedMessage = check(body, ours=ours)
        assert message.error is None, message.error
        return Heard(_of_blocks(message.content).on(surface), message.usage)
    response = check_responses_stream(body).response if streamed else check_response(msgspec.json.decode(body))
    return Heard(_of_items(response["output"]), response["usage"])


def _chat_heard(body: bytes, *, streamed: bool) -> Heard:
    checked = check_chat_stream(body, include_usage=True) if streamed else check_chat_answer(body)
    first: CheckedChoice = checked.first
    speech = Speech(first.content + first.refusal, first.reasoning)
    if first.function_call is not None:
        speech.call(**first.function_call)
    for call in first.tool_calls:
        inner = call[call["type"]]
        speech.call(inner["name"], inner.get("arguments", inner.get("input", "")))
    return Heard(speech, checked.usage or {})
