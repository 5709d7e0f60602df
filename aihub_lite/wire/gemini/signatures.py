"""Thought signatures that Gemini wants back on the parts it put them on.

Those of calls and images travel in `extra_content.google.thought_signature` of the call or image. Those of texts and
thoughts travel in `reasoning_details` (OpenRouter's shape), as a client may concatenate texts but keeps details as
they are::

    {"type": "reasoning.encrypted", "format": "google-gemini-v1", "index": 0, "data": SIGNATURE, "text": [FROM, TO]}
    {"type": "reasoning.text", "format": "google-gemini-v1", "index": 0, "text": THOUGHT, "signature": SIGNATURE}

FROM and TO count characters of the message's content: the part that was signed. They are equal for the part with an
empty text that ends a stream.
"""

from __future__ import annotations

from typing import NamedTuple, TypeGuard

import attrs

from aihub_lite.wire.chat.reasoning import FORMAT, is_signature, signature_in
from aihub_lite.wire.chat.shapes import ReasoningDetail
from aihub_lite.wire.gemini.shapes import Part
from aihub_lite.wire.json_types import JsonView, dict_at, dicts_in, list_at

NATIVE_PARTS = frozenset({"toolCall", "toolResponse"})
"""Calls of tools that Google runs, and their results: a chat client carries them as they are."""


def text_detail(index: int, signature: str, start: int, end: int) -> ReasoningDetail:
    """For a text part of an answer."""
    return {"type": "reasoning.encrypted", "format": FORMAT, "index": index, "data": signature, "text": [start, end]}


def thought_detail(index: int, signature: str, thought: str) -> ReasoningDetail:
    """For a thought that was signed."""
    return {"type": "reasoning.text", "format": FORMAT, "index": index, "text": thought, "signature": signature}


class SignedText(NamedTuple):
    """The characters of a message's content that were signed; -1 where the client does not say which."""

    start: int
    end: int
    signature: str


@attrs.define
class Signatures:
    """The signatures that an assistant's message brings back, by what they are for."""

    thoughts: list[Part] = attrs.field(factory=list)
    """Parts, ready to be sent: only thoughts that are signed, and calls of tools that Google ran."""
    _texts: list[SignedText] = attrs.field(factory=list)
    _by_call_id: dict[str, str] = attrs.field(factory=dict)
    _of_text: str = ""
    """One for the whole message, as Google's OpenAI endpoint gives it; that of the first call, if there is one."""
    _of_call: str = ""

    @classmethod
    def of(cls, message: JsonView) -> Signatures:
        """Those of an assistant's message; details of other providers' formats say nothing to Gemini."""
        signatures = cls()
        for detail in dicts_in(message.get("reasoning_details")):
            if str(detail.get("format")).startswith("google"):
                signatures._add(detail)
        if "extra_content" in message:
            google = dict_at(dict_at(message, "extra_content"), "google")
            signatures.thoughts += [part.copy() for part in list_at(google, "parts") if _is_native(part)]
        if signature := signature_in(message):
            if message.get("tool_calls"):
                signatures._of_call = signature
            else:
                signatures._of_text = signature
        return signatures

    def texts(self, content: str) -> list[Part]:
        """Text parts of a message's content, cut where the signed parts began and ended."""
        if not self._texts and not self._of_text:
            return [{"text": content}] if content else []
        parts: list[Part] = []
        done = 0
        for text in sorted(self._texts):
            start = text.start
            end = text.end
            if not done <= start <= end <= len(content):
                # The client changed the text. A signature must go back all the same, so it ends the message.
                start = len(content)
                end = len(content)
            if start > done:
                parts.append({"text": content[done:start]})
            parts.append({"text": content[start:end], "thoughtSignature": text.signature})
            done = end
        if done < len(content):
            parts.append({"text": content[done:]})
        if self._of_text and parts:
            parts[-1].setdefault("thoughtSignature", self._of_text)
        return parts

    def of_call(self, call_id: str, *, first: bool) -> str:
        """The signature of a call that brings none itself; empty if there is none."""
        if call_id in self._by_call_id:
            return self._by_call_id[call_id]
        if first:
            return self._of_call
        return ""

    def _add(self, detail: JsonView) -> None:
        signature = detail.get("signature") or detail.get("data")
        if not is_signature(signature):
            return
        text = detail.get("text")
        call_id = detail.get("id")
        if isinstance(text, str):
            self.thoughts.append({"text": text, "thought": True, "thoughtSignature": signature})
        elif isinstance(call_id, str) and call_id:  # OpenRouter's way for calls
            self._by_call_id[call_id] = signature
        elif isinstance(text, list) and len(text) == 2 and all(type(edge) is int for edge in text):
            self._texts.append(SignedText(text[0], text[1], signature))
        else:
            self._texts.append(SignedText(-1, -1, signature))


def signed(part: Part, holder: JsonView) -> Part:
    """The part with the signature that its chat counterpart holds, if any."""
    if signature := signature_in(holder):
        return {**part, "thoughtSignature": signature}
    return part


def _is_native(part: object) -> TypeGuard[Part]:
    """Whether this is a part that Gemini gave us and wants back, and nothing else."""
    if not isinstance(part, dict) or not part.keys() <= {*NATIVE_PARTS, "thoughtSignature"}:
        return False
    inner = [value for name, value in part.items() if name != "thoughtSignature"]
    if len(inner) != 1 or not isinstance(inner[0], dict):
        return False
    return "thoughtSignature" not in part or is_signature(part["thoughtSignature"])
