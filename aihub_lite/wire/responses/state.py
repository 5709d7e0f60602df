"""What the client of a Responses request knows so far: its `response` object, and events numbered in one sequence.

One request has one of these. Keep-alives, the writer of each attempt and the error at the end all write through it,
so that no number is given twice and a response begins once; gaps in the numbers say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject, JsonView, text_at
from aihub_lite.wire.responses.kept import PREVIOUS, with_sealed
from aihub_lite.wire.sse import named_event

Keep = Callable[[str, list[JsonObject], list[JsonObject]], None]
"""Takes a response's id, its output, and its items as they were told one by one, whose ids may be others."""

ECHOED: Mapping[str, object] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What a response repeats of its request, and what it says where the request said nothing."""
UNFINISHED = ("failed", "cancelled", "in_progress", "queued")
"""What became of responses that are no answer."""


NOTHING_SAID: JsonView = MappingProxyType({})


def not_yet() -> bool:
    """What `relaying` says before anything is relayed."""
    return False


@attrs.define
class ResponseState:
    """One response, as far as its client knows it."""

    id: str
    model: str = ""
    """As the client asked for it."""
    created: int = 0
    """Unix seconds."""
    request: JsonObject = attrs.field(factory=dict, repr=False)
    """The client's body; empty until it is parsed."""
    sequence: int = 0
    """The next event's number."""
    opened: bool = False
    """Whether a keep-alive has begun the stream, because no answer was there yet."""
    relaying: Callable[[], bool] = not_yet
    """Whether an answer that is being sent has state anything, which begins a stream too."""
    previous: str | None = None
    """The response that the client goes on from."""
    keep: Keep | None = attrs.field(default=None, repr=False)
    """Keeps the answer, for requests that point at it; None where nobody may."""
    sealed: dict[str, str] = attrs.field(factory=dict, repr=False)
    """What was signed of reasoning, by the item's id."""

    def response(
        self,
        status: str,
        output: list[JsonObject],
        *,
        usage: Usage | None = None,
        cost: JsonView = NOTHING_SAID,
        error: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> JsonObject:
        """The `response` object; `cost` is what the upstream says of it, as it came, `reason` why it is incomplete."""
        incomplete = None
        if reason is not None:
            incomplete = {"reason": reason}
        tokens = None
        if usage is not None:
            tokens = {**usage_json(usage), **cost}
        response = {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "error": error,
            "incomplete_details": incomplete,
            "model": self.model,
            "output": output,
            **self._echo(),
            "store": self.keep is not None,
            "usage": tokens,
        }
        self.tell_previous(response)
        return response

    def tell_previous(self, response: JsonObject) -> None:
        """Say in a response what it goes on from, which its upstream knows nothing of."""
        if self.previous is not None:
            response[PREVIOUS] = self.previous

    def answered(self, response: JsonView, told: list[JsonObject] | None = None) -> None:
        """The answer is whole, and is about to leave; `told` are its items as they were told one by one."""
        if self.keep is None or text_at(response, "status") in UNFINISHED:
            return
        output = with_sealed(response.get("output"), self.sealed)
        items = with_sealed(told or [], self.sealed)
        # Some upstreams leave the output out where it was told already.
        self.keep(text_at(response, "id") or self.id, output or items, items)

    def event(self, kind: str, fields: JsonView) -> bytes:
        """The next event in the sequence; `kind` is its type."""
        number = self.sequence
        self.sequence += 1
        return typed_event({"type": kind, "sequence_number": number, **fields})

    def opening(self) -> bytes:
        """The events that every stream begins with (RULES.md C-19)."""
        return self._in_progress("response.created") + self.alive()

    def alive(self) -> bytes:
        """An event that says nothing new, for clients whose idle timers no comment resets (RULES.md C-2.4)."""
        return self._in_progress("response.in_progress")

    def failed(self, error: Mapping[str, str]) -> bytes:
        """The end of a stream that failed, with the beginning before it where there was none yet."""
        failure = b""
        if not self.opened and not self.relaying():
            failure = self._in_progress("response.created")
        return failure + self.event("response.failed", {"response": self.response("failed", [], error=error)})

    def _in_progress(self, kind: str) -> bytes:
        return self.event(kind, {"response": self.response("in_progress", [])})

    def _echo(self) -> JsonObject:
        """What a response repeats of its request."""
        echo = dict(ECHOED)
        for name in ECHOED:
            if (value := self.request.get(name)) is not None:
                echo[name] = value
        return echo


def typed_event(payload: JsonObject) -> bytes:
    """An event that says its type twice, on a line of its own and in its data: clients read either."""
    return named_event(payload["type"], encode(payload))


def usage_json(usage: Usage) -> JsonObject:
    """The `usage` of a response."""
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
