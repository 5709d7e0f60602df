"""What is no request, and what two readers could take for different ones: refused in the public shape, and closed."""

from __future__ import annotations

import pytest

from tests.served.front.conftest import Exchange, whole
from tests.served.front.door import Door
from tests.support.rawclient import RawConnection

HOST = b"host: a\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
POST = b"POST / HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
REFUSED: dict[str, tuple[bytes, int]] = {
    "length and coding": (POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "coding and length": (POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (POST + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
    "the same length twice": (POST + b"content-length: 1\r\ncontent-length: 1\r\n\r\na", 400),
    "a list of lengths": (POST + b"content-length: 1, 1\r\n\r\na", 400),
    "a length of nothing": (POST + b"content-length:\r\n\r\n", 400),
    "a length with a sign": (POST + b"content-length: +1\r\n\r\na", 400),
    "a length below zero": (POST + b"content-length: -1\r\n\r\na", 400),
    "a length in hexadecimal": (POST + b"content-length: 0x1\r\n\r\na", 400),
    "a length with an underscore": (POST + b"content-length: 1_0\r\n\r\na", 400),
    "a length beyond 2**64": (POST + b"content-length: 18446744073709551616\r\n\r\na", 400),
    "chunked is not last": (POST + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
    "chunked twice": (POST + b"transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked in two lines": (POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "identity": (POST + b"transfer-encoding: identity\r\n\r\n", 400),
    "a coding that is none": (POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "a coding of nothing": (POST + b"transfer-encoding:\r\n\r\n0\r\n\r\n", 400),
    "a coding behind a tabulator of the wrong kind": (POST + b"transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "a coding before chunked": (POST + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "a coding in HTTP/1.0": (b"POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a folded line": (GET + b"x: a\r\n b\r\n\r\n", 400),
    "a line folded with a tabulator": (GET + b"x: a\r\n\tb\r\n\r\n", 400),
    "a folded first field": (b"GET / HTTP/1.1\r\n host: a\r\n\r\n", 400),
    "a bare LF behind the first line": (b"GET / HTTP/1.1\nhost: a\r\n\r\n", 400),
    "a bare LF behind a field": (GET + b"x: y\n\r\n", 400),
    "bare LFs alone": (b"GET / HTTP/1.1\nhost: a\n\n", 400),
    "a bare LF before the request": (b"\n" + GET + b"\r\n", 400),
    "a bare CR in a value": (GET + b"x: a\rb\r\n\r\n", 400),
    "a bare CR before the request": (b"\r" + GET + b"\r\n", 400),
    "two CRs": (GET + b"x: a\r\r\n\r\n", 400),
    "a blank before the colon": (GET + b"x : a\r\n\r\n", 400),
    "a tabulator before the colon": (GET + b"content-length\t: 0\r\n\r\n", 400),
    "a blank before the request": (b" " + GET + b"\r\n", 400),
    "a line without a colon": (GET + b"x\r\n\r\n", 400),
    "a name of nothing": (GET + b": a\r\n\r\n", 400),
    "a name with a bracket": (GET + b"x(y): a\r\n\r\n", 400),
    "a name that is no ASCII": (GET + b"\xff: a\r\n\r\n", 400),
    "NUL in a value": (GET + b"x: a\x00b\r\n\r\n", 400),
    "NUL in a name": (GET + b"x\x00: a\r\n\r\n", 400),
    "NUL in the address": (b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "DEL in a value": (GET + b"x: \x7f\r\n\r\n", 400),
    "an address that is no ASCII": (b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a tabulator in the address": (b"GET /a\tb HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a blank in the address": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a fragment": (b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "two blanks behind the method": (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "two blanks behind the address": (b"GET /  HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a blank behind the version": (b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n", 400),
    "tabulators for blanks": (b"GET\t/\tHTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "an address with its host": (b"GET http://a/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "an address that is a host": (b"GET a:80 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no address": (b"GET HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "an asterisk of GET": (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    "no version": (b"GET /\r\n\r\n", 400),
    "a version in small letters": (b"GET / http/1.1\r\n" + HOST + b"\r\n", 400),
    "a version of three numbers": (b"GET / HTTP/1.10\r\n" + HOST + b"\r\n", 400),
    "another protocol": (b"OPTIONS * RTSP/1.0\r\n" + HOST + b"\r\n", 400),
    "another protocol's method": (b"SOURCE / ICE/1.0\r\n" + HOST + b"\r\n", 400),
    "a method of HTTP's neighbours": (b"DESCRIBE rtsp://a RTSP/1.0\r\n\r\n", 400),
    "version 0.9": (b"GET / HTTP/0.9\r\n\r\n", 505),
    "version 2": (b"GET / HTTP/2.0\r\n\r\n", 505),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (GET + b"host: b\r\n\r\n", 400),
    "a host with a blank": (b"GET / HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
    "a host with two ports": (b"GET / HTTP/1.1\r\nhost: a:1:2\r\n\r\n", 400),
    "a host whose port is no number": (b"GET / HTTP/1.1\r\nhost: a:b\r\n\r\n", 400),
    "a host whose bracket does not end": (b"GET / HTTP/1.1\r\nhost: [::1\r\n\r\n", 400),
    "an address of IPv6 without brackets": (b"GET / HTTP/1.1\r\nhost: ::1\r\n\r\n", 400),
    "a host with a path": (b"GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32, 400),
    "a first line without end": (b"GET /" + b"a" * 2**15, 414),
    "a head over the limit": (GET + b"".join(b"x: %b\r\n" % (b"a" * 1000) for _ in range(70)) + b"\r\n", 431),
    "a head without end": (GET + b"x: " + b"a" * 2**17, 431),
    "more fields than anybody sends": (GET + b"x: a\r\n" * 300 + b"\r\n", 431),
    "a chunk without size": (CHUNKED + b"\r\n\r\n", 400),
    "a chunk whose size is no number": (CHUNKED + b"zz\r\n\r\n", 400),
    "a chunk of a size below zero": (CHUNKED + b"-1\r\n\r\n", 400),
    "a chunk of a size with a prefix": (CHUNKED + b"0x1\r\na\r\n0\r\n\r\n", 400),
    "a chunk beyond 2**63": (CHUNKED + b"8000000000000000\r\n", 400),
    "a chunk beyond 2**64": (CHUNKED + b"10000000000000001\r\na\r\n0\r\n\r\n", 400),
    "a blank before a size": (CHUNKED + b" 1\r\na\r\n0\r\n\r\n", 400),
    "a blank behind a size": (CHUNKED + b"1 \r\na\r\n0\r\n\r\n", 400),
    "a size that ends with a bare LF": (CHUNKED + b"1\na\r\n0\r\n\r\n", 400),
    "a size that ends with a bare CR": (CHUNKED + b"1\ra\r\n0\r\n\r\n", 400),
    "a bare CR in what is said of a chunk": (CHUNKED + b"1;a\rb\r\na\r\n0\r\n\r\n", 400),
    "much said of a chunk": (CHUNKED + b"1;" + b"a" * 300 + b"\r\na\r\n0\r\n\r\n", 400),
    "a chunk that is longer than its size": (CHUNKED + b"1\r\nab\r\n0\r\n\r\n", 400),
    "a chunk that ends with a bare LF": (CHUNKED + b"1\r\na\n0\r\n\r\n", 400),
    "a trailer that is none": (CHUNKED + b"0\r\nGET / HTTP/1.1\r\n\r\n", 400),
    "trailers without end": (CHUNKED + b"0\r\n" + b"x: a\r\n" * 2000 + b"\r\n", 400),
}


@pytest.mark.attack("T-38")
@pytest.mark.parametrize(("data", "status"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_in_the_public_shape_and_nothing_that_follows_is_read(
    exchange: Exchange, data: bytes, status: int
) -> None:
    """T-38: whoever reads the bytes in front differently has no second request behind the first."""
    assert [(status, b"new_api_error")] == exchange(data + SMUGGLED)


@pytest.mark.parametrize(("data", "status"), REFUSED.values(), ids=REFUSED)
def test_where_its_bytes_are_cut_changes_nothing(echoing: Door, data: bytes, status: int) -> None:
    middle = min(len(data) - 1, 40)
    with RawConnection(echoing.url) as connection:
        connection.send(data[:middle])
        connection.send(data[middle:] + SMUGGLED)
        assert status == whole(connection)[0].status
        assert connection.at_eof(5)


TAKEN: dict[str, tuple[bytes, bytes]] = {
    "nothing odd": (GET + b"\r\n", b"GET / "),
    "a length": (POST + b"content-length: 3\r\n\r\nabc", b"POST / abc"),
    "a length behind and before blanks": (POST + b"content-length: \t3 \t\r\n\r\nabc", b"POST / abc"),
    "a length with noughts": (POST + b"content-length: 003\r\n\r\nabc", b"POST / abc"),
    "chunks": (CHUNKED + b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", b"POST / abc"),
    "chunked in capitals": (POST + b"Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"POST / abc"),
    "what is said of a chunk": (CHUNKED + b'3;a="b"\r\nabc\r\n0;c\r\n\r\n', b"POST / abc"),
    "a size with noughts": (CHUNKED + b"0003\r\nabc\r\n000\r\n\r\n", b"POST / abc"),
    "trailers": (CHUNKED + b"3\r\nabc\r\n0\r\nx: a\r\ncontent-length: 9\r\n\r\n", b"POST / abc"),
    "empty lines before": (b"\r\n\r\n" + GET + b"\r\n", b"GET / "),
    "an offer to change to HTTP/2": (GET + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n", b"GET / "),
    "a method that llhttp does not know": (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", b"BREW / "),
    "a method in small letters": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", b"get / "),
    "OPTIONS of everything": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", b"OPTIONS * "),
    "an address with odd letters": (b'GET /a"<>\\^`{|}[] HTTP/1.1\r\n' + HOST + b"\r\n", b'GET /a"<>\\^`{|}[] '),
    "a host with a port": (b"GET / HTTP/1.1\r\nhost: [::1]:4242\r\n\r\n", b"GET / "),
    "a host of nothing": (b"GET / HTTP/1.1\r\nhost:\r\n\r\n", b"GET / "),
    "a later version of HTTP/1": (b"GET / HTTP/1.7\r\n" + HOST + b"\r\n", b"GET / "),
    "a value that is no ASCII": (GET + b"x: \xff\r\n\r\n", b"GET / "),
}


@pytest.mark.parametrize(("data", "echoed"), TAKEN.values(), ids=TAKEN)
def test_a_request_is_taken_as_it_is_and_so_is_the_one_that_follows(
    exchange: Exchange, data: bytes, echoed: bytes
) -> None:
    assert [(200, echoed), (200, b"GET /smuggled ")] == exchange(data + SMUGGLED)


@pytest.mark.parametrize(("data", "echoed"), TAKEN.values(), ids=TAKEN)
def test_a_request_that_comes_byte_by_byte_is_the_same(echoing: Door, data: bytes, echoed: bytes) -> None:
    with RawConnection(echoing.url) as connection:
        for number in range(len(data)):
            connection.send(data[number : number + 1])
        assert echoed == whole(connection)[1]
