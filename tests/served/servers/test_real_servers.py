"""What holds against scripts of ours holds against servers that people run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from aihub_lite.config import Settings
from aihub_lite.upstream.transport import Response, Transport
from tests.served.servers import running
from tests.served.servers.app import BIG, HELLO

SERVERS = [
    pytest.param(running.uvicorn, id="uvicorn"),
    pytest.param(running.hypercorn, id="hypercorn"),
    pytest.param(running.nginx, id="nginx"),
    pytest.param(running.node, id="node"),
    pytest.param(running.go, id="go", marks=pytest.mark.sdk),  # built with Go's whole library of HTTP: half a minute
]
Steps = Callable[[Transport], Awaitable[object]]


@pytest.fixture(scope="module", params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server's base URL; what is not on this machine is skipped with the reason."""
    try:
        with running.started(request.param, tmp_path_factory.mktemp("server")) as base:
            yield base
    except running.ServerMissing as missing:
        pytest.skip(str(missing))


def run(steps: Steps) -> None:
    async def main() -> None:
        async with Transport(Settings(data_dir=Path())) as transport:
            await asyncio.wait_for(steps(transport), 60)

    uvloop.run(main())


async def ask(transport: Transport, url: str, body: bytes | None = None) -> Response:
    return await transport.send("GET" if body is None else "POST", url, [], body, 10.0)


async def fetch(transport: Transport, url: str, body: bytes | None = None) -> tuple[int, bytes]:
    response = await ask(transport, url, body)
    try:
        return response.status, await response.read(len(BIG) + 1)
    finally:
        await response.aclose()


@pytest.mark.parametrize(
    ("path", "expected"), [("/length", HELLO), ("/chunks", HELLO), ("/gzip", HELLO * 100), ("/big", BIG)]
)
def test_an_answer_comes_whole_over_a_connection_that_is_kept(url: str, path: str, expected: bytes) -> None:
    async def steps(transport: Transport) -> None:
        for _ in range(3):
            assert (200, expected) == await fetch(transport, url + path)
        assert (1, 0) == (transport.client.size, transport.busy)

    run(steps)


@pytest.mark.parametrize("size", [0, 1000, 5 * 2**20])
def test_a_body_arrives_whole(url: str, size: int) -> None:
    async def steps(transport: Transport) -> None:
        for _ in range(2):
            assert (200, body) == await fetch(transport, url + "/echo", body)

    body = BIG[:size]
    run(steps)


def test_a_refusal_is_read_though_the_body_was_not_sent_whole(url: str) -> None:
    async def steps(transport: Transport) -> None:
        status, _ = await fetch(transport, url + "/refuse", BIG * 4)
        assert 413 == status
        assert (200, HELLO) == await fetch(transport, url + "/length")

    run(steps)


def test_a_connection_that_the_server_closes_when_it_is_idle_is_let_go(url: str) -> None:
    async def steps(transport: Transport) -> None:
        await fetch(transport, url + "/length")
        assert 1 == transport.client.size
        while transport.client.size:
            await asyncio.sleep(0)
        assert (200, HELLO) == await fetch(transport, url + "/length")

    run(steps)


def test_many_at_once_have_their_own_answers(url: str) -> None:
    async def steps(transport: Transport) -> None:
        bodies = [b"%d" % number * 1000 for number in range(30)]
        answers = await asyncio.gather(*(fetch(transport, url + "/echo", body) for body in bodies))
        assert [(200, body) for body in bodies] == answers

    run(steps)


def test_a_client_that_leaves_in_the_middle_can_come_back(url: str) -> None:
    async def steps(transport: Transport) -> None:
        response = await ask(transport, url + "/big")
        await anext(response)
        await response.aclose()
        assert (200, HELLO) == await fetch(transport, url + "/length")

    run(steps)
