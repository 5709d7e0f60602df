"""The drift of every recorded answer; prints the table of medians:
`python -m tests.gateway.adapters.recorded.drifts`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.line.charging import metered_usage
from aihub_lite.gateway.line.drift import drift_of
from aihub_lite.wire.faults import WireFault
from aihub_lite.wire.protocols import Metered, Request
from tests.gateway.adapters.recorded.exchanges import (
    FILES,
    SHORT,
    SOURCES,
    STREAMED,
    SURFACES,
    SurfaceName,
    adapter_of,
    parsed,
    payloads,
    recordings,
)
from tests.gateway.adapters.recorded.judged import judged
from tests.gateway.adapters.recorded.whole import document
from tests.support.replay import Vector


def drifts(times: int = 1) -> Mapping[str, list[float]]:
    """By provider; `times`: what its upstream multiplies its counts with."""
    found: dict[str, list[float]] = defaultdict(list)
    for vector in answers():
        if (drift := drift_in(vector, times)) is not None:
            found[vector.provider].append(drift)
    return found


def answers() -> Iterator[Vector]:
    """All recorded ones of conversations."""
    for source in (*FILES, *SOURCES):
        for vector in recordings(source):
            if vector.status == 200 and vector.endpoint != "embeddings" and vector.id not in judged("skipped"):
                yield vector


def surface_of(vector: Vector) -> SurfaceName:
    """Where it was asked for, so that its request says what else was; Gemini's own is written anew for chat."""
    own: Mapping[str, SurfaceName] = {"messages": "messages", "responses": "responses"}
    return own.get(vector.endpoint, "chat")


def drift_in(vector: Vector, times: int = 1) -> float | None:
    """As the line measures it."""
    surface = surface_of(vector)
    request = request_on(surface, vector)
    try:
        answer = answered(surface, request, vector)
    except (WireFault, GatewayError):
        return None
    usage, source = metered_usage(request.usage(), answer)
    if source != "upstream":
        return None
    return drift_of(inflated(usage, times), answer.written, SURFACES[surface].chat(request), model_of(vector))


def request_on(surface: SurfaceName, vector: Vector) -> Request:
    """The recorded request where it is in the surface's words, else the shortest one."""
    streamed = STREAMED[surface] if vector.streamed else {"stream": False}
    if vector.endpoint == surface and vector.request is not None:
        stored = ("previous_response_id", "conversation", "background")
        own = {name: value for name, value in vector.request.items() if name not in stored}
        try:
            return parsed(surface, {"max_tokens": 1, **own, **streamed})
        except GatewayError:
            pass
    return parsed(surface, {"model": "m", **SHORT[surface], **streamed})


def answered(surface: SurfaceName, request: Request, vector: Vector) -> Metered:
    """The recorded answer, whole or as a stream at its end."""
    adapter = adapter_of(surface, request, vector)
    adapter.send()
    if not vector.streamed:
        return adapter.answer(vector.body, vector.content_type)
    stream = adapter.stream()
    try:
        for payload in payloads([vector.body]):
            stream.push(payload)
    except WireFault:
        if not stream.complete:
            raise
    return stream


def inflated(usage: Usage, times: int) -> Usage:
    """As a reseller reports it who multiplies every count."""
    return attrs.evolve(
        usage,
        prompt_tokens=usage.prompt_tokens * times,
        completion_tokens=usage.completion_tokens * times,
        reasoning_tokens=usage.reasoning_tokens * times,
    )


def model_of(vector: Vector) -> str:
    """That answered, as the request or the answer names it; the upstream's own name of it."""
    if vector.request and vector.request.get("model"):
        return str(vector.request["model"])
    answer: Any = document(vector)
    if isinstance(answer, list):
        answer = answer[0]
    return str(answer.get("model") or answer.get("modelVersion") or vector.model_in_path)


def lines(honest: Mapping[str, list[float]]) -> Iterator[str]:
    """The table."""
    yield "{:<16}{:>8}{:>8}{:>8}{:>8}".format("provider", "answers", "median", "least", "most")
    for provider, figures in sorted(honest.items()):
        row = (len(figures), median(figures), min(figures), max(figures))
        yield "{:<16}{:>8}{:>8.2f}{:>8.2f}{:>8.2f}".format(provider, *row)


if __name__ == "__main__":
    for line in lines(drifts()):
        print(line)
