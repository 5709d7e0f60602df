"""Recorded traffic of real providers through a running gateway: what comes out passes the strict checker."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.replay.conftest import Recordings, answered, failing, refused
from tests.support.checkers.chat import CheckedChoice, CheckedStream, check_chat_answer, check_chat_stream
from tests.support.gateway import chat_body
from tests.support.replay import CHAT_PROVIDERS, Vector, requires_vectors

pytestmark = requires_vectors

PIECES = (7, 61, 1024)
"""Bytes per write: within a character, within a line, and across many events."""
DRIBBLED = 1500
"""Bytes up to which a stream is also sent one by one. The wire's own tests cut everything everywhere."""
USAGE = {"stream_options": {"include_usage": True}}
NO_USAGE = {"stream_options": {"include_usage": False}}


def request_for(vector: Vector, **fields: Any) -> dict[str, Any]:
    """The recorded request for this recording's model, or one of ours where none was recorded."""
    recorded = vector.request if vector.request and vector.request.get("messages") else chat_body("")
    return {**recorded, "model": vector.id, "stream": vector.streamed, **fields}


def streamed(recordings: Recordings, vector: Vector, **fields: Any) -> CheckedStream:
    """What a client of the stream has at the end; raises AssertionError with the recording's name."""
    answer = recordings.gateway.post(request_for(vector, **fields))
    try:
        assert (200, "text/event-stream") == (answer.status, (answer.header("content-type") or "").split(";")[0])
        return check_chat_stream(answer.body, include_usage=fields == USAGE)
    except AssertionError as broken:
        raise AssertionError(f"{vector}: {broken}\n{answer.body[:600]!r}") from broken


def content_of(stream: CheckedStream) -> tuple[dict[int, CheckedChoice], dict[str, Any] | None, bool]:
    """What was said, without what is made anew for every request."""
    return stream.choices, stream.usage, stream.done


@pytest.mark.parametrize("provider", CHAT_PROVIDERS)
@pytest.mark.parametrize("fields", [NO_USAGE, USAGE], ids=["without-usage", "with-usage"])
def test_a_recorded_stream_comes_out_strict(recordings: Recordings, provider: str, fields: dict[str, Any]) -> None:
    for vector in answered(provider, streamed=True):
        checked = streamed(recordings, vector, **fields)
        assert (vector.id, True) == (checked.model, checked.done), vector


@pytest.mark.parametrize("provider", CHAT_PROVIDERS)
def test_where_a_recorded_stream_is_cut_changes_nothing_it_says(recordings: Recordings, provider: str) -> None:
    for vector in answered(provider, streamed=True):
        recordings.cut(lambda body: ())
        whole = content_of(streamed(recordings, vector, **USAGE))
        for size in (1, *PIECES) if len(vector.body) <= DRIBBLED else PIECES:
            recordings.cut(lambda body, size=size: range(size, len(body), size))  # type: ignore[misc]
            assert whole == content_of(streamed(recordings, vector, **USAGE)), f"{vector} in pieces of {size}"


@pytest.mark.parametrize("provider", CHAT_PROVIDERS)
def test_a_recorded_answer_comes_out_strict(recordings: Recordings, provider: str) -> None:
    recordings.cut(lambda body: range(1024, len(body), 1024))
    for vector in answered(provider, streamed=False):
        answer = recordings.gateway.post(request_for(vector))
        assert 200 == answer.status, f"{vector}: {answer.body!r}"
        try:
            checked = check_chat_answer(answer.body)
        except AssertionError as broken:
            raise AssertionError(f"{vector}: {broken}") from broken
        assert vector.id == checked.model


@pytest.mark.parametrize("size", [61, 1 << 20])
@pytest.mark.parametrize(
    "vector", [recording for recording in failing() if recording.provider == "openrouter"], ids=str
)
def test_a_fault_after_the_finish_reason_leaves_the_answer_whole(
    recordings: Recordings, vector: Vector, size: int
) -> None:
    recordings.cut(lambda body: range(size, len(body), size))
    checked = streamed(recordings, vector, **USAGE)
    assert (True, "length", True) == (checked.done, checked.finish_reason, bool(checked.reasoning))


@pytest.mark.parametrize("vector", [recording for recording in failing() if recording.provider == "groq"], ids=str)
def test_a_recorded_stream_that_fails_says_so(recordings: Recordings, vector: Vector) -> None:
    """In the stream, or as a refusal where the network brought the first content and the error in one piece."""
    recordings.cut(lambda body: range(61, len(body), 61))
    answer = recordings.gateway.post(request_for(vector, **USAGE))
    if answer.status == 400:
        assert "tool_use_failed" == answer.error["code"]
        return
    checked = check_chat_stream(answer.body, include_usage=True)
    assert (False, None) == (checked.done, checked.finish_reason)
    assert checked.error is not None
    assert checked.reasoning


@pytest.mark.parametrize("vector", refused(), ids=str)
def test_a_recorded_refusal_comes_out_in_the_public_shape(recordings: Recordings, vector: Vector) -> None:
    answer = recordings.gateway.post(request_for(vector))
    expected = {400, 502} if vector.status == 200 else {vector.status}
    assert (True, "application/json") == (answer.status in expected, answer.header("content-type"))
    assert {"error": {**answer.error, "type": "new_api_error", "param": None}} == answer.json()
    assert {"code", "message", "type", "param"} == set(answer.error)
    assert answer.error["message"].strip()


@pytest.mark.parametrize("vector", [recording for recording in refused() if recording.status in (400, 404)], ids=str)
def test_a_request_at_fault_is_not_tried_again_and_rests_no_channel(recordings: Recordings, vector: Vector) -> None:
    for _ in range(2):
        recordings.gateway.post(request_for(vector))
    assert 2 == len(recordings.replay.chats)


@pytest.mark.parametrize("vector", [recording for recording in refused() if recording.status == 429], ids=str)
def test_a_recorded_429_says_when_to_come_back(recordings: Recordings, vector: Vector) -> None:
    answer = recordings.gateway.post(request_for(vector))
    assert (429, "rate_limit_exceeded") == (answer.status, answer.error["code"])
    assert 1 <= int(answer.header("retry-after") or 0) <= 60
