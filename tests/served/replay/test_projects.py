"""A sample of eight projects' recordings through a running gateway: told on every surface, in pieces, and booked.

All of them are played in process (tests/gateway/adapters/recorded); here the bytes travel.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import AddChannel
from tests.gateway.adapters.recorded.checks import check_passed_on, counts_booked, passed_on, surfaces_for
from tests.gateway.adapters.recorded.exchanges import (
    MODEL,
    SHORT,
    SOURCES,
    STREAMED,
    SurfaceName,
    Told,
    lane_for,
    recordings,
    told,
)
from tests.gateway.adapters.recorded.judged import judged
from tests.gateway.adapters.recorded.speech import heard, spoken
from tests.gateway.adapters.recorded.test_answers import needs_more
from tests.support.gateway import Gateway
from tests.support.replay import Vector, played
from tests.support.upstream.answers import json_answer
from tests.support.upstream.scripted import Upstream

pytestmark = needs_more

PATHS = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
NATIVE = {"chat": "openai", "responses": "openrouter"}
"""For the Responses surface: types whose upstreams are asked in chat, or in its own words, at any address."""
PIECES = 50
"""In which a stream is sent."""


@pytest.fixture(scope="module")
def behind_a_restart() -> bool:
    """Recordings are data: what little they set up is set up elsewhere too."""
    return False


def sample(source: str) -> list[Vector]:
    """The shortest answer of every provider, endpoint and way to send it."""
    answers = [each for each in recordings(source) if each.status == 200 and each.id not in judged("no_answers")]
    shortest: dict[tuple[str, str, bool], Vector] = {}
    for vector in sorted(answers, key=lambda answer: -len(answer.body)):
        if vector.endpoint != "embeddings":
            shortest[vector.provider, vector.endpoint, vector.streamed] = vector
    return list(shortest.values())


def channel_type(vector: Vector, surface: SurfaceName) -> str:
    """Which upstream plays it."""
    if surface == "responses" and vector.endpoint in NATIVE:
        return NATIVE[vector.endpoint]
    return lane_for(vector, MODEL).candidate.channel.provider


def ask(gateway: Gateway, upstream: Upstream, vector: Vector, surface: SurfaceName, model: str) -> Told:
    """What a client gets, and what is booked for it."""
    step = len(vector.body) // PIECES + 1
    cuts = range(step, len(vector.body), step) if vector.streamed else ()
    script = played(vector, cuts)
    upstream.default = lambda request: json_answer(200, {"data": []}) if request.method == "GET" else script
    body: dict[str, Any] = {**SHORT[surface], "model": model}
    if vector.streamed:
        body |= STREAMED[surface]
    answer = gateway.post(body, PATHS[surface])
    assert 200 == answer.status, f"{vector}, {surface}: {answer.body[:300]!r}"
    expected = told(surface, vector)
    record = gateway.books.records(model)[-1]
    booked = record.prompt_tokens, record.completion_tokens, record.cache_read_tokens
    assert counts_booked(expected.usage) == booked, f"{vector}, {surface}"
    return Told(answer.body.replace(model.encode(), MODEL.encode()), expected.usage, expected.reported)


@pytest.mark.parametrize("source", SOURCES)
def test_a_sample_of_recordings_is_told_and_booked_by_a_running_gateway(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel, source: str
) -> None:
    models: dict[str, str] = {}
    vectors = sample(source)
    for vector in vectors:
        for surface in surfaces_for(vector):
            kind = channel_type(vector, surface)
            if kind not in models:
                models[kind] = add_channel(upstream.url, provider=kind)
            answer = ask(gateway, upstream, vector, surface, models[kind])
            if passed_on(surface, vector):
                check_passed_on(surface, vector, answer)
            else:
                said = heard(surface, answer.body, streamed=vector.streamed, ours=True).speech
                assert spoken(vector).on(surface) == said, f"{vector}, {surface}"
    print(f"\n{source}: {len(vectors)} recordings through {', '.join(sorted(models))}")
    assert vectors
