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

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.wire.gemini_calls import is_signature, signature_in

FORMAT = "google-gemini-v1"


def text_detail(index: int, signature: str, start: int, end: int) -> dict[str, Any]:
    """For a text part of an answer."""
    return {"type": "reasoning.encrypted", "format": FORMAT, "index": index, "data": signature, "text": [start, end]}


def thought_detail(index: int, signature: str, thought: str) -> dict[str, Any]:
    """For a thought that was signed."""
    return {"type": "reasoning.text", "format": FORMAT, "index": index, "text": thought, "signature": signature}


@attrs.define
class Signatures:
    """The signatures that an assistant's message brings back."""

    thoughts: list[dict[str, Any]] = attrs.field(factory=list)
    """Parts, ready to be sent: only thoughts that are signed, and calls of tools that Google ran."""
    _texts: list[tuple[int, int, str]] = attrs.field(factory=list)
    _calls: dict[str, str] = attrs.field(factory=dict)
    _of_text: str = ""
    """One for the whole message, as Google's OpenAI endpoint gives it; that of the first call, if there is one."""
    _of_call: str = ""

    def texts(self, content: str) -> list[dict[str, Any]]:
        """Text parts of a message's content, cut where the signed parts began and ended."""
        if not self._texts and not self._of_text:
            return [{"text": content}] if content else []
        parts: list[dict[str, Any]] = []
        done = 0
        for first, last, signature in sorted(self._texts):
            known = done <= first <= last <= len(content)  # else the client changed the text
            start, end = (first, last) if known else (len(content), len(content))
            if start > done:
                parts.append({"text": content[done:start]})
            parts.append({"text": content[start:end], "thoughtSignature": signature})
            done = end
        if done < len(content):
            parts.append({"text": content[done:]})
        if self._of_text and parts:
            parts[-1].setdefault("thoughtSignature", self._of_text)
        return parts

    def of_call(self, call_id: str, *, first: bool) -> str:
        """The signature of a call that brings none itself."""
        return self._calls.get(call_id) or (self._of_call if first else "")

    def signed(self, part: dict[str, Any], holder: Mapping[str, Any]) -> dict[str, Any]:
        """The part with the signature that its chat counterpart holds, if any."""
        signature = signature_in(holder)
        return {**part, "thoughtSignature": signature} if signature else part


def signatures_of(message: Mapping[str, Any]) -> Signatures:
    """Of an assistant's message; details of other providers' formats say nothing to Gemini."""
    found = Signatures()
    details = message.get("reasoning_details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, Mapping) and str(detail.get("format")).startswith("google"):
            _take(found, detail)
    extra = message.get("extra_content")
    google = extra.get("google") if isinstance(extra, Mapping) else None
    ran = google.get("parts") if isinstance(google, Mapping) else None
    found.thoughts += [dict(part) for part in ran if _is_native(part)] if isinstance(ran, list) else []
    if signature := signature_in(message):
        if message.get("tool_calls"):
            found._of_call = signature
        else:
            found._of_text = signature
    return found


def _is_native(part: object) -> bool:
    """Whether this is a part that Gemini gave us and wants back, and nothing else."""
    if not isinstance(part, Mapping) or not part.keys() <= {"toolCall", "toolResponse", "thoughtSignature"}:
        return False
    inner = [value for name, value in part.items() if name != "thoughtSignature"]
    return len(inner) == 1 and isinstance(inner[0], Mapping) and is_signature(part.get("thoughtSignature", "c2ln"))


def _take(found: Signatures, detail: Mapping[str, Any]) -> None:
    signature = detail.get("signature") or detail.get("data")
    if not is_signature(signature):
        return
    text, call_id = detail.get("text"), detail.get("id")
    if isinstance(text, str):
        found.thoughts.append({"text": text, "thought": True, "thoughtSignature": signature})
    elif isinstance(call_id, str) and call_id:  # OpenRouter's way for calls
        found._calls[call_id] = signature
    elif isinstance(text, list) and len(text) == 2 and all(type(edge) is int for edge in text):
        found._texts.append((text[0], text[1], signature))
    else:
        found._texts.append((-1, -1, signature))
