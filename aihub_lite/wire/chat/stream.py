"""A streamed chat answer: chunks of any OpenAI-compatible upstream in, events that every client accepts out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, Protocol

import attrs

from aihub_lite.domain.hosted import Hosted, hosted_of
from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.foreign_usage import with_foreign
from aihub_lite.wire.chat.normalise import (
    FAILURES,
    NO_ARGUMENTS,
    finish_reason_of,
    normalise,
    text_bytes,
    whole_calls,
)
from aihub_lite.wire.chat.tier import TIER, at_tier
from aihub_lite.wire.chat.tool_calls import ToolCalls, id_prefix
from aihub_lite.wire.chat.upstream_cost import cost_said
from aihub_lite.wire.chat.usage import usage_json, usage_of
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import StreamError
from aihub_lite.wire.foreign_json import encode, event_object
from aihub_lite.wire.hosted import EXECUTED, hosted_in, says_searches, searches_in
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in
from aihub_lite.wire.sse import DONE, event
from aihub_lite.wire.upstream_error import error_in, status_in
from aihub_lite.wire.written import Written

HELD = ("prompt_filter_results",)
"""What Azure says in a first chunk that has no choices."""
SILENT = frozenset({"role", "index", "channel"})
"""Fields of a delta that say nothing to a user on their own."""


@attrs.define
class _Choice:
    """How far one of the choices has come."""

    calls: ToolCalls
    started: bool = False
    finished: bool = False
    legacy_empty: bool = False
    """Whether it has a legacy call that has no arguments so far."""

    annotations: int = 0
    """How many it has so far."""

    def number(self, annotations: object) -> None:
        """Give annotations an index each, in place: the SDKs put a list together by it that comes in several deltas."""
        for annotation in dicts_in(annotations):
            if type(annotation.get("index")) is not int:
                annotation["index"] = self.annotations
            self.annotations += 1

    def take_legacy(self, call: JsonView) -> None:
        """A piece of a legacy call."""
        if self.legacy_empty or call.get("name"):
            self.legacy_empty = not call.get("arguments", "").strip()


def chunk_event(chunk: JsonView) -> bytes:
    """A chunk as clients of chat get it."""
    return event(encode(chunk))


@attrs.define
class ChatStream:
    """Normalises and meters one stream: `push` for what comes, `end` once, and its fields may be read at any time.

    What an upstream sends is changed in place and used again for the client: copies would cost more than all the rest.
    """

    model: str
    """The id the client asked for."""
    request_id: str
    created: int
    """Unix seconds; the upstream's own once it has sent one."""
    include_usage: bool
    """Whether the client asked for the usage chunk."""
    id: str = ""
    """Of every chunk; upstream's unless it is set before the first."""
    write: Callable[[JsonObject], bytes] = chunk_event
    """What a `Chunk` becomes for the client: the bytes of as many events as it takes, or none. The chunk says one thing
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
    written: Written = attrs.field(factory=Written, init=False)
    _choices: dict[int, _Choice] = attrs.field(factory=dict, init=False)
    _reported: object = attrs.field(default=None, init=False)
    """The last `usage` as it came."""
    _refusal_bytes: int = attrs.field(default=0, init=False)
    """Of those that were passed on, the bytes that say why there are no others."""
    _searches: set[int] = attrs.field(factory=set, init=False)
    """Those that Groq's systems made, by their numbers."""
    _held: JsonObject = attrs.field(factory=dict, init=False)
    """Fields of a chunk without choices, for the next one that has some."""

    @property
    def complete(self) -> bool:
        """Whether every choice that started has its reason."""
        return self.finish_reason is not None

    @property
    def withheld(self) -> bool:
        """Whether a policy kept the one choice back: nothing came but that, and perhaps why."""
        if self.finish_reason != "content_filter" or self.relayed_bytes > self._refusal_bytes:
            return False
        return len(self._choices) == 1 and not any(choice.calls.sent for choice in self._choices.values())

    @property
    def cost(self) -> JsonObject:
        """What the upstream said that the answer cost, as it came; see `cost_said`."""
        return cost_said(self._reported)

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        return Usage(prompt_tokens, tokens_in(self.relayed_bytes), hosted=self.hosted)

    @property
    def hosted(self) -> Hosted | None:
        """What has run at the provider, as the answer itself shows it, unless its last usage knows better."""
        if self.complete and says_searches(self._reported):
            return hosted_in(self._reported)
        return hosted_of({"web_search": len(self._searches)})

    def push(self, payload: bytes) -> list[bytes]:
        """The events for one upstream payload; raises AnswerNonsense (not JSON) and StreamError (upstream's own).

        `[DONE]` gives the finish reasons that are missing: Snowflake never says one.
        """
        if payload.strip() == b"[DONE]":
            self.done = True
            if not self.has_content:
                return []
            return self.missing_reasons()
        return self.push_chunk(event_object(payload))

    def push_chunk(self, chunk: JsonObject) -> list[bytes]:
        """The same for a decoded chunk, which is taken over and changed; its `usage` may be a Usage already."""
        # Many upstreams report usage in every chunk, and clients want it in the last one only (RULES.md C-8).
        self._take_usage(chunk.pop("usage", None) or _groq_usage(chunk), chunk)
        choices = chunk.get("choices")
        if chunk.get("error") or (choices is None and _is_error(chunk)):
            _refuse(chunk)
        if not choices or not isinstance(choices, list):  # which clients index without looking (RULES.md C-7)
            self._held |= {name: chunk[name] for name in HELD if name in chunk}
            return []
        chunk.pop("error", None)  # not even null may stand there (RULES.md C-10)
        if self._held:
            chunk |= self._held
            self._held = {}
        return self._events(self._envelope(chunk), choices)

    def end(self) -> list[bytes]:
        """The clean end: missing reasons, the usage chunk if it was asked for and is known, `[DONE]`."""
        events = self.missing_reasons()
        if self.include_usage and self.usage is not None:
            usage = with_foreign(usage_json(self.usage), self._reported)
            events.append(self.write(self._envelope({"choices": [], "usage": usage})))
        return [*events, DONE]

    def missing_reasons(self) -> list[bytes]:
        """A finish reason for every choice that started and got none."""
        events: list[bytes] = []
        for index, choice in self._choices.items():
            if not choice.finished:
                events += self._events(self._envelope({}), [{"index": index, "delta": {}, "finish_reason": "stop"}])
        return events

    def _take_usage(self, usage: object, holder: JsonView) -> None:
        # Cumulative where it comes more than once (Perplexity, vLLM): the last one counts, nothing is added up.
        if usage is None:
            return
        if not isinstance(usage, Usage):
            self._reported = usage
            usage = at_tier(usage_of(usage), holder.get(TIER))
        if usage is not None and self.usage is not None:
            usage = usage.possible(self.usage)  # some end with zeros (T-48)
        if usage is not None:
            self.usage = usage

    def _envelope(self, chunk: JsonObject) -> JsonObject:
        """In place: one id, one time, one model for the whole stream, whatever upstream varies or leaves out.

        The model is the id the client asked for (RULES.md C-21).
        """
        if not self.id:
            self._identify(chunk)
        chunk["id"] = self.id
        chunk["object"] = "chat.completion.chunk"
        chunk["created"] = self.created
        chunk["model"] = self.model
        return chunk

    def _identify(self, chunk: JsonView) -> None:
        """Take id and time of the first chunk, where it has them."""
        upstream_id = chunk.get("id")
        if isinstance(upstream_id, str) and upstream_id:
            self.id = upstream_id
        else:
            self.id = f"chatcmpl-{self.request_id}"
        created = chunk.get("created")
        if isinstance(created, int) and not isinstance(created, bool) and created > 0:
            self.created = created

    def _events(self, chunk: JsonObject, choices: list[object]) -> list[bytes]:
        """One event per piece; what else the chunk holds goes with the first."""
        events = []
        for position, choice in enumerate(choices):
            if not isinstance(choice, dict):
                continue
            for piece in self._pieces(choice, position):
                chunk["choices"] = [piece]
                if data := self.write(chunk):
                    events.append(data)
                chunk = self._envelope({})
        return events

    def _pieces(self, choice: JsonObject, position: int) -> list[JsonObject]:
        """A choice as one or more choices with one thing each; none when it says nothing new."""
        index = choice.get("index")
        if type(index) is not int or index < 0:
            index = choice["index"] = position
        if "usage" in choice:  # Moonshot reports it here
            self._take_usage(choice.pop("usage"), choice)
        state = self._choices.get(index) or self._open(index)
        delta = _delta_of(choice)
        deltas = self._deltas(state, delta)
        reason = self._reason(state, choice)
        if reason is not None:
            deltas += self._last_of_calls(state, whole=whole_calls(reason))
            if not deltas:
                deltas = [{}]
            reason = self._finish(state, reason)
        elif state.finished:
            # Upstreams send empty deltas after the reason, with usage beside them; text is passed on even there.
            deltas = [delta for delta in deltas if any(delta.values())]
        if deltas and not state.started:
            # Only the first delta of a choice has the role, whatever upstream repeats (RULES.md C-7).
            state.started = True
            deltas[0] = {"role": "assistant", "content": None, **deltas[0]}
        self._count(deltas)
        pieces: list[JsonObject] = [{"index": index, "delta": delta, "finish_reason": None} for delta in deltas]
        if pieces:
            # The first one is the upstream's own choice, for what else it holds: logprobs, a native reason.
            choice.update(delta=deltas[0], finish_reason=None)
            pieces[0] = choice
            pieces[-1]["finish_reason"] = reason
        return pieces

    def _deltas(self, state: _Choice, delta: JsonObject) -> list[JsonObject]:
        """The delta, with its tool calls taken out into deltas of their own: clients read only one per chunk."""
        delta.pop("role", None)
        normalise(delta)
        if "annotations" in delta:
            state.number(delta["annotations"])
        if EXECUTED in delta:
            self._searches |= searches_in(delta[EXECUTED])
        if "function_call" in delta:
            state.take_legacy(delta["function_call"])
        if "tool_calls" not in delta:
            return [delta]
        upstream_calls = delta.pop("tool_calls")
        if not isinstance(upstream_calls, list):
            return [delta]
        calls = [state.calls.push(call) for call in upstream_calls]
        deltas: list[JsonObject] = [{"tool_calls": [call]} for call in calls if call is not None]
        if not calls or delta.get("content"):  # which may not share a chunk with a call (RULES.md C-9)
            return [delta, *deltas]
        delta.pop("content", None)
        if deltas:
            deltas[0] = delta | deltas[0]
        elif any(delta.values()):
            return [delta]
        return deltas

    def _last_of_calls(self, state: _Choice, *, whole: bool) -> list[JsonObject]:
        """What a choice's calls still lack at its end; `whole`: none was cut short."""
        deltas: list[JsonObject] = [{"tool_calls": [call]} for call in state.calls.flush(whole=whole)]
        if whole and state.legacy_empty:
            deltas.append({"function_call": {"arguments": NO_ARGUMENTS}})
        return deltas

    def _reason(self, state: _Choice, choice: JsonView) -> str | None:
        """Upstream's finish reason the first time it gives one."""
        reason = choice.get("finish_reason")
        if not reason or not isinstance(reason, str) or state.finished:
            return None
        if reason in FAILURES:
            _refuse({"error": choice.get("error") or {"code": reason, "message": f"The upstream stopped: {reason}."}})
        return reason

    def _finish(self, state: _Choice, reason: str) -> str | None:
        state.finished = True
        self.has_content = True
        finish_reason = finish_reason_of(reason, called=state.calls.sent > 0)
        self.finish_reason = None
        if all(choice.finished for choice in self._choices.values()):
            self.finish_reason = finish_reason
        return finish_reason

    def _count(self, deltas: list[JsonObject]) -> None:
        for delta in deltas:
            self.relayed_bytes += text_bytes(delta)
            self.written.take(delta)
            if "refusal" in delta:
                self._refusal_bytes += text_bytes({"refusal": delta["refusal"]})
            if not self.has_content:
                self.has_content = any(value for name, value in delta.items() if name not in SILENT)

    def _open(self, index: int) -> _Choice:
        self.finish_reason = None  # the stream may go on after all choices so far have ended
        choice = self._choices[index] = _Choice(ToolCalls(id_prefix(self.request_id, index)))
        return choice


class OpenChatStream(Protocol):
    """Makes a ChatStream, or one that reads another format's events as chunks."""

    def __call__(
        self,
        model: str,
        request_id: str,
        created: int,
        include_usage: bool,
        *,
        id: str = "",  # noqa: A002  as ChatStream has it
        write: Callable[[JsonObject], bytes] = chunk_event,
    ) -> ChatStream:
        """As ChatStream's fields of these names."""
        ...


def _delta_of(choice: JsonObject) -> JsonObject:
    """A choice's delta; streams of legacy completions have `text` instead."""
    delta = choice.get("delta")
    if isinstance(delta, dict):
        return delta
    text = choice.pop("text", None)
    if isinstance(text, str):
        return {"content": text}
    return {}


def _groq_usage(chunk: JsonView) -> object:
    extra = chunk.get("x_groq")
    if isinstance(extra, dict):
        return extra.get("usage")
    return None


def _is_error(chunk: JsonView) -> bool:
    """An error event in another shape: vLLM's `object: error`, FastAPI's `detail`, a bare code and message."""
    return chunk.get("object") == "error" or chunk.get("type") == "error" or bool(chunk.keys() & {"message", "detail"})


def _refuse(chunk: JsonView) -> NoReturn:
    status = status_in(chunk, 502)
    raise StreamError(error_in(status, {name: value for name, value in chunk.items() if name != "choices"}), status)
