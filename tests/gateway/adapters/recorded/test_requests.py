"""Recorded requests: equal upstream but for what is named, and the same in other words and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.money import UNPRICED
from aihub_lite.gateway.adapters.adapter import AttemptContext, UpstreamRequest
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.wire.responses.kept import PreviousResponseNotFound
from tests.gateway.adapters.recorded.exchanges import (
    AZURE,
    SHORT,
    SOURCES,
    SurfaceName,
    lane_for,
    parsed,
    recordings,
    sent,
)
from tests.gateway.adapters.recorded.exchanges import SURFACES as ADAPTED
from tests.gateway.adapters.recorded.judged import judged
from tests.gateway.adapters.recorded.test_answers import needs_more
from tests.storage.facts import CHANNEL
from tests.support.clock import ManualClock
from tests.support.replay import Vector
from tests.wire import test_vectors as chat
from tests.wire.anthropic.surface import test_recorded_requests as from_messages
from tests.wire.anthropic.upstream import test_recorded_requests as to_claude
from tests.wire.gemini import gist
from tests.wire.gemini import test_vectors as gemini
from tests.wire.gemini.inverse import has_counterpart
from tests.wire.responses import test_vectors as responses

pytestmark = [pytest.mark.served, needs_more]  # every recorded request

SURFACES: Mapping[str, SurfaceName] = {"chat": "chat", "messages": "messages", "responses": "responses"}
"""By the endpoint that was recorded: the surface whose words its requests are in."""
NEW_CLAUDES = ("claude-sonnet-4-6", "claude-opus-5-5")
VERTEX = "https://vertex.test"
VERTEX_ONLY = frozenset({"anthropic_version"})
"""Fields that stand in headers elsewhere."""


def requests_of(source: str, endpoint: str) -> list[Vector]:
    """Recorded requests for an endpoint, each with its model, which may stand in the path alone."""
    return [
        attrs.evolve(vector, request=with_model(vector))
        for vector in recordings(source)
        if vector.endpoint == endpoint and vector.request
    ]


def with_model(vector: Vector) -> dict[str, Any]:
    request = {name: value for name, value in (vector.request or {}).items() if name not in VERTEX_ONLY}
    if vector.endpoint == "generateContent":
        return request
    return {"model": vector.model_in_path, **request}


def differences(recorded: Any, upstream: Any, at: str = "") -> Iterator[str]:
    """Places that differ, without numbers."""
    if isinstance(recorded, dict) and isinstance(upstream, dict):
        for name in sorted(recorded.keys() | upstream.keys()):
            place = f"{at}.{name}".removeprefix(".")
            if name not in upstream:
                yield f"{place}: left out"
            elif name not in recorded:
                yield f"{place}: added"
            else:
                yield from differences(recorded[name], upstream[name], place)
    elif isinstance(recorded, list) and isinstance(upstream, list) and len(recorded) == len(upstream):
        for one, other in zip(recorded, upstream, strict=True):
            yield from differences(one, other, f"{at}[]")
    elif recorded != upstream:
        yield f"{at}: another"


@pytest.mark.parametrize("endpoint", SURFACES)
def test_a_recorded_request_comes_out_equal_upstream_but_for_what_is_named(endpoint: str) -> None:
    """Through the adapter of a channel of the provider that it was recorded for, with that provider's quirks."""
    found: dict[str, str] = {}
    for vector in [each for source in SOURCES for each in requests_of(source, endpoint)]:
        found |= {difference: str(vector) for difference in upstream_differences(SURFACES[endpoint], vector)}
    expected = {name for name in judged("requests") if f", {endpoint}: " in name}
    assert {} == {name: vector for name, vector in found.items() if name not in expected}
    assert set() == expected - found.keys()


def upstream_differences(surface: SurfaceName, vector: Vector) -> Iterator[str]:
    """Those that the answer does not name; a request that is refused differs in nothing."""
    recorded = vector.request or {}
    try:
        upstream = sent(surface, vector, recorded)
    except PreviousResponseNotFound:
        assert "previous_response_id" in recorded
        return
    assert isinstance(upstream.body, bytes)
    provider = lane_for(vector, "").candidate.channel.provider
    for difference in differences(recorded, msgspec.json.decode(upstream.body)):
        if difference.partition(":")[0] not in upstream.dropped:
            yield f"{provider}, {vector.endpoint}: {difference}"


def to_new_claudes(vector: Vector) -> None:
    """The way to Claude and back, with the models that take least."""
    for model in NEW_CLAUDES:
        to_claude.test_every_recorded_chat_request_survives_the_way_to_claude_and_back(vector, model)


def through_chat(vector: Vector) -> None:
    """Into chat's words and back into Gemini's, where chat has words for all of it."""
    if has_counterpart(gist.camel(vector.request)):
        gemini.test_every_recorded_request_survives_chat(vector)


WAYS: Mapping[str, tuple[Callable[[Vector], None], ...]] = {
    "chat": (
        chat.test_every_recorded_request_survives_but_for_the_documented_changes,
        gemini.test_every_recorded_chat_request_can_be_asked_of_gemini,
        to_new_claudes,
    ),
    "messages": (
        to_claude.test_every_recorded_request_is_sent_as_it_was_once_it_is_said_in_chat,
        from_messages.test_a_recorded_request_says_the_same_after_the_way_through_chat,
        from_messages.test_a_recorded_request_is_unchanged_by_reading_it,
        from_messages.test_a_recorded_request_can_be_asked_of_gemini_unless_a_url_forbids_it,
    ),
    "generateContent": (through_chat,),
    "responses": (
        responses.test_a_recorded_request_becomes_one_that_the_sdk_could_send,
        responses.test_a_recorded_request_is_passed_on_but_for_the_model,
        responses.test_a_request_that_needs_what_is_stored_is_refused,
    ),
}
"""By the endpoint that was recorded: what the wires' own tests ask of the recordings that they know."""


@pytest.mark.parametrize("endpoint", WAYS)
def test_a_recorded_request_is_the_same_after_a_way_through_other_words(endpoint: str) -> None:
    failed: dict[str, str] = {}
    played = [each for source in SOURCES for each in requests_of(source, endpoint)]
    for vector in played:
        for way in WAYS[endpoint]:
            try:
                way(vector)
            except AssertionError as error:
                failed[vector.id] = f"{vector} {vector.source}, {way.__name__}: {error}"[:600]
    expected = {vector.id for vector in played} & judged("ways").keys()
    print(f"\n{endpoint:18}{len(played):8} requests{len(expected):8} judged")
    assert {} == {name: failure for name, failure in failed.items() if name not in expected}
    assert set() == expected - failed.keys()


AT_AZURE: tuple[SurfaceName, ...] = ("chat", "embeddings", "responses")


def test_a_recorded_request_goes_to_azure_where_it_went() -> None:
    """By a deployment's name and a dated version, or without both."""
    recorded = [each for source in ("azure", *SOURCES) for each in recordings(source) if each.provider == "azure"]
    played = [each for each in recorded if each.request and each.path and each.status == 200]
    assert set(AT_AZURE) == {each.endpoint for each in played}
    for surface in AT_AZURE:
        for vector in [each for each in played if each.endpoint == surface]:
            request = vector.request or {}
            deployment = vector.path.partition("/deployments/")[2].partition("/")[0] or request["model"]
            upstream = sent(surface, vector, {**request, "model": deployment})
            assert AZURE + vector.path == upstream.url, vector


def test_a_recorded_request_goes_to_vertex_where_it_went() -> None:
    """Claude's with the body that it had: the model in the path alone, the version in the body."""
    recorded = [each for source in ("vertex", *SOURCES) for each in recordings(source) if each.provider == "vertex"]
    played = [each for each in recorded if "/projects/" in each.path and each.request and each.status == 200]
    assert {"generateContent", "messages"} == {each.endpoint for each in played}
    for vector in played:
        upstream = at_vertex(vector)
        # Some clients ask for enumerations in another form, in a query that says nothing else.
        assert (VERTEX + vector.path).partition("?")[0] == upstream.url.partition("?")[0], vector
        if vector.endpoint == "messages":
            assert isinstance(upstream.body, bytes)
            assert vector.request == msgspec.json.decode(upstream.body), vector


def at_vertex(vector: Vector) -> UpstreamRequest:
    """What a channel at Vertex asks for a recorded request, or, where that is in Gemini's words, for a short one."""
    base_url = VERTEX + vector.path.partition("/publishers/")[0]
    channel = attrs.evolve(CHANNEL, provider="vertex", base_url=base_url)
    lane = Lane(Candidate(channel, vector.model_in_path, UNPRICED), NO_KEY, "")
    surface: SurfaceName = "chat"
    body = dict(SHORT["chat"])
    if ":stream" in vector.path:
        body["stream"] = True
    if vector.endpoint == "messages":
        surface = "messages"
        body = dict(vector.request or {})
        assert "vertex-2023-10-16" == body.pop("anthropic_version")
    request = parsed(surface, {"model": "asked-for", **body})
    return ADAPTED[surface].adapter(request, lane, AttemptContext("r1", ManualClock())).send()
