"""Which way a request takes: a channel's word, else the environment's."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from aihub_lite.domain.overrides import Secret
from aihub_lite.domain.way_out import WayOut
from aihub_lite.errors import InvalidRequest
from aihub_lite.upstream.http1.faults import ConnectFailed
from aihub_lite.upstream.http1.way import DIRECT
from aihub_lite.upstream.ways import Ways
from tests.support.tls import Authority, make_authority

FAR = "https://api.example/v1"
PROXY = "http://proxy.example:3128"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ways"))


def text(url: str = FAR, environ: Mapping[str, str] | None = None, **said: str) -> str:
    """The way in words."""
    way_out = WayOut(proxy=Secret(said.pop("proxy", "")), **said) if said else None
    return Ways(environ or {}).text(way_out, url)


@pytest.mark.parametrize(
    ("variable", "url", "through"),
    [
        ("HTTPS_PROXY", FAR, True),
        ("https_proxy", FAR, True),
        ("HTTP_PROXY", FAR, False),
        ("HTTP_PROXY", "http://api.example/v1", True),
        ("HTTPS_PROXY", "http://api.example/v1", False),
        ("ALL_PROXY", FAR, True),
        ("all_proxy", "http://api.example/v1", True),
    ],
)
def test_the_environments_proxy_is_taken_for_its_scheme(variable: str, url: str, through: bool) -> None:
    expected = f"through {PROXY} ({variable})" if through else "direct"
    assert expected == text(url, {variable: PROXY})


def test_small_letters_win_and_the_schemes_own_variable_before_all() -> None:
    environ = {"HTTPS_PROXY": "http://large.example", "https_proxy": PROXY, "all_proxy": "http://all.example"}
    assert f"through {PROXY} (https_proxy)" == text(environ=environ)


def test_an_empty_variable_names_no_proxy() -> None:
    ways = Ways({"HTTPS_PROXY": "", "ALL_PROXY": " "})
    assert (False, DIRECT) == (ways.environment, ways.find(None, FAR))


def test_a_proxy_without_a_scheme_is_one_of_http() -> None:
    way = Ways({"https_proxy": "name:word@proxy.example:3128/"}).find(None, FAR)
    assert way.proxy is not None
    assert ("http", "proxy.example", 3128, "name", "word") == (
        way.proxy.scheme,
        way.proxy.host,
        way.proxy.port,
        way.proxy.user,
        way.proxy.password,
    )


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"),
        *("10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.1.1", "[fd00::1]", "[::ffff:10.0.0.1]"),
        *("ollama", "box.local", "a.internal"),
    ],
)
def test_this_machine_and_private_networks_are_never_reached_by_the_environments_proxy(host: str) -> None:
    environ = {"ALL_PROXY": PROXY}
    assert "direct (a private address)" == text(f"http://{host}:11434/v1", environ)


@pytest.mark.parametrize("host", ["127.0.0.1", "ollama", "10.1.2.3"])
def test_a_proxy_that_the_channel_names_is_taken_for_private_addresses_too(host: str) -> None:
    environ = {"NO_PROXY": "*"}
    assert f"through {PROXY}" == text(f"http://{host}:11434/v1", environ, proxy=PROXY)


@pytest.mark.parametrize(
    ("exempt", "url"),
    [
        ("*", FAR),
        ("api.example", FAR),
        ("API.Example", FAR),
        (".example", FAR),
        ("*.example", FAR),
        ("example", FAR),
        ("a.test, api.example", FAR),
        ("a.test api.example", FAR),
        ("api.example:443", FAR),
        ("api.example:8443", "https://api.example:8443/v1"),
        ("api.example", "https://api.example.:443/v1"),
        ("8.8.8.7", "https://8.8.8.7/v1"),
        ("8.8.8.0/24", "https://8.8.8.7/v1"),
        ("8.8.8.7:443", "https://8.8.8.7/v1"),
        ("2a00::/16", "https://[2a00::1]/v1"),
        ("[2a00::1]", "https://[2a00::1]/v1"),
        ("[2a00::1]:443", "https://[2a00::1]/v1"),
    ],
)
def test_what_no_proxy_names_is_reached_directly(exempt: str, url: str) -> None:
    assert "direct (NO_PROXY)" == text(url, {"ALL_PROXY": PROXY, "NO_PROXY": exempt})


@pytest.mark.parametrize(
    ("exempt", "url"),
    [
        ("", FAR),
        (",", FAR),
        (".", FAR),
        ("pi.example", FAR),
        ("i.example", FAR),
        ("api.example.org", FAR),
        ("api.example:80", FAR),
        ("8.8.8.0/24", FAR),
        ("8.8.8.0/24", "https://8.8.9.7/v1"),
        ("8.7", "https://8.8.8.7/v1"),
        ("2a00::/16", "https://[2b00::1]/v1"),
    ],
)
def test_what_no_proxy_does_not_name_goes_through_the_proxy(exempt: str, url: str) -> None:
    assert text(url, {"ALL_PROXY": PROXY, "NO_PROXY": exempt}).startswith("through ")


def test_direct_is_direct_whatever_the_environment_says() -> None:
    assert "direct" == text(environ={"ALL_PROXY": PROXY}, proxy="direct")


def test_a_variable_of_the_channels_own_is_looked_up() -> None:
    environ = {"CORP": "socks5h://name:word@proxy.example", "ALL_PROXY": PROXY}
    assert "through socks5h://***@proxy.example (CORP)" == text(environ=environ, proxy="env:CORP")


@pytest.mark.parametrize(
    ("environ", "said", "message"),
    [
        ({}, {"proxy": "env:CORP"}, "proxy: CORP is not set"),
        ({"CORP": "ftp://a"}, {"proxy": "env:CORP"}, "proxy: CORP must be http://"),
        ({"HTTPS_PROXY": "socks4://a"}, {}, "proxy: HTTPS_PROXY must be http://"),
        ({"ALL_PROXY": "http://a:b"}, {}, "proxy: ALL_PROXY is not a URL"),
        ({}, {"ca": "/nowhere/ca.pem"}, "ca: there is no such file"),
        ({}, {"client_cert": "/nowhere/cert.pem"}, "client_cert: there is no such file"),
        ({}, {"ca": __file__}, "ca: the file cannot be read as certificates in PEM"),
        ({}, {"client_cert": __file__}, "client_cert: the file must hold a certificate and its unencrypted key"),
    ],
)
def test_a_way_that_cannot_be_gone_is_named(environ: dict[str, str], said: dict[str, str], message: str) -> None:
    way_out = WayOut(
        proxy=Secret(said.get("proxy", "")), ca=said.get("ca", ""), client_cert=said.get("client_cert", "")
    )
    with pytest.raises(ConnectFailed, match=message):
        Ways(environ).find(way_out, FAR)
    with pytest.raises(InvalidRequest, match=message):
        Ways(environ).check(way_out, FAR)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(authority: Authority, tmp_path: Path) -> None:
    """OpenSSL asks at the terminal, and the gateway would wait for an answer."""
    certificate = authority.issue("locked")
    locked = tmp_path / "locked.pem"
    os.system(f"openssl ec -in {certificate.key} -aes256 -passout pass:word -out {tmp_path}/key.pem 2>/dev/null")
    locked.write_text(authority.certificate.read_text() + (tmp_path / "key.pem").read_text())
    with pytest.raises(ConnectFailed, match="unencrypted key"):
        Ways({}).find(WayOut(client_cert=str(locked)), FAR)


def test_a_key_that_belongs_to_another_certificate_is_refused(authority: Authority, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.pem"
    mixed.write_text(authority.certificate.read_text() + authority.issue("other").key.read_text())
    with pytest.raises(ConnectFailed, match="client_cert"):
        Ways({}).find(WayOut(client_cert=str(mixed)), FAR)


@pytest.mark.parametrize(
    "alike",
    [
        lambda file: WayOut(proxy=Secret(PROXY)),
        lambda file: WayOut(ca=file),
        lambda file: WayOut(bind="127.0.0.1"),
        lambda file: WayOut(proxy=Secret("direct")),
    ],
)
def test_channels_whose_ways_are_alike_share_one(authority: Authority, alike: Callable[[str], WayOut]) -> None:
    ways = Ways({})
    file = str(authority.certificate)
    assert ways.find(alike(file), FAR) is ways.find(alike(file), "https://other.example/v1")


@pytest.mark.parametrize(
    "other", ["http://proxy.example:3129", "http://a:b@proxy.example:3128", "https://proxy.example"]
)
def test_another_proxy_or_another_name_at_it_is_another_way(other: str) -> None:
    ways = Ways({})
    assert ways.find(WayOut(proxy=Secret(PROXY)), FAR) is not ways.find(WayOut(proxy=Secret(other)), FAR)


def test_a_file_that_is_renewed_is_read_again(authority: Authority, tmp_path: Path) -> None:
    """A certificate of ours lives for weeks, the gateway for longer."""
    file = tmp_path / "ca.pem"
    file.write_text(authority.certificate.read_text())
    ways = Ways({})
    before = ways.find(WayOut(ca=str(file)), FAR)
    os.utime(file, ns=(1, 1))
    assert before is not ways.find(WayOut(ca=str(file)), FAR)


def test_an_own_authority_is_trusted_beside_the_usual_ones_and_the_proxy_sees_no_certificate_of_ours(
    authority: Authority,
) -> None:
    certificate = authority.issue("client")
    said = WayOut(proxy=Secret(PROXY), ca=str(authority.certificate), client_cert=str(certificate.chain))
    way = Ways({}).find(said, FAR)
    assert way.context is not None
    assert way.proxy_context is not None
    assert way.context is not way.proxy_context
    usual = ssl.create_default_context().cert_store_stats()["x509_ca"]
    assert usual < way.context.cert_store_stats()["x509_ca"]


def test_the_way_in_words_holds_no_secret_and_all_that_was_said(authority: Authority) -> None:
    proxy = "socks5://name:word@proxy.example:1"
    words = text(proxy=proxy, ca=str(authority.certificate), bind="192.0.2.1")
    assert f"through socks5://***@proxy.example:1, from 192.0.2.1, trusting {authority.certificate} too" == words


def test_neither_a_way_nor_what_was_said_of_it_shows_its_password() -> None:
    said = WayOut(proxy=Secret("http://name:word@proxy.example"))
    assert "word" not in repr(said) + repr(Ways({}).find(said, FAR)) + str(said)
