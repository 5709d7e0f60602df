"""Requests through proxies: Debian's own ones, and those that answer as none should."""

from __future__ import annotations

import asyncio
import inspect
import ssl
import subprocess
import sys
from asyncio.sslproto import SSLProtocol
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from aihub_lite.domain.way_out import proxy_address
from aihub_lite.upstream.http1.client import HttpClient
from aihub_lite.upstream.http1.faults import ConnectFailed, ConnectTimedOut, Disconnected
from aihub_lite.upstream.http1.way import Proxy, Way
from tests.support.proxies import PASSWORD, USER, RunningProxy, behind_tls, microsocks, tinyproxy
from tests.support.tls import Authority, make_authority, server_context
from tests.support.upstream.answers import SSE_HEAD, json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream, black_hole, refused
from tests.support.upstream.steps import Close, Hang, Reset, Script, Send
from tests.upstream.http1.asking import Loop, ask, both_loops, fetch, run

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
kinds = pytest.mark.parametrize("kind", ["http", "https", "socks5", "socks5h"])
secured = pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
with_password = pytest.mark.parametrize("password", ["", PASSWORD], ids=["open", "password"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A company's own."""
    return make_authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def serving(authority: Authority) -> ssl.SSLContext:
    """For a server on this machine, of that authority."""
    return server_context(authority.issue("localhost", "DNS:localhost", "IP:127.0.0.1"))


@pytest.fixture(scope="module")
def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.certificate))


@pytest.fixture(scope="module")
def proxies(serving: ssl.SSLContext) -> Iterator[dict[tuple[str, str], RunningProxy]]:
    """By kind and password."""
    with ExitStack() as stack:
        started: dict[tuple[str, str], RunningProxy] = {}
        for password in ("", PASSWORD):
            user = USER if password else ""
            http = stack.enter_context(tinyproxy(user, password))
            socks = stack.enter_context(microsocks(user, password))
            started["http", password] = http
            started["https", password] = stack.enter_context(behind_tls(http, serving))
            started["socks5", password] = started["socks5h", password] = socks
        yield started


def way_through(url: str, context: ssl.SSLContext | None = None, bind: str = "") -> Way:
    parts = proxy_address(url)
    return Way(Proxy(parts.scheme, parts.host, parts.port, parts.user, parts.password), context, context, bind)


def needs_a_sound_loop(loop: Loop) -> None:
    """Skips where a TLS connection within another that fails is not told of: asyncio before Python 3.11.8 and 3.12.2
    (python/cpython#113214). There the connect clock ends it; with uvloop, which serves by default, nothing is amiss."""
    if loop is asyncio.new_event_loop and len(inspect.signature(SSLProtocol._abort).parameters) == 1:
        pytest.skip("asyncio of this Python does not tell of a failure of TLS within TLS")


async def all_closed(client: HttpClient) -> None:
    """Returns once none is open: an abort takes a turn of the loop."""
    while client.size:
        await asyncio.sleep(0)


def local(upstream: Upstream) -> str:
    """By a name, which its certificate is for."""
    return upstream.url.replace("127.0.0.1", "localhost")


@both_loops
@kinds
@secured
@with_password
def test_a_request_goes_through_a_proxy_and_its_connection_is_kept(
    loop: Loop,
    proxies: dict[tuple[str, str], RunningProxy],
    serving: ssl.SSLContext,
    trusting: ssl.SSLContext,
    kind: str,
    secure: bool,
    password: str,
) -> None:
    proxy = proxies[kind, password]
    before = len(proxy.log)

    async def steps(client: HttpClient) -> None:
        way = way_through(proxy.by(kind), trusting)
        for body in (b"x", b"x" * 2**20):
            assert b"{}" == await fetch(client, local(upstream), body, way=way)

    with Upstream(json_answer(200, {}), tls=serving if secure else None) as upstream:
        run(loop, steps)
        assert ["/v1", "/v1"] == [request.path for request in upstream.requests]
        if secure or kind.startswith("socks"):  # tinyproxy itself keeps no connection, nor lets us
            assert [0, 0] == [request.connection for request in upstream.requests]
        assert {None} == {request.header("proxy-authorization") for request in upstream.requests}
        assert 2**20 == len(upstream.requests[1].body)
    assert len(proxy.log) > before


@both_loops
@kinds
@secured
def test_a_proxy_that_wants_another_password_is_a_connect_failure(
    loop: Loop,
    proxies: dict[tuple[str, str], RunningProxy],
    serving: ssl.SSLContext,
    trusting: ssl.SSLContext,
    kind: str,
    secure: bool,
) -> None:
    """Nothing reaches the upstream, and nothing says what the password was."""
    proxy = proxies[kind, PASSWORD]

    async def steps(client: HttpClient) -> None:
        for url in (proxy.by(kind).replace(PASSWORD, "wrong-word"), f"{kind}://127.0.0.1:{proxy.port}"):
            with pytest.raises(ConnectFailed, match="proxy") as failed:
                await ask(client, local(upstream), b"x", way=way_through(url, trusting))
            assert "wrong-word" not in str(failed.value)
        await all_closed(client)

    with Upstream(json_answer(200, {}), tls=serving if secure else None) as upstream:
        run(loop, steps)
        assert [] == upstream.requests


@both_loops
@kinds
def test_an_upstream_that_the_proxy_does_not_reach_is_a_connect_failure(
    loop: Loop, proxies: dict[tuple[str, str], RunningProxy], trusting: ssl.SSLContext, kind: str
) -> None:
    async def steps(client: HttpClient) -> None:
        way = way_through(proxies[kind, ""].by(kind), trusting)
        with pytest.raises(ConnectFailed, match="proxy"):
            await ask(client, dead.replace("http:", "https:"), b"x", way=way)

    with refused() as dead:
        run(loop, steps)


@both_loops
@kinds
def test_a_certificate_that_is_not_the_upstreams_is_seen_through_the_proxy(
    loop: Loop,
    proxies: dict[tuple[str, str], RunningProxy],
    serving: ssl.SSLContext,
    trusting: ssl.SSLContext,
    kind: str,
) -> None:
    """The proxy is trusted, the upstream is not: nothing is sent."""
    if kind == "https":
        needs_a_sound_loop(loop)

    async def steps(client: HttpClient) -> None:
        way = way_through(proxies[kind, ""].by(kind), trusting)
        distrusting = Way(way.proxy, ssl.create_default_context(), trusting)
        with pytest.raises(ConnectFailed, match="the upstream's certificate is not trusted"):
            await ask(client, local(upstream), b"x", way=distrusting)

    with Upstream(json_answer(200, {}), tls=serving) as upstream:
        run(loop, steps)
        assert [] == upstream.requests


@both_loops
def test_a_proxys_certificate_that_is_not_trusted_is_named(loop: Loop, serving: ssl.SSLContext) -> None:
    async def steps(client: HttpClient) -> None:
        way = way_through(proxy.url.removesuffix("/v1"), ssl.create_default_context())
        with pytest.raises(ConnectFailed, match="the proxy's certificate is not trusted"):
            await ask(client, "https://upstream.example/v1", b"x", way=way)

    with Upstream(tls=serving) as proxy:
        run(loop, steps)
        assert [] == proxy.requests


@both_loops
def test_the_upstream_hears_its_own_name_and_sees_our_certificate_the_proxy_does_not(
    loop: Loop, authority: Authority, trusting: ssl.SSLContext, proxies: dict[tuple[str, str], RunningProxy]
) -> None:
    """A certificate that the upstream asks for (`--client-cert`), through a proxy over TLS."""
    needs_a_sound_loop(loop)
    certificate = authority.issue("localhost", "DNS:localhost")
    client_certificate = authority.issue("client")
    showing = ssl.create_default_context(cafile=str(authority.certificate))
    showing.load_cert_chain(client_certificate.chain)

    async def steps(client: HttpClient) -> None:
        way = way_through(proxies["https", ""].url, trusting)
        assert b"{}" == await fetch(client, local(upstream), b"x", way=Way(way.proxy, showing, trusting))
        with pytest.raises((ConnectFailed, Disconnected)):
            await ask(client, local(upstream), b"x", way=way)

    with Upstream(json_answer(200, {}), tls=server_context(certificate, asking=authority)) as upstream:
        run(loop, steps)
        assert 1 == len(upstream.requests)


@both_loops
def test_connections_are_kept_by_the_way_they_take(loop: Loop, proxies: dict[tuple[str, str], RunningProxy]) -> None:
    """A channel of another customer's proxy must not ride on this one's connection."""

    async def steps(client: HttpClient) -> None:
        ways = [way_through(proxies["socks5", PASSWORD].url), way_through(proxies["socks5", ""].url), Way()]
        for _ in range(2):
            for way in ways:
                await fetch(client, upstream.url, b"x", way=way)
        assert 3 == client.size

    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps)
        assert 3 == len(upstream.connections)


@both_loops
def test_a_proxy_reads_the_whole_url_of_a_plain_request_and_our_name_only_there(loop: Loop) -> None:
    """RFC 9112, 3.2.2."""

    async def steps(client: HttpClient) -> None:
        way = way_through(f"http://{USER}:{PASSWORD}@127.0.0.1:{proxy.port}")
        await fetch(client, "http://upstream.example:8080/v1/chat?a=b", b"x", way=way)

    with Upstream(json_answer(200, {})) as proxy:
        run(loop, steps)
    (request,) = proxy.requests
    assert "http://upstream.example:8080/v1/chat?a=b" == request.path
    assert "upstream.example:8080" == request.header("host")
    name_and_word = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert f"Basic {name_and_word}" == request.header("proxy-authorization")


@both_loops
@pytest.mark.parametrize(
    ("url", "authority_form"),
    [
        ("https://upstream.example/v1", "upstream.example:443"),
        ("https://[2001:db8::1]:8443/v1", "[2001:db8::1]:8443"),
        ("https://münchen.example/", "xn--mnchen-3ya.example:443"),
    ],
)
def test_a_tunnel_is_asked_for_by_name_and_port(loop: Loop, url: str, authority_form: str) -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(ConnectFailed, match=r"does not connect to the upstream \(status 502\)"):
            await ask(client, url, b"x", way=way_through(f"http://127.0.0.1:{proxy.port}"))

    with Upstream(json_answer(502, {})) as proxy:
        run(loop, steps)
    (request,) = proxy.requests
    assert ("CONNECT", authority_form, authority_form) == (request.method, request.path, request.header("host"))


FAULTS: dict[str, tuple[Script, type[Exception], str]] = {
    "407": (json_answer(407, {}), ConnectFailed, "wants a user name and password"),
    "403": (json_answer(403, {}), ConnectFailed, "status 403"),
    "502": (json_answer(502, {}), ConnectFailed, "status 502"),
    "redirect": (json_answer(302, {}, [("location", "http://elsewhere.example")]), ConnectFailed, "status 302"),
    "silence": ([Hang()], ConnectTimedOut, "through the proxy"),
    "half a head": ([Send(ESTABLISHED[:20]), Hang()], ConnectTimedOut, "through the proxy"),
    "half a head, then the end": ([Send(ESTABLISHED[:20]), Close()], ConnectFailed, "the proxy"),
    "the end": ([Close()], ConnectFailed, "the proxy"),
    "a reset": ([Reset()], ConnectFailed, "the proxy"),
    "no HTTP": ([Send(b"SSH-2.0-OpenSSH_9.2\r\n"), Hang()], ConnectFailed, "not HTTP"),
    "a huge head": ([Send(b"HTTP/1.1 200 OK\r\n" + b"x-a: y\r\n" * 2**16), Hang()], ConnectFailed, "not HTTP"),
    "a huge field": ([Send(b"HTTP/1.1 200 OK\r\nx-a: " + b"y" * 2**20), Hang()], ConnectFailed, "not HTTP"),
    "endless provisional answers": (
        [Send(b"HTTP/1.1 100 Continue\r\n\r\n" * 2**14), Hang()],
        ConnectFailed,
        "not HTTP",
    ),
    "more than was asked for": ([Send(ESTABLISHED + b"HTTP/1.1 200 OK\r\n\r\n"), Hang()], ConnectFailed, "the proxy"),
    "a tunnel to nobody": ([Send(ESTABLISHED), Close()], ConnectFailed, "could not connect"),
    "a tunnel to silence": ([Send(ESTABLISHED), Hang()], ConnectTimedOut, "through the proxy"),
}


@both_loops
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("over_tls", [False, True], ids=["http", "https"])
def test_no_tunnel_is_a_connection_that_could_not_be_made(
    loop: Loop, fault: str, over_tls: bool, serving: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """The proxy is at fault, nothing has reached the upstream, and another lane may be tried."""
    script, kind, text = FAULTS[fault]
    if over_tls and "a tunnel" in fault:
        needs_a_sound_loop(loop)

    async def steps(client: HttpClient) -> None:
        way = way_through(proxy.url.removesuffix("/v1"), trusting)
        with pytest.raises(kind, match=text):
            await ask(client, "https://upstream.example/v1", b"x", way=way, connect_timeout=0.5)
        await all_closed(client)

    with Upstream(script, tls=serving if over_tls else None) as proxy:
        run(loop, steps)
        proxy.wait_idle()
        assert 1 == len(proxy.connections)


SOCKS_FAULTS: dict[str, tuple[bytes, type[Exception]]] = {
    "silence": (b"", ConnectTimedOut),
    "another protocol": (b"HTTP/1.1 400 Bad Request\r\n\r\n", ConnectFailed),
    "no method": (b"\x05\xff", ConnectFailed),
    "a method that was not offered": (b"\x05\x01", ConnectFailed),
    "half of it": (b"\x05", ConnectTimedOut),
    "a method, then silence": (b"\x05\x00", ConnectTimedOut),
    "a refusal": (b"\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", ConnectFailed),
    "an unknown refusal": (b"\x05\x00\x05\x63\x00\x01\x00\x00\x00\x00\x00\x00", ConnectFailed),
    "a kind of address that there is not": (b"\x05\x00\x05\x00\x00\x09\x00\x00\x00\x00\x00\x00", ConnectFailed),
    "a bound name that is no text": (b"\x05\x00\x05\x00\x00\x03\x01\xff\x00\x00", ConnectFailed),
    "half an address": (b"\x05\x00\x05\x00\x00\x04\x00\x00", ConnectTimedOut),
}


@both_loops
@pytest.mark.parametrize("fault", SOCKS_FAULTS)
@pytest.mark.parametrize("closes", [False, True], ids=["stays", "closes"])
def test_no_connection_by_socks_is_one_that_could_not_be_made(loop: Loop, fault: str, closes: bool) -> None:
    said, kind = SOCKS_FAULTS[fault]
    if closes:
        kind = ConnectFailed

    async def steps(client: HttpClient) -> None:
        way = way_through(f"socks5h://127.0.0.1:{proxy.port}")
        with pytest.raises(kind, match="proxy"):
            await ask(client, "http://upstream.example/v1", b"x", way=way, connect_timeout=0.5)

    with Upstream(on_accept=[Send(said), Close() if closes else Hang()]) as proxy:
        run(loop, steps)
        proxy.wait_idle()


@both_loops
@kinds
@pytest.mark.parametrize("there", ["refuses", "is silent", "has no name"])
def test_a_proxy_that_is_not_there_is_named(loop: Loop, kind: str, there: str) -> None:
    async def steps(client: HttpClient) -> None:
        fault: type[Exception] = ConnectFailed
        way = way_through(f"{kind}://{urlsplit(dead).netloc}")
        if there == "is silent":
            fault = ConnectTimedOut
            way = way_through(f"{kind}://{urlsplit(silent).netloc}")
        elif there == "has no name":
            way = way_through(f"{kind}://proxy.invalid")
        with pytest.raises(fault, match="the proxy"):
            await ask(client, "https://192.0.2.1/v1", b"x", way=way, connect_timeout=0.5)

    with refused() as dead, black_hole() as silent:
        run(loop, steps)


@both_loops
def test_a_name_that_is_to_be_looked_up_here_is_and_by_the_proxy_where_it_says_so(
    loop: Loop, proxies: dict[tuple[str, str], RunningProxy]
) -> None:
    proxy = proxies["socks5", ""]

    async def steps(client: HttpClient) -> None:
        await fetch(client, local(upstream), b"x", way=way_through(proxy.by("socks5h")))
        assert "localhost:" in proxy.log[before:]
        middle = len(proxy.log)
        await fetch(client, local(upstream), b"x", way=way_through(proxy.by("socks5")))
        assert "localhost:" not in proxy.log[middle:]

    before = len(proxy.log)
    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps)


@both_loops
@pytest.mark.parametrize("step", ["before the answer", "within the tunnel", "within socks"])
def test_a_cancel_on_the_way_closes_the_connection(loop: Loop, step: str) -> None:
    async def steps(client: HttpClient) -> None:
        scheme = "socks5h" if step == "within socks" else "http"
        way = way_through(f"{scheme}://127.0.0.1:{proxy.port}")
        task = asyncio.create_task(ask(client, "https://upstream.example/v1", b"x", way=way))
        await asyncio.to_thread(proxy.wait_for, lambda: bool(proxy.connections), "the connection")
        if step != "within socks":
            await asyncio.to_thread(proxy.wait_requests, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(proxy.wait_closed)

    script: Script = [Hang()]
    if step == "within the tunnel":
        script = [Send(ESTABLISHED), Hang()]
    with Upstream(script, on_accept=[Hang()] if step == "within socks" else []) as proxy:
        run(loop, steps)


@both_loops
@pytest.mark.parametrize("status", [502, 503, 504, 429])
def test_an_answer_to_a_plain_request_is_passed_on_whoever_gave_it(loop: Loop, status: int) -> None:
    async def steps(client: HttpClient) -> None:
        way = way_through(f"http://127.0.0.1:{proxy.port}")
        answer = await ask(client, "http://upstream.example/v1", b"x", way=way)
        assert status == answer.status
        answer.close()

    with Upstream(json_answer(status, {})) as proxy:
        run(loop, steps)


@both_loops
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("passed_on", [False, True], ids=["the proxy's own", "passed on"])
def test_a_refusal_by_the_proxy_is_not_taken_for_one_of_our_key(loop: Loop, status: int, passed_on: bool) -> None:
    """tinyproxy says 401 to a wrong password: the key of the channel was out of use then until a person came."""

    async def steps(client: HttpClient) -> None:
        way = way_through(f"http://127.0.0.1:{proxy.port}")
        if passed_on:
            answer = await ask(client, "http://upstream.example/v1", b"x", way=way)
            assert status == answer.status
            answer.close()
            return
        with pytest.raises(ConnectFailed, match=f"the proxy, or .* {status}"):
            await ask(client, "http://upstream.example/v1", b"x", way=way)

    with Upstream(json_answer(status, {}, [("via", "1.1 proxy")] if passed_on else [])) as proxy:
        run(loop, steps)


@both_loops
def test_an_answer_that_is_cut_in_a_tunnel_is_no_connect_failure(
    loop: Loop, proxies: dict[tuple[str, str], RunningProxy], serving: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """The upstream may have done the work."""

    async def steps(client: HttpClient) -> None:
        with pytest.raises(Disconnected):
            await fetch(client, local(upstream), b"x", way=way_through(proxies["http", ""].url, trusting))

    with Upstream([Send(SSE_HEAD), Close()], tls=serving) as upstream:
        run(loop, steps)


# The address that connections come from


@both_loops
def test_a_connection_comes_from_the_address_that_was_said(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        await fetch(client, upstream.url, b"x", way=Way(bind="127.0.0.7"))

    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps)
        assert "127.0.0.7" == upstream.connections[0].writer.get_extra_info("peername")[0]


@both_loops
def test_an_upstream_of_two_families_is_reached_by_that_of_the_address(loop: Loop) -> None:
    async def steps(client: HttpClient) -> None:
        await fetch(client, local(upstream), b"x", way=Way(bind="127.0.0.7"))

    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps)


@both_loops
@pytest.mark.parametrize(
    ("bind", "url", "text"),
    [
        ("192.0.2.1", "http://127.0.0.1:1/v1", "Cannot assign requested address"),
        ("::1", "http://127.0.0.1:1/v1", "Address family not supported"),
        ("127.0.0.1", "http://[::1]:1/v1", "Address family not supported"),
    ],
)
def test_an_address_that_is_not_ours_is_a_connect_failure(loop: Loop, bind: str, url: str, text: str) -> None:
    async def steps(client: HttpClient) -> None:
        with pytest.raises(ConnectFailed, match=text):
            await ask(client, url, b"x", way=Way(bind=bind))

    run(loop, steps)


@both_loops
@kinds
def test_the_connection_to_a_proxy_comes_from_that_address_too(
    loop: Loop, kind: str, serving: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    addresses: list[str] = []

    def refusing(request: Request) -> Script:
        peer = proxy.connections[request.connection].writer.get_extra_info("peername")
        addresses.append(peer[0])
        return json_answer(502, {})

    async def steps(client: HttpClient) -> None:
        way = way_through(f"{kind}://127.0.0.1:{proxy.port}", trusting, bind="127.0.0.7")
        with pytest.raises(ConnectFailed):
            await ask(client, "https://192.0.2.1/v1", b"x", way=way)

    with Upstream(refusing, tls=serving if kind == "https" else None) as proxy:
        if kind.startswith("socks"):
            proxy.on_accept = [Send(b"\x05\xff"), Close()]
        run(loop, steps)
        if kind.startswith("socks"):
            addresses.append(proxy.connections[0].writer.get_extra_info("peername")[0])
    assert ["127.0.0.7"] == addresses


def test_socks_is_loaded_when_it_is_wanted() -> None:
    """Most gateways have no such proxy."""
    program = "import sys, aihub_lite.upstream.transport; print('python_socks' in sys.modules)"
    assert b"False\n" == subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
