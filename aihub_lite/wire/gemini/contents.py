"""Chat messages as Gemini's `systemInstruction` and `contents`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.gemini_calls import Calls
from aihub_lite.wire.gemini_media import media_part
from aihub_lite.wire.gemini_models import GeminiModel
from aihub_lite.wire.gemini_signatures import Signatures, signatures_of
from aihub_lite.wire.gemini_tools import Names
from aihub_lite.wire.nested_json import object_in

SYSTEM = frozenset({"system", "developer"})
PLACEHOLDER = "."
"""Stands where Gemini wants a user's turn and the client has none."""
TEXT_PARTS = frozenset({"text", "input_text", "output_text", "refusal"})
SILENT_PARTS = frozenset({"thinking", "redacted_thinking", "reasoning"})
"""Parts of an assistant's message that other wires need back; Gemini takes only signatures."""

DUMMY_SIGNATURE = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
"""`skip_thought_signature_validator` in base64: Google's word for calls that no Gemini model made, or whose signature
the client lost."""


@attrs.define
class Contents:
    """A conversation being rewritten, message by message; what is written is never changed by what follows.

    Two exceptions, both at the end of what was written: a turn of the same role goes on in the same content, and the
    results of one run of tool messages are put in the order of their calls.
    """

    model: GeminiModel
    names: Names
    system: list[dict[str, Any]] = attrs.field(factory=list)
    contents: list[dict[str, Any]] = attrs.field(factory=list)
    _calls: Calls = attrs.field(factory=Calls)
    _results: list[tuple[int, dict[str, Any]]] = attrs.field(factory=list)
    """Those of the content that is open for results, with the positions of their calls."""
    _loose: list[dict[str, Any]] = attrs.field(factory=list)
    """Media of tool results that older models cannot take inside them: a user's turn of its own, after all results."""

    def add(self, message: Mapping[str, Any], where: str) -> None:
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

    def end(self) -> list[dict[str, Any]]:
        """The contents; never empty, because Gemini answers nothing to a system instruction alone."""
        self._close_results()
        return self.contents or [{"role": "user", "parts": [{"text": PLACEHOLDER}]}]

    def _add_system(self, message: Mapping[str, Any], where: str) -> None:
        content = message.get("content")
        parts = _text_parts(content, f"{where}.content")
        if not self.contents and self.model.system:
            self.system += parts
        else:
            # Hoisting a later one would change the prefix that caches and signatures hang on.
            self._extend("user", parts)

    def _add_assistant(self, message: Mapping[str, Any], where: str) -> None:
        signatures = signatures_of(message)
        parts = signatures.thoughts + self._spoken(message, signatures, where)
        if not self.contents and (parts or message.get("tool_calls") or message.get("function_call")):
            self._extend("user", [{"text": PLACEHOLDER}])
        self._extend("model", parts)
        calls = message.get("tool_calls")
        if calls is None and isinstance(legacy := message.get("function_call"), Mapping):
            calls = [{"function": legacy}]
        if calls is None:
            return
        if not isinstance(calls, list):
            raise InvalidRequest(f"'{where}.tool_calls' must be a list.")
        for position, call in enumerate(calls):
            self._extend("model", [self._call(call, signatures, f"{where}.tool_calls[{position}]")])

    def _spoken(self, message: Mapping[str, Any], signatures: Signatures, where: str) -> list[dict[str, Any]]:
        content = message.get("content")
        if isinstance(content, str) or content is None:
            parts = signatures.texts(content or "")
        else:
            parts = [*self._parts(content, f"{where}.content"), *signatures.texts("")]
        if isinstance(refusal := message.get("refusal"), str) and refusal:
            parts.append({"text": refusal})
        images = message.get("images")
        for position, image in enumerate(images if isinstance(images, list) else ()):
            if isinstance(image, Mapping):
                part = media_part({"type": "image_url", **image}, f"{where}.images[{position}]", resolution=False)
                parts.append(signatures.signed(part or {}, image))
        return parts

    def _call(self, call: object, signatures: Signatures, where: str) -> dict[str, Any]:
        made = self._calls.made(call, where)
        first = self._first_call()
        wire: dict[str, Any] = {"name": self.names.of(made.name), "args": made.arguments}
        if made.id and self.model.call_ids:
            wire["id"] = made.id
        part: dict[str, Any] = {"functionCall": wire}
        signature = made.signature or signatures.of_call(made.id, first=first)
        if not signature and first and self.model.signatures:
            signature = DUMMY_SIGNATURE
        if signature:
            part["thoughtSignature"] = signature
        return part

    def _first_call(self) -> bool:
        """Of parallel calls only the first carries a signature."""
        last = self.contents[-1] if self.contents else {"role": "user"}
        return last["role"] != "model" or all("functionCall" not in part for part in last["parts"])

    def _add_result(self, message: Mapping[str, Any], where: str) -> None:
        position, name, call_id = self._calls.answered(message, where)
        answer, media = self._answer(message.get("content"), f"{where}.content")
        wire: dict[str, Any] = {"name": self.names.of(name), "response": answer}
        if call_id and self.model.call_ids:
            wire["id"] = call_id
        if media and self.model.result_parts:
            wire["parts"] = media
        else:
            self._loose += media
        self._results.append((position, {"functionResponse": wire}))

    def _answer(self, content: object, where: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A result as the object that Gemini wants, and the media it came with."""
        if isinstance(content, list):
            parts = self._parts(content, where)
            media = [part for part in parts if "text" not in part]
            content = "\n".join(part["text"] for part in parts if "text" in part)
        elif content is None or isinstance(content, str):
            media, content = [], content or ""
        else:
            raise InvalidRequest(f"'{where}' must be a string or a list of parts.")
        found = object_in(content)
        return {"result": content} if found is None else found, media

    def _close_results(self) -> None:
        if not self._results:
            return
        in_order = [part for _, part in sorted(self._results, key=lambda result: result[0])]
        self.contents.append({"role": "user", "parts": in_order})
        if self._loose:
            self.contents.append({"role": "user", "parts": self._loose})
        self._results, self._loose = [], []

    def _extend(self, role: str, parts: list[dict[str, Any]]) -> None:
        """Results keep their content to themselves: Gemini counts them against the calls before."""
        if not parts:
            return
        last = self.contents[-1] if self.contents else None
        if last is not None and last["role"] == role and "functionResponse" not in last["parts"][0]:
            last["parts"] += parts
        else:
            self.contents.append({"role": role, "parts": parts})

    def _parts(self, content: object, where: str) -> list[dict[str, Any]]:
        if isinstance(content, str):
            return [{"text": content}] if content else []
        if content is None:
            return []
        if not isinstance(content, list):
            raise InvalidRequest(f"'{where}' must be a string or a list of parts.")
        found = []
        for position, part in enumerate(content):
            if (wire := self._part(part, f"{where}[{position}]")) is not None:
                found.append(wire)
        return found

    def _part(self, part: object, where: str) -> dict[str, Any] | None:
        """None for what Gemini refuses (empty text) or has no use for."""
        if isinstance(part, str):
            return {"text": part} if part else None
        if not isinstance(part, Mapping):
            raise InvalidRequest(f"'{where}' must be an object.")
        kind = part.get("type", "text")
        if isinstance(kind, str) and kind in TEXT_PARTS:
            text = part.get("refusal" if kind == "refusal" else "text")
            if not isinstance(text, str):
                raise InvalidRequest(f"'{where}.text' must be a string.")
            return {"text": text} if text else None
        if isinstance(kind, str) and kind in SILENT_PARTS:
            return None
        media = media_part(part, where, resolution=self.model.media_resolution)
        if media is None:
            raise InvalidRequest(f"'{where}.type' is not one that this model takes.")
        return media


def _text_parts(content: object, where: str) -> list[dict[str, Any]]:
    """A system message: text only."""
    if content is None or isinstance(content, str):
        return [{"text": content}] if content else []
    if not isinstance(content, list):
        raise InvalidRequest(f"'{where}' must be a string or a list of parts.")
    found = []
    for position, part in enumerate(content):
        text = part.get("text") if isinstance(part, Mapping) else part
        if not isinstance(text, str):
            raise InvalidRequest(f"'{where}[{position}]' must be a text part.")
        if text:
            found.append({"text": text})
    return found
