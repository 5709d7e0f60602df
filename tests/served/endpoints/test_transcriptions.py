"""Speech to text: by the minute and by the token, in every form, and with files that fit into memory once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.served.endpoints import TRANSCRIPTIONS, TRANSLATIONS, WAV, Endpoint
from tests.support import rawclient
from tests.support.forms import content_type, field, form, parts_of
from tests.support.gateway import Gateway, eventually
from tests.support.rawclient import RawConnection, Stream
from tests.support.upstream.answers import body_answer, json_answer, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Hang

Serve = Callable[..., str]
both = pytest.mark.parametrize("endpoint", [TRANSCRIPTIONS, TRANSLATIONS], ids=["transcriptions", "translations"])
BY_THE_MINUTE = {"minute": "0.006000001"}
MINUTE = 6_000_001
SRT = b"1\n00:00:00,000 --> 00:00:01,000\nHello\n"


def cost(milliseconds: int) -> int:
    return -(-milliseconds * MINUTE // 60_000)


def ask(gateway: Gateway, model: str, *parts: bytes, endpoint: Endpoint = TRANSCRIPTIONS) -> rawclient.Answer:
    body = form(field("model", model), *parts)
    return gateway.post(body, endpoint.path, **{"content-type": content_type()})


@both
@pytest.mark.parametrize(
    ("length", "milliseconds"),
    [
        ({"usage": {"type": "duration", "seconds": 3}}, 3000),
        ({"duration": 8.4701, "segments": []}, 8471),
        ({"duration": "8.47"}, 8470),
        ({"duration": 8.0, "usage": {"type": "duration", "seconds": 9}}, 9000),
    ],
    ids=str,
)
def test_audio_costs_its_minutes(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, length: dict[str, Any], milliseconds: int
) -> None:
    upstream.default = json_answer(200, {"text": "hello", **length})
    model = serve(upstream.url, price=BY_THE_MINUTE)
    assert 200 == endpoint.ask(gateway, model).status
    (record,) = gateway.books.records(model)
    assert ("upstream", milliseconds, "millisecond", cost(milliseconds)) == (
        record.usage_source,
        record.units,
        record.unit,
        record.charge_nano,
    )


@pytest.mark.parametrize(
    ("file", "milliseconds"),
    [
        (WAV + bytes(8000 - len(WAV)), 1000),
        (WAV[:28] + bytes(4) + WAV[32:] + bytes(8000 - len(WAV)), 1000),
        (b"ID3" + bytes(15_997), 2000),
        (b"RIFF", 1),
        (b"", 0),
    ],
    ids=["WAV", "WAV without a rate", "MP3", "the beginning of a WAV", "nothing"],
)
@pytest.mark.parametrize("odd", [{}, {"duration": "long"}, {"duration": -1}, {"usage": {"seconds": None}}], ids=str)
def test_audio_whose_length_nobody_told_is_charged_an_estimate(
    gateway: Gateway, serve: Serve, upstream: Upstream, file: bytes, milliseconds: int, odd: dict[str, Any]
) -> None:
    """Exact for WAV, else 64 kbit/s; an estimate, and called one."""
    upstream.default = json_answer(200, {"text": "hello", **odd})
    model = serve(upstream.url, price=BY_THE_MINUTE)
    ask(gateway, model, field("file", file, "a.x", "audio/x"))
    (record,) = gateway.books.records(model)
    assert ("estimated", milliseconds, cost(milliseconds)) == (record.usage_source, record.units, record.charge_nano)


def test_tokens_of_audio_are_charged(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    usage = {"type": "tokens", "input_tokens": 14, "output_tokens": 45, "total_tokens": 59}
    upstream.default = json_answer(200, {"text": "hello", "usage": usage})
    model = serve(upstream.url)
    TRANSCRIPTIONS.ask(gateway, model)
    (record,) = gateway.books.records(model)
    assert ("upstream", 14 * 10_000 + 45 * 20_000) == (record.usage_source, record.charge_nano)


@pytest.mark.parametrize(
    ("details", "nano"),
    [
        ({"input_token_details": {"text_tokens": 4, "audio_tokens": 10}}, 4 * 2500 + 10 * 6000 + 45 * 10_000),
        ({"input_token_details": {"text_tokens": 14, "audio_tokens": 0}}, 14 * 2500 + 45 * 10_000),
        ({}, 3 * 2500 + 11 * 6000 + 45 * 10_000),
    ],
    ids=["told", "all text", "untold"],
)
def test_tokens_of_audio_have_their_own_price(
    gateway: Gateway, serve: Serve, upstream: Upstream, details: dict[str, Any], nano: int
) -> None:
    """Where nobody says which they are, ten a second are: the file is 1.1 seconds long."""
    usage = {"type": "tokens", "input_tokens": 14, "output_tokens": 45, "total_tokens": 59, **details}
    upstream.default = json_answer(200, {"text": "hello", "usage": usage})
    model = serve(upstream.url, price={"input": "2.5", "output": "10", "audio_input": "6"})
    ask(gateway, model, field("file", WAV + bytes(8800 - len(WAV)), "a.wav", "audio/wav"))
    (record,) = gateway.books.records(model)
    assert ("upstream", nano) == (record.usage_source, record.charge_nano)


@both
@pytest.mark.parametrize(
    ("form", "kind"), [("text", "text/plain"), ("srt", "application/x-subrip"), ("vtt", "text/vtt")]
)
@pytest.mark.parametrize("upstream_kind", ["text/plain; charset=utf-8", "application/x-subrip", "text/vtt"])
def test_a_text_arrives_as_it_came_and_of_the_kind_that_was_asked_for(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, form: str, kind: str, upstream_kind: str
) -> None:
    upstream.default = body_answer(200, SRT, upstream_kind)
    answer = endpoint.ask(gateway, serve(upstream.url), response_format=form)
    assert (200, SRT, f"{kind}; charset=utf-8") == (answer.status, answer.body, answer.header("content-type"))


@both
@pytest.mark.parametrize("page", [("<html>Hi</html>", "text/plain"), ("Hi", "text/html"), ("Hi", "image/png")], ids=str)
def test_a_page_is_not_taken_for_a_transcript(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, page: tuple[str, str]
) -> None:
    upstream.default = body_answer(200, page[0].encode(), page[1])
    assert 502 == endpoint.ask(gateway, serve(upstream.url), response_format="text").status


@both
def test_verbose_json_arrives_whole(gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint) -> None:
    whole = {"task": "transcribe", "language": "english", "duration": 1.5, "text": "hi", "segments": [{"id": 0}]}
    upstream.default = json_answer(200, whole)
    assert whole == endpoint.ask(gateway, serve(upstream.url), response_format="verbose_json").json()


def test_a_file_arrives_as_it_was_sent(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = TRANSCRIPTIONS.answer
    data = bytes(range(256)) * 4000
    ask(gateway, serve(upstream.url), field("file", data, "my file.wav", "audio/wav"), field("prompt", "hé"))
    (received,) = upstream.chats
    parts = parts_of(received.header("content-type") or "", received.body)
    assert (("my file.wav", data), "hé") == (parts["file"], parts["prompt"][1].decode())


@both
@pytest.mark.parametrize(
    "parts", [[], [field("file", "text")], [field("other", b"x", "a.wav", "audio/wav")]], ids=["none", "field", "other"]
)
def test_a_form_without_a_file_is_refused(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, parts: list[bytes]
) -> None:
    answer = ask(gateway, serve(upstream.url), *parts, endpoint=endpoint)
    assert (400, True, []) == (answer.status, "'file'" in answer.error["message"], upstream.chats)


@both
def test_a_file_over_the_limit_is_refused_unread(gateway: Gateway, endpoint: Endpoint) -> None:
    with RawConnection(gateway.url) as connection:
        headers = {**gateway.headers(), "content-type": content_type(), "content-length": str(33 * 2**20)}
        connection.send(rawclient.request_bytes("POST", endpoint.path, headers))
        head = connection.read_head()
    assert 413 == head.status


@both
def test_a_slow_file_is_given_up(gateway: Gateway, endpoint: Endpoint) -> None:
    with RawConnection(gateway.url) as connection:
        headers = {**gateway.headers(), "content-type": content_type(), "content-length": "100000"}
        connection.send(rawclient.request_bytes("POST", endpoint.path, headers) + endpoint.body("m")[:100])
        assert 408 == connection.read_head().status


def delta(text: str) -> dict[str, str]:
    return {"type": "transcript.text.delta", "delta": text}


def done(text: str, usage: object = None) -> dict[str, Any]:
    return {"type": "transcript.text.done", "text": text, **({"usage": usage} if usage else {})}


@contextmanager
def streaming(gateway: Gateway, model: str) -> Iterator[Stream]:
    headers = gateway.headers(more={"content-type": content_type()})
    body = TRANSCRIPTIONS.body(model, stream="true")
    with rawclient.stream(gateway.url, TRANSCRIPTIONS.path, headers, body) as stream:
        yield stream


def test_a_streamed_transcript_keeps_its_usage(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    usage = {"type": "tokens", "input_tokens": 14, "output_tokens": 45, "total_tokens": 59}
    upstream.default = sse(delta("one "), delta("two"), done("one two", usage))
    model = serve(upstream.url)
    with streaming(gateway, model) as stream:
        events = [event.json() for event in stream.events()]
    assert ([delta("one "), delta("two"), done("one two", usage)], True) == (events, stream.clean)
    (record,) = gateway.books.records(model)
    assert ("ok", "upstream", 14, 45) == (
        record.outcome,
        record.usage_source,
        record.prompt_tokens,
        record.completion_tokens,
    )


def test_a_model_that_does_not_stream_answers_in_one_event(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """whisper-1 answers JSON, whatever it is asked."""
    upstream.default = json_answer(200, {"text": "hello", "usage": {"type": "duration", "seconds": 3}})
    model = serve(upstream.url, price=BY_THE_MINUTE)
    with streaming(gateway, model) as stream:
        (event,) = stream.events()
    assert ("hello", "transcript.text.done") == (event.json()["text"], event.json()["type"])
    assert "text/event-stream; charset=utf-8" == stream.head.header("content-type")
    (record,) = gateway.books.records(model)
    assert ("ok", cost(3000)) == (record.outcome, record.charge_nano)


def test_half_a_transcript_ends_in_an_error(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(delta("one "), done=False, end=[Close()])
    model = serve(upstream.url)
    with streaming(gateway, model) as stream:
        *_, last = [event.json() for event in stream.events()]
    (record,) = gateway.books.records(model)
    assert ("upstream_error", "cut_off") == (last["error"]["code"], record.outcome)


def test_a_client_that_leaves_pays_for_all_that_was_sent(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """The upstream has all of the audio: all of it is charged, a little more than a second."""
    upstream.default = sse(delta("one "), done=False, end=[Hang()])
    model = serve(upstream.url, price=BY_THE_MINUTE)
    with streaming(gateway, model) as stream:
        next(stream.events())
    upstream.wait_closed()
    eventually(lambda: bool(gateway.books.records(model)), lambda: "no record")
    (record,) = gateway.books.records(model)
    assert ("client_gone", cost(1005)) == (record.outcome, record.charge_nano)


@both
def test_a_client_that_leaves_a_whole_answer_is_charged_for_its_audio(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    """After the grace (2 s) the audio is charged: the upstream runs to its end and bills."""
    upstream.default = [Hang()]
    model = serve(upstream.url, price=BY_THE_MINUTE, clocks={"first_byte": 30, "answer": 30})
    with RawConnection(gateway.url) as connection:
        headers = {**gateway.headers(), "content-type": content_type()}
        connection.send(rawclient.request_bytes("POST", endpoint.path, headers, endpoint.body(model)))
        upstream.wait_requests(1)
    eventually(lambda: bool(gateway.books.records(model)), lambda: "no record")
    (record,) = gateway.books.records(model)
    assert ("client_gone", "estimated", cost(1005)) == (record.outcome, record.usage_source, record.charge_nano)


@both
@pytest.mark.parametrize("leave", [RawConnection.close, RawConnection.reset], ids=["close", "reset"])
def test_a_client_that_leaves_its_upload_leaves_nothing_behind(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, leave: Callable[[RawConnection], None]
) -> None:
    """Nothing is held, sent or booked; the sentinel counts descriptors and tasks."""
    model = serve(upstream.url)
    with RawConnection(gateway.url) as connection:
        headers = {**gateway.headers(), "content-type": content_type(), "content-length": "100000"}
        connection.send(rawclient.request_bytes("POST", endpoint.path, headers) + endpoint.body(model)[:400])
        leave(connection)
    gateway.wait_status(2, in_flight=0)
    assert ([], []) == (upstream.chats, gateway.books.records(model))
