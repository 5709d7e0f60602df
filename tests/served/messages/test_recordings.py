"""Anthropic's recorded answers through a running gateway, asked for in Anthropic's own words: nothing is changed."""

from __future__ import annotations

from typing import Any

import anthropic
import msgspec
import pytest

from tests.served.messages import PATH, request
from tests.served.messages.conftest import Serve
from tests.support.checkers.messages import check_error, check_message, check_messages_stream
from tests.support.gateway import Gateway
from tests.support.replay import Vector, played, requires_vectors, vectors
from tests.support.upstream.answers import json_answer
from tests.support.upstream.scripted import Upstream

pytestmark = requires_vectors

PIECES = 40
"""In which a stream is sent a second time."""


@pytest.fixture(scope="module")
def behind_a_restart() -> bool:
    """Recordings are data: what little they set up is set up elsewhere too."""
    return False


def answers(*, streamed: bool) -> list[Vector]:
    recordings = vectors("messages", ["anthropic"], streamed=streamed, status=200)
    return [vector for vector in recordings if b'"role":"assistant"' in vector.body.replace(b" ", b"")]


def play(upstream: Upstream, vector: Vector, cuts: Any = ()) -> None:
    script = played(vector, cuts)
    upstream.default = lambda received: json_answer(200, {"data": []}) if received.method == "GET" else script


def events_in(raw: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line[5:]) for line in raw.split(b"\n") if line.startswith(b"data:")]


def renamed(event: dict[str, Any], model: str) -> dict[str, Any]:
    if event["type"] == "message_start":
        event["message"]["model"] = model
    return event


def test_a_recorded_stream_of_anthropics_is_passed_on_and_booked_as_it_is(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    model = serve(("anthropic", upstream.url))
    for vector in answers(streamed=True):
        expected = [renamed(event, model) for event in events_in(vector.body)]
        step = len(vector.body) // PIECES + 1
        for cuts in ((), range(step, len(vector.body), step)):
            play(upstream, vector, cuts)
            answer = gateway.post(request(model, stream=True), PATH)
            assert expected == events_in(answer.body), vector
            usage = check_messages_stream(answer.body, ours=False).usage
        record = gateway.books.records(model)[-1]
        booked = [record.prompt_tokens - record.cache_read_tokens - record.cache_write_tokens, record.completion_tokens]
        assert [usage["input_tokens"], usage["output_tokens"]] == booked, vector


def test_a_recorded_answer_of_anthropics_is_passed_on_and_booked_as_it_is(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    model = serve(("anthropic", upstream.url))
    for vector in answers(streamed=False):
        play(upstream, vector)
        answer = gateway.post(request(model), PATH)
        assert {**msgspec.json.decode(vector.body), "model": model} == answer.json(), vector
        usage = check_message(answer.body, ours=False).usage
        record = gateway.books.records(model)[-1]
        booked = [record.prompt_tokens - record.cache_read_tokens - record.cache_write_tokens, record.completion_tokens]
        assert [usage["input_tokens"], usage["output_tokens"]] == booked, vector


def test_anthropics_sdk_reads_the_stream_that_was_recorded(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(("anthropic", upstream.url))
    body: Any = request(model)
    with (
        anthropic.Anthropic(base_url=gateway.url, auth_token=gateway.key, api_key=None, max_retries=0) as client,
        anthropic.Anthropic(base_url=upstream.url, api_key="sk-upstream", max_retries=0) as direct,
    ):
        for vector in answers(streamed=True):
            play(upstream, vector)
            read = []
            for sdk in (direct, client):
                with sdk.messages.stream(**body) as stream:
                    # The SDK has no types yet for some of the blocks that it reads.
                    read.append(stream.get_final_message().model_dump(exclude={"model"}, warnings=False))
            assert read[0] == read[1], vector


@pytest.mark.parametrize(
    "vector", [recording for recording in vectors("messages", ["anthropic"]) if recording.status != 200], ids=str
)
def test_a_recorded_refusal_of_anthropics_keeps_its_words(
    gateway: Gateway, serve: Serve, upstream: Upstream, vector: Vector
) -> None:
    play(upstream, vector)
    answer = gateway.post(request(serve(("anthropic", upstream.url))), PATH)
    recorded = msgspec.json.decode(vector.body)["error"]
    error = check_error(answer.body)
    assert (vector.status, recorded["type"], recorded["message"]) == (answer.status, error["type"], error["message"])
