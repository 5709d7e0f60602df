"""Every endpoint beside chat, as the official Python client sees it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.served.endpoints import AUDIO, COMPLETIONS, EDITS, IMAGES, MODERATIONS, PICTURED, file_in_pieces
from tests.served.endpoints.test_completions import HEALTHY
from tests.served.endpoints.test_embeddings import VECTOR, vectors
from tests.served.sdk.toolchains import ENDPOINTS, Unavailable
from tests.support.canaries import ANSWER_CANARY
from tests.support.forms import parts_of
from tests.support.gateway import Gateway, running
from tests.support.process import Home
from tests.support.upstream.answers import body_answer, json_answer, sse
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Pause, Script

Seen = dict[str, Any]
MODEL, HALF = "vendor/everything", "vendor/half"
USAGE = {"type": "tokens", "input_tokens": 14, "output_tokens": 45, "total_tokens": 59}
SPOKEN: list[dict[str, Any]] = [
    {"type": "speech.audio.delta", "audio": "SUQz"},
    {"type": "speech.audio.done", "usage": USAGE},
]
HEARD: list[dict[str, Any]] = [
    {"type": "transcript.text.delta", "delta": "hi"},
    {"type": "transcript.text.done", "text": "hi", "usage": USAGE},
]
VERBOSE = {"text": "hi", "language": "english", "duration": 8.47}
PAINTED: list[dict[str, Any]] = [
    {"type": "image_generation.partial_image", "b64_json": "cGFydA==", "partial_image_index": 0},
    {"type": "image_generation.completed", "b64_json": "d2hvbGU=", "usage": PICTURED},
]


ANSWERS: list[tuple[str, dict[str, object], Script]] = [
    ("embeddings", {}, vectors(VECTOR, VECTOR, usage={"prompt_tokens": 4, "total_tokens": 4})),
    ("completions", {"stream": True}, sse(*HEALTHY)),
    ("completions", {}, COMPLETIONS.answer),
    ("images/generations", {"stream": True}, sse(*PAINTED, done=False)),
    ("images/generations", {}, IMAGES.answer),
    ("images/edits", {}, EDITS.answer),
    ("audio/speech", {"model": "half"}, file_in_pieces(AUDIO, Pause(0.05), end=Close())),
    ("audio/speech", {"stream_format": "sse"}, sse(*SPOKEN, done=False)),
    ("audio/speech", {}, file_in_pieces(AUDIO[:100], AUDIO[100:])),
    ("audio/transcriptions", {"stream": "true"}, sse(*HEARD, done=False)),
    ("audio/transcriptions", {"response_format": "text"}, body_answer(200, b"hi there\n", "text/plain")),
    ("audio/transcriptions", {"response_format": "verbose_json"}, json_answer(200, VERBOSE)),
    ("moderations", {}, MODERATIONS.answer),
]
"""What is answered at a path to a request with these fields; the first row that fits decides."""


def answered(request: Request) -> Script:
    """By the table; a transcript is the digest of what was heard."""
    path = request.path.removeprefix("/v1/")
    fields = fields_of(request)
    fitting = (script for place, pattern, script in ANSWERS if place == path and pattern.items() <= fields.items())
    return next(fitting, None) or json_answer(200, {"text": f"hi {hashlib.sha256(fields['file']).hexdigest()}"})


def fields_of(request: Request) -> dict[str, Any]:
    """The fields of a form, files too, or of JSON."""
    kind = request.header("content-type") or ""
    if not kind.startswith("multipart/"):
        return {name: value for name, value in request.json().items() if isinstance(value, str | bool)}
    parts = parts_of(kind, request.body).items()
    return {name: content if filename else content.decode() for name, (filename, content) in parts}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Seen]:
    """What the program saw."""
    cache = pytestconfig.cache
    assert cache is not None
    with Upstream(answered) as upstream, running(Home(tmp_path_factory.mktemp("endpoints") / "data")) as gateway:
        gateway.add_channel(upstream.url, MODEL, models=[f"{MODEL}=everything"])
        gateway.add_channel(upstream.url, HALF, models=[f"{HALF}=half"])
        environment = {"OPENAI_BASE_URL": f"{gateway.url}/v1", "OPENAI_API_KEY": gateway.key}
        try:
            printed = ENDPOINTS.run(cache.mkdir("sdk"), environment)
        except Unavailable as reason:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(reason))
        yield {**msgspec.json.decode(printed), "books": books(gateway)}
        assert [] == upstream.errors


def books(gateway: Gateway) -> list[tuple[str, str]]:
    return [(record.surface, record.outcome) for record in gateway.books.records()]


def test_embeddings_come_as_numbers_however_they_travel(seen: Seen) -> None:
    assert [[VECTOR, VECTOR], [VECTOR, VECTOR], 4] == seen["embeddings"]


def test_a_completion_is_read(seen: Seen) -> None:
    assert [f"hello {ANSWER_CANARY}", "stop", 15] == seen["completion"]


def test_a_streamed_completion_is_read_with_its_usage(seen: Seen) -> None:
    assert ["one two", [15]] == seen["completion_stream"]


def test_images_are_made_and_changed(seen: Seen) -> None:
    assert [["aW1hZ2U="], ["aW1hZ2U="]] == seen["image"]


def test_a_streamed_image_comes_in_parts(seen: Seen) -> None:
    assert [[event["type"], event["b64_json"]] for event in PAINTED] == seen["image_stream"]


def test_streamed_speech_is_the_file_that_was_sent(seen: Seen) -> None:
    assert ["audio/mpeg", hashlib.sha256(AUDIO).hexdigest()] == seen["speech"]


def test_events_of_speech_are_read(seen: Seen) -> None:
    assert ["speech.audio.delta", "speech.audio.done"] == seen["speech_events"]


def test_half_a_file_is_an_error(seen: Seen) -> None:
    assert seen["half_speech"]


def test_transcripts_come_in_every_form_of_the_file_that_was_sent(seen: Seen) -> None:
    assert [f"hi {seen['sent']['file']}", "hi there\n", 8.47] == seen["transcription"]


def test_a_streamed_transcript_is_read(seen: Seen) -> None:
    assert ["transcript.text.delta", "transcript.text.done"] == seen["transcription_stream"]


def test_a_translation_is_read(seen: Seen) -> None:
    assert f"hi {seen['sent']['file']}" == seen["translation"]


def test_a_moderation_is_read(seen: Seen) -> None:
    assert [False] == seen["moderation"]


def test_a_model_without_a_channel_is_told_everywhere(seen: Seen) -> None:
    assert [[503, "model_not_found"]] * 4 == seen["refused"]


def test_every_answer_is_in_the_books(seen: Seen) -> None:
    outcomes = {outcome for _, outcome in seen["books"]}
    assert ({"ok", "cut_off"}, 1) == (outcomes, [outcome for _, outcome in seen["books"]].count("cut_off"))
