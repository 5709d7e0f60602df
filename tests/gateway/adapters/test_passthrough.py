"""Every surface but chat, with whatever a client or an upstream may say: refused or passed on, no fault of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.money import UNPRICED, Price, Rates, UnitRates, cost_of
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.adapters.adapter import AttemptContext
from aihub_lite.gateway.adapters.passthrough import PASSED, PassedAdapter, PassedSurface, read_form, read_json
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.faults import WireFault
from aihub_lite.wire.multipart import FormReader
from aihub_lite.wire.passthrough.request import PostedRequest
from tests.served.endpoints import ALL
from tests.storage.facts import CHANNEL
from tests.support.clock import ManualClock
from tests.support.examples import examples
from tests.support.forms import content_type, field, form

GOOD = {each.path: each for each in ALL}
NAMES: tuple[str, ...] = (
    "model",
    "input",
    "prompt",
    "stream",
    "n",
    "best_of",
    "max_tokens",
    "query",
    "documents",
    "suffix",
    "dimensions",
)
NAMES += (
    "encoding_format",
    "response_format",
    "stream_format",
    "stream_options",
    "quality",
    "voice",
    "images",
    "image",
)
SAID = (
    "usage",
    "data",
    "choices",
    "results",
    "text",
    "segments",
    "duration",
    "meta",
    "error",
    "type",
    "delta",
    "message",
)
INNER = (
    "embedding",
    "index",
    "text",
    "finish_reason",
    "seconds",
    "billed_units",
    "search_units",
    "tokens",
    "input_tokens",
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
values = st.recursive(
    scalars | st.sampled_from(["true", "sse", "base64", "srt", "m"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(INNER) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)
requests = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6), values, max_size=8)
answers = st.dictionaries(st.sampled_from(SAID) | st.text(max_size=6), values, max_size=8)
kinds = st.sampled_from(["application/json", "text/plain", "text/html", "audio/mpeg", ""])


def every(surfaces: Iterable[PassedSurface[Any]]) -> pytest.MarkDecorator:
    """Runs a test for each of these surfaces."""
    return pytest.mark.parametrize("surface", [pytest.param(surface, id=surface.name) for surface in surfaces])


each_surface = every(PASSED)
each_of_json = every(surface for surface in PASSED if surface.read_body is not read_form)
each_of_forms = every(surface for surface in PASSED if surface.read_body is not read_json)
each_streaming = every(surface for surface in PASSED if surface.open_stream is not None)
PRICE = Price(Rates(7, 7, units=UnitRates(7, 7, 7, 7)), source="test")


def channel(provider: str = "openai") -> Channel:
    """One of the store's, of another provider."""
    return attrs.evolve(CHANNEL, provider=provider, base_url=PROVIDERS[provider].base_url)


def adapter(surface: PassedSurface[Any], request: PostedRequest[Any], provider: str = "openai") -> PassedAdapter[Any]:
    """For one attempt at a channel of a provider."""
    candidate = Candidate(channel(provider), "up", UNPRICED)
    assert surface.serves(candidate)
    return surface.adapter(request, Lane(candidate, NO_KEY, ""), AttemptContext("r1", ManualClock()))


def good(surface: PassedSurface[Any], **more: Any) -> PostedRequest[Any]:
    """The request of the table of endpoints, parsed."""
    endpoint = GOOD[f"/v1{surface.path}"]
    body = endpoint.body("m", **more)
    if endpoint.file is None:
        return surface.parse(body)
    reader = FormReader(content_type())
    reader.feed(body)
    return surface.parse(reader.form())


def taken(surface: PassedSurface[Any], content: Any) -> None:
    """Parse and write a request: it is one of ours from then on, whatever it holds."""
    try:
        asked = surface.parse(content)
    except InvalidRequest:
        return
    sent = adapter(surface, asked).send()
    assert b"up" in (sent.body if isinstance(sent.body, bytes) else b"".join(sent.body))
    assert cost_of(asked.usage(asked.n * (asked.max_tokens or 1)), PRICE) >= 0


@each_of_json
@settings(max_examples=examples(10), deadline=None)
@given(fields=requests)
def test_a_strange_request_is_no_fault_of_ours(surface: PassedSurface[Any], fields: dict[str, Any]) -> None:
    taken(surface, msgspec.json.encode(fields))
    taken(surface, msgspec.json.encode({"model": "m", **GOOD[f"/v1{surface.path}"].fields, **fields}))


@each_of_forms
@settings(max_examples=examples(10), deadline=None)
@given(fields=st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=8)), max_size=6), data=st.binary(max_size=64))
def test_a_strange_form_is_no_fault_of_ours(
    surface: PassedSurface[Any], fields: list[tuple[str, str]], data: bytes
) -> None:
    reader = FormReader(content_type())
    files = [field("file", data, "a.wav"), field("image", data, "a.png")]
    reader.feed(form(field("model", "m"), field("prompt", "p"), *(field(*each) for each in fields), *files))
    taken(surface, reader.form())


@settings(max_examples=examples(10), deadline=None)
@given(
    fields=requests, model=st.text(min_size=1, max_size=8), texts=st.lists(st.text(max_size=8), min_size=1, max_size=4)
)
def test_strange_embeddings_for_gemini_are_no_fault_of_ours(
    fields: dict[str, Any], model: str, texts: list[str]
) -> None:
    surface = PASSED[0]
    asked = surface.parse(msgspec.json.encode({**fields, "model": "m", "input": texts}))
    try:
        sent = adapter(surface, asked, "gemini").send()
    except InvalidRequest as refused:
        assert "dimensions" in str(refused)
    else:
        assert isinstance(sent.body, bytes)
        assert texts == [each["content"]["parts"][0]["text"] for each in msgspec.json.decode(sent.body)["requests"]]


@each_surface
@settings(max_examples=examples(13), deadline=None)
@given(fields=answers | values, kind=kinds)
def test_a_strange_answer_is_no_fault_of_ours(surface: PassedSurface[Any], fields: Any, kind: str) -> None:
    asked = good(surface)
    try:
        answer = adapter(surface, asked).answer(msgspec.json.encode(fields), kind)
    except WireFault:
        return
    assert isinstance(answer.body, bytes)
    for usage in (answer.usage, answer.estimated(1)):
        assert usage is None or cost_of(usage, PRICE) >= 0


@settings(max_examples=examples(10), deadline=None)
@given(fields=answers | values)
def test_a_strange_answer_of_geminis_is_no_fault_of_ours(fields: Any) -> None:
    surface = PASSED[0]
    asked = good(surface)
    for found in (fields, {"embeddings": fields}, {"embeddings": [{"values": fields}], "usageMetadata": fields}):
        try:
            adapter(surface, asked, "gemini").answer(msgspec.json.encode(found), "application/json")
        except WireFault:
            continue


@each_streaming
@settings(max_examples=examples(13), deadline=None)
@given(chunks=st.lists(answers | values, max_size=5))
def test_a_strange_stream_is_no_fault_of_ours(surface: PassedSurface[Any], chunks: list[Any]) -> None:
    more = {"stream_format": "sse"} if surface.name == "speech" else {}
    stream = adapter(surface, good(surface, **more)).stream()
    for chunk in chunks:
        try:
            events = stream.push(msgspec.json.encode(chunk))
        except WireFault:
            break
        assert all(event.endswith(b"\n\n") for event in events)
    for usage in (stream.usage, stream.estimated(1)):
        assert usage is None or cost_of(usage, PRICE) >= 0


@pytest.mark.parametrize("odd", [[], {}, None, "0"])
def test_a_choice_without_a_proper_index_is_passed_on(odd: Any) -> None:
    """A list in its place ended a stream of completions as a fault of ours."""
    surface = next(surface for surface in PASSED if surface.name == "completions")
    stream = adapter(surface, good(surface)).stream()
    for reason in (None, "stop"):
        choice = {"index": odd, "text": "x", "finish_reason": reason}
        assert stream.push(msgspec.json.encode({"choices": [choice]}))
    assert stream.complete


@each_surface
@given(data=st.binary(max_size=200))
@settings(max_examples=examples(10), deadline=None)
def test_bytes_that_are_no_json_are_no_fault_of_ours(surface: PassedSurface[Any], data: bytes) -> None:
    asked = good(surface)
    try:
        adapter(surface, asked).answer(data, "application/json")
    except WireFault:
        return
