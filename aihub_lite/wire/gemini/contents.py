"""Chat messages as Gemini's `systemInstruction` and `contents`."""

from __future__ import annotations

from typing import Literal

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.foreign_json import object_in, values_in
from aihub_lite.wire.gemini.calls import Calls
from aihub_lite.wire.gemini.media import media_part
from aihub_lite.wire.gemini.models import GeminiModel
from aihub_lite.wire.gemini.shapes import Content, FunctionCall, FunctionResponse, Part
from aihub_lite.wire.gemini.signatures import Signatures, signed
from aihub_lite.wire.gemini.tools import Names
from aihub_lite.wire.json_types import JsonObject, JsonView, list_at

SYSTEM = frozenset({"system", "developer"})
PLACEHOLDER = "."
"""Stands where Gemini wants a user's turn and the client has none."""
TEXT_PARTS = frozenset({"text", "input_text", "output_text", "refusal"})
SILENT_PARTS = frozenset({"thinking", "redacted_thinking", "reasoning"})
"""Parts of an assistant's message that other wires need back; Gemini takes only signatures."""

REFERENCE = "$ref"
"""In a function's result, the name of one of its media."""

DUMMY_SIGNATURE = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
"""`skip_thought_signature_validator` in base64: Google's word for what no Gemini model made, or whose signature the
client lost."""


@attrs.define
class Contents:
    """A conversation being rewritten, message by message; what is written is never changed by what follows.

    Two exceptions, both at the end of what was written: a turn of the same role goes on in the same content, and the
    results of one run of tool messages are put in the order of their calls.
    """

    model: GeminiModel
    names: Names
    system: list[Part] = attrs.field(factory=list)
    contents: list[Content] = attrs.field(factory=list)
    _calls: Calls = attrs.field(factory=Calls)
    _results: list[tuple[int, Part]] = attrs.field(factory=list)
    """Those of the content that is open for results, with the positions of their calls."""
    _loose: list[Part] = attrs.field(factory=list)
    """Media of tool results that older models cannot take inside them: a user's turn of its own, after all results."""

    def add(self, message: JsonView, where: str) -> None:
        """One message; `where` names it in an InvalidRequest."""
        role = message.get("role")
        if role in ("tool", "function"):
            self._add_result(message, where)
            return
        self._close_results()
        if role in SYSTEM:
            self._add_system(message, where)
        elif role == "user":
            self._extend("user", self._parts(message.get("content"), f"{where}.content"))
        elif role == "assistant":
            self._add_assistant(message, where)
        else:
            raise InvalidRequest(f"'{where}.role' must be system, developer, user, assistant, tool or function.")

    def end(self) -> list[Content]:
        """The contents; never empty, because Gemini answers nothing to a system instruction alone."""
        self._close_results()
        return self.contents or [{"role": "user", "parts": [{"text": PLACEHOLDER}]}]

    def _add_system(self, message: JsonView, where: str) -> None:
        parts = _system_parts(message.get("content"), f"{where}.content")
        if not self.contents and self.model.system:
            self.system += parts
        else:
            # Hoisting a later one would change the prefix that caches and signatures hang on.
            self._extend("user", parts)

    def _add_assistant(self, message: JsonView, where: str) -> None:
        signatures = Signatures.of(message)
        spoken = self._spoken(message, signatures, where)
        if self.model.drawn_signatures:
            _fill_signatures(spoken)
        parts = signatures.thoughts + spoken
        # Gemini wants the user to begin. Nothing is put before what yields no parts: it is left out as a whole.
        if not self.contents and (parts or message.get("tool_calls") or message.get("function_call")):
            self._extend("user", [{"text": PLACEHOLDER}])
        self._extend("model", parts)
        calls = message.get("tool_calls")
        if calls is None and isinstance(function := message.get("function_call"), dict):
            calls = [{"function": function}]
        if calls is None:
            return
        if not isinstance(calls, list):
            raise InvalidRequest(f"'{where}.tool_calls' must be a list.")
        for position, call in enumerate(calls):
            self._extend("model", [self._call(call, signatures, f"{where}.tool_calls[{position}]")])

    def _spoken(self, message: JsonView, signatures: Signatures, where: str) -> list[Part]:
        """What the assistant said and drew."""
        content = message.get("content")
        if isinstance(content, str) or content is None:
            parts = signatures.texts(content or "")
        else:
            # Signed texts are known by their place in a text, which a list of parts does not have.
            parts = [*self._parts(content, f"{where}.content"), *signatures.texts("")]
        if isinstance(refusal := message.get("refusal"), str) and refusal:
            parts.append({"text": refusal})
        for position, image in enumerate(list_at(message, "images")):
            if isinstance(image, dict):
                part = media_part({"type": "image_url", **image}, f"{where}.images[{position}]", resolution=False)
                parts.append(signed(part or {}, image))
        return parts

    def _call(self, value: object, signatures: Signatures, where: str) -> Part:
        call = self._calls.add(value, where)
        wire: FunctionCall = {"name": self.names.of(call.name), "args": call.arguments}
        if call.id and self.model.call_ids:
            wire["id"] = call.id
        part: Part = {"functionCall": wire}
        first = self._first_call()
        signature = call.signature or signatures.of_call(call.id, first=first)
        if not signature and first and self.model.signatures:
            signature = DUMMY_SIGNATURE
        if signature:
            part["thoughtSignature"] = signature
        return part

    def _first_call(self) -> bool:
        """Of parallel calls only the first carries a signature."""
        if not self.contents or self.contents[-1]["role"] != "model":
            return True
        return all("functionCall" not in part for part in self.contents[-1]["parts"])

    def _add_result(self, message: JsonView, where: str) -> None:
        call = self._calls.answer(message, where)
        response, media = self._response(message.get("content"), f"{where}.content")
        wire: FunctionResponse = {"name": self.names.of(call.name), "response": response}
        if call.id and self.model.call_ids:
            wire["id"] = call.id
        if media and self.model.result_parts:
            wire["parts"] = media
        else:
            self._loose += media
        self._results.append((call.position, {"functionResponse": wire}))

    def _response(self, content: object, where: str) -> tuple[JsonObject, list[Part]]:
        """A result as the object that Gemini wants, and the media it came with."""
        media: list[Part] = []
        if isinstance(content, list):
            parts = self._parts(content, where)
            media = [part for part in parts if "text" not in part]
            text = "\n".join(part["text"] for part in parts if "text" in part)
        elif content is None or isinstance(content, str):
            text = content or ""
        else:
            raise InvalidRequest(f"'{where}' must be a string or a list of parts.")
        response = object_in(text)
        if response is None or _points_elsewhere(response, text):
            response = {"result": text}
        return response, media

    def _close_results(self) -> None:
        if not self._results:
            return
        in_order = [part for _, part in sorted(self._results, key=lambda result: result[0])]
        self.contents.append({"role": "user", "parts": in_order})
        if self._loose:
            self.contents.append({"role": "user", "parts": self._loose})
        self._results = []
        self._loose = []

    def _extend(self, role: Literal["user", "model"], parts: list[Part]) -> None:
        """Goes on with the last turn where it is of this role, but never with one of results: Gemini counts those
        against the calls before."""
        if not parts:
            return
        if self.contents:
            last = self.contents[-1]
            if last["role"] == role and "functionResponse" not in last["parts"][0]:
                last["parts"] += parts
                return
        self.contents.append({"role": role, "parts": parts})

    def _parts(self, content: object, where: str) -> list[Part]:
        if isinstance(content, str):
            return [{"text": content}] if content else []
        if content is None:
            return []
        if not isinstance(content, list):
            raise InvalidRequest(f"'{where}' must be a string or a list of parts.")
        parts: list[Part] = []
        for position, value in enumerate(content):
            if (part := self._part(value, f"{where}[{position}]")) is not None:
                parts.append(part)
        return parts

    def _part(self, part: object, where: str) -> Part | None:
        """None for what Gemini refuses (empty text) or has no use for."""
        if isinstance(part, str):
            return _text_part(part)
        if not isinstance(part, dict):
            raise InvalidRequest(f"'{where}' must be an object.")
        kind = part.get("type", "text")
        if isinstance(kind, str):
            if kind in TEXT_PARTS:
                return _text_part(_text_of(part, kind, where))
            if kind in SILENT_PARTS:
                return None
        media = media_part(part, where, resolution=self.model.media_resolution)
        if media is None:
            raise InvalidRequest(f"'{where}.type' is not one that this model takes.")
        return media


def _fill_signatures(parts: list[Part]) -> None:
    """In place: a model that draws wants them on the first part that is no thought, and on every image."""
    for position, part in enumerate(parts):
        if (position == 0 or "text" not in part) and "thoughtSignature" not in part:
            parts[position] = {**part, "thoughtSignature": DUMMY_SIGNATURE}


def _points_elsewhere(response: JsonView, text: str) -> bool:
    """Whether a result has a `$ref` anywhere: Gemini takes it for the name of a part beside it, and answers 400.

    Schemas and OpenAPI documents, which tools often read, are full of them. `text` is what it was decoded from.
    """
    if REFERENCE not in text and "\\u" not in text:
        return False
    level: list[object] = [response]
    while level:
        if any(isinstance(value, dict) and REFERENCE in value for value in level):
            return True
        level = [inner for value in level for inner in values_in(value)]
    return False


def _text_part(text: str) -> Part | None:
    if not text:
        return None
    return {"text": text}


def _text_of(part: JsonView, kind: str, where: str) -> str:
    field = "text"
    if kind == "refusal":
        field = "refusal"
    text = part.get(field)
    if not isinstance(text, str):
        raise InvalidRequest(f"'{where}.text' must be a string.")
    return text


def _system_parts(content: object, where: str) -> list[Part]:
    """A system message: text only."""
    if content is None or isinstance(content, str):
        return [{"text": content}] if content else []
    if not isinstance(content, list):
        raise InvalidRequest(f"'{where}' must be a string or a list of parts.")
    parts: list[Part] = []
    for position, part in enumerate(content):
        text = part
        if isinstance(part, dict):
            text = part.get("text")
        if not isinstance(text, str):
            raise InvalidRequest(f"'{where}[{position}]' must be a text part.")
        if text:
            parts.append({"text": text})
    return parts
