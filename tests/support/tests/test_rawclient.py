"""The raw client sends what it is told and judges framing strictly."""

from __future__ import annotations

import time

import pytest

from tests.support.rawclient import CutOff, RawConnection, payloads, request, request_bytes, stream
from tests.support.upstream.answers import chunked, head, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Gate, Hang, Pause, Reset, Script, Send, Wait


@pytest.mark.parametrize(
    "script",
    [
        [Send(head(200, [("content-length", "3")]) + b"abc")],
        [Send(head(200, [("transfer-encoding", "chunked")]) + chunked(b"ab")), Send(chunked(b"c") + b"0\r\n\r\n")],
        [Send(head(200, []) + b"abc"), Close()],
    ],
    ids=["length", "chunked", "eof"],
)
def test_every_framing_gives_the_body(script: Script) -> None:
    with Upstream(script) as upstream:
        assert b"abc" == request(upstream.url).body


@pytest.mark.parametrize(
    "sent", [head(200, [("content-length", "4")]) + b"abc", b"HTTP/1.1 200 O", b""], ids=["body", "head", "nothing"]
)
def test_an_answer_cut_short_is_no_answer(sent: bytes) -> None:
    with Upstream([Send(sent), Close()]) as upstream, pytest.raises(CutOff):
        request(upstream.url)


def test_informational_answers_are_skipped() -> None:
    with Upstream([Send(head(100, []) + head(204, []))]) as upstream:
        assert 204 == request(upstream.url).status


def test_repeated_and_mixed_case_headers_are_kept() -> None:
    with Upstream([Send(head(204, [("X-A", "1"), ("x-a", "2")]))]) as upstream:
        answer = request(upstream.url)
    assert (("x-a", "1"), ("x-a", "2")) == answer.head.headers


def test_events_carry_the_time_of_their_last_byte() -> None:
    script = sse(b"data: 1\n", Pause(0.05), b"\ndata: 2\n\n")
    with Upstream(script) as upstream, stream(upstream.url) as answer:
        events = list(answer.events())
    assert [b"1", b"2", b"[DONE]"] == payloads(events)
    assert events[0].at - answer.started >= 0.05


@pytest.mark.parametrize("end", [[Reset()], [Close()]], ids=["reset", "close"])
def test_a_stream_without_its_last_chunk_is_not_clean(end: Script) -> None:
    with Upstream(sse(b"data: 1\n\n", end=end)) as upstream, stream(upstream.url) as answer:
        assert [b"1", b"[DONE]"] == payloads(answer.events())
        assert not answer.clean


def test_a_last_event_without_its_blank_line_is_not_clean() -> None:
    with Upstream(sse(b"data: 1\n\n", b"data: 2\n", done=False)) as upstream, stream(upstream.url) as answer:
        list(answer.events())
    assert not answer.clean


def test_leaving_a_stream_early_closes_the_connection() -> None:
    with Upstream(sse(b"data: 1\n\n", end=[Hang()])) as upstream:
        with stream(upstream.url) as answer:
            next(answer.events())
        upstream.wait_closed(timeout=1)


def test_slow_bytes_are_slow() -> None:
    started = time.monotonic()
    with Upstream() as upstream, RawConnection(upstream.url) as client:
        client.send_slowly(request_bytes("GET", "/v1/models"), 0.01, size=10)
        assert 200 == client.read_head().status
    assert time.monotonic() - started > 0.03


def test_a_half_closed_client_can_still_read() -> None:
    with Upstream(on_accept=[Send(b"x"), Hang()]) as upstream, RawConnection(upstream.url) as client:
        assert b"x" == client.sock.recv(10)
        client.half_close()
        assert client.at_eof(1)


def test_a_silent_peer_is_not_at_its_end() -> None:
    gate = Gate()
    with Upstream(on_accept=[Wait(gate), Close()]) as upstream, RawConnection(upstream.url) as client:
        assert not client.at_eof(0.02)
        gate.open()
        assert client.at_eof(1)
