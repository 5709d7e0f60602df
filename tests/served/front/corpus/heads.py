"""Requests whose head is odd: lines and fields, targets, versions, hosts, methods."""

from __future__ import annotations

from collections.abc import Mapping

Requests = Mapping[str, bytes]

HOST = b"host: a\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
CONTROLS = [*range(0x20), 0x7F]
LINE_ENDS = b"\t\r\n"
NO_TOKEN = b'"(),/;<=>?@[\\]{}'
TOKEN = b"!#$%&'*+-.^_`|~"


def _target(target: bytes, method: bytes = b"GET") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n"


def _version(version: bytes) -> bytes:
    return b"GET /" + version + b"\r\n" + HOST + b"\r\n"


def _host(host: bytes) -> bytes:
    return b"GET / HTTP/1.1\r\nhost:" + host + b"\r\n\r\n"


def _method(method: bytes) -> bytes:
    return _target(b"/", method)


LINES: Requests = {
    "nothing odd": GET + b"\r\n",
    "no space behind the colon": GET + b"x:a\r\n\r\n",
    "spaces around a value": GET + b"x: \t a \t \r\n\r\n",
    "a space before the colon": GET + b"x : a\r\n\r\n",
    "a tab before the colon": GET + b"x\t: a\r\n\r\n",
    "a space before a length's colon": GET + b"content-length : 0\r\n\r\n",
    "a value of nothing": GET + b"x:\r\n\r\n",
    "a value of spaces": GET + b"x:   \r\n\r\n",
    "a name of nothing": GET + b": a\r\n\r\n",
    "a colon alone": GET + b":\r\n\r\n",
    "no colon": GET + b"x\r\n\r\n",
    "no colon, and words": GET + b"x y\r\n\r\n",
    "two colons": GET + b"x: a: b\r\n\r\n",
    "two colons at once": GET + b"x:: a\r\n\r\n",
    "a fold by a space": GET + b"x: a\r\n b\r\n\r\n",
    "a fold by a tab": GET + b"x: a\r\n\tb\r\n\r\n",
    "a fold of nothing": GET + b"x: a\r\n \r\n\r\n",
    "a fold with a colon": GET + b"x: a\r\n y: b\r\n\r\n",
    "a fold before the value": GET + b"x:\r\n a\r\n\r\n",
    "a fold of the first field": b"GET / HTTP/1.1\r\n host: a\r\n\r\n",
    "a space in front of the only field": b"GET / HTTP/1.1\r\n x: a\r\n" + HOST + b"\r\n",
    "LF behind the first line": b"GET / HTTP/1.1\nhost: a\r\n\r\n",
    "LF behind a field": GET + b"x: a\n\r\n",
    "LF for the empty line": GET + b"\n",
    "LF everywhere": b"GET / HTTP/1.1\nhost: a\n\n",
    "LF inside a value": GET + b"x: a\ny: b\r\n\r\n",
    "LF and a length": GET + b"x: a\ncontent-length: 1\r\n\r\n",
    "CR behind the first line": b"GET / HTTP/1.1\rhost: a\r\n\r\n",
    "CR behind a field": GET + b"x: a\ry: b\r\n\r\n",
    "CR inside a name": GET + b"x\ry: a\r\n\r\n",
    "CR before the colon": GET + b"x\r: a\r\n\r\n",
    "CR behind the colon": GET + b"x:\ra\r\n\r\n",
    "CR CR LF behind a field": GET + b"x: a\r\r\n\r\n",
    "CR CR LF for the empty line": GET + b"\r\r\n",
    "LF CR behind a field": GET + b"x: a\n\r\r\n\r\n",
    "an empty line in front": b"\r\n" + GET + b"\r\n",
    "three empty lines in front": b"\r\n\r\n\r\n" + GET + b"\r\n",
    "LF in front": b"\n" + GET + b"\r\n",
    "CR in front": b"\r" + GET + b"\r\n",
    "a space in front": b" " + GET + b"\r\n",
    "a tab in front": b"\t" + GET + b"\r\n",
    "NUL in front": b"\0" + GET + b"\r\n",
    "a byte order mark in front": b"\xef\xbb\xbf" + GET + b"\r\n",
    "a field twice": GET + b"x: a\r\nx: b\r\n\r\n",
    "a field of 8000": GET + b"x: " + b"a" * 8000 + b"\r\n\r\n",
    "a field of 20000": GET + b"x: " + b"a" * 20000 + b"\r\n\r\n",
    "a field of 70000": GET + b"x: " + b"a" * 70000 + b"\r\n\r\n",
    "a name of 300": GET + b"x" * 300 + b": a\r\n\r\n",
    "90 fields": GET + b"x: a\r\n" * 90 + b"\r\n",
    "2000 fields": GET + b"x: a\r\n" * 2000 + b"\r\n",
    "a value in quotes": GET + b'x: "a\\"b"\r\n\r\n',
    "quotes that do not end": GET + b'x: "a\r\n\r\n',
    "a comment": GET + b"x: (a\r\n\r\n",
    "UTF-8 in a value": GET + b"x: \xc3\xa9\r\n\r\n",
    "Latin-1 in a value": GET + b"x: \xe9\r\n\r\n",
    "0xff in a value": GET + b"x: \xff\r\n\r\n",
    "0x85 in a value": GET + b"x: a\x85b\r\n\r\n",
    "expect 100-continue": GET + b"expect: 100-continue\r\n\r\n",
    "upgrade to websocket": GET + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n",
    "upgrade to h2c": GET + b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n",
    "connection close": GET + b"connection: close\r\n\r\n",
    "connection close in a list": GET + b"connection: x, Close\r\n\r\n",
    "connection close in a second line": GET + b"connection: keep-alive\r\nconnection: close\r\n\r\n",
    "connection of nothing": GET + b"connection:\r\n\r\n",
    "connection that names the host": GET + b"connection: host\r\n\r\n",
    "a proxy's connection": GET + b"proxy-connection: close\r\n\r\n",
    **{
        f"{byte:#04x} in a value": GET + b"x: a" + bytes([byte]) + b"b\r\n\r\n"
        for byte in CONTROLS
        if byte not in LINE_ENDS
    },
    "a tab in a value": GET + b"x: a\tb\r\n\r\n",
    "NUL at the end of a value": GET + b"x: a\0\r\n\r\n",
}

NAMES: Requests = {
    **{f"{chr(byte)} in a name": GET + b"x" + bytes([byte]) + b"y: a\r\n\r\n" for byte in NO_TOKEN + TOKEN},
    **{f"{byte:#04x} in a name": GET + b"x" + bytes([byte]) + b"y: a\r\n\r\n" for byte in (0, 1, 8, 11, 12, 27, 31)},
    "DEL in a name": GET + b"x\x7f: a\r\n\r\n",
    "0x80 in a name": GET + b"x\x80: a\r\n\r\n",
    "0xff in a name": GET + b"\xff: a\r\n\r\n",
    "UTF-8 in a name": GET + b"\xc3\xa9: a\r\n\r\n",
    "a space in a name": GET + b"x y: a\r\n\r\n",
    "a tab in a name": GET + b"x\ty: a\r\n\r\n",
    "a name of digits": GET + b"1: a\r\n\r\n",
    "a name of a dash": GET + b"-: a\r\n\r\n",
    "a name in capitals": GET + b"X-Y: a\r\n\r\n",
    "a name of HTTP/2": GET + b":path: /b\r\n\r\n",
}

TARGETS: Requests = {
    "a path": _target(b"/a/b.c"),
    "a query": _target(b"/a?b=c&d"),
    "an empty query": _target(b"/?"),
    "two question marks": _target(b"/a?b?c"),
    "an escape": _target(b"/a%20b"),
    "an escaped slash": _target(b"/a%2fb"),
    "an escaped NUL": _target(b"/a%00b"),
    "an escaped line end": _target(b"/a%0d%0ab"),
    "an escape of no number": _target(b"/a%zzb"),
    "an escape that is cut": _target(b"/a%2"),
    "a percent sign alone": _target(b"/%"),
    "two slashes": _target(b"//a"),
    "a dot": _target(b"/./a"),
    "two dots inside": _target(b"/a/../b"),
    "two dots above the root": _target(b"/../a"),
    "two escaped dots above the root": _target(b"/%2e%2e/a"),
    "a backslash": _target(b"/a\\b"),
    "a semicolon": _target(b"/a;b=c"),
    "an at sign": _target(b"/@a"),
    "a fragment": _target(b"/a#b"),
    "a fragment alone": _target(b"#b"),
    "a fragment behind a query": _target(b"/?a#b"),
    **{f"{chr(byte)} in a path": _target(b"/a" + bytes([byte]) + b"b") for byte in b"\"'<>[]^`{|}~!$*()+,:"},
    **{f"{byte:#04x} in a path": _target(b"/a" + bytes([byte]) + b"b") for byte in (0, 1, 8, 9, 11, 12, 27, 31, 127)},
    "CR in a path": _target(b"/a\rb"),
    "LF in a path": _target(b"/a\nb"),
    "a space in a path": _target(b"/a b"),
    "two spaces in front": _target(b" /a"),
    "two spaces behind": _target(b"/a "),
    "0x80 in a path": _target(b"/a\x80b"),
    "0xff in a path": _target(b"/\xff"),
    "UTF-8 in a path": _target(b"/\xc3\xa9"),
    "no slash": _target(b"a"),
    "a query without a path": _target(b"?a"),
    "nothing": b"GET  HTTP/1.1\r\n" + HOST + b"\r\n",
    "nothing and one space": b"GET HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tab behind the method": b"GET\t/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tab before the version": b"GET /\tHTTP/1.1\r\n" + HOST + b"\r\n",
    "absolute": _target(b"http://a/b"),
    "absolute without a path": _target(b"http://a"),
    "absolute with a query alone": _target(b"http://a?b"),
    "absolute, another host": _target(b"http://b/c"),
    "absolute, with a port": _target(b"http://a:80/b"),
    "absolute, with a user": _target(b"http://u:p@a/b"),
    "absolute, of https": _target(b"https://a/b"),
    "absolute, in capitals": _target(b"HTTP://a/b"),
    "absolute, of another scheme": _target(b"ftp://a/b"),
    "absolute, of a file": _target(b"file:///etc/passwd"),
    "absolute, without a host": _target(b"http:///b"),
    "absolute, with one slash": _target(b"http:/b"),
    "authority": _target(b"a:80"),
    "an asterisk of OPTIONS": _target(b"*", b"OPTIONS"),
    "an asterisk of GET": _target(b"*"),
    "an asterisk and more": _target(b"*a", b"OPTIONS"),
    "authority of CONNECT": _target(b"a:80", b"CONNECT"),
    "a path of CONNECT": _target(b"/a", b"CONNECT"),
    "absolute of CONNECT": _target(b"http://a/", b"CONNECT"),
    "7000 long": _target(b"/" + b"a" * 7000),
    "40000 long": _target(b"/" + b"a" * 40000),
}

VERSIONS: Requests = {
    "1.0": _version(b" HTTP/1.0"),
    "1.0 that keeps alive": b"GET / HTTP/1.0\r\n" + HOST + b"connection: keep-alive\r\n\r\n",
    "1.0 without a host": b"GET / HTTP/1.0\r\n\r\n",
    "1.0 with two hosts": b"GET / HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n",
    "1.2": _version(b" HTTP/1.2"),
    "1.9": _version(b" HTTP/1.9"),
    "0.9": _version(b" HTTP/0.9"),
    "2.0": _version(b" HTTP/2.0"),
    "2": _version(b" HTTP/2"),
    "3.0": _version(b" HTTP/3.0"),
    "9.9": _version(b" HTTP/9.9"),
    "1": _version(b" HTTP/1"),
    "1.": _version(b" HTTP/1."),
    ".1": _version(b" HTTP/.1"),
    "1.10": _version(b" HTTP/1.10"),
    "1.01": _version(b" HTTP/1.01"),
    "01.1": _version(b" HTTP/01.1"),
    "11.1": _version(b" HTTP/11.1"),
    "1.1.1": _version(b" HTTP/1.1.1"),
    "1,1": _version(b" HTTP/1,1"),
    "1.x": _version(b" HTTP/1.x"),
    "-1.1": _version(b" HTTP/-1.1"),
    "small letters": _version(b" http/1.1"),
    "one small letter": _version(b" HTTp/1.1"),
    "no slash": _version(b" HTTP1.1"),
    "a space inside": _version(b" HTTP/ 1.1"),
    "a space behind": _version(b" HTTP/1.1 "),
    "a tab behind": _version(b" HTTP/1.1\t"),
    "a word behind": _version(b" HTTP/1.1 x"),
    "NUL behind": _version(b" HTTP/1.1\0"),
    "another protocol": _version(b" RTSP/1.1"),
    "a letter more": _version(b" HTTPS/1.1"),
    "nothing": _version(b""),
    "a space alone": _version(b" "),
    "an answer's first line": b"HTTP/1.1 200 OK\r\n" + HOST + b"\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a hello of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n",
}

HOSTS: Requests = {
    "none": b"GET / HTTP/1.1\r\n\r\n",
    "none, but another field": b"GET / HTTP/1.1\r\nx: a\r\n\r\n",
    "two": b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "twice the same": b"GET / HTTP/1.1\r\nhost: a\r\nHOST: a\r\n\r\n",
    "two, one of nothing": b"GET / HTTP/1.1\r\nhost: a\r\nhost:\r\n\r\n",
    "in capitals": b"GET / HTTP/1.1\r\nHOST: A\r\n\r\n",
    "with a space before the colon": b"GET / HTTP/1.1\r\nhost : a\r\n\r\n",
    "of nothing": _host(b""),
    "of spaces": _host(b"   "),
    **{
        name: _host(b" " + host)
        for name, host in {
            "with a port": b"a:80",
            "with a port of nothing": b"a:",
            "with a port of no number": b"a:b",
            "with a port too high": b"a:99999",
            "with a port below zero": b"a:-1",
            "with two ports": b"a:1:2",
            "a port alone": b":80",
            "IPv4": b"127.0.0.1",
            "IPv6": b"[::1]",
            "IPv6 with a port": b"[::1]:80",
            "IPv6 with a zone": b"[fe80::1%25eth0]",
            "IPv6 without brackets": b"::1",
            "IPv6 that does not end": b"[::1",
            "IPv6 and more": b"[::1]a",
            "a bracket at the end": b"a]",
            "letters in brackets": b"[a]",
            "a dot at the end": b"a.",
            "a dot alone": b".",
            "two dots": b"a..b",
            "an underscore": b"a_b",
            "a percent sign": b"a%41",
            "a percent sign alone": b"a%",
            "a user": b"u@a",
            "a user and a secret": b"u:p@a",
            "a path": b"a/b",
            "a backslash": b"a\\b",
            "a query": b"a?b",
            "a fragment": b"a#b",
            "a scheme": b"http://a",
            "a list": b"a, b",
            "a space inside": b"a b",
            "a tab inside": b"a\tb",
            "NUL": b"a\0b",
            "quotes": b'"a"',
            "a bracket": b"<a>",
            "a brace": b"{a}",
            "an asterisk": b"*",
            "UTF-8": b"\xc3\xa9",
            "0xff": b"\xff",
            "DEL": b"a\x7f",
            "300 letters": b"a" * 300,
        }.items()
    },
}

METHODS: Requests = {
    **{
        method: _method(method.encode())
        for method in (
            *("HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"),
            *("PROPFIND", "MKCOL", "LOCK", "UNLOCK", "REPORT", "PURGE", "SOURCE", "M-SEARCH", "QUERY", "BREW"),
            *("get", "Get", "gET", "post", "G", "GETS", "GE", "X" * 30, "X" * 300),
        )
    },
    **{f"GET and {chr(byte)}": _method(b"GET" + bytes([byte])) for byte in TOKEN + NO_TOKEN + b":"},
    **{f"GET and {byte:#04x}": _method(b"GET" + bytes([byte])) for byte in (0, 8, 11, 12, 27, 127, 128, 255)},
    "a digit": _method(b"1"),
    "GET and a digit": _method(b"GET1"),
    "nothing": _method(b""),
    "nothing at all": b"/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "two of them": _method(b"GET POST"),
}
