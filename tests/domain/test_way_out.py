"""What may be said of the way to an upstream."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.domain.overrides import Secret
from aihub_lite.domain.way_out import MASK, WayOut, checked_way_out, proxy_address, shown_proxy
from aihub_lite.errors import InvalidRequest


def checked(proxy: str = "", **said: str) -> WayOut | None:
    return checked_way_out(WayOut(proxy=Secret(proxy), **said))


@pytest.mark.parametrize("proxy", ["", "env", " env "])
def test_a_way_of_which_nothing_is_said_is_none(proxy: str) -> None:
    assert checked(proxy) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("http://proxy.example", ("http", "proxy.example", 80, "", "")),
        ("https://proxy.example/", ("https", "proxy.example", 443, "", "")),
        ("socks5://proxy.example", ("socks5", "proxy.example", 1080, "", "")),
        ("socks5h://[::1]:9050", ("socks5h", "::1", 9050, "", "")),
        ("HTTP://Proxy.Example:3128", ("http", "proxy.example", 3128, "", "")),
        ("http://name:w%40rd%3A@p.example:1", ("http", "p.example", 1, "name", "w@rd:")),
        ("http://name@p.example", ("http", "p.example", 80, "name", "")),
        ("http://na%C3%AFf:p%C3%A4ss@p.example", ("http", "p.example", 80, "naïf", "päss")),
    ],
)
def test_a_proxys_url_is_read(text: str, parts: tuple[object, ...]) -> None:
    assert checked(text) is not None
    address = proxy_address(text)
    assert parts == (address.scheme, address.host, address.port, address.user, address.password)


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy.example:3128",
        "ftp://proxy.example",
        "socks4://proxy.example",
        "http://",
        "http://:80",
        "http://p.example:0",
        "http://p.example:65536",
        "http://p.example:b",
        "http://p.example/path",
        "http://p.example?x",
        "http://p.example#x",
        "http://p.exa mple",
        "http://p.example\r\nx: y",
        "http://prøxy.example",
        "http://a\\@p.example",
        "http://:word@p.example",
        "http://a%3Ab:word@p.example",
        "http://%ff:word@p.example",
        "http://***@p.example",
        "http://***:word@p.example",
        "socks5://name@p.example",
        f"socks5://name:{'x' * 256}@p.example",
        "socks5://n%C3%A4me:word@p.example",
        "env:",
        "env:a-b",
        "none",
    ],
)
def test_what_is_no_proxy_is_refused_without_being_repeated(proxy: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^proxy: ") as refusal:
        checked(proxy)
    assert "word" not in refusal.value.message.replace("password", "")


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("", "env"),
        ("direct", "direct"),
        ("env:CORP", "env:CORP"),
        ("http://p.example:3128", "http://p.example:3128"),
        ("http://name:word@p.example:3128", "http://***@p.example:3128"),
        ("socks5://name@[::1]:1", "socks5://***@[::1]:1"),
    ],
)
def test_a_proxy_is_shown_without_its_credentials(proxy: str, shown: str) -> None:
    assert shown == shown_proxy(proxy)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8), st.sampled_from(["http", "socks5"]))
def test_no_text_that_is_a_proxy_shows_any_of_its_password(password: str, scheme: str) -> None:
    text = f"{scheme}://name:{password}@p.example"
    try:
        proxy_address(text)
    except InvalidRequest:
        return
    assert f"{scheme}://{MASK}@p.example" == shown_proxy(text)


@pytest.mark.parametrize("field", ["ca", "client_cert"])
@pytest.mark.parametrize("path", ["ca.pem", "./ca.pem", "/a\nb"])
def test_a_file_is_named_by_its_whole_path(field: str, path: str) -> None:
    """A relative one would be another file when the gateway starts in another directory."""
    with pytest.raises(InvalidRequest, match=rf"^{field}: must be the absolute path"):
        checked(**{field: path})


@pytest.mark.parametrize(("bind", "written"), [("192.0.2.7", "192.0.2.7"), ("2001:DB8::1", "2001:db8::1")])
def test_an_address_to_come_from_has_one_form(bind: str, written: str) -> None:
    way_out = checked(bind=bind)
    assert way_out is not None
    assert written == way_out.bind


@pytest.mark.parametrize("bind", ["eth0", "192.0.2.7/32", "192.0.2.7:80", "example.com"])
def test_what_is_no_address_is_refused(bind: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^bind: "):
        checked(bind=bind)
