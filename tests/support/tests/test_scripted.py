"""The scripted upstream does what its script says: no less, no more, and it notices everything."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.support import rawclient
from tests.support.rawclient import CutOff, RawConnection, request, request_bytes
from tests.support.upstream.answers import DONE, chat_answer, chat_chunks, chunked, json_answer, sse
from tests.support.upstream.scripted import Upstream, black_hole, refused
from tests.support.upstream.steps import Close, Dribble, Gate, Hang, Limit, Pause, Reset, Script, Send, Slice, Wait


def ask(upstream: Upstream, body: bytes = b"{}") -> rawclient.Answer:
    return request(upstream.url, "POST", "/v1/chat/completions", body=body)


def test_a_request_is_recorded_whole() -> None:
    with Upstream(json_answer(200, {})) as upstream:
        request(upstream.url, "POST", "/v1/x?y=1", {"X-Thing": "a: b"}, b'{"model":"m"}')
        (seen,) = upstream.requests
    assert ("POST", "/v1/x?y=1", "a: b", {"model": "m"}) == (
        seen.method,
        seen.path,
        seen.header("x-thing"),
        seen.json(),
    )


def test_a_chunked_request_body_is_put_together() -> None:
    with Upstream(json_answer(200, {})) as upstream, RawConnection(upstream.url) as client:
        client.send(b"POST /x HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + chunked(b"ab") + chunked(b"c"))
        client.send(b"0\r\n\r\n")
        client.read_head()
        assert b"abc" == upstream.requests[0].body


def test_queued_scripts_come_before_the_default() -> None:
    with Upstream(json_answer(200, "later")) as upstream:
        upstream.enqueue(json_answer(500, "first"), lambda seen: json_answer(200, seen.json()["n"]))
        answers = [ask(upstream, b'{"n":7}').json() for _ in range(3)]
    assert ["first", 7, "later"] == answers


def test_a_connection_serves_one_request_after_the_other() -> None:
    with Upstream(json_answer(200, {})) as upstream, RawConnection(upstream.url) as client:
        for _ in range(2):
            client.send(request_bytes("GET", "/"))
            assert b"{}" == b"".join(piece.data for piece in client.pieces(client.read_head()))
        assert [0, 0] == [seen.connection for seen in upstream.requests]


def test_events_arrive_one_by_one_at_the_gate() -> None:
    gate = Gate()
    chunks = chat_chunks("a b c")
    script = sse(*chunks[:2], Wait(gate), *chunks[2:])
    with Upstream(script) as upstream, rawclient.stream(upstream.url, "/v1/chat/completions", body=b"{}") as stream:
        events = stream.events()
        before = [next(events) for _ in range(2)]
        gate.wait_reached()
        opened_at = time.monotonic()
        gate.open()
        after = list(events)
    assert (2, 5, DONE) == (len(before), len(after), after[-1].data)
    assert before[-1].at < opened_at < after[0].at
    assert stream.clean


def test_an_opened_gate_stays_open() -> None:
    gate = Gate()
    gate.open()
    with Upstream([Wait(gate), *chat_answer()]) as upstream:
        assert 200 == ask(upstream).status


def test_a_gate_that_nobody_reaches_is_reported() -> None:
    with pytest.raises(TimeoutError, match="the gate"):
        Gate("the gate").wait_reached(0.01)


@pytest.mark.parametrize(
    ("ending", "error"),
    [(Reset(), "reset"), (Close(), "before"), (Limit(0), "before")],
    ids=["reset", "close", "limit"],
)
def test_a_stream_is_broken_off_as_scripted(ending: Reset | Close | Limit, error: str) -> None:
    script = sse(*chat_chunks("a b")[:2], end=[ending, Send(b"never")], done=False)
    with Upstream(script) as upstream, RawConnection(upstream.url) as client:
        client.send(request_bytes("POST", "/", body=b""))
        with pytest.raises(CutOff, match=error):
            list(client.pieces(client.read_head()))
        assert "script" == upstream.connections[0].closed_by


def test_a_limit_cuts_inside_a_write() -> None:
    with Upstream([Limit(7), Send(b"0123456789")]) as upstream, RawConnection(upstream.url) as client:
        client.send(request_bytes("GET", "/"))
        assert b"0123456" == client.sock.recv(100)
        assert client.at_eof(1)


def test_slices_are_separate_writes() -> None:
    with Upstream([Slice(b"abcdef", 2, 0.02), Close()]) as upstream, RawConnection(upstream.url) as client:
        client.send(request_bytes("GET", "/"))
        assert [b"ab", b"cd", b"ef"] == [client.sock.recv(100) for _ in range(3)]


def test_dribbled_bytes_take_their_time() -> None:
    started = time.monotonic()
    with Upstream([Dribble(b"abcde", 0.01), Close()]) as upstream, RawConnection(upstream.url) as client:
        client.send(request_bytes("GET", "/"))
        assert b"abcde" == b"".join(iter(lambda: client.sock.recv(100), b""))
    assert time.monotonic() - started >= 0.05


@pytest.mark.parametrize("script", [[Hang()], [Pause(20)], [Wait(Gate())]], ids=["hang", "pause", "wait"])
def test_a_leaving_peer_ends_a_waiting_script(script: Script) -> None:
    with Upstream(script) as upstream:
        with RawConnection(upstream.url) as client:
            client.send(request_bytes("GET", "/"))
            upstream.wait_requests(1)
            assert 1 == upstream.open_connections
            left_at = time.monotonic()
        assert 0 <= upstream.wait_closed() - left_at < 0.5
        upstream.wait_idle()
    assert not upstream.connections[0].was_reset


def test_a_reset_by_the_peer_is_told_from_a_close() -> None:
    with Upstream([Hang()]) as upstream, RawConnection(upstream.url) as client:
        client.send(request_bytes("GET", "/"))
        upstream.wait_requests(1)
        client.reset()
        upstream.wait_closed()
        assert upstream.connections[0].was_reset


def test_waiting_for_a_close_that_never_comes_ends() -> None:
    with Upstream([Hang()]) as upstream, RawConnection(upstream.url), pytest.raises(TimeoutError, match="close"):
        upstream.wait_closed(timeout=0.05)


def test_a_close_by_the_script_is_not_taken_for_the_peers() -> None:
    with Upstream(on_accept=[Close()]) as upstream, RawConnection(upstream.url) as client:
        assert client.at_eof(1)
        with pytest.raises(AssertionError, match="the script"):
            upstream.wait_closed()


def test_a_script_can_answer_before_it_is_asked() -> None:
    with Upstream(on_accept=[Send(b"hello"), Close()]) as upstream, RawConnection(upstream.url) as client:
        assert b"hello" == client.sock.recv(100)


def test_an_answerer_that_fails_is_reported_not_swallowed() -> None:
    def broken(_: object) -> Script:
        raise ValueError("broken")

    with Upstream(broken) as upstream, RawConnection(upstream.url) as client:
        client.send(request_bytes("GET", "/"))
        assert client.at_eof(1)
        assert ["broken"] == [str(error) for error in upstream.errors]


def test_a_refusing_port_refuses() -> None:
    with refused() as url, pytest.raises(ConnectionRefusedError):
        RawConnection(url)


def test_a_black_hole_neither_accepts_nor_refuses() -> None:
    with black_hole() as url, pytest.raises(TimeoutError), socket.socket() as client:
        client.settimeout(0.2)
        client.connect(("127.0.0.1", urlsplit(url).port))


def test_the_healthy_default_sends_usage_only_when_asked() -> None:
    with Upstream() as upstream:
        plain = ask(upstream, b'{"stream":true}')
        with_usage = ask(upstream, b'{"stream":true,"stream_options":{"include_usage":true}}')
        whole = ask(upstream)
    assert (False, True, 15) == (
        b"usage" in plain.body,
        b"usage" in with_usage.body,
        whole.json()["usage"]["total_tokens"],
    )


def test_two_hundred_connections_wait_at_one_gate() -> None:
    gate = Gate()
    with Upstream([Wait(gate), *chat_answer()]) as upstream:
        clients = [RawConnection(upstream.url) for _ in range(200)]
        for client in clients:
            client.send(request_bytes("GET", "/"))
        gate.wait_reached(times=200)
        gate.open()
        statuses = {client.read_head().status for client in clients}
        for client in clients:
            client.close()
        upstream.wait_idle()
    assert {200} == statuses
