"""The output items of a response, each built up piece by piece, with the events that tell the client of each piece."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.responses.calls import BUILT_IN, InputText, item_of
from aihub_lite.wire.responses.reasoning import SignedParts, seal
from aihub_lite.wire.responses.tools import ClientTool

Emit = Callable[[str, JsonObject], None]
"""Takes the type of an event, without `response.`, and its fields."""
COMPLETED = "completed"
INCOMPLETE = "incomplete"
IN_PROGRESS = "in_progress"


@attrs.define
class OutputSlot:
    """Where an item stands in the output; its events go through here."""

    index: int
    request_id: str
    emit: Emit

    def id(self, prefix: str) -> str:
        """The id of its item: always the same for the same request."""
        return f"{prefix}_{self.request_id}_{self.index}"

    def add(self, item: JsonObject) -> None:
        """Tell the client that the item begins."""
        self.emit("output_item.added", {"output_index": self.index, "item": item})

    def finish(self, item: JsonObject) -> JsonObject:
        """Tell the client that the item is complete; gives it back."""
        self.emit("output_item.done", {"output_index": self.index, "item": item})
        return item

    def content(self, kind: str, item_id: str, fields: JsonObject) -> None:
        """Tell the client something of the item's content; `kind` is the type of the event."""
        self.emit(kind, {"item_id": item_id, "output_index": self.index, **fields})


@attrs.define
class Reasoning:
    """What a model thought, as a summary, and what it signed of it."""

    slot: OutputSlot
    keeps_encrypted: bool
    """Whether the client keeps `encrypted_content`."""
    sealed: dict[str, str]
    """Takes what was signed, by the item's id."""
    signed: SignedParts = attrs.field(factory=SignedParts)
    _text: list[str] = attrs.field(factory=list)
    _id: str = ""

    def __attrs_post_init__(self) -> None:
        self._id = self.slot.id("rs")
        self.slot.add(self._item([], None))

    def think(self, text: str) -> None:
        """More of the summary."""
        if not self._text:
            self._emit("reasoning_summary_part.added", {"part": {"type": "summary_text", "text": ""}})
        self._text.append(text)
        self._emit("reasoning_summary_text.delta", {"delta": text})

    def end(self, status: str) -> JsonObject:
        """Finish the item and give it; this kind has no status."""
        summary = []
        if self._text:
            part = {"type": "summary_text", "text": "".join(self._text)}
            summary.append(part)
            self._emit("reasoning_summary_text.done", {"text": part["text"]})
            self._emit("reasoning_summary_part.done", {"part": part})
        content = self.sealed[self._id] = seal(self.signed)
        return self.slot.finish(self._item(summary, content))

    def _item(self, summary: list[dict[str, str]], content: str | None) -> JsonObject:
        item: JsonObject = {"id": self._id, "type": "reasoning", "summary": summary}
        if self.keeps_encrypted:
            item["encrypted_content"] = content
        return item

    def _emit(self, kind: str, fields: JsonObject) -> None:
        self.slot.content(kind, self._id, {"summary_index": 0, **fields})


@attrs.define
class _Part:
    """One part of a message: a text, or a refusal."""

    kind: str
    texts: list[str] = attrs.field(factory=list)
    annotations: list[JsonObject] = attrs.field(factory=list)
    logprobs: list[JsonObject] = attrs.field(factory=list)

    @property
    def part(self) -> JsonObject:
        """The content part, as far as it has come."""
        text = "".join(self.texts)
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "annotations": self.annotations, "logprobs": self.logprobs, "text": text}


@attrs.define
class Message:
    """What a model says to the user."""

    slot: OutputSlot
    _id: str = ""
    _parts: list[_Part] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self._id = self.slot.id("msg")
        self.slot.add(self._item(IN_PROGRESS))

    def write(self, text: str, logprobs: list[JsonObject]) -> None:
        """More of the text."""
        part = self._part("output_text")
        part.texts.append(text)
        part.logprobs += logprobs
        self._emit("output_text.delta", {"delta": text, "logprobs": logprobs})

    def refuse(self, text: str) -> None:
        """More of a refusal."""
        self._part("refusal").texts.append(text)
        self._emit("refusal.delta", {"delta": text})

    def annotate(self, annotation: JsonObject) -> None:
        """A source of the text."""
        part = self._part("output_text")
        number = len(part.annotations)
        part.annotations = [*part.annotations, annotation]
        self._emit("output_text.annotation.added", {"annotation_index": number, "annotation": annotation})

    def end(self, status: str) -> JsonObject:
        """Finish the item and give it."""
        self._end_part()
        return self.slot.finish(self._item(status))

    def _part(self, kind: str) -> _Part:
        """The part under way if it is of this kind, else a new one."""
        if not self._parts or self._parts[-1].kind != kind:
            self._end_part()
            self._parts.append(part := _Part(kind))
            self._emit("content_part.added", {"part": part.part})
        return self._parts[-1]

    def _end_part(self) -> None:
        if not self._parts:
            return
        part = self._parts[-1].part
        fields: JsonObject = {name: part[name] for name in ("text", "logprobs", "refusal") if name in part}
        self._emit(f"{part['type']}.done", fields)
        self._emit("content_part.done", {"part": part})

    def _item(self, status: str) -> JsonObject:
        content = [part.part for part in self._parts]
        return {"id": self._id, "type": "message", "status": status, "role": "assistant", "content": content}

    def _emit(self, kind: str, fields: JsonObject) -> None:
        self.slot.content(kind, self._id, {"content_index": len(self._parts) - 1, **fields})


def drawn(slot: OutputSlot, image: str, form: str) -> JsonObject:
    """The item of an image (base64), with all its events: it comes whole. `form`: `png`, `jpeg`, `webp`."""
    item: JsonObject = {"id": slot.id("ig"), "type": "image_generation_call", "status": IN_PROGRESS, "result": None}
    slot.add(item)
    slot.content("image_generation_call.completed", item["id"], {})
    return slot.finish({**item, "status": COMPLETED, "result": image, "output_format": form})


PREFIXES: Mapping[str, str] = {
    "function": "fc",
    "custom": "ctc",
    "local_shell": "lsh",
    "shell": "sh",
    "apply_patch": "apc",
}
"""Of item ids, by kind of call."""
EVENTS: Mapping[str, tuple[str, str]] = {
    "function": ("function_call_arguments", "arguments"),
    "custom": ("custom_tool_call_input", "input"),
}
"""By kind of call: what its events are called, and the field of the last one. Calls of other kinds come whole."""


@attrs.define
class Call:
    """A call of a tool."""

    slot: OutputSlot
    tool: ClientTool
    call_id: str
    raw: bool
    """Whether what is written is a custom tool's input as it is, and not a function's arguments."""
    _id: str = ""
    _texts: list[str] = attrs.field(factory=list)
    _input: InputText = attrs.field(factory=InputText)

    def __attrs_post_init__(self) -> None:
        self._id = self.slot.id(PREFIXES[self.tool.kind])
        self.slot.add(self._item("", IN_PROGRESS))

    def write(self, text: str) -> None:
        """More of the arguments or the input."""
        if self._extracts_input:
            text = self._input.push(text)
        self._grow(text)

    def end(self, status: str) -> JsonObject:
        """Finish the item and give it; without arguments they are an empty object, as clients read them."""
        if self._extracts_input:
            self._grow(self._input.end(self.tool.name))
        text = "".join(self._texts)
        if not text and self.tool.kind == "function" and status == COMPLETED:
            self._grow(text := "{}")
        if self.tool.kind not in BUILT_IN:
            event, field = EVENTS[self.tool.kind]
            self.slot.content(f"{event}.done", self._id, {field: text})
        return self.slot.finish(self._item(text, status))

    @property
    def _extracts_input(self) -> bool:
        """Whether a custom tool's input stands in the arguments of a function, and is taken out of them."""
        return self.tool.kind == "custom" and not self.raw

    def _grow(self, text: str) -> None:
        if not text:
            return
        self._texts.append(text)
        if self.tool.kind not in BUILT_IN:
            self.slot.content(f"{EVENTS[self.tool.kind][0]}.delta", self._id, {"delta": text})

    def _item(self, text: str, status: str) -> JsonObject:
        return item_of(self.tool, self._id, self.call_id, text, status)
