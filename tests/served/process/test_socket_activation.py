"""A supervisor keeps the listening socket, and gateways come and go behind it: a restart refuses nobody."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from tests.support.gateway import Gateway, eventually, running
from tests.support.process import COMMAND, SCALED, START_WITHIN, Home, Process, clean_environment
from tests.support.rawclient import Event, RawConnection, request_bytes
from tests.support.upstream.answers import chat_chunks, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Hang

PASS_ON = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); "
    "os.environ.update(LISTEN_FDS=sys.argv[2], LISTEN_PID=sys.argv[3] or str(os.getpid())); "
    "os.execv(sys.argv[4], sys.argv[4:])"
)
"""What a supervisor does between fork and exec: the socket becomes descriptor 3."""
CLIENTS = 10
PACE = 0.2
"""Seconds between two requests of one client: fifty a second of all."""


@attrs.frozen
class Activated(Home):
    """Processes get the socket as systemd's `.socket` units pass it on."""

    listener: socket.socket = attrs.field(kw_only=True)
    count: str = "1"
    pid: str = ""
    """Whom the socket is said to be for; the process itself unless set."""

    def process(self, *arguments: str) -> Process:
        descriptor = self.listener.fileno()
        supervisor = (sys.executable, "-c", PASS_ON, str(descriptor), self.count, self.pid)
        variables = {"AIHUB_DATA_DIR": str(self.directory), **self.environment}
        return Process(
            subprocess.Popen(
                (*supervisor, *COMMAND, *arguments),
                env=clean_environment(self.directory.parent, self.settings, variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[descriptor],
            )
        )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Activated]:
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        yield Activated(tmp_path / "data", {**SCALED, "drain_timeout": 5, "idle_timeout": 60}, listener=listener)


@pytest.fixture
def gateway(home: Activated) -> Iterator[Gateway]:
    with running(home) as started:
        yield started


@contextmanager
def endless_stream(gateway: Gateway, upstream: Upstream) -> Iterator[Iterator[Event]]:
    """The events of a stream that is under way for as long as the gateway lets it."""
    upstream.default = sse(*chat_chunks("one two")[:2], done=False, end=[Hang()])
    with gateway.stream(gateway.add_channel(upstream.url)) as stream:
        events = stream.events()
        next(events)
        yield events


def healthz(connection: RawConnection) -> tuple[int, str | None]:
    """Status, and what is said of the connection, of one more request on it."""
    connection.send(request_bytes("GET", "/healthz"))
    head = connection.read_head()
    assert b"ok" in b"".join(piece.data for piece in connection.pieces(head))
    return head.status, head.header("connection")


def stop(gateway: Gateway, connection: RawConnection) -> None:
    """Returns when it accepts nobody any more, while a stream keeps it; the connection is told to come back."""
    gateway.process.terminate()
    eventually(lambda: (200, "close") == healthz(connection), lambda: "never told to come back")


def test_a_gateway_serves_on_the_socket_that_was_passed(home: Activated, gateway: Gateway) -> None:
    port = home.listener.getsockname()[1]
    assert f"http://127.0.0.1:{port}" == gateway.url
    assert 200 == gateway.chat("demo").status


def test_a_socket_that_was_passed_to_another_process_is_left_alone(home: Activated) -> None:
    with running(attrs.evolve(home, pid="1")) as gateway:
        assert not gateway.url.endswith(f":{home.listener.getsockname()[1]}")


@pytest.mark.slow
def test_restarts_under_traffic_fail_no_request(gateway: Gateway) -> None:
    """Fifty requests a second and two restarts: who comes in between waits in the socket's queue."""
    outcomes: list[int | str] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            began = time.monotonic()
            try:
                outcomes.append(gateway.chat("demo").status)
            except Exception as error:
                outcomes.append(repr(error))
            over.wait(max(0.0, began + PACE - time.monotonic()))

    def fifty_more() -> None:
        wanted = len(outcomes) + 50
        eventually(lambda: len(outcomes) >= wanted, lambda: f"only {outcomes} were answered", 60)

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    try:
        for client in clients:
            client.start()
        for _ in range(2):
            fifty_more()
            gateway.restart()
        fifty_more()
    finally:
        over.set()
        for client in clients:
            client.join()
    assert {200} == set(outcomes)


def test_who_keeps_a_connection_is_served_once_more_and_told_to_come_back(gateway: Gateway, upstream: Upstream) -> None:
    """Idle connections are not closed under a request that is on its way."""
    with endless_stream(gateway, upstream), RawConnection(gateway.url) as connection:
        assert (200, None) == healthz(connection)
        stop(gateway, connection)
        assert connection.at_eof(within=START_WITHIN)


def test_who_comes_while_streams_end_is_served_by_the_next_process(gateway: Gateway, upstream: Upstream) -> None:
    """The stream is told that it was cut off, and settled."""
    answers: list[int] = []
    with endless_stream(gateway, upstream) as events, RawConnection(gateway.url) as connection:
        stop(gateway, connection)
        waiting = threading.Thread(target=lambda: answers.append(gateway.chat("demo").status))
        waiting.start()
        assert "new_api_error" == list(events)[-1].json()["error"]["type"]
        assert 0 == gateway.process.wait(START_WITHIN)
        assert [] == answers
        gateway.restart()
        waiting.join()
    assert ([200], []) == (answers, gateway.books.holds())


@pytest.mark.parametrize("count", ["0", "2"])
def test_no_other_number_of_sockets_than_one_is_taken(home: Activated, count: str) -> None:
    with attrs.evolve(home, count=count).process("serve") as process:
        assert 1 == process.wait(START_WITHIN)
    assert f"LISTEN_FDS is {count}: the gateway serves on one socket" in process.stderr.text


def test_a_socket_that_is_not_for_tcp_is_refused(home: Activated) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        attrs.evolve(home, listener=datagrams).process("serve") as process,
    ):
        assert 1 == process.wait(START_WITHIN)
    assert "the socket that was passed is not one for TCP" in process.stderr.text


def test_a_socket_that_does_not_listen_is_refused(home: Activated) -> None:
    with (
        socket.socket() as silent,
        attrs.evolve(home, listener=silent).process("serve") as process,
    ):
        assert 1 == process.wait(START_WITHIN)
    assert "the socket that was passed does not listen" in process.stderr.text
