"""Silence before an answer: comments where the answer is events, and nothing at all where it is a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.served.endpoints import AUDIO, IMAGES, SPEECH, TRANSCRIPTIONS, file_in_pieces
from tests.served.endpoints.test_images import completed, partial
from tests.support import rawclient
from tests.support.forms import content_type
from tests.support.gateway import Gateway
from tests.support.process import SCALED
from tests.support.upstream.answers import error_answer, json_answer, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Pause

Serve = Callable[..., str]
SILENCE = Pause(0.8)


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    """Both kinds of signs of life are due within the silence, several times."""
    return {**SCALED, "keepalive_after": 0.1, "keepalive_event_after": 0.3, "first_byte_timeout": 5}


def test_a_silent_stream_of_images_is_kept_alive_by_comments(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = [SILENCE, *sse(partial(), completed(), done=False)]
    body = IMAGES.body(serve(upstream.url), stream=True)
    with rawclient.stream(gateway.url, IMAGES.path, gateway.headers(), body) as stream:
        events = [event.data for event in stream.events()]
    comments, _, first = events[0].rpartition(b": keep-alive\n")
    assert (partial(), [completed()], True) == (first, events[1:], stream.clean)
    assert 3 <= comments.count(b"\n") <= 10
    assert b"" == comments.replace(b": keep-alive\n", b"")


def test_a_failover_goes_on_with_a_stream_that_was_kept_alive(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = sse(completed(), done=False)
    with Upstream([SILENCE, *error_answer(500, "broken")]) as broken:
        body = IMAGES.body(serve(broken.url, upstream.url), stream=True)
        with rawclient.stream(gateway.url, IMAGES.path, gateway.headers(), body) as stream:
            (event,) = stream.events()
    assert (200, True) == (stream.head.status, event.data.endswith(completed()))


def test_a_refusal_after_signs_of_life_is_an_event(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = [SILENCE, *error_answer(400, "that prompt is refused", "moderation_blocked")]
    body = IMAGES.body(serve(upstream.url), stream=True)
    with rawclient.stream(gateway.url, IMAGES.path, gateway.headers(), body) as stream:
        (event,) = stream.events()
    assert "moderation_blocked" == event.json()["error"]["code"]


def test_a_document_after_signs_of_life_is_the_streams_one_event(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = [SILENCE, *json_answer(200, {"text": "hello"})]
    headers = gateway.headers(more={"content-type": content_type()})
    body = TRANSCRIPTIONS.body(serve(upstream.url), stream="true")
    with rawclient.stream(gateway.url, TRANSCRIPTIONS.path, headers, body) as stream:
        (event,) = stream.events()
    assert ("hello", True) == (event.json()["text"], stream.clean)


def test_a_file_holds_no_signs_of_life(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = [SILENCE, *file_in_pieces(AUDIO[:10], SILENCE, AUDIO[10:])]
    answer = SPEECH.ask(gateway, serve(upstream.url))
    assert (200, AUDIO) == (answer.status, answer.body)


def test_a_whole_answer_holds_no_signs_of_life(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = [SILENCE, *IMAGES.answer]
    answer = IMAGES.ask(gateway, serve(upstream.url))
    assert (200, 1) == (answer.status, len(answer.json()["data"]))
