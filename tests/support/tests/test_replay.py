"""Recorded traffic comes back byte for byte, however it is cut."""

from __future__ import annotations

import msgspec

from tests.support.rawclient import Answer, request
from tests.support.replay import CHAT_PROVIDERS, Cuts, Replay, Vector, cut, requires_vectors, vectors

A_STREAM = Vector(
    id="v1",
    source="made up",
    provider="openai",
    endpoint="chat",
    status=200,
    request=None,
    body=b'data: {"a":1}\n\ndata: [DONE]\n\n',
    content_type="text/event-stream",
    streamed=True,
)
A_REFUSAL = Vector(
    id="v2",
    source="made up",
    provider="openai",
    endpoint="chat",
    status=429,
    request=None,
    body=b'{"error":{}}',
    content_type="application/json",
    streamed=False,
)


def ask(vector: str, cuts: Cuts = lambda body: (), path: str = "/v1/chat/completions") -> Answer:
    with Replay([A_STREAM, A_REFUSAL], cuts) as replay:
        return request(replay.url, "POST", path, body=msgspec.json.encode({"model": vector}))


def test_a_stream_cut_at_every_byte_is_the_same_stream() -> None:
    assert A_STREAM.body == ask("v1", lambda body: range(1, len(body))).body


def test_a_refusal_keeps_its_status_and_body() -> None:
    answer = ask("v2", lambda body: (3,))
    assert (429, A_REFUSAL.body) == (answer.status, answer.body)


def test_the_path_can_select_the_vector() -> None:
    assert 429 == ask("other", path="/replay/v2/chat/completions").status


def test_an_unknown_vector_is_refused() -> None:
    assert 404 == ask("nope").status


def test_the_list_of_models_is_the_list_of_vectors() -> None:
    with Replay([A_STREAM, A_REFUSAL]) as replay:
        ids = [model["id"] for model in request(replay.url, path="/v1/models").json()["data"]]
    assert ["v1", "v2"] == ids


def test_cutting_loses_nothing() -> None:
    assert [b"ab", b"", b"cd"] == cut(b"abcd", [2, 2])


@requires_vectors
def test_every_chat_provider_has_recordings() -> None:
    assert set(CHAT_PROVIDERS) == {vector.provider for vector in vectors("chat")}


@requires_vectors
def test_streamed_recordings_are_event_streams() -> None:
    assert all(b"data:" in vector.body for vector in vectors(streamed=True))


@requires_vectors
def test_whole_recordings_are_json() -> None:
    whole = vectors("chat", streamed=False, status=200)
    assert all(isinstance(msgspec.json.decode(vector.body), dict) for vector in whole)


@requires_vectors
def test_edge_cases_come_as_event_streams_too() -> None:
    assert vectors("chat", providers=["fixtures"], streamed=True)
