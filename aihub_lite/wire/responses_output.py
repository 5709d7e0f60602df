"""The output items of a response, built up piece by piece, with the events that tell of each piece."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from aihub_lite.wire.responses_calls import BUILT_IN, InputText, item_of
from aihub_lite.wire.responses_reasoning import Signed, seal
from aihub_lite.wire.responses_tools import Called

Item = dict[str, Any]
Say = Callable[[str, dict[str, Any]], None]
"""Takes the type of an event, without `response.`, and its fields."""
COMPLETED, INCOMPLETE, IN_PROGRESS = "completed", "incomplete", "in_progress"


@attrs.define
class Place:
    """Where an item stands in the output."""

    index: int
    request_id: str
    say: Say

    def id(self, prefix: str) -> str:
        """Its item's id: always the same for the same request."""
        return f"{prefix}_{self.request_id}_{self.index}"

    def added(self, item: Item) -> None:
        """It is there now."""
        self.say("output_item.added", {"output_index": self.index, "item": item})

    def done(self, item: Item) -> Item:
        """It is whole now."""
        self.say("output_item.done", {"output_index": self.index, "item": item})
        return item

    def told(self, kind: str, item_id: str, fields: Mapping[str, Any]) -> None:
        """Something of its content."""
        self.say(kind, {"item_id": item_id, "output_index": self.index, **fields})


@attrs.define
class Reasoning:
    """What a model thought, as a summary, and what it signed of it."""

    place: Place
    sealed: bool
    """Whether the client keeps what it cannot read."""
    signed: Signed = attrs.field(factory=Signed)
    _text: list[str] = attrs.field(factory=list)
    _id: str = ""

    def __attrs_post_init__(self) -> None:
        self._id = self.place.id("rs")
        self.place.added(self._item([], None))

    def think(self, text: str) -> None:
        """More of the summary."""
        if not self._text:
            self._tell("reasoning_summary_part.added", part={"type": "summary_text", "text": ""})
        self._text.append(text)
        self._tell("reasoning_summary_text.delta", delta=text)

    def end(self, status: str) -> Item:
        """The whole item."""
        summary = []
        if self._text:
            part = {"type": "summary_text", "text": "".join(self._text)}
            summary.append(part)
            self._tell("reasoning_summary_text.done", text=part["text"])
            self._tell("reasoning_summary_part.done", part=part)
        return self.place.done(self._item(summary, seal(self.signed)))

    def _item(self, summary: list[Item], content: str | None) -> Item:
        item: Item = {"id": self._id, "type": "reasoning", "summary": summary}
        return item | {"encrypted_content": content} if self.sealed else item

    def _tell(self, kind: str, **fields: object) -> None:
        self.place.told(kind, self._id, {"summary_index": 0, **fields})


@attrs.define
class _Part:
    """One part of a message: a text, or a refusal."""

    kind: str
    texts: list[str] = attrs.field(factory=list)
    annotations: list[Item] = attrs.field(factory=list)
    logprobs: list[Any] = attrs.field(factory=list)

    @property
    def part(self) -> Item:
        """So far."""
        text = "".join(self.texts)
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "annotations": self.annotations, "logprobs": self.logprobs, "text": text}


@attrs.define
class Message:
    """What a model says."""

    place: Place
    _id: str = ""
    _parts: list[_Part] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self._id = self.place.id("msg")
        self.place.added(self._item(IN_PROGRESS))

    def write(self, text: str, logprobs: list[Any]) -> None:
        """More text."""
        part = self._part("output_text")
        part.texts.append(text)
        part.logprobs += logprobs
        self._tell("output_text.delta", {"delta": text, "logprobs": logprobs})

    def refuse(self, text: str) -> None:
        """More of a refusal."""
        self._part("refusal").texts.append(text)
        self._tell("refusal.delta", {"delta": text})

    def annotate(self, annotation: Item) -> None:
        """A source of the text."""
        part = self._part("output_text")
        number = len(part.annotations)
        part.annotations = [*part.annotations, annotation]
        self._tell("output_text.annotation.added", {"annotation_index": number, "annotation": annotation})

    def end(self, status: str) -> Item:
        """The whole item."""
        self._end_part()
        return self.place.done(self._item(status))

    def _part(self, kind: str) -> _Part:
        if not self._parts or self._parts[-1].kind != kind:
            self._end_part()
            self._parts.append(part := _Part(kind))
            self._tell("content_part.added", {"part": part.part})
        return self._parts[-1]

    def _end_part(self) -> None:
        if not self._parts:
            return
        part = self._parts[-1].part
        said: Item = {name: part[name] for name in ("text", "logprobs", "refusal") if name in part}
        self._tell(f"{part['type']}.done", said)
        self._tell("content_part.done", {"part": part})

    def _item(self, status: str) -> Item:
        content = [part.part for part in self._parts]
        return {"id": self._id, "type": "message", "status": status, "role": "assistant", "content": content}

    def _tell(self, kind: str, fields: Mapping[str, Any]) -> None:
        self.place.told(kind, self._id, {"content_index": len(self._parts) - 1, **fields})


PREFIXES: Mapping[str, str] = {"function": "fc", "custom": "ctc", "local_shell": "lsh", "shell": "sh"} | {
    "apply_patch": "apc"
}
EVENTS: Mapping[str, tuple[str, str]] = {
    "function": ("function_call_arguments", "arguments"),
    "custom": ("custom_tool_call_input", "input"),
}
"""By kind of call: what its events are called, and the field of the last one."""


@attrs.define
class Call:
    """A call of a tool."""

    place: Place
    called: Called
    call_id: str
    raw: bool
    """Whether what is written is a custom tool's input as it is, and not a function's arguments."""
    _id: str = ""
    _texts: list[str] = attrs.field(factory=list)
    _input: InputText = attrs.field(factory=InputText)

    def __attrs_post_init__(self) -> None:
        self._id = self.place.id(PREFIXES[self.called.kind])
        self.place.added(self._item("", IN_PROGRESS))

    def write(self, text: str) -> None:
        """More of what it is called with."""
        self._grow(self._input.push(text) if self._reads else text)

    def end(self, status: str) -> Item:
        """The whole item; without arguments they are an empty object, as clients read them."""
        if self._reads:
            self._grow(self._input.end())
        text = "".join(self._texts)
        if not text and self.called.kind == "function" and status == COMPLETED:
            self._grow(text := "{}")
        if self.called.kind not in BUILT_IN:
            event, field = EVENTS[self.called.kind]
            self.place.told(f"{event}.done", self._id, {field: text})
        return self.place.done(self._item(text, status))

    @property
    def _reads(self) -> bool:
        return self.called.kind == "custom" and not self.raw

    def _grow(self, text: str) -> None:
        if not text:
            return
        self._texts.append(text)
        if self.called.kind not in BUILT_IN:
            self.place.told(f"{EVENTS[self.called.kind][0]}.delta", self._id, {"delta": text})

    def _item(self, text: str, status: str) -> Item:
        return item_of(self.called, self._id, self.call_id, text, status)
