"""Writes a normalised chat answer, whole or in chunks, as output items and events of the Responses API.

Output stands in the order in which the model gave it: reasoning, text, calls. Where the client keeps encrypted
reasoning, or the answer is kept, signatures travel in the reasoning item before what they sign, or in one of their own
behind it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.shapes import Choice, Delta, Function, ToolCall
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at
from aihub_lite.wire.responses.output import COMPLETED, INCOMPLETE, Call, Message, OutputSlot, Reasoning, drawn
from aihub_lite.wire.responses.reasoning import SignedParts
from aihub_lite.wire.responses.request import ResponsesRequest
from aihub_lite.wire.responses.tools import ClientTool

REASONS: Mapping[str, str] = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Why a response is incomplete, by chat's finish reason."""
IMAGE = re.compile(r"data:image/([a-z0-9.+-]+);base64,")
"""How an image begins that chat gives as a URL."""


@attrs.define
class ResponseWriter:
    """Writes one attempt's answer."""

    request: ResponsesRequest
    request_id: str
    output: list[JsonObject] = attrs.field(factory=list)
    """Every item so far; those under way are empty."""
    reason: str | None = None
    """Chat's finish reason, once it is known."""
    begun: bool = False
    """Whether it has written an event."""
    _events: list[bytes] = attrs.field(factory=list)
    """Written since the last chunk."""
    _open: Reasoning | Message | None = None
    _calls: dict[int, Call] = attrs.field(factory=dict)
    """Those under way, by chat's index."""
    _signed: SignedParts = attrs.field(factory=SignedParts)
    """What waits for a reasoning item to travel in."""

    def write(self, chunk: JsonView) -> bytes:
        """The events for one chunk, which is a `Chunk`."""
        choice: Choice
        for choice in chunk["choices"]:
            if choice["index"] == 0:
                self.take(choice["delta"], choice.get("logprobs"), choice.get("finish_reason"))
        return self._take_events()

    def end(self, usage: Usage | None, cost: JsonView) -> bytes:
        """The events that end the response; `cost` is what the upstream says of it, as it came."""
        response = self.response(usage, cost)
        self._emit(response["status"], {"response": response})
        self.request.state.answered(response)
        return self._take_events()

    def response(self, usage: Usage | None, cost: JsonView) -> JsonObject:
        """The `response` object with all its output, whose items end now."""
        incomplete = REASONS.get(self.reason or "")
        status = INCOMPLETE if incomplete else COMPLETED
        self._close(status)
        return self.request.state.response(status, self.output, usage=usage, cost=cost, reason=incomplete)

    def take(self, delta: Delta, logprobs: object = None, reason: str | None = None) -> None:
        """Write what a delta or a message says; `reason` is the finish reason."""
        self._think(delta)
        if text := delta.get("content"):
            self._message().write(text, self._logprobs(logprobs))
        if refusal := delta.get("refusal"):
            self._message().refuse(refusal)
        annotations = delta.get("annotations")
        if isinstance(annotations, list):
            self._annotate(annotations)
        if "images" in delta:
            self._draw(dicts_in(delta["images"]))
        for call in delta.get("tool_calls") or ():
            self._call(call)
        if "function_call" in delta:
            self._call(self._legacy_call(delta["function_call"]))
        if reason is not None:
            self.reason = reason

    def _logprobs(self, logprobs: object) -> list[JsonObject]:
        if not self.request.logprobs:
            return []
        return logprobs_of(logprobs)

    def _annotate(self, annotations: list[object]) -> None:
        for annotation in annotations:
            if isinstance(self._open, Message) and (citation := citation_of(annotation)) is not None:
                self._open.annotate(citation)

    def _draw(self, images: list[JsonObject]) -> None:
        """Items of their own for images; an address is none that an item could hold."""
        for image in images:
            match = IMAGE.match(text_at(dict_at(image, "image_url"), "url"))
            if match is None:
                continue
            self._turn(COMPLETED)
            slot = self._slot()
            self.output[slot.index] = drawn(slot, match.string[match.end() :], match[1])
            if isinstance(extra := image.get("extra_content"), dict):
                self._sign(SignedParts(calls={self.output[slot.index]["id"]: extra}))

    def _think(self, delta: Delta) -> None:
        if text := delta.get("reasoning_content"):
            self._reasoning().think(text)
        details = delta.get("reasoning_details")
        if isinstance(details, list):
            self._sign(SignedParts(details=[*details]))
        extra = delta.get("extra_content")
        if isinstance(extra, dict):
            self._sign(SignedParts(extra=extra))

    def _sign(self, signed: SignedParts) -> None:
        """Into the reasoning under way; else it waits until what is under way has ended."""
        if not self.request.keeps_signed:
            return
        if isinstance(self._open, Reasoning):
            self._open.signed.add(signed)
        else:
            self._signed.add(signed)

    def _reasoning(self) -> Reasoning:
        if not isinstance(self._open, Reasoning):
            self._turn(COMPLETED)
            self._open = self._new_reasoning()
        return self._open

    def _message(self) -> Message:
        if not isinstance(self._open, Message):
            self._turn(COMPLETED)
            self._open = Message(self._slot())
        return self._open

    def _call(self, delta: ToolCall) -> None:
        name, text = _name_and_text(delta)
        if isinstance(extra := delta.get("extra_content"), dict) and "id" in delta:
            self._sign(SignedParts(calls={delta["id"]: extra}))
        call = self._calls.get(delta.get("index", -1))
        if call is None or "id" in delta:
            # Nothing is put between calls made at once: what was signed of the later ones waits for the end.
            if self._open is not None or not self._calls:
                self._turn(COMPLETED)
            call = self._begin(delta, name)
        call.write(text)

    def _legacy_call(self, function: Function) -> ToolCall:
        """What models before `tools` call, as the one call that it is; only its first delta has an id."""
        call: ToolCall = {"index": 0, "function": function}
        if 0 not in self._calls:
            call["id"] = f"call_{self.request_id}"
        return call

    def _begin(self, delta: ToolCall, name: str) -> Call:
        raw = _is_custom(delta)
        tool = self.request.tools.by_function.get(name)
        if tool is None or (raw and tool.kind != "custom"):
            tool = ClientTool("custom" if raw else "function", name)
        number = delta.get("index", len(self.output))
        call = self._calls[number] = Call(self._slot(), tool, delta.get("id") or "", raw)
        return call

    def _close(self, status: str) -> None:
        """End all that is under way. Calls are until here: their arguments may go on after a text."""
        for call in self._calls.values():
            self.output[call.slot.index] = call.end(status)
        self._calls = {}
        self._turn(status)

    def _turn(self, status: str) -> None:
        """End the text or reasoning under way, and put behind it what nothing else carries."""
        if self._open is not None:
            self.output[self._open.slot.index] = self._open.end(status)
        self._open = None
        if self._signed:
            reasoning = self._new_reasoning()
            self.output[reasoning.slot.index] = reasoning.end(COMPLETED)

    def _new_reasoning(self) -> Reasoning:
        request = self.request
        reasoning = Reasoning(self._slot(), request.keeps_encrypted, request.state.sealed, self._signed)
        self._signed = SignedParts()
        return reasoning

    def _slot(self) -> OutputSlot:
        self.output.append({})
        return OutputSlot(len(self.output) - 1, self.request_id, self._emit)

    def _emit(self, kind: str, fields: JsonObject) -> None:
        state = self.request.state
        if not self.begun:
            self.begun = True
            if not state.opened:
                self._events.append(state.opening())
        self._events.append(state.event(f"response.{kind}", fields))

    def _take_events(self) -> bytes:
        events = self._events
        self._events = []
        return b"".join(events)


def _is_custom(delta: ToolCall) -> bool:
    """Whether a call is one of a custom tool in chat's own form, which few upstreams have."""
    return isinstance(delta.get("custom"), dict)


def _name_and_text(delta: ToolCall) -> tuple[str, str]:
    """What is called, and with which arguments or input; both empty where a delta does not say."""
    if _is_custom(delta):
        custom = delta["custom"]
        return custom.get("name", ""), custom.get("input", "")
    function = delta.get("function", {})
    return function.get("name", ""), function.get("arguments", "")


def citation_of(annotation: object) -> JsonObject | None:
    """A source, without the object that chat wraps it in; None for what is none."""
    if not isinstance(annotation, dict):
        return None
    source = annotation.get("url_citation")
    if not isinstance(source, dict):
        source = annotation
    url = source.get("url")
    if not isinstance(url, str):
        return None
    return {
        "type": "url_citation",
        "start_index": _position(source, "start_index"),
        "end_index": _position(source, "end_index"),
        "url": url,
        "title": text_at(source, "title"),
    }


def _position(source: JsonView, name: str) -> int:
    value = source.get(name)
    if type(value) is int and value >= 0:
        return value
    return 0


def logprobs_of(logprobs: object) -> list[JsonObject]:
    """Those of text, with the lists that typed clients want there."""
    if not isinstance(logprobs, dict):
        return []
    return [
        {**_logprob(token), "top_logprobs": [_logprob(other) for other in dicts_in(token.get("top_logprobs"))]}
        for token in dicts_in(logprobs.get("content"))
    ]


def _logprob(token: JsonView) -> JsonObject:
    text = text_at(token, "token")
    number = token.get("logprob")
    if not isinstance(number, int | float):
        number = 0.0
    return {"token": text, "bytes": [*text.encode("utf-8", "replace")], "logprob": number}
