"""What the client of a Responses request has been told: its `response` object, and events numbered once for all.

One request has one of these. Keep-alives, the writer of each attempt and the error at the end all speak through it,
so that no number is given twice and a response begins once; gaps in the numbers say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.sse import named_event

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


def not_yet() -> bool:
    """Nothing has been relayed."""
    return False


@attrs.define
class Told:
    """One response, as far as its client knows."""

    id: str
    model: str = ""
    """As the client asked for it."""
    created: int = 0
    """Unix seconds."""
    request: dict[str, Any] = attrs.field(factory=dict, repr=False)
    sequence: int = 0
    """The next event's number."""
    opened: bool = False
    """Whether a keep-alive has begun the stream, because no answer was there yet."""
    relaying: Callable[[], bool] = not_yet
    """Whether an answer that is being sent has told anything, which begins a stream too."""
    native: bool = False
    """Whether the upstream that is asked speaks this API itself."""
    lacking: set[str] = attrs.field(factory=set)
    """Ids of channels whose upstreams turned out not to."""

    def response(
        self,
        status: str,
        output: list[dict[str, Any]],
        *,
        usage: Usage | None = None,
        error: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> dict[str, Any]:
        """The `response` object; `reason` is why it is incomplete."""
        given = self.request
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "error": error,
            "incomplete_details": None if reason is None else {"reason": reason},
            "model": self.model,
            "output": output,
            **{name: default if given.get(name) is None else given[name] for name, default in ECHOED.items()},
            "store": False,
            "usage": None if usage is None else usage_json(usage),
        }

    def event(self, kind: str, fields: Mapping[str, Any]) -> bytes:
        """One event."""
        number, self.sequence = self.sequence, self.sequence + 1
        return typed_event({"type": kind, "sequence_number": number, **fields})

    def opening(self) -> bytes:
        """The events that every stream begins with."""
        return self._of_response("response.created") + self.alive()

    def alive(self) -> bytes:
        """An event that says nothing new."""
        return self._of_response("response.in_progress")

    def failed(self, error: Mapping[str, str]) -> bytes:
        """The end of a stream that failed; whoever was told of no response yet is told of it now."""
        begun = b"" if self.opened or self.relaying() else self._of_response("response.created")
        return begun + self.event("response.failed", {"response": self.response("failed", [], error=error)})

    def _of_response(self, kind: str) -> bytes:
        return self.event(kind, {"response": self.response("in_progress", [])})


def typed_event(payload: dict[str, Any]) -> bytes:
    """An event that says its type twice, as clients of this surface expect."""
    return named_event(payload["type"], encode(payload))


def usage_json(usage: Usage) -> dict[str, Any]:
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
