"""Every surface but chat, with whatever a client or an upstream may say: refused or passed on, no fault of ours."""

from __future__ import annotations

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
from aihub_lite.gateway.passing import PASSED, Passed
from aihub_lite.gateway.routing import NO_KEY, Lane
from aihub_lite.gateway.thinkers import Thinkers
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.asked import Asked
from aihub_lite.wire.faults import WireFault
from aihub_lite.wire.form import FormReader
from tests.endpoints import ALL
from tests.storage.facts import CHANNEL
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
each_surface = pytest.mark.parametrize("surface", PASSED, ids=[each.name for each in PASSED])
PRICE = Price(Rates(7, 7, units=UnitRates(7, 7, 7, 7)), source="test")


def channel(provider: str = "openai") -> Channel:
    """One of the store's, of another provider."""
    return attrs.evolve(CHANNEL, provider=provider, base_url=PROVIDERS[provider].base_url)


def lane(provider: str = "openai") -> Lane:
    return Lane(Candidate(channel(provider), "up", UNPRICED), NO_KEY, "")


def good(surface: Passed, **more: Any) -> Asked:
    """The request of the table of endpoints, parsed."""
    endpoint = GOOD[f"/v1{surface.path}"]
    body = endpoint.body("m", **more)
    if endpoint.file is None:
        return surface.parse(body)
    reader = FormReader(content_type())
    reader.feed(body)
    return surface.parse(reader.form())


def taken(surface: Passed, content: Any) -> None:
    """Parse and write a request: it is one of ours from then on, whatever it holds."""
    try:
        asked = surface.parse(content)
    except InvalidRequest:
        return
    wire = surface.wire(lane().candidate)
    assert wire is not None
    sent = wire.send(asked, lane(), Thinkers(), again=False, strict=False)
    assert b"up" in (sent.body if isinstance(sent.body, bytes) else b"".join(sent.body))
    assert cost_of(asked.usage(asked.n * (asked.max_tokens or 1)), PRICE) >= 0


@each_surface
@settings(max_examples=30, deadline=None)
@given(fields=requests)
def test_a_strange_request_is_a_fault_of_ours(surface: Passed, fields: dict[str, Any]) -> None:
    if surface.takes != "form":
        taken(surface, msgspec.json.encode(fields))
        taken(surface, msgspec.json.encode({"model": "m", **GOOD[f"/v1{surface.path}"].fields, **fields}))


@each_surface
@settings(max_examples=30, deadline=None)
@given(fields=st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=8)), max_size=6), data=st.binary(max_size=64))
def test_a_strange_form_is_a_fault_of_ours(surface: Passed, fields: list[tuple[str, str]], data: bytes) -> None:
    if surface.takes == "json":
        return
    reader = FormReader(content_type())
    files = [field("file", data, "a.wav"), field("image", data, "a.png")]
    reader.feed(form(field("model", "m"), field("prompt", "p"), *(field(*each) for each in fields), *files))
    taken(surface, reader.form())


@settings(max_examples=30, deadline=None)
@given(
    fields=requests, model=st.text(min_size=1, max_size=8), texts=st.lists(st.text(max_size=8), min_size=1, max_size=4)
)
def test_strange_embeddings_are_a_fault_of_ours_at_gemini(fields: dict[str, Any], model: str, texts: list[str]) -> None:
    surface = PASSED[0]
    asked = surface.parse(msgspec.json.encode({**fields, "model": "m", "input": texts}))
    wire = surface.wire(lane("gemini").candidate)
    assert wire is not None
    try:
        sent = wire.send(asked, lane("gemini"), Thinkers(), again=False, strict=False)
    except InvalidRequest as refused:
        assert "dimensions" in str(refused)
    else:
        assert isinstance(sent.body, bytes)
        assert texts == [each["content"]["parts"][0]["text"] for each in msgspec.json.decode(sent.body)["requests"]]


@each_surface
@settings(max_examples=40, deadline=None)
@given(fields=answers | values, kind=kinds)
def test_a_strange_answer_is_a_fault_of_ours(surface: Passed, fields: Any, kind: str) -> None:
    asked = good(surface)
    try:
        answer = surface.whole(asked, msgspec.json.encode(fields), kind, "r1", 1)
    except WireFault:
        return
    assert isinstance(answer.body, bytes)
    for usage in (answer.usage, answer.estimated(1)):
        assert usage is None or cost_of(usage, PRICE) >= 0


@settings(max_examples=30, deadline=None)
@given(fields=answers | values)
def test_a_strange_answer_of_geminis_is_a_fault_of_ours(fields: Any) -> None:
    surface = PASSED[0]
    wire = surface.wire(lane("gemini").candidate)
    assert wire is not None
    asked = good(surface)
    sent = wire.send(asked, lane("gemini"), Thinkers(), again=False, strict=False)
    for found in (fields, {"embeddings": fields}, {"embeddings": [{"values": fields}], "usageMetadata": fields}):
        try:
            body = wire.answer_body(msgspec.json.encode(found), sent)
            surface.whole(asked, body, "application/json", "r1", 1)
        except WireFault:
            continue


@each_surface
@settings(max_examples=40, deadline=None)
@given(chunks=st.lists(answers | values, max_size=5))
def test_a_strange_stream_is_a_fault_of_ours(surface: Passed, chunks: list[Any]) -> None:
    if surface.streamed is None:
        return
    more = {"stream_format": "sse"} if surface.name == "speech" else {}
    stream = surface.stream(good(surface, **more), None, 1)  # type: ignore[arg-type]
    for chunk in chunks:
        try:
            events = stream.push(msgspec.json.encode(chunk))  # type: ignore[attr-defined]
        except WireFault:
            break
        assert all(event.endswith(b"\n\n") for event in events)
    for usage in (stream.usage, stream.estimated(1)):
        assert usage is None or cost_of(usage, PRICE) >= 0


@each_surface
@given(data=st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_bytes_that_are_no_json_are_a_fault_of_ours(surface: Passed, data: bytes) -> None:
    asked = good(surface)
    try:
        surface.whole(asked, data, "application/json", "r1", 1)
    except WireFault:
        return
