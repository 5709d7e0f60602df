"""One candidate of Gemini's answer, whole or in pieces, as deltas of a chat choice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.gemini_arguments import OpenCall
from aihub_lite.wire.gemini_finish import finish_reason, native_reason, refusal
from aihub_lite.wire.gemini_grounding import citations, logprobs
from aihub_lite.wire.gemini_media import data_url
from aihub_lite.wire.gemini_signatures import text_detail, thought_detail

OUTCOME_OK = "OUTCOME_OK"


@attrs.define
class Candidate:
    """What one candidate has said so far; `names` are the client's names of functions that were changed."""

    index: int
    response_id: str
    names: Mapping[str, str]
    finished: bool = False
    _calls: int = 0
    """Tool calls so far, over all chunks: their index is ours."""
    _details: int = 0
    _images: int = 0
    _characters: int = 0
    """Of content so far: signatures say which part of it they are for."""
    _open: OpenCall | None = None

    def push(self, candidate: Mapping[str, Any]) -> dict[str, Any] | None:
        """The choice for one more piece; None when it says nothing."""
        delta: dict[str, Any] = {}
        content = candidate.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                self._add(delta, part)
        choice: dict[str, Any] = {"index": self.index, "delta": delta, "finish_reason": None}
        native = native_reason(candidate)
        if native is not None and not self.finished:
            self._finish(choice, native, candidate)
        if "groundingMetadata" in candidate and (found := citations(candidate["groundingMetadata"])):
            delta["annotations"] = found
        if "logprobsResult" in candidate and (tokens := logprobs(candidate["logprobsResult"])):
            choice["logprobs"] = {"content": tokens}
        return choice if delta or len(choice) > 3 else None

    def _finish(self, choice: dict[str, Any], native: str, candidate: Mapping[str, Any]) -> None:
        self._close_call(choice["delta"])
        self.finished = True
        choice["delta"] |= refusal(native, candidate.get("finishMessage"))
        choice["finish_reason"] = finish_reason(native, called=self._calls > 0)
        choice["native_finish_reason"] = native

    def _add(self, delta: dict[str, Any], part: Mapping[str, Any]) -> None:
        signature = part.get("thoughtSignature")
        signature = signature if isinstance(signature, str) else ""
        if isinstance(call := part.get("functionCall"), dict):
            self._add_call(delta, call, part)
        elif part.get("thought") is True:
            self._add_thought(delta, part.get("text"), signature)
        elif isinstance(text := part.get("text"), str):
            self._add_text(delta, text, signature)
        elif isinstance(blob := part.get("inlineData"), dict):
            self._add_blob(delta, blob, signature)
        elif isinstance(code := part.get("executableCode"), dict):
            self._add_text(delta, _fenced(str(code.get("language", "")).lower(), code.get("code")), signature)
        elif isinstance(result := part.get("codeExecutionResult"), dict):
            outcome = "" if result.get("outcome", OUTCOME_OK) == OUTCOME_OK else str(result["outcome"])
            self._add_text(delta, _fenced("", result.get("output") or outcome), signature)
        elif part.keys() & {"toolCall", "toolResponse"}:
            _google(delta).setdefault("parts", []).append(dict(part))

    def _add_text(self, delta: dict[str, Any], text: str, signature: str) -> None:
        if text:
            delta["content"] = delta["content"] + text if "content" in delta else text
        start = self._characters
        self._characters += len(text)
        if signature:
            self._add_detail(delta, text_detail(self._details, signature, start, self._characters))

    def _add_thought(self, delta: dict[str, Any], text: object, signature: str) -> None:
        text = text if isinstance(text, str) else ""
        if text:
            delta["reasoning_content"] = delta.get("reasoning_content", "") + text
        if signature:
            self._add_detail(delta, thought_detail(self._details, signature, text))

    def _add_detail(self, delta: dict[str, Any], detail: dict[str, Any]) -> None:
        self._details += 1
        delta.setdefault("reasoning_details", []).append(detail)

    def _add_blob(self, delta: dict[str, Any], blob: Mapping[str, Any], signature: str) -> None:
        """Images as OpenRouter gives them, sound as OpenAI does."""
        data = blob.get("data")
        if str(blob.get("mimeType")).startswith("audio/"):
            audio = delta.setdefault("audio", {"id": f"audio_{self.response_id}", "data": "", "transcript": ""})
            audio |= {"data": data if isinstance(data, str) else "", "expires_at": 0, "mime_type": blob["mimeType"]}
            return
        image = {"type": "image_url", "image_url": {"url": data_url(blob)}, "index": self._images}
        if signature:
            image["extra_content"] = {"google": {"thought_signature": signature}}
        self._images += 1
        delta.setdefault("images", []).append(image)

    def _add_call(self, delta: dict[str, Any], call: Mapping[str, Any], part: Mapping[str, Any]) -> None:
        if self._open is not None and not call.get("name"):
            self._open.add(call)
            if call.get("willContinue") is not True and "partialArgs" not in call:
                self._close_call(delta)
            return
        self._close_call(delta)
        if call.get("willContinue") is True or "partialArgs" in call:
            self._open = OpenCall({name: call[name] for name in ("id", "name", "args") if name in call}, dict(part))
            self._open.add(call)
        elif call:
            self._emit(delta, call, part)

    def _close_call(self, delta: dict[str, Any]) -> None:
        """The call that came in pieces is passed on whole, at the latest when the answer ends."""
        opened, self._open = self._open, None
        if opened is not None:
            self._emit(delta, opened.call, opened.part)

    def _emit(self, delta: dict[str, Any], call: Mapping[str, Any], part: Mapping[str, Any]) -> None:
        name, arguments = call.get("name"), call.get("args")
        name = name if isinstance(name, str) else ""
        function = {"name": self.names.get(name, name), "arguments": encode(arguments or {}).decode()}
        made: dict[str, Any] = {"index": self._calls, "type": "function", "function": function}
        if call_id := self._call_id(call.get("id")):
            made["id"] = call_id
        if isinstance(signature := part.get("thoughtSignature"), str) and signature:
            made["extra_content"] = {"google": {"thought_signature": signature}}
        self._calls += 1
        delta.setdefault("tool_calls", []).append(made)

    def _call_id(self, given: object) -> str:
        """Gemini's own id, else one that the same answer always gets; empty when that is unknown too."""
        if isinstance(given, str) and given:
            return given
        if not self.response_id:
            return ""
        seed = f"{self.response_id}/{self.index}/{self._calls}"
        return f"call_{hashlib.sha256(seed.encode()).hexdigest()[:24]}"


def _fenced(language: str, code: object) -> str:
    """Code that ran at Google's, and what it printed, as a reader sees it best."""
    text = code if isinstance(code, str) else ""
    return f"\n```{language}\n{text.rstrip()}\n```\n" if text else ""


def _google(delta: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = delta.setdefault("extra_content", {}).setdefault("google", {})
    return found
