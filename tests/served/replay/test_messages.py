"""Recorded traffic of chat providers through a running gateway, asked for as Anthropic Messages.

Every recording meets the strict machine and Anthropic's own SDK, and its usage is what clients of chat are told.
"""

from __future__ import annotations

from typing import Any

import anthropic
import pytest

from tests.served.messages import PATH, request
from tests.served.replay.conftest import Recordings, answered, failing, refused
from tests.support.checkers.chat import CheckedAnswer, CheckedStream, check_chat_answer, check_chat_stream
from tests.support.checkers.messages import CheckedMessage, check_error, check_message, check_messages_stream
from tests.support.gateway import chat_body
from tests.support.replay import CHAT_PROVIDERS, Vector, requires_vectors

pytestmark = requires_vectors

PIECES = (61, 1024)
ROOM = 3000
"""Bytes up to which a stream is cut into the smallest pieces too."""


def streamed(recordings: Recordings, vector: Vector) -> CheckedMessage:
    answer = recordings.gateway.post(request(vector.id, stream=True), PATH)
    try:
        assert (200, "text/event-stream") == (answer.status, (answer.header("content-type") or "").split(";")[0])
        return check_messages_stream(answer.body)
    except AssertionError as broken:
        raise AssertionError(f"{vector}: {broken}\n{answer.body[:600]!r}") from broken


def content_of(message: CheckedMessage) -> tuple[Any, ...]:
    """Without what is made anew for every request."""
    content = [{name: value for name, value in block.items() if name != "id"} for block in message.content]
    return content, message.stop_reason, message.usage, message.error


def as_chat(recordings: Recordings, vector: Vector) -> CheckedStream | CheckedAnswer:
    """The same recording, asked for as chat."""
    more: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}} if vector.streamed else {}
    body = recordings.gateway.post(chat_body(vector.id, **more)).body
    return check_chat_stream(body, include_usage=True) if vector.streamed else check_chat_answer(body)


def agree(vector: Vector, message: CheckedMessage, chat: CheckedStream | CheckedAnswer) -> None:
    """What was said and what it came to are the same on both surfaces."""
    usage = chat.usage or {}
    details = usage["prompt_tokens_details"]
    read = details["cached_tokens"]
    written = details.get("cache_write_tokens", 0)
    fresh = usage["prompt_tokens"] - read - written
    counts = [message.usage[name] for name in ("input_tokens", "cache_read_input_tokens", "output_tokens")]
    assert [fresh, read, usage["completion_tokens"]] == counts, vector
    assert (chat.first.content + chat.first.refusal).strip() == message.text.strip(), vector
    assert chat.first.reasoning == message.thinking, vector
    called = [call["function"]["name"] for call in chat.first.tool_calls]
    if chat.first.function_call is None:
        assert called == [name for name, _ in message.calls], vector


@pytest.mark.parametrize("provider", CHAT_PROVIDERS)
def test_a_recorded_stream_is_the_message_that_chat_would_be(recordings: Recordings, provider: str) -> None:
    for vector in answered(provider, streamed=True):
        recordings.cut(lambda body: ())
        whole = streamed(recordings, vector)
        assert vector.id == whole.model
        agree(vector, whole, as_chat(recordings, vector))
        for size in (7, *PIECES) if len(vector.body) <= ROOM else PIECES:
            recordings.cut(lambda body, size=size: range(size, len(body), size))  # type: ignore[misc]
            assert content_of(whole) == content_of(streamed(recordings, vector)), f"{vector} in pieces of {size}"


@pytest.mark.parametrize("provider", CHAT_PROVIDERS)
def test_a_recorded_answer_is_the_message_that_chat_would_be(recordings: Recordings, provider: str) -> None:
    for vector in answered(provider, streamed=False):
        answer = recordings.gateway.post(request(vector.id), PATH)
        assert 200 == answer.status, f"{vector}: {answer.body!r}"
        agree(vector, check_message(answer.body), as_chat(recordings, vector))


@pytest.mark.parametrize("provider", CHAT_PROVIDERS)
def test_anthropics_sdk_reads_the_message_that_the_checker_reads(recordings: Recordings, provider: str) -> None:
    gateway = recordings.gateway
    with anthropic.Anthropic(base_url=gateway.url, auth_token=gateway.key, api_key=None, max_retries=0) as client:
        for vector in answered(provider, streamed=True):
            expected = streamed(recordings, vector)
            body: Any = request(vector.id)
            with client.messages.stream(**body) as stream:
                message = stream.get_final_message()
            content = [block.model_dump(exclude_none=True) for block in message.content]
            assert [kind["type"] for kind in expected.content] == [kind["type"] for kind in content], vector
            texts = "".join(block["text"] for block in content if block["type"] == "text")
            inputs = [block["input"] for block in content if block["type"] == "tool_use"]
            assert (expected.text, [arguments for _, arguments in expected.calls]) == (texts, inputs), vector
            assert (expected.stop_reason, expected.usage["output_tokens"], expected.usage["input_tokens"]) == (
                message.stop_reason,
                message.usage.output_tokens,
                message.usage.input_tokens,
            ), vector


@pytest.mark.parametrize("vector", [recording for recording in failing() if recording.provider == "groq"], ids=str)
def test_a_recorded_stream_that_fails_says_so(recordings: Recordings, vector: Vector) -> None:
    """In the stream, or as a refusal where the network brought the first content and the error in one piece."""
    recordings.cut(lambda body: range(61, len(body), 61))
    answer = recordings.gateway.post(request(vector.id, stream=True), PATH)
    if answer.status == 400:
        check_error(answer.body)
        assert "tool_use_failed" == answer.error["code"]
        return
    message = check_messages_stream(answer.body)
    assert message.error is not None
    assert message.thinking


@pytest.mark.parametrize("vector", refused(), ids=str)
def test_a_recorded_refusal_has_anthropics_shape(recordings: Recordings, vector: Vector) -> None:
    answer = recordings.gateway.post(request(vector.id, stream=vector.streamed), PATH)
    expected = {400, 502} if vector.status == 200 else {vector.status}
    assert answer.status in expected
    check_error(answer.body)
