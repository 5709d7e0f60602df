"""A streamed Gemini answer as chat chunks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import attrs

from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.foreign_error import error_in, status_in
from aihub_lite.wire.foreign_json import decode
from aihub_lite.wire.gemini_candidate import Candidate
from aihub_lite.wire.gemini_finish import blocked
from aihub_lite.wire.gemini_usage import usage_of


@attrs.define
class GeminiStream:
    """Every event is a whole `GenerateContentResponse`; nothing says that it was the last but a finish reason."""

    names: Mapping[str, str] = attrs.field(factory=dict)
    """The client's names of functions by those upstream, from `Translated`."""
    done: bool = False
    """Whether every candidate that began has ended, or the prompt was blocked. Usage may still come."""
    _id: str = ""
    candidates: dict[int, Candidate] = attrs.field(factory=dict)
    """By their index."""

    def push(self, payload: bytes) -> list[dict[str, Any]]:
        """Chunks for one event, or for a whole answer that came as an array because `alt=sse` was not understood.

        `usage` is a Usage in them: every event has one, and only the last is ever written as JSON.
        Raises StreamError for an error of the upstream's own, AnswerNonsense for what is no answer.
        """
        value = decode(payload)
        chunks = [self.push_answer(answer) for answer in (value if isinstance(value, list) else [value])]
        return [chunk for chunk in chunks if chunk is not None]

    def push_answer(self, answer: object) -> dict[str, Any] | None:
        """The chunk for one decoded event; None when it says nothing that a client or the meter would notice."""
        if not isinstance(answer, dict):  # decoded JSON; looking for any Mapping costs ten times as much
            raise AnswerNonsense("An event of the upstream's stream is not a JSON object.")
        if answer.get("error"):
            _refuse(answer)
        if not self._id and isinstance(response_id := answer.get("responseId"), str):
            self._id = response_id
        choices = self._choices(answer)
        chunk: dict[str, Any] = {"object": "chat.completion.chunk", "choices": choices}
        if self._id:
            chunk["id"] = f"chatcmpl-{self._id}"
        if isinstance(model := answer.get("modelVersion"), str):
            chunk["model"] = model
        usage = answer.get("usageMetadata")
        # Cumulative, and only one with a total is complete: Vertex sends some with the traffic type alone.
        if isinstance(usage, dict) and "totalTokenCount" in usage:
            chunk["usage"] = usage_of(usage)
        return chunk if choices or "usage" in chunk else None

    def _choices(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        candidates = answer.get("candidates")
        if not candidates and (choice := blocked(answer)) is not None:
            self.done = True
            return [choice]
        choices = []
        for position, candidate in enumerate(candidates if isinstance(candidates, list) else ()):
            if isinstance(candidate, dict):
                choice = self._candidate(candidate, position).push(candidate)
                if choice is not None:
                    choices.append(choice)
        self.done = bool(self.candidates) and all(known.finished for known in self.candidates.values())
        return choices

    def _candidate(self, candidate: Mapping[str, Any], position: int) -> Candidate:
        """By its index, which is left out where there is only one."""
        index = candidate.get("index")
        if type(index) is not int or index < 0:
            index = position
        known = self.candidates.get(index)
        if known is None:
            known = self.candidates[index] = Candidate(index, self._id, self.names)
        return known


def _refuse(answer: Mapping[str, Any]) -> NoReturn:
    status = status_in(answer, 502)
    raise StreamError(error_in(status, answer), status)
