"""Upstreams that are reached by a way of their own: a proxy, an own authority, a certificate, an address of ours."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.served.faults import LATE
from tests.support.gateway import Gateway, running, unique
from tests.support.process import SCALED, Home
from tests.support.proxies import PASSWORD, USER, RunningProxy, behind_tls, microsocks, tinyproxy
from tests.support.rawclient import payloads
from tests.support.tls import Authority, make_authority, server_context
from tests.support.upstream.answers import healthy, json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream, refused
from tests.support.upstream.steps import Close, Hang, Script, Send

Serve = Callable[..., str]
streamed_or_not = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
kinds = pytest.mark.parametrize("kind", ["http", "https", "socks5", "socks5h"])
SURFACES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    "messages": ("/v1/messages", {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}),
    "responses": ("/v1/responses", {"input": "hi"}),
    "embeddings": ("/v1/embeddings", {"input": "hi"}),
}


CLOCK = 1.5
"""Seconds of the connect clock: a machine that is busy needs more than the other modules' half for an answer."""


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    return {**SCALED, "connect_timeout": CLOCK, "first_byte_timeout": 2 * CLOCK}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def serving(authority: Authority) -> ssl.SSLContext:
    return server_context(authority.issue("localhost", "DNS:localhost", "IP:127.0.0.1"))


@pytest.fixture(scope="module")
def proxies(serving: ssl.SSLContext) -> Iterator[dict[str, RunningProxy]]:
    """By kind; all of them want a password."""
    with tinyproxy(USER, PASSWORD) as http, behind_tls(http, serving) as https, microsocks(USER, PASSWORD) as socks:
        yield {"http": http, "https": https, "socks5": socks, "socks5h": socks}


def shown(gateway: Gateway, channel: str) -> dict[str, Any]:
    answer = gateway.admin("GET", f"/channels/{channel}")
    assert 200 == answer.status
    assert PASSWORD.encode() not in answer.body
    found: dict[str, Any] = answer.json()
    return found


@kinds
@streamed_or_not
def test_requests_go_through_the_channels_proxy(
    gateway: Gateway,
    proxies: dict[str, RunningProxy],
    authority: Authority,
    serving: ssl.SSLContext,
    kind: str,
    streamed: bool,
) -> None:
    """The upstream is on this machine: a proxy that the channel names counts for it too."""
    name = unique("channel")
    proxy = proxies[kind]
    before = len(proxy.log)
    with Upstream(tls=serving) as upstream:
        way = {"proxy": proxy.by(kind), "ca": str(authority.certificate)}
        model = gateway.add_channel(upstream.url, name=name, **way)
        if streamed:
            with gateway.stream(model) as stream:
                assert b"[DONE]" == payloads(stream.events())[-1]
        else:
            assert 200 == gateway.chat(model).status
        assert 1 == len(upstream.chats)
    assert len(proxy.log) > before
    assert proxy.shown.replace(proxy.scheme, kind, 1) == shown(gateway, name)["proxy"]


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_goes_the_same_way(gateway: Gateway, surface: str) -> None:
    """A proxy that reads the requests sees the whole URL of each."""
    path, body = SURFACES[surface]
    with Upstream(json_answer(502, {"error": {"message": "no"}})) as proxy:
        model = gateway.add_channel("http://upstream.example/v1", proxy=f"http://127.0.0.1:{proxy.port}")
        gateway.post({"model": model, **body}, path)
        assert proxy.requests
        assert all(request.path.startswith("http://upstream.example/v1/") for request in proxy.requests)


FAULTS: dict[str, tuple[Script, int, str]] = {
    "407": (json_answer(407, {}), 502, "connect"),
    "502": (json_answer(502, {}), 502, "connect"),
    "silence": ([Hang()], 504, "timeout"),
    "half an answer": ([Send(b"HTTP/1.1 200 Conn"), Close()], 502, "connect"),
    "a huge head": ([Send(b"HTTP/1.1 200 OK\r\nx-a: " + b"y" * 2**20), Hang()], 502, "connect"),
    "a close mid-way": ([Send(b"HTTP/1.1 200 OK\r\n\r\n"), Close()], 502, "connect"),
}


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_proxy_at_fault_is_a_fault_of_its_lane_at_every_surface(gateway: Gateway, surface: str, fault: str) -> None:
    """The client hears 502 or 504, not a refusal of its own request; the channel's key stays in use."""
    script, status, kind = FAULTS[fault]
    path, body = SURFACES[surface]
    name = unique("channel")
    with Upstream(script) as proxy:
        proxy_url = f"http://{USER}:{PASSWORD}@127.0.0.1:{proxy.port}"
        model = gateway.add_channel("https://upstream.example/v1", name=name, proxy=proxy_url)
        answer = gateway.post({"model": model, **body}, path)
    assert status == answer.status
    assert PASSWORD.encode() not in answer.body
    (record,) = gateway.books.records(model)
    assert ({kind}, 0) == ({attempt["fault"] for attempt in record.tries}, record.charge_nano)
    assert [None] == [key["disabled"] for key in shown(gateway, name)["keys"]]


@pytest.mark.parametrize("fault", [*FAULTS, "nobody there"])
@streamed_or_not
def test_a_channel_whose_proxy_is_down_is_stood_in_for(
    gateway: Gateway, upstream: Upstream, fault: str, streamed: bool
) -> None:
    model = unique("model")
    script = FAULTS["407" if fault == "nobody there" else fault][0]
    with Upstream(script) as proxy, refused() as dead:
        proxy_url = f"http://127.0.0.1:{proxy.port}" if fault != "nobody there" else dead.removesuffix("/v1")
        gateway.add_channel("https://upstream.example/v1", model, proxy=proxy_url, priority=1)
        gateway.add_channel(upstream.url, model)
        answer = gateway.chat(model, stream=streamed)
    assert 200 == answer.status
    assert 1 == len(upstream.chats)
    (record,) = gateway.books.records(model)
    assert 2 == len(record.tries)


def test_the_connect_clock_covers_the_proxys_answer_and_the_handshake_behind_it(gateway: Gateway) -> None:
    """One clock for all of it, not one for each."""
    with Upstream([Send(b"HTTP/1.1 200 OK\r\n\r\n"), Hang()]) as proxy:
        model = gateway.add_channel("https://upstream.example/v1", proxy=f"http://127.0.0.1:{proxy.port}")
        answer = gateway.chat(model)
    assert 504 == answer.status
    assert CLOCK <= answer.seconds <= CLOCK + 0.3 + LATE


@kinds
def test_discovery_a_test_and_a_list_go_the_same_way(
    gateway: Gateway,
    proxies: dict[str, RunningProxy],
    authority: Authority,
    serving: ssl.SSLContext,
    kind: str,
) -> None:
    """By another way the list would be of no use, or would tell our address."""
    proxy = proxies[kind]
    name = unique("channel")
    listed = json_answer(200, {"data": [{"id": "listed-model"}]})
    with Upstream(lambda request: listed if request.method == "GET" else healthy(request), tls=serving) as upstream:
        body = {
            "name": name,
            "provider": "openai",
            "base_url": upstream.url.replace("127.0.0.1", "localhost"),
            "keys": ["sk-key-of-a-channel"],
            "proxy": proxy.by(kind),
            "ca": str(authority.certificate),
        }
        logged = [len(proxy.log)]
        for method, path, content in (
            ("POST", "/channels/offers", body),
            ("POST", "/channels", body),
            ("GET", f"/channels/{name}/offers", None),
            ("POST", f"/channels/{name}/test", {}),
        ):
            answer = gateway.admin(method, path, content)
            assert answer.status in (200, 201), answer.body
            assert PASSWORD.encode() not in answer.body
            logged.append(len(proxy.log) + len(upstream.requests))
        assert sorted(set(logged)) == logged
        way = answer.json()["way"]
        assert f"through {proxy.shown.replace(proxy.scheme, kind, 1)}, trusting {authority.certificate} too" == way
        addresses = {connection.writer.get_extra_info("peername")[0] for connection in upstream.connections}
        assert {"127.0.0.1"} == addresses
        assert answer.json()["ok"]


def test_a_test_says_why_the_proxy_did_not_let_it_through(gateway: Gateway, proxies: dict[str, RunningProxy]) -> None:
    name = unique("channel")
    wrong = proxies["http"].url.replace(PASSWORD, "wrong-word-8d1f")
    gateway.add_channel("https://upstream.example/v1", name=name, proxy=wrong)
    answer = gateway.admin("POST", f"/channels/{name}/test", {})
    (key,) = answer.json()["keys"]
    assert (False, True) == (key["ok"], key["error"].startswith("the proxy does not connect"))
    assert b"wrong-word" not in answer.body + gateway.news().encode()


def test_an_own_authority_and_a_certificate_of_ours_are_shown_to_an_upstream_that_asks(
    gateway: Gateway, authority: Authority
) -> None:
    client = authority.issue("client")
    certificate = authority.issue("upstream", "IP:127.0.0.1")
    with Upstream(tls=server_context(certificate, asking=authority)) as upstream:
        ca = str(authority.certificate)
        model = gateway.add_channel(upstream.url, ca=ca, client_cert=str(client.chain))
        bare = gateway.add_channel(upstream.url, ca=ca)
        distrusting = gateway.add_channel(upstream.url)
        assert 200 == gateway.chat(model).status
        assert 502 == gateway.chat(bare).status
        assert 502 == gateway.chat(distrusting).status
        assert 1 == len(upstream.chats)


def test_connections_come_from_the_address_that_was_said(gateway: Gateway, upstream: Upstream) -> None:
    model = gateway.add_channel(upstream.url, bind="127.0.0.9")
    assert 200 == gateway.chat(model).status
    assert "127.0.0.9" == upstream.connections[-1].writer.get_extra_info("peername")[0]


def test_a_changed_way_counts_from_the_next_request_on(gateway: Gateway, upstream: Upstream) -> None:
    """A connection of the old way is not used again; credentials that are shown masked may be sent back so."""
    name = unique("channel")
    with tinyproxy(USER, PASSWORD) as proxy:
        model = gateway.add_channel(upstream.url, name=name, proxy=proxy.url)
        assert 200 == gateway.chat(model).status
        logged = len(proxy.log)
        assert 200 == gateway.admin("PATCH", f"/channels/{name}", {"proxy": proxy.shown, "weight": 2}).status
        assert 200 == gateway.chat(model).status
        assert len(proxy.log) > logged
        logged = len(proxy.log)
        assert 200 == gateway.admin("PATCH", f"/channels/{name}", {"proxy": "direct"}).status
        assert 200 == gateway.chat(model).status
        assert len(proxy.log) == logged
    assert "direct" == shown(gateway, name)["proxy"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"proxy": "ftp://a"}, "proxy: must be http://"),
        ({"proxy": f"http://***@127.0.0.1:{1}"}, "proxy: write its user name and password anew"),
        ({"proxy": f"http://x:{PASSWORD}@a/b"}, "proxy: must hold no path"),
        ({"ca": "/nowhere.pem"}, "ca: there is no such file"),
        ({"client_cert": "relative.pem"}, "client_cert: must be the absolute path"),
        ({"bind": "eth0"}, "bind: must be an address"),
    ],
)
def test_a_way_that_cannot_be_gone_is_refused_and_nothing_changes(
    gateway: Gateway, upstream: Upstream, fields: dict[str, str], message: str
) -> None:
    name = unique("channel")
    gateway.add_channel(upstream.url, name=name, proxy="direct")
    before = shown(gateway, name)
    answer = gateway.admin("PATCH", f"/channels/{name}", fields)
    assert (400, True) == (answer.status, answer.error["message"].startswith(message))
    assert PASSWORD.encode() not in answer.body
    assert before == shown(gateway, name)


# The environment


def test_the_environments_proxy_is_honoured_but_for_no_proxy_private_addresses_and_channels_that_say_otherwise(
    tmp_path_factory: pytest.TempPathFactory, upstream: Upstream
) -> None:
    with Upstream(healthy) as proxy:
        through = f"http://{USER}:{PASSWORD}@127.0.0.1:{proxy.port}"
        variables = {"http_proxy": through, "NO_PROXY": "exempt.example"}
        home = Home(tmp_path_factory.mktemp("environment") / "data", SCALED, variables)
        with running(home) as gateway:
            model = gateway.add_channel("http://upstream.example/v1", name="far")
            private = gateway.add_channel(upstream.url, name="near")
            gateway.add_channel("http://exempt.example/v1", name="exempt")
            gateway.add_channel("http://upstream.example/v1", name="said", proxy="direct")
            assert 200 == gateway.chat(model).status
            assert ["http://upstream.example/v1/chat/completions"] == [request.path for request in proxy.requests]
            assert 200 == gateway.chat(private).status
            assert (1, 1) == (len(proxy.requests), len(upstream.chats))
            ways = {
                name: gateway.admin("POST", f"/channels/{name}/test", {}).json()["way"]
                for name in ("far", "near", "exempt", "said")
            }
            assert PASSWORD not in gateway.process.output
    assert {
        "far": f"through http://***@127.0.0.1:{proxy.port} (http_proxy)",
        "near": "direct (a private address)",
        "exempt": "direct (NO_PROXY)",
        "said": "direct",
    } == ways


@pytest.mark.parametrize("surface", SURFACES)
def test_a_page_of_a_proxys_own_does_not_repeat_what_it_was_told_of_us(gateway: Gateway, surface: str) -> None:
    """Some show the request that they refuse, its `proxy-authorization` too."""
    path, body = SURFACES[surface]
    name = unique("channel")

    def echo(request: Request) -> Script:
        told = request.header("proxy-authorization") or ""
        return json_answer(400, {"error": {"message": f"Refused: Proxy-Authorization: {told}, that is {PASSWORD}."}})

    with Upstream(echo) as proxy:
        proxy_url = f"http://{USER}:{PASSWORD}@127.0.0.1:{proxy.port}"
        model = gateway.add_channel("http://upstream.example/v1", name=name, proxy=proxy_url)
        answer = gateway.post({"model": model, **body}, path)
        tested = gateway.admin("POST", f"/channels/{name}/test", {})
        (told,) = {request.header("proxy-authorization") for request in proxy.requests}
    assert told is not None
    for text in (answer.body.decode(), tested.body.decode()):
        assert "Refused" in text
        assert ["Basic", PASSWORD in text] == [told.split()[0], False]
        assert told.split()[1] not in text


def test_what_would_be_sent_is_shown_as_the_proxy_would_read_it(gateway: Gateway) -> None:
    """The whole URL, and the credentials masked; behind a tunnel, and straight to the upstream, only its path."""
    lines = {}
    for base_url, proxy in [
        ("http://upstream.example/v1", f"http://{USER}:{PASSWORD}@127.0.0.1:3128"),
        ("https://upstream.example/v1", f"http://{USER}:{PASSWORD}@127.0.0.1:3128"),
        ("http://upstream.example/v1", f"socks5://{USER}:{PASSWORD}@127.0.0.1:1080"),
        ("http://upstream.example/v1", "direct"),
    ]:
        name = unique("channel")
        model = gateway.add_channel(base_url, name=name, proxy=proxy)
        answer = gateway.admin("GET", f"/channels/{name}/sent?model={model}")
        assert PASSWORD.encode() not in answer.body
        head = answer.json()["requests"][0]["head"].split("\r\n")
        lines[base_url[:5] + proxy[:5]] = (head[0].split()[1], [line for line in head if line.startswith("proxy-")])
    assert {
        "http:http:": ("http://upstream.example/v1/chat/completions", ["proxy-authorization: Basic [key]"]),
        "httpshttp:": ("/v1/chat/completions", []),
        "http:socks": ("/v1/chat/completions", []),
        "http:direc": ("/v1/chat/completions", []),
    } == lines
