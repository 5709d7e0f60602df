"""Speech: passed on while it is made, by the character, and never half a file that looks like a whole one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.served.endpoints import AUDIO, SPEECH, file_in_pieces
from tests.support import rawclient
from tests.support.gateway import Gateway, eventually
from tests.support.rawclient import CutOff, RawConnection, Stream
from tests.support.upstream.answers import body_answer, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Gate, Hang, Pause, Reset, Step, Wait

Serve = Callable[..., str]
BY_THE_CHARACTER = {"characters": "15.000001"}
TEXT = "hé" * 50
COST = -(-100 * 15_000_001_000 // 10**6)


@contextmanager
def asking(gateway: Gateway, model: str, **more: Any) -> Iterator[Stream]:
    body = SPEECH.body(model, **{"input": TEXT, **more})
    with rawclient.stream(gateway.url, SPEECH.path, gateway.headers(), body) as stream:
        yield stream


def sound_of(stream: Stream) -> bytes:
    return b"".join(piece.data for piece in stream.connection.pieces(stream.head))


def record_of(gateway: Gateway, model: str) -> Any:
    eventually(lambda: bool(gateway.books.records(model)), lambda: "no record")
    (record,) = gateway.books.records(model)
    return record


@pytest.mark.parametrize(
    "kind", ["audio/mpeg", "audio/L16; rate=24000", "audio/wav", "application/octet-stream", "Audio/Opus"]
)
def test_a_file_arrives_as_it_was_made(gateway: Gateway, serve: Serve, upstream: Upstream, kind: str) -> None:
    upstream.default = file_in_pieces(AUDIO[:100], AUDIO[100:], kind=kind)
    with asking(gateway, serve(upstream.url)) as stream:
        assert (kind, AUDIO) == (stream.head.header("content-type"), sound_of(stream))


def test_sound_is_passed_on_while_it_is_made(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    gate = Gate()
    upstream.default = file_in_pieces(b"first", Wait(gate), b"second")
    with asking(gateway, serve(upstream.url)) as stream:
        pieces = stream.connection.pieces(stream.head)
        assert b"first" == next(pieces).data
        gate.open()
        assert b"second" == b"".join(piece.data for piece in pieces)


def test_speech_costs_its_characters(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = SPEECH.answer
    model = serve(upstream.url, price=BY_THE_CHARACTER)
    SPEECH.ask(gateway, model, input=TEXT)
    record = record_of(gateway, model)
    assert ("ok", 100, "character", COST) == (record.outcome, record.units, record.unit, record.charge_nano)
    assert record.first_byte_ms > 0


def test_characters_are_held_for_at_their_price(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = SPEECH.answer
    model = serve(upstream.url, price={"characters": "10"})
    statuses = [
        SPEECH.ask(gateway, model, key=gateway.add_token(quota=quota), input=TEXT).status
        for quota in ("0.000999999", "0.001")
    ]
    assert [402, 200] == statuses


@pytest.mark.parametrize("end", [Close(), Reset()], ids=["closed", "reset"])
def test_half_a_file_is_cut_off_and_charged(gateway: Gateway, serve: Serve, upstream: Upstream, end: Step) -> None:
    upstream.default = file_in_pieces(AUDIO, Pause(0.05), end=end)
    model = serve(upstream.url, price=BY_THE_CHARACTER)
    with asking(gateway, model) as stream, pytest.raises(CutOff):
        sound_of(stream)
    record = record_of(gateway, model)
    assert ("cut_off", "upstream_error", COST) == (record.outcome, record.error_code, record.charge_nano)


def test_a_file_shorter_than_announced_is_cut_off(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    (whole,) = body_answer(200, AUDIO, "audio/mpeg")
    upstream.default = [type(whole)(whole.data[:-10]), Close()]  # type: ignore[attr-defined, call-arg]
    with asking(gateway, serve(upstream.url)) as stream, pytest.raises(CutOff):
        sound_of(stream)


def test_a_silent_upstream_is_cut_off_after_the_idle_clock(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """The clock between two pieces (1 s) ends it, by a cut."""
    upstream.default = file_in_pieces(AUDIO, end=Hang())
    model = serve(upstream.url)
    with asking(gateway, model) as stream, pytest.raises(CutOff):
        sound_of(stream)
    assert "upstream_timeout" == record_of(gateway, model).error_code


def test_a_client_that_leaves_is_charged_for_its_speech(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = file_in_pieces(b"first", end=Hang())
    model = serve(upstream.url, price=BY_THE_CHARACTER)
    with asking(gateway, model) as stream:
        next(stream.connection.pieces(stream.head))
    left_at = time.monotonic()
    assert upstream.wait_closed() - left_at < 1.0
    record = record_of(gateway, model)
    assert ("client_gone", COST) == (record.outcome, record.charge_nano)


def test_a_client_that_leaves_before_a_sound_is_charged_for_its_text(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """The upstream has read all of it by then, and bills it."""
    upstream.default = [Hang()]
    model = serve(upstream.url, price=BY_THE_CHARACTER)
    with RawConnection(gateway.url) as connection:
        body = SPEECH.body(model, input=TEXT)
        connection.send(rawclient.request_bytes("POST", SPEECH.path, gateway.headers(), body))
        upstream.wait_requests(1)
    record = record_of(gateway, model)
    assert ("client_gone", COST) == (record.outcome, record.charge_nano)


def test_an_operators_stop_cuts_a_file_off(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = file_in_pieces(b"first", end=Hang())
    model = serve(upstream.url)
    with asking(gateway, model) as stream:
        pieces = stream.connection.pieces(stream.head)
        next(pieces)
        (flight,) = gateway.admin("GET", "/flights").json()
        gateway.admin("POST", f"/flights/{flight['id']}/stop")
        with pytest.raises(CutOff):
            list(pieces)
    assert "stopped" == record_of(gateway, model).outcome


def test_json_is_not_passed_on_as_sound(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    with Upstream(body_answer(200, b"{}", "application/json")) as broken:
        upstream.default = SPEECH.answer
        answer = SPEECH.ask(gateway, serve(broken.url, upstream.url))
    assert (200, AUDIO) == (answer.status, answer.body)


def delta() -> dict[str, str]:
    return {"type": "speech.audio.delta", "audio": "SUQz"}


def done(usage: object = None) -> dict[str, Any]:
    return {"type": "speech.audio.done", "usage": usage}


def test_events_of_speech_keep_their_usage(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    usage = {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}
    upstream.default = sse(delta(), delta(), done(usage), done=False)
    model = serve(upstream.url)
    with asking(gateway, model, stream_format="sse") as stream:
        events = [event.json() for event in stream.events()]
    assert ([delta(), delta(), done(usage)], True) == (events, stream.clean)
    record = record_of(gateway, model)
    assert ("upstream", 14, 101, 100) == (
        record.usage_source,
        record.prompt_tokens,
        record.completion_tokens,
        record.units,
    )


def test_tokens_of_speech_have_their_own_price(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    usage = {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}
    upstream.default = sse(delta(), done(usage), done=False)
    model = serve(upstream.url, price={"input": "0.6", "output": "0", "audio_output": "12"})
    with asking(gateway, model, stream_format="sse") as stream:
        assert 2 == len(list(stream.events()))
    assert 14 * 600 + 101 * 12_000 == record_of(gateway, model).charge_nano


def test_events_of_speech_that_break_off_end_in_an_error(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(delta(), done=False, end=[Close()])
    with asking(gateway, serve(upstream.url), stream_format="sse") as stream:
        *_, last = [event.json() for event in stream.events()]
    assert "upstream_error" == last["error"]["code"]


@pytest.mark.parametrize("value", [None, "", 5, ["x"]], ids=str)
def test_a_wrong_input_is_named_and_not_sent(gateway: Gateway, serve: Serve, upstream: Upstream, value: object) -> None:
    answer = SPEECH.ask(gateway, serve(upstream.url), input=value)
    assert (400, True, []) == (answer.status, "'input'" in answer.error["message"], upstream.chats)
