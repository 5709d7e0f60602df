"""A strict chat answer, whole or in chunks, in the words of the Responses API.

Output stands in the order in which the model gave it: reasoning, text, calls. Where the client keeps what it cannot
read, signatures travel in the reasoning item before what they sign, or in one of their own behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.responses_output import COMPLETED, INCOMPLETE, Call, Item, Message, Place, Reasoning
from aihub_lite.wire.responses_reasoning import Signed
from aihub_lite.wire.responses_request import ResponsesRequest
from aihub_lite.wire.responses_tools import Called

REASONS: Mapping[str, str] = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Why a response is incomplete, by chat's finish reason."""


@attrs.define
class Writer:
    """Writes one attempt's answer."""

    asked: ResponsesRequest
    request_id: str
    output: list[Item] = attrs.field(factory=list)
    """Every item so far; those under way are empty."""
    reason: str | None = None
    """Why it ended."""
    begun: bool = False
    """Whether it has told anything."""
    _said: list[bytes] = attrs.field(factory=list)
    _open: Reasoning | Message | None = None
    _calls: dict[int, Call] = attrs.field(factory=dict)
    """Those under way, by number."""
    _signed: Signed = attrs.field(factory=Signed)
    """What waits for a place."""

    def write(self, chunk: Mapping[str, Any]) -> bytes:
        """The events for one chunk."""
        for choice in chunk["choices"]:
            if choice["index"] == 0:
                self.take(choice["delta"], choice.get("logprobs"), choice.get("finish_reason"))
        return self._taken()

    def end(self, usage: Usage | None) -> bytes:
        """The last events."""
        response = self.response(usage)
        self._say(response["status"], {"response": response})
        return self._taken()

    def response(self, usage: Usage | None) -> dict[str, Any]:
        """All of it."""
        why = REASONS.get(self.reason or "")
        status = INCOMPLETE if why else COMPLETED
        self._close(status)
        return self.asked.told.response(status, self.output, usage=usage, reason=why)

    def take(self, delta: Mapping[str, Any], logprobs: object = None, reason: str | None = None) -> None:
        """What a delta or a message says."""
        self._think(delta)
        if text := delta.get("content"):
            self._message().write(text, logprobs_of(logprobs) if self.asked.logprobs else [])
        if refusal := delta.get("refusal"):
            self._message().refuse(refusal)
        annotations = delta.get("annotations")
        for annotation in annotations if isinstance(annotations, list) else ():
            if isinstance(self._open, Message) and (cited := citation(annotation)) is not None:
                self._open.annotate(cited)
        for call in delta.get("tool_calls") or ():
            self._call(call)
        if reason is not None:
            self.reason = reason

    def _think(self, delta: Mapping[str, Any]) -> None:
        if text := delta.get("reasoning_content"):
            self._reasoning().think(text)
        details, extra = delta.get("reasoning_details"), delta.get("extra_content")
        if isinstance(details, list):
            self._sign(Signed(details=[*details]))
        if isinstance(extra, dict):
            self._sign(Signed(extra=extra))

    def _sign(self, signed: Signed) -> None:
        """Into the reasoning under way; else it waits until what is under way has ended."""
        if not self.asked.sealed:
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
            self._open = Message(self._place())
        return self._open

    def _call(self, delta: Mapping[str, Any]) -> None:
        kind = "custom" if isinstance(delta.get("custom"), dict) else "function"
        body = delta.get(kind) or {}
        call = self._calls.get(delta.get("index", -1))
        if isinstance(extra := delta.get("extra_content"), dict) and "id" in delta:
            self._sign(Signed(calls={delta["id"]: extra}))
        if call is None or "id" in delta:
            if self._open is not None or not self._calls:
                self._turn(COMPLETED)
            call = self._begin(delta, kind, body)
        call.write(body.get("arguments" if kind == "function" else "input") or "")

    def _begin(self, delta: Mapping[str, Any], kind: str, body: Mapping[str, Any]) -> Call:
        name = body.get("name") or ""
        called = self.asked.tools.called.get(name)
        if called is None or (kind == "custom" and called.kind != "custom"):
            called = Called("custom" if kind == "custom" else "function", name)
        number = delta.get("index", len(self.output))
        self._calls[number] = call = Call(self._place(), called, delta.get("id") or "", kind == "custom")
        return call

    def _close(self, status: str) -> None:
        """End all that is under way. Calls are until here: their arguments may go on after a text."""
        for call in self._calls.values():
            self.output[call.place.index] = call.end(status)
        self._calls = {}
        self._turn(status)

    def _turn(self, status: str) -> None:
        """End the text or reasoning under way, and put behind it what nothing else carries."""
        if self._open is not None:
            self.output[self._open.place.index] = self._open.end(status)
        self._open = None
        if self._signed:
            reasoning = self._new_reasoning()
            self.output[reasoning.place.index] = reasoning.end(COMPLETED)

    def _new_reasoning(self) -> Reasoning:
        reasoning = Reasoning(self._place(), self.asked.sealed, self._signed)
        self._signed = Signed()
        return reasoning

    def _place(self) -> Place:
        self.output.append({})
        return Place(len(self.output) - 1, self.request_id, self._say)

    def _say(self, kind: str, fields: dict[str, Any]) -> None:
        told = self.asked.told
        if not self.begun:
            self.begun = True
            if not told.opened:
                self._said.append(told.opening())
        self._said.append(told.event(f"response.{kind}", fields))

    def _taken(self) -> bytes:
        said, self._said = self._said, []
        return b"".join(said)


def citation(annotation: object) -> Item | None:
    """A source, without the object that chat wraps it in."""
    if not isinstance(annotation, dict):
        return None
    inner = annotation.get("url_citation")
    given = inner if isinstance(inner, dict) else annotation
    url, title = given.get("url"), given.get("title")
    if not isinstance(url, str):
        return None
    edges = {
        name: value if type(value := given.get(name)) is int and value >= 0 else 0
        for name in ("start_index", "end_index")
    }
    return {"type": "url_citation", **edges, "url": url, "title": title if isinstance(title, str) else ""}


def logprobs_of(logprobs: object) -> list[Any]:
    """Those of text, with the lists that typed clients want there."""
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    return [_token(each) for each in tokens if isinstance(each, dict)] if isinstance(tokens, list) else []


def _token(token: Mapping[str, Any]) -> Item:
    top = token.get("top_logprobs")
    likely = [_probable(each) for each in top if isinstance(each, dict)] if isinstance(top, list) else []
    return {**_probable(token), "top_logprobs": likely}


def _probable(token: Mapping[str, Any]) -> Item:
    number, text = token.get("logprob"), token.get("token")
    text = text if isinstance(text, str) else ""
    return {
        "token": text,
        "bytes": [*text.encode("utf-8", "replace")],
        "logprob": number if isinstance(number, int | float) else 0.0,
    }
