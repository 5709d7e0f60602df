"""One candidate of Gemini's answer, whole or in pieces, as deltas of a chat choice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import attrs

from aihub_lite.wire.chat.shapes import ReasoningDetail, ToolCall
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.gemini.arguments import OpenCall
from aihub_lite.wire.gemini.finish import finish_reason, native_reason, refusal
from aihub_lite.wire.gemini.grounding import Said, citations, logprobs
from aihub_lite.wire.gemini.media import data_url
from aihub_lite.wire.gemini.shapes import GeminiDelta
from aihub_lite.wire.gemini.signatures import NATIVE_PARTS, text_detail, thought_detail
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, text_at

OUTCOME_OK = "OUTCOME_OK"


@attrs.define
class GeminiCandidate:
    """What one candidate has said so far; `names` are the client's names of functions that were changed."""

    index: int
    response_id: str
    names: Mapping[str, str]
    finished: bool = False
    _calls: int = 0
    """Tool calls so far, over all chunks: their index is ours."""
    _details: int = 0
    _images: int = 0
    _said: Said = attrs.field(factory=Said)
    """Content so far: signatures say which part of it they are for, and citations too."""
    _native: list[JsonObject] = attrs.field(factory=list)
    """Parts of tools that ran at Google's. They are told in one delta: the SDKs cannot put together such a list."""
    _open: OpenCall | None = None

    def push(self, candidate: JsonView) -> JsonObject | None:
        """The choice for one more piece; None when it says nothing."""
        delta: GeminiDelta = {}
        content = candidate.get("content")
        if isinstance(content, dict) and isinstance(parts := content.get("parts"), list):
            for part in parts:
                if isinstance(part, dict):
                    self._add(delta, part)
        choice: JsonObject = {"index": self.index, "delta": delta, "finish_reason": None}
        native = native_reason(candidate)
        if native is not None and not self.finished:
            self._finish(choice, native, candidate)
        if "groundingMetadata" in candidate and (
            annotations := citations(dict_at(candidate, "groundingMetadata"), self._said)
        ):
            delta["annotations"] = annotations
        if "logprobsResult" in candidate and (tokens := logprobs(dict_at(candidate, "logprobsResult"))):
            choice["logprobs"] = {"content": tokens}
        if not delta and len(choice) == 3:  # nothing but what every choice has
            return None
        return choice

    def _finish(self, choice: JsonObject, native: str, candidate: JsonView) -> None:
        self._close_call(choice["delta"])
        self.finished = True
        if self._native:
            choice["delta"]["extra_content"] = {"google": {"parts": self._native}}
        choice["delta"] |= refusal(native, candidate)
        choice["finish_reason"] = finish_reason(native, called=self._calls > 0)
        choice["native_finish_reason"] = native

    def _add(self, delta: GeminiDelta, part: JsonView) -> None:
        signature = part.get("thoughtSignature")
        if not isinstance(signature, str):
            signature = ""
        if isinstance(call := part.get("functionCall"), dict):
            self._add_call(delta, call, part)
        elif part.get("thought") is True:  # before `text`, which a thought has too
            self._add_thought(delta, part.get("text"), signature)
        elif isinstance(text := part.get("text"), str):
            self._add_text(delta, text, signature)
        elif isinstance(blob := part.get("inlineData"), dict):
            self._add_blob(delta, blob, signature)
        elif isinstance(code := part.get("executableCode"), dict):
            self._add_code(delta, _fenced(str(code.get("language", "")).lower(), code.get("code")), signature)
        elif isinstance(result := part.get("codeExecutionResult"), dict):
            self._add_code(delta, _fenced("", _output(result)), signature)
        elif part.keys() & NATIVE_PARTS:
            self._native.append(dict(part))

    def _add_text(self, delta: GeminiDelta, text: str, signature: str) -> None:
        start = self._said.characters
        self._said.write(text)
        self._add_content(delta, text, start, signature)

    def _add_code(self, delta: GeminiDelta, text: str, signature: str) -> None:
        start = self._said.characters
        self._said.insert(text)
        self._add_content(delta, text, start, signature)

    def _add_content(self, delta: GeminiDelta, text: str, start: int, signature: str) -> None:
        if text:
            delta["content"] = delta.get("content", "") + text
        if signature:
            self._add_detail(delta, text_detail(self._details, signature, start, self._said.characters))

    def _add_thought(self, delta: GeminiDelta, text: object, signature: str) -> None:
        if not isinstance(text, str):
            text = ""
        if text:
            delta["reasoning_content"] = delta.get("reasoning_content", "") + text
        if signature:
            self._add_detail(delta, thought_detail(self._details, signature, text))

    def _add_detail(self, delta: GeminiDelta, detail: ReasoningDetail) -> None:
        self._details += 1
        delta.setdefault("reasoning_details", []).append(detail)

    def _add_blob(self, delta: GeminiDelta, blob: JsonView, signature: str) -> None:
        """Images as OpenRouter gives them, sound as OpenAI does."""
        if str(blob.get("mimeType")).startswith("audio/"):
            self._add_audio(delta, blob)
            # Clients give back no sound: its signature goes back on an empty text, where the sound was.
            self._add_content(delta, "", self._said.characters, signature)
            return
        image: JsonObject = {"type": "image_url", "image_url": {"url": data_url(blob)}, "index": self._images}
        if signature:
            image["extra_content"] = {"google": {"thought_signature": signature}}
        self._images += 1
        delta.setdefault("images", []).append(image)

    def _add_audio(self, delta: GeminiDelta, blob: JsonView) -> None:
        audio = delta.setdefault("audio", {"id": f"audio_{self.response_id}", "data": "", "transcript": ""})
        audio |= {"data": text_at(blob, "data"), "expires_at": 0, "mime_type": blob["mimeType"]}

    def _add_call(self, delta: GeminiDelta, call: JsonView, part: JsonView) -> None:
        goes_on = call.get("willContinue") is True or "partialArgs" in call
        # Only the first piece of a call has its name, and the last may have nothing at all.
        if self._open is not None and not call.get("name"):
            self._open.add(call)
            if not goes_on:
                self._close_call(delta)
            return
        self._close_call(delta)
        if goes_on:
            self._open = OpenCall({name: call[name] for name in ("id", "name", "args") if name in call}, part)
            self._open.add(call)
        elif call:
            self._add_whole_call(delta, call, part)

    def _close_call(self, delta: GeminiDelta) -> None:
        """The call that came in pieces is passed on whole, at the latest when the answer ends."""
        call = self._open
        self._open = None
        if call is not None:
            self._add_whole_call(delta, call.call, call.part)

    def _add_whole_call(self, delta: GeminiDelta, call: JsonView, part: JsonView) -> None:
        name = text_at(call, "name")
        arguments = encode(call.get("args") or {}).decode()
        tool_call: ToolCall = {
            "index": self._calls,
            "type": "function",
            "function": {"name": self.names.get(name, name), "arguments": arguments},
        }
        if call_id := self._call_id(call.get("id")):
            tool_call["id"] = call_id
        if signature := text_at(part, "thoughtSignature"):
            tool_call["extra_content"] = {"google": {"thought_signature": signature}}
        self._calls += 1
        delta.setdefault("tool_calls", []).append(tool_call)

    def _call_id(self, native: object) -> str:
        """Gemini's own id, else one that the same answer always gets; empty when that is unknown too."""
        if isinstance(native, str) and native:
            return native
        if not self.response_id:
            return ""
        seed = f"{self.response_id}/{self.index}/{self._calls}"
        return f"call_{hashlib.sha256(seed.encode()).hexdigest()[:24]}"


def _output(result: JsonView) -> object:
    """What code printed; where it printed nothing, the word for how it failed."""
    outcome = result.get("outcome", OUTCOME_OK)
    if result.get("output") or outcome == OUTCOME_OK:
        return result.get("output")
    return str(outcome)


def _fenced(language: str, code: object) -> str:
    """Code that ran at Google's, and what it printed, as a reader sees it best."""
    if not isinstance(code, str) or not code:
        return ""
    return f"\n```{language}\n{code.rstrip()}\n```\n"
