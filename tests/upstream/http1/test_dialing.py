"""How a connection is made: names, addresses, TLS, and what is said when there is none."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from aihub_lite.upstream.http1.client import HttpClient
from aihub_lite.upstream.http1.dialing import HEAD_START, Dialer
from aihub_lite.upstream.http1.faults import ConnectFailed, ConnectTimedOut, Disconnected, TransportFault
from aihub_lite.upstream.http1.resolving import Address, Resolver
from aihub_lite.upstream.http1.tls_sessions import MOST_SERVERS, MOST_SESSIONS, SessionContext, session_context
from tests.support.tls import Certificate, make_certificate
from tests.support.upstream.answers import SSE_HEAD, chunked, json_answer
from tests.support.upstream.scripted import Upstream, black_hole, refused
from tests.support.upstream.steps import Close, Send
from tests.upstream.http1.asking import Loop, ask, both_loops, fetch, little_at_once, run

HOST = "http://upstream.example/v1"


def place(url: str) -> Address:
    """The address in a URL."""
    parts = urlsplit(url)
    return Address(socket.AF_INET, (parts.hostname, parts.port))


def client_of(*urls: str) -> HttpClient:
    """A client for which every name has the addresses in these URLs."""

    async def look_up(host: str, port: int) -> list[Address]:
        return [place(url) for url in urls]

    return HttpClient(Dialer(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), Resolver(look_up)))


def run_with(loop: Loop, client: HttpClient, steps: Any) -> None:
    """Steps with a client of its own addresses; AssertionError when a task or a descriptor is left."""

    async def main() -> None:
        before = descriptors()
        try:
            await asyncio.wait_for(steps(), 20)
        finally:
            await client.close()
        await asyncio.wait_for(as_many_as(before), 5)
        assert {asyncio.current_task()} == asyncio.all_tasks()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


def descriptors() -> int:
    """How many sockets this process has open; loops and threads open other things."""
    return sum(name.startswith("socket:") for name in map(_name, Path("/proc/self/fd").iterdir()))


def _name(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:  # it was closed meanwhile
        return ""


async def as_many_as(before: int) -> None:
    """Until no more are open; the upstreams of this process let go of theirs when ours are closed."""
    while descriptors() > before:
        await asyncio.sleep(0)


@both_loops
def test_a_silent_address_does_not_keep_the_next_one_waiting(loop: Loop) -> None:
    """IPv6 that leads nowhere is the common case: each channel took ten seconds to connect."""

    async def steps() -> None:
        began = asyncio.get_running_loop().time()
        assert b"{}" == await fetch(client, HOST)
        assert HEAD_START - 0.01 < asyncio.get_running_loop().time() - began  # uvloop counts milliseconds

    with black_hole() as silent, Upstream(json_answer(200, {})) as upstream:
        client = client_of(silent, silent, upstream.url)
        run_with(loop, client, steps)


@both_loops
def test_a_refusing_address_gives_way_at_once(loop: Loop) -> None:
    async def steps() -> None:
        assert b"{}" == await fetch(client, HOST)

    with refused() as dead, Upstream(json_answer(200, {})) as upstream:
        client = client_of(dead, dead, upstream.url)
        run_with(loop, client, steps)


@both_loops
def test_of_two_addresses_that_answer_one_is_used_and_the_other_closed(loop: Loop) -> None:
    async def steps() -> None:
        await fetch(client, HOST)

    with Upstream(json_answer(200, {})) as first, Upstream(json_answer(200, {})) as second:
        client = client_of(first.url, second.url)
        run_with(loop, client, steps)
        assert (1, 0) == (len(first.requests), len(second.requests))


@both_loops
@pytest.mark.attack("T-01")
@pytest.mark.parametrize("many", [1, 3])
def test_a_refusal_of_every_address_is_named(loop: Loop, many: int) -> None:
    async def steps() -> None:
        with pytest.raises(ConnectFailed, match="Connection refused"):
            await ask(client, HOST)

    with refused() as dead:
        client = client_of(*[dead] * many)
        run_with(loop, client, steps)


@both_loops
def test_addresses_that_fail_for_different_reasons_are_summed_up(loop: Loop) -> None:
    async def steps() -> None:
        with pytest.raises(ConnectFailed, match="no address of the upstream answers"):
            await ask(client, HOST)

    with refused() as dead:
        client = client_of(dead, "http://255.255.255.255:1")
        run_with(loop, client, steps)


@both_loops
@pytest.mark.attack("T-03")
@pytest.mark.parametrize("many", [1, 3])
def test_the_connect_clock_is_one_for_all_addresses(loop: Loop, many: int) -> None:
    async def steps() -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(ConnectTimedOut):
            await ask(client, HOST, connect_timeout=0.4)
        assert 0.39 < asyncio.get_running_loop().time() - began  # uvloop counts milliseconds

    with black_hole() as silent:
        client = client_of(*[silent] * many)
        run_with(loop, client, steps)


@both_loops
@pytest.mark.parametrize("many", [1, 3])
def test_a_cancel_while_connecting_closes_every_socket(loop: Loop, many: int) -> None:
    async def steps() -> None:
        before = descriptors()
        task = asyncio.create_task(ask(client, HOST))
        while descriptors() < before + min(many, 2):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with black_hole() as silent:
        client = client_of(*[silent] * many)
        run_with(loop, client, steps)


@both_loops
@pytest.mark.attack("T-72")
def test_an_unknown_name_is_named(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(ConnectFailed, match="name is not known"):
            await ask(client, "http://upstream.invalid/v1")

    run(loop, steps)


@both_loops
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["a..example", ".localhost", "a" * 64 + ".example", "a%20b", "xn--a", "-", "_"])
def test_a_host_that_can_be_none_is_a_fault_like_others(loop: Loop, host: str, scheme: str) -> None:
    """Python's own IDNA raises what is no error of a network."""

    async def steps(client: HttpClient) -> None:
        with pytest.raises(TransportFault):
            await ask(client, f"{scheme}://{host}:1/v1")

    run(loop, steps)


@both_loops
@pytest.mark.attack("T-72")
def test_a_name_that_is_not_found_in_time_is_a_connection_that_is_not_made_in_time(loop: Loop) -> None:
    async def silence(host: str, port: int) -> list[Address]:
        await asyncio.get_running_loop().create_future()
        return []

    async def steps() -> None:
        with pytest.raises(ConnectTimedOut):
            await ask(client, HOST, connect_timeout=0.2)

    client = HttpClient(Dialer(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), Resolver(silence)))
    run_with(loop, client, steps)


@both_loops
def test_whoever_waits_for_a_name_when_the_client_is_closed_hears_that_it_broke_off(loop: Loop) -> None:
    """It was cancelled, as if its own client had left."""

    async def silence(host: str, port: int) -> list[Address]:
        looked_up.set()
        await asyncio.get_running_loop().create_future()
        return []

    async def steps() -> None:
        asking = [asyncio.create_task(ask(client, HOST)) for _ in range(3)]
        await looked_up.wait()
        asking[0].cancel()
        await client.close()
        ends = await asyncio.gather(*asking, return_exceptions=True)
        assert [asyncio.CancelledError, Disconnected, Disconnected] == [type(end) for end in ends]

    looked_up = asyncio.Event()
    client = HttpClient(Dialer(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), Resolver(silence)))
    run_with(loop, client, steps)


def test_a_name_is_looked_up_once_for_all_who_want_it_and_remembered() -> None:
    async def main() -> None:
        asked: list[str] = []
        answer = asyncio.get_running_loop().create_future()

        async def look_up(host: str, port: int) -> list[Address]:
            asked.append(host)
            await answer
            return [Address(socket.AF_INET, ("192.0.2.1", port))]

        resolver = Resolver(look_up)
        waiting = [asyncio.create_task(resolver.addresses("a.example", 80)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        answer.set_result(None)
        results = await asyncio.gather(*waiting[1:])
        assert results[0] == results[1] == await resolver.addresses("a.example", 80)
        assert ["a.example"] == asked
        await resolver.addresses("a.example", 81)
        assert 2 == len(asked)

    asyncio.run(main())


def test_an_unknown_name_is_asked_for_again() -> None:
    async def main() -> None:
        found: list[Sequence[Address]] = [[], [Address(socket.AF_INET, ("192.0.2.1", 80))]]

        async def look_up(host: str, port: int) -> list[Address]:
            return list(found.pop(0))

        resolver = Resolver(look_up)
        with pytest.raises(socket.gaierror):
            await resolver.addresses("a.example", 80)
        assert 1 == len(await resolver.addresses("a.example", 80))

    asyncio.run(main())


def test_the_families_of_addresses_take_turns() -> None:
    async def main() -> None:
        six = [Address(socket.AF_INET6, (f"2001:db8::{number}", 80, 0, 0)) for number in range(3)]
        four = [Address(socket.AF_INET, (f"192.0.2.{number}", 80)) for number in range(2)]

        async def look_up(host: str, port: int) -> list[Address]:
            return [*six, *four]

        ordered = await Resolver(look_up).addresses("a.example", 80)
        assert [six[0], four[0], six[1], four[1], six[2]] == ordered

    asyncio.run(main())


@both_loops
@pytest.mark.parametrize("host", ["localhost", "[::1]"])
def test_a_name_of_two_families_and_an_address_in_brackets_lead_somewhere(loop: Loop, host: str) -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(ConnectFailed, match="Connection refused"):
            await ask(client, dead.replace("127.0.0.1", host))

    with refused() as dead:
        run(loop, steps)


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For `localhost`, signed by itself."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


def server_context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context


def resuming(certificate: Certificate) -> SessionContext:
    context = session_context()
    context.load_verify_locations(certificate.chain)
    return context


def trusting(certificate: Certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate.chain))


@both_loops
def test_an_answer_over_tls_is_read_and_its_connection_kept(loop: Loop, certificate: Certificate) -> None:
    async def steps(client: HttpClient) -> None:
        url = upstream.url.replace("127.0.0.1", "localhost")
        assert b"{}" == await fetch(client, url)
        assert b"{}" == await fetch(client, url, b"x" * 2**20)

    with Upstream(json_answer(200, {}), tls=server_context(certificate)) as upstream:
        run(loop, steps, context=trusting(certificate))
        assert [0, 0] == [request.connection for request in upstream.requests]
        assert 2**20 == len(upstream.requests[1].body)


@both_loops
@pytest.mark.attack("T-33")
def test_of_all_that_has_come_over_tls_little_is_read_at_once(loop: Loop, certificate: Certificate) -> None:
    piece = b"x" * 2**20
    script = [Send(SSE_HEAD), *[Send(chunked(piece))] * 64, Send(b"0\r\n\r\n")]
    with Upstream(script, tls=server_context(certificate)) as upstream:
        url = upstream.url.replace("127.0.0.1", "localhost")
        run(loop, lambda client: little_at_once(client, upstream, url, 64 * len(piece)), context=trusting(certificate))


@both_loops
@pytest.mark.parametrize("length", [b"", b"content-length: 9\r\n"], ids=["until the close", "cut short"])
def test_the_end_of_a_connection_over_tls_is_noticed(loop: Loop, certificate: Certificate, length: bytes) -> None:
    async def steps(client: HttpClient) -> None:
        url = upstream.url.replace("127.0.0.1", "localhost")
        if not length:
            assert b"hello" == await fetch(client, url)
            return
        with pytest.raises(Disconnected):
            await fetch(client, url)

    sent = Send(b"HTTP/1.1 200 OK\r\n" + length + b"\r\nhello")
    with Upstream([sent, Close()], tls=server_context(certificate)) as upstream:
        run(loop, steps, context=trusting(certificate))


@both_loops
def test_the_upstream_hears_the_name_that_is_meant(loop: Loop, certificate: Certificate) -> None:
    names: list[str | None] = []

    def named(_: object, name: str | None, __: object) -> None:
        names.append(name)

    async def steps(client: HttpClient) -> None:
        await fetch(client, upstream.url.replace("127.0.0.1", "localhost"))

    context = server_context(certificate)
    context.sni_callback = named
    with Upstream(json_answer(200, {}), tls=context) as upstream:
        run(loop, steps, context=trusting(certificate))
    assert ["localhost"] == names


@both_loops
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_next_connection_goes_on_from_the_session_of_the_last(
    loop: Loop, certificate: Certificate, version: ssl.TLSVersion
) -> None:
    """Though that one was broken off, as one is that was idle for too long."""

    async def steps(client: HttpClient) -> None:
        url = upstream.url.replace("127.0.0.1", "localhost")
        for _ in range(4):
            assert b"{}" == await fetch(client, url)
            while client.size:
                await asyncio.sleep(0)

    serving = server_context(certificate)
    serving.maximum_version = version
    with Upstream(json_answer(200, {}), tls=serving) as upstream:
        run(loop, steps, context=resuming(certificate), keepalive=0.0)
        assert [0, 1, 2, 3] == [request.connection for request in upstream.requests]
    assert (4, 3) == (serving.session_stats()["accept_good"], serving.session_stats()["hits"])


@both_loops
def test_a_session_is_used_once(loop: Loop, certificate: Certificate) -> None:
    """RFC 8446, C.4. So a server that fails at one is reached by a full handshake next."""
    context = resuming(certificate)
    seen: list[ssl.SSLSession] = []

    async def steps(client: HttpClient) -> None:
        url = upstream.url.replace("127.0.0.1", "localhost")
        for _ in range(3):
            await fetch(client, url)
            while client.size:
                await asyncio.sleep(0)
            seen.extend(session for kept in context.sessions.values() for session in kept)

    with Upstream(json_answer(200, {}), tls=server_context(certificate)) as upstream:
        run(loop, steps, context=context, keepalive=0.0)
    assert (3, 3) == (len(seen), len({session.id for session in seen}))


@both_loops
def test_a_server_that_knows_a_session_no_more_is_reached_all_the_same(loop: Loop, certificate: Certificate) -> None:
    """It was started again: its tickets are sealed with another key."""
    context = resuming(certificate)

    async def steps(client: HttpClient) -> None:
        assert b"{}" == await fetch(client, upstream.url.replace("127.0.0.1", "localhost"))

    for _ in range(2):
        serving = server_context(certificate)
        with Upstream(json_answer(200, {}), tls=serving) as upstream:
            run(loop, steps, context=context)
        assert 0 == serving.session_stats()["hits"]


def test_sessions_of_few_servers_are_kept(certificate: Certificate) -> None:
    context = resuming(certificate)
    session = cast("ssl.SSLSession", "a session")
    for number in range(2 * MOST_SERVERS):
        for _ in range(2 * MOST_SESSIONS):
            context.keep(str(number), session)
    assert (MOST_SERVERS, {MOST_SESSIONS}) == (len(context.sessions), {len(each) for each in context.sessions.values()})


@both_loops
@pytest.mark.parametrize("fault", ["authority", "name"])
def test_a_certificate_that_is_not_trusted_is_named(loop: Loop, certificate: Certificate, fault: str) -> None:
    """Of an authority that nobody knows, or of another host: nothing is sent."""

    async def steps(client: HttpClient) -> None:
        url = upstream.url
        if fault == "authority":
            url = url.replace("127.0.0.1", "localhost")
        with pytest.raises(ConnectFailed, match="certificate is not trusted"):
            await ask(client, url)

    context = trusting(certificate)
    if fault == "authority":
        context = ssl.create_default_context()
    with Upstream(json_answer(200, {}), tls=server_context(certificate)) as upstream:
        run(loop, steps, context=context)
        assert [] == upstream.requests


@both_loops
@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""], ids=["answers", "closes"])
def test_a_server_without_tls_behind_an_https_url_is_a_connect_failure(loop: Loop, said: bytes) -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(ConnectFailed, match="could not connect"):
            await ask(client, upstream.url.replace("http:", "https:"))

    with Upstream(on_accept=[Send(said), Close()]) as upstream:
        run(loop, steps)


@both_loops
def test_a_handshake_that_does_not_end_is_left_after_the_connect_clock(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(ConnectTimedOut):
            await ask(client, upstream.url.replace("http:", "https:"), connect_timeout=0.3)
        await asyncio.to_thread(upstream.wait_closed)

    with Upstream() as upstream:
        run(loop, steps)
