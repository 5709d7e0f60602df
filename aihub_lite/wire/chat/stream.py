"""A streamed chat answer: chunks of any OpenAI-compatible upstream in, events that every client accepts out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat_parts import FAILURES, finish_reason_of, settle, text_bytes
from aihub_lite.wire.chat_usage import usage_json, usage_of
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.foreign_error import error_in, status_in
from aihub_lite.wire.foreign_json import decode, encode
from aihub_lite.wire.sse import DONE, event
from aihub_lite.wire.tool_calls import ToolCalls

SILENT = frozenset({"role", "index", "channel"})
"""Fields of a delta that say nothing to a user on their own."""


@attrs.define
class _Choice:
    calls: ToolCalls
    started: bool = False
    finished: bool = False


def chunk_event(chunk: dict[str, Any]) -> bytes:
    """A chunk as clients of chat get it."""
    return event(encode(chunk))


@attrs.define
class ChatStream:
    """Normalises one stream; what it says of the stream so far is for the gateway to read at any time."""

    model: str
    """The id the client asked for."""
    request_id: str
    created: int
    """Unix seconds; the upstream's own once it has sent one."""
    include_usage: bool
    """Whether the client asked for the usage chunk."""
    id: str = ""
    """Of every chunk; upstream's unless it is set before the first."""
    write: Callable[[dict[str, Any]], bytes] = chunk_event
    """What a chunk becomes for the client: the bytes of as many events as it takes, or none. The chunk says one thing
    and is used again after the call."""
    usage: Usage | None = None
    """As last reported upstream; may be set to an estimate before `end`."""
    finish_reason: str | None = None
    """Set once every choice that started has its reason; a stream that stops before is cut off."""
    has_content: bool = False
    """Whether anything came that a user would notice: text, reasoning, a call, a refusal, a finish reason."""
    relayed_bytes: int = 0
    """UTF-8 bytes of all text and arguments passed on."""
    done: bool = False
    """Whether upstream said `[DONE]`; several never do."""
    _choices: dict[int, _Choice] = attrs.field(factory=dict, init=False)

    @property
    def complete(self) -> bool:
        """Whether every choice that started has its reason."""
        return self.finish_reason is not None

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        return Usage(prompt_tokens, tokens_in(self.relayed_bytes))

    def push(self, payload: bytes) -> list[bytes]:
        """The events for one upstream payload; raises AnswerNonsense (not JSON) and StreamError (upstream's own).

        `[DONE]` gives the finish reasons that are still owed: Snowflake never says one.
        """
        if payload.strip() == b"[DONE]":
            self.done = True
            return self.owed() if self.has_content else []
        chunk = decode(payload)
        if not isinstance(chunk, dict):
            raise AnswerNonsense("An event of the upstream's stream is not a JSON object.")
        return self.push_chunk(chunk)

    def push_chunk(self, chunk: dict[str, Any]) -> list[bytes]:
        """The same for a decoded chunk, which is taken over and changed; its `usage` may be a Usage already."""
        self._take_usage(chunk.pop("usage", None) or _groq_usage(chunk))
        choices = chunk.get("choices")
        if chunk.get("error") or (choices is None and _is_error(chunk)):
            _refuse(chunk)
        if not choices or not isinstance(choices, list):
            return []
        chunk.pop("error", None)
        return self._events(self._envelope(chunk), choices)

    def end(self) -> list[bytes]:
        """The clean end: reasons still owed, the usage chunk if it was asked for and is known, `[DONE]`."""
        events = self.owed()
        if self.include_usage and self.usage is not None:
            events.append(self.write(self._envelope({"choices": [], "usage": usage_json(self.usage)})))
        return [*events, DONE]

    def owed(self) -> list[bytes]:
        """A finish reason for every choice that started and got none."""
        events: list[bytes] = []
        for index, choice in self._choices.items():
            if not choice.finished:
                events += self._events(self._envelope({}), [{"index": index, "delta": {}, "finish_reason": "stop"}])
        return events

    def _take_usage(self, usage: object) -> None:
        # Cumulative where it comes more than once (Perplexity, vLLM): the last one counts, nothing is added up.
        if usage is None:
            return
        known = usage if isinstance(usage, Usage) else usage_of(usage)
        if known is not None:
            self.usage = known

    def _envelope(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """In place: one id, one time, one model for the whole stream, whatever upstream varies or leaves out."""
        if not self.id:
            upstream_id, created = chunk.get("id"), chunk.get("created")
            self.id = upstream_id if isinstance(upstream_id, str) and upstream_id else f"chatcmpl-{self.request_id}"
            if isinstance(created, int) and not isinstance(created, bool) and created > 0:
                self.created = created
        chunk["id"] = self.id
        chunk["object"] = "chat.completion.chunk"
        chunk["created"] = self.created
        chunk["model"] = self.model
        return chunk

    def _events(self, chunk: dict[str, Any], choices: list[Any]) -> list[bytes]:
        """One event per piece; what else the chunk holds goes with the first."""
        events = []
        for position, choice in enumerate(choices):
            for piece in self._pieces(choice, position) if isinstance(choice, dict) else ():
                chunk["choices"] = [piece]
                if said := self.write(chunk):
                    events.append(said)
                chunk = self._envelope({})
        return events

    def _pieces(self, choice: dict[str, Any], position: int) -> list[dict[str, Any]]:
        """A choice as one or more choices with one thing each; none when it says nothing new."""
        index = choice.get("index")
        if type(index) is not int or index < 0:
            index = choice["index"] = position
        if "usage" in choice:  # Moonshot reports it here
            self._take_usage(choice.pop("usage"))
        state = self._choices.get(index) or self._open(index)
        delta = _delta_of(choice)
        deltas = self._deltas(state, delta)
        reason = self._reason(state, choice)
        if reason is not None:
            deltas += [{"tool_calls": [call]} for call in state.calls.flush()] or ([] if deltas else [{}])
            reason = self._finish(state, reason)
        elif state.finished:
            deltas = [said for said in deltas if any(said.values())]
        if deltas and not state.started:
            state.started = True
            deltas[0] = {"role": "assistant", "content": None, **deltas[0]}
        self._count(deltas)
        pieces: list[dict[str, Any]] = [{"index": index, "delta": said, "finish_reason": None} for said in deltas]
        if pieces:
            choice.update(delta=deltas[0], finish_reason=None)
            pieces[0] = choice
            pieces[-1]["finish_reason"] = reason
        return pieces

    def _deltas(self, state: _Choice, delta: dict[str, Any]) -> list[dict[str, Any]]:
        """The delta, with its tool calls taken out into deltas of their own: clients read only one per chunk."""
        delta.pop("role", None)
        settle(delta)
        if "tool_calls" not in delta:
            return [delta]
        calls = delta.pop("tool_calls")
        ours = [state.calls.push(call) for call in calls] if isinstance(calls, list) else []
        deltas: list[dict[str, Any]] = [{"tool_calls": [call]} for call in ours if call is not None]
        if not ours or delta.get("content"):
            return [delta, *deltas]
        delta.pop("content", None)
        if deltas:
            deltas[0] = delta | deltas[0]
        return deltas or ([delta] if any(delta.values()) else [])

    def _reason(self, state: _Choice, choice: dict[str, Any]) -> str | None:
        """Upstream's finish reason the first time it gives one."""
        reason = choice.get("finish_reason")
        if not reason or not isinstance(reason, str) or state.finished:
            return None
        if reason in FAILURES:
            _refuse({"error": choice.get("error") or {"code": reason, "message": f"The upstream stopped: {reason}."}})
        return reason

    def _finish(self, state: _Choice, reason: str) -> str | None:
        state.finished = self.has_content = True
        ours = finish_reason_of(reason, called=state.calls.sent > 0)
        self.finish_reason = ours if all(choice.finished for choice in self._choices.values()) else None
        return ours

    def _count(self, deltas: list[dict[str, Any]]) -> None:
        for delta in deltas:
            self.relayed_bytes += text_bytes(delta)
            if not self.has_content:
                self.has_content = any(value for name, value in delta.items() if name not in SILENT)

    def _open(self, index: int) -> _Choice:
        self.finish_reason = None
        prefix = f"call_{self.request_id}" if index == 0 else f"call_{self.request_id}_{index}"
        choice = self._choices[index] = _Choice(ToolCalls(prefix))
        return choice


def _delta_of(choice: dict[str, Any]) -> dict[str, Any]:
    """A choice's delta; streams of legacy completions have `text` instead."""
    delta = choice.get("delta")
    if isinstance(delta, dict):
        return delta
    text = choice.pop("text", None)
    return {"content": text} if isinstance(text, str) else {}


def _groq_usage(chunk: dict[str, Any]) -> object:
    extra = chunk.get("x_groq")
    return extra.get("usage") if isinstance(extra, dict) else None


def _is_error(chunk: dict[str, Any]) -> bool:
    """An error event in another shape: vLLM's `object: error`, FastAPI's `detail`, a bare code and message."""
    return chunk.get("object") == "error" or chunk.get("type") == "error" or bool(chunk.keys() & {"message", "detail"})


def _refuse(chunk: dict[str, Any]) -> NoReturn:
    status = status_in(chunk, 502)
    raise StreamError(error_in(status, {name: value for name, value in chunk.items() if name != "choices"}), status)
