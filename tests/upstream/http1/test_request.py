"""Where a request goes, and its head."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.upstream.http1.faults import Unsendable
from aihub_lite.upstream.http1.request import PLAIN, Origin, any_parts, head_of, plain_parts, target_of

TARGET = target_of("http://upstream.example/v1/chat")


@pytest.mark.parametrize(
    ("url", "origin", "path", "host"),
    [
        ("http://a.example", Origin("http", "a.example", 80), b"/", b"a.example"),
        ("https://a.example/v1/m", Origin("https", "a.example", 443), b"/v1/m", b"a.example"),
        ("https://A.example:443/", Origin("https", "a.example", 443), b"/", b"a.example"),
        ("http://a.example:8080/?alt=sse#x", Origin("http", "a.example", 8080), b"/?alt=sse", b"a.example:8080"),
        ("http://[::1]:1/v1", Origin("http", "::1", 1), b"/v1", b"[::1]:1"),
        ("http://münchen.example/", Origin("http", "xn--mnchen-3ya.example", 80), b"/", b"xn--mnchen-3ya.example"),
        ("http://a.example/m ä%2Fb", Origin("http", "a.example", 80), b"/m%20%C3%A4%2Fb", b"a.example"),
        ("http://name:word@a.example/", Origin("http", "a.example", 80), b"/", b"a.example"),
    ],
)
def test_a_url_says_whom_to_connect_to_and_what_to_ask_for(url: str, origin: Origin, path: bytes, host: bytes) -> None:
    assert (origin, path, host) == target_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/v1",
        "http://",
        "ftp://a.example/",
        "http://a.example/\r\nx: y",
        "http://a:b/",
        "http://a:0/",
        "http://a:65536/",
        "http://a.example\n/",
    ],
)
def test_what_is_no_url_of_http_is_never_sent(url: str) -> None:
    with pytest.raises(Unsendable):
        target_of(url)


@given(url=st.from_regex(PLAIN, fullmatch=True))
def test_a_url_that_is_read_quickly_is_read_as_any_other(url: str) -> None:
    parts = plain_parts(url)
    if parts is not None:
        assert any_parts(url) == parts


@pytest.mark.parametrize(
    "url",
    ["http://a.example/v1/../b", "http://a.example/.", "http://a.example/v1/..?x=1", "http://256.0.0.1/", "HTTP://a/"],
)
def test_what_is_not_sent_as_it_is_written_is_looked_at_closely(url: str) -> None:
    assert None is plain_parts(url)


def test_a_head_is_a_request_line_and_its_fields() -> None:
    head = head_of("POST", TARGET, {b"authorization": b"Bearer x", b"x-title": "Grüße".encode()}, 7)
    lines = [b"POST /v1/chat HTTP/1.1", b"host: upstream.example", b"authorization: Bearer x"]
    lines += ["x-title: Grüße".encode(), b"content-length: 7", b"", b""]
    assert lines == head.split(b"\r\n")


@pytest.mark.parametrize(
    ("method", "length", "says"),
    [("GET", None, b""), ("POST", None, b"content-length: 0\r\n"), ("GET", 3, b"content-length: 3\r\n")],
)
def test_a_length_is_said_where_one_is_expected(method: str, length: int | None, says: bytes) -> None:
    assert head_of(method, TARGET, {}, length).endswith(b"host: upstream.example\r\n" + says + b"\r\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-a", b"1\r\nx-b: 2"),
        (b"x-a", b"1\nx-b: 2"),
        (b"x-a", b"1\r"),
        (b"x-a", b"1\r\n"),
        (b"x-a", b"\x00"),
        (b"x-a", b"\x7f"),
        (b"x-a: 1\r\nx-b", b"2"),
        (b"x a", b"1"),
        (b"", b"1"),
        (b"x-a:", b"1"),
    ],
)
def test_a_field_cannot_bring_another_one_along(name: bytes, value: bytes) -> None:
    with pytest.raises(Unsendable):
        head_of("POST", TARGET, {name: value}, 0)


@pytest.mark.parametrize("name", [b"host", b"content-length", b"transfer-encoding", b"connection"])
def test_a_caller_cannot_say_where_its_request_ends_or_who_it_is_for(name: bytes) -> None:
    with pytest.raises(Unsendable):
        head_of("POST", TARGET, {name: b"5"}, 5)


@given(name=st.binary(max_size=20), value=st.binary(max_size=40))
def test_whatever_a_field_holds_a_head_has_the_lines_it_should(name: bytes, value: bytes) -> None:
    try:
        head = head_of("POST", TARGET, {name.lower(): value}, 0)
    except Unsendable:
        return
    assert 5 == len(head.splitlines()) == head.count(b"\r\n")
