"""A streamed Gemini answer as chat chunks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import attrs

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.usage import Usage
from aihub_lite.wire.faults import StreamError
from aihub_lite.wire.foreign_json import EVENT, checked_object, decode
from aihub_lite.wire.gemini.candidate import GeminiCandidate
from aihub_lite.wire.gemini.finish import blocked
from aihub_lite.wire.gemini.grounding import queries_in
from aihub_lite.wire.gemini.models import gemini_model
from aihub_lite.wire.gemini.usage import says_written, usage_of
from aihub_lite.wire.json_types import JsonObject, JsonView
from aihub_lite.wire.upstream_error import error_in, status_in


def answers_in(value: object) -> list[Any]:
    """The answers that an upstream's JSON holds: one, or a whole stream of them where `alt=sse` was not understood."""
    return value if isinstance(value, list) else [value]


@attrs.define
class GeminiStream:
    """Every event is a whole `GenerateContentResponse`; nothing says that it was the last but a finish reason."""

    names: Mapping[str, str] = attrs.field(factory=dict)
    """The client's names of functions by those upstream, from `Translation`."""
    upstream_model: str = ""
    """As it was asked for, until the answer names one."""
    done: bool = False
    """Whether every candidate that began has ended, or the prompt was blocked. Usage may still come."""
    _id: str = ""
    candidates: dict[int, GeminiCandidate] = attrs.field(factory=dict)
    """By their index."""
    _queries: set[str] = attrs.field(factory=set)
    """What was searched for, each once and none empty, which is how Google bills it."""

    @property
    def hosted(self) -> Hosted | None:
        """What has run at Google, as the answer itself shows it."""
        searches = len(self._queries)
        if not searches:
            return None
        if not gemini_model(self.upstream_model).bills_queries:
            searches = 1
        return Hosted(web_search=searches)

    def push(self, payload: bytes) -> list[JsonObject]:
        """The chunks for one event.

        `usage` is a Usage in them: every event has one, and only the last is ever written as JSON.
        Raises StreamError for an error of the upstream's own, AnswerNonsense for what is no answer.
        """
        chunks = [self.push_answer(answer) for answer in answers_in(decode(payload))]
        return [chunk for chunk in chunks if chunk is not None]

    def push_answer(self, event: object) -> JsonObject | None:
        """The chunk for one decoded event; None when it says nothing that a client or the meter would notice."""
        answer = checked_object(event, EVENT)
        if answer.get("error"):
            _refuse(answer)
        if not self._id and isinstance(response_id := answer.get("responseId"), str):
            self._id = response_id
        choices = self._choices(answer)
        chunk: JsonObject = {"object": "chat.completion.chunk", "choices": choices}
        if self._id:
            chunk["id"] = f"chatcmpl-{self._id}"
        if isinstance(model := answer.get("modelVersion"), str):
            self.upstream_model = chunk["model"] = model
        usage = answer.get("usageMetadata")
        # Cumulative, and not all are complete: Vertex sends some with the traffic type alone.
        if isinstance(usage, dict) and says_written(usage):
            chunk["usage"] = self._counted(usage_of(usage))
        if not choices and "usage" not in chunk:
            return None
        return chunk

    def _counted(self, usage: Usage | None) -> Usage | None:
        """The counts with what has run so far: they leave it out."""
        if usage is None:
            return None
        return usage.with_hosted(self.hosted)

    def _choices(self, answer: JsonView) -> list[JsonObject]:
        candidates = answer.get("candidates")
        if not candidates and (choice := blocked(answer)) is not None:
            self.done = True
            return [choice]
        choices: list[JsonObject] = []
        if isinstance(candidates, list):
            for position, candidate in enumerate(candidates):
                if isinstance(candidate, dict):
                    if "groundingMetadata" in candidate:
                        self._queries |= queries_in(candidate["groundingMetadata"])
                    choice = self._candidate(candidate, position).push(candidate)
                    if choice is not None:
                        choices.append(choice)
        self.done = bool(self.candidates) and all(candidate.finished for candidate in self.candidates.values())
        return choices

    def _candidate(self, candidate: JsonView, position: int) -> GeminiCandidate:
        """What was said before of the candidate with this index, which is left out where there is only one."""
        index = candidate.get("index")
        if type(index) is not int or index < 0:
            index = position
        if index not in self.candidates:
            self.candidates[index] = GeminiCandidate(index, self._id, self.names)
        return self.candidates[index]


def _refuse(answer: JsonView) -> NoReturn:
    status = status_in(answer, 502)
    raise StreamError(error_in(status, answer), status)
