"""Requests whose body may be taken for another: lengths, codings, chunks, trailers, pipelines, early ends."""

from __future__ import annotations

from tests.served.front.corpus.heads import GET, HOST, Requests

POST = b"POST / HTTP/1.1\r\n" + HOST
CODED = b"transfer-encoding: chunked\r\n"
CHUNKED = POST + CODED + b"\r\n"
LAST = b"0\r\n\r\n"
EMPTY = b"GET /inner HTTP/1.1\r\nhost: a\r\n\r\n"


def _length(value: bytes, body: bytes = b"abc") -> bytes:
    return POST + b"content-length:" + value + b"\r\n\r\n" + body


def _coded(*lines: bytes, body: bytes = b"3\r\nabc\r\n" + LAST) -> bytes:
    return POST + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def _coding(value: bytes) -> bytes:
    return _coded(b"transfer-encoding:" + value)


def _size(size: bytes, end: bytes = b"\r\n") -> bytes:
    return CHUNKED + size + end + b"abc\r\n" + LAST


def _trailer(line: bytes) -> bytes:
    return CHUNKED + b"3\r\nabc\r\n0\r\n" + line + b"\r\n"


LENGTHS: Requests = {
    "none": POST + b"\r\n",
    "none, of GET": GET + b"x: a\r\ny: b\r\n\r\n",
    **{
        name: _length(value)
        for name, value in {
            "right": b" 3",
            "without a space": b"3",
            "in spaces and tabs": b" \t3 \t",
            "with noughts": b" 003",
            "with fifty noughts": b" " + b"0" * 50 + b"3",
            "of nothing": b"",
            "of a space": b" ",
            "with a plus": b" +3",
            "below zero": b" -3",
            "of minus nought": b" -0",
            "in hexadecimal": b" 0x3",
            "in octal": b" 0o3",
            "in letters": b" three",
            "with a letter": b" 3a",
            "with a point": b" 3.0",
            "with an exponent": b" 3e0",
            "with an underscore": b" 0_3",
            "with a comma behind": b" 3,",
            "with a comma in front": b" ,3",
            "of two numbers": b" 3 3",
            "a list of the same": b" 3, 3",
            "a list of others": b" 3, 5",
            "a list of three": b" 3,3,3",
            "with a semicolon": b" 3;",
            "in quotes": b' "3"',
            "with a vertical tab": b" \x0b3",
            "with a form feed": b" 3\x0c",
            "with NUL": b" 3\0",
            "of a full-width digit": b" \xef\xbc\x93",
            "of a superscript": b" \xb3",
            "of 2**64 + 3": b" 18446744073709551619",
            "of 2**32 + 3 and a letter": b" 4294967299x",
            "of forty digits": b" " + b"9" * 40,
            "folded": b" 3\r\n 0",
            "folded in front": b"\r\n 3",
        }.items()
    },
    "nought": _length(b" 0", b""),
    "nought, and a body": _length(b" 0", b"abc\r\n\r\n"),
    "shorter than the body": _length(b" 2", b"abc\r\n\r\n"),
    "with a request inside": _length(b" %d" % len(EMPTY), EMPTY),
    "twice the same": _length(b" 3\r\ncontent-length: 3"),
    "twice, 3 and 0": _length(b" 3\r\ncontent-length: 0"),
    "twice, 0 and 3": _length(b" 0\r\ncontent-length: 3"),
    "twice, in other letters": _length(b" 3\r\nContent-Length: 4"),
    "twice, with a field between": _length(b" 3\r\nx: a\r\ncontent-length: 4"),
    "twice, one of nothing": _length(b" 3\r\ncontent-length:"),
    "behind an underscore": POST + b"content_length: 3\r\n\r\n",
    "with a space before the colon": POST + b"content-length : 3\r\n\r\nabc",
    "with a tab before the colon": POST + b"content-length\t: 3\r\n\r\nabc",
    "with NUL before the colon": POST + b"content-length\0: 3\r\n\r\nabc",
    "behind a bare CR": POST + b"x: a\rcontent-length: 3\r\n\r\nabc",
    "behind a bare LF": POST + b"x: a\ncontent-length: 3\r\n\r\nabc",
    "behind a fold": POST + b"x: a\r\n content-length: 3\r\n\r\n",
    "of GET": b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
    "of HEAD": b"HEAD / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
    "of DELETE": b"DELETE / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
    "of OPTIONS": b"OPTIONS / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
    "of TRACE": b"TRACE / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
    "of BREW": b"BREW / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
    "of CONNECT": b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
    "in HTTP/1.0": b"POST / HTTP/1.0\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
    "in HTTP/1.0, twice": b"POST / HTTP/1.0\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 2\r\n\r\nabc",
    "with an upgrade": POST + b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 3\r\n\r\nabc",
    "with expect 100-continue": POST + b"expect: 100-continue\r\ncontent-length: 3\r\n\r\nabc",
    "with an expectation of something else": POST + b"expect: x\r\ncontent-length: 3\r\n\r\nabc",
}

CODINGS: Requests = {
    **{
        name: _coding(value)
        for name, value in {
            "chunked": b" chunked",
            "chunked without a space": b"chunked",
            "in capitals": b" CHUNKED",
            "in mixed letters": b" Chunked",
            "in spaces and tabs": b" \tchunked \t",
            "chunked, identity": b" chunked, identity",
            "identity, chunked": b" identity, chunked",
            "identity": b" identity",
            "gzip, chunked": b" gzip, chunked",
            "chunked, gzip": b" chunked, gzip",
            "gzip": b" gzip",
            "deflate": b" deflate",
            "chunked, chunked": b" chunked, chunked",
            "a comma in front": b" , chunked",
            "a comma behind": b" chunked,",
            "a comma alone": b" ,",
            "nothing": b"",
            "a space": b" ",
            "a letter in front": b" xchunked",
            "a letter behind": b" chunkedx",
            "a letter less": b" chunke",
            "a word in front": b" x chunked",
            "a word behind": b" chunked x",
            "a parameter": b" chunked;a=b",
            "a semicolon": b" chunked;",
            "in quotes": b' "chunked"',
            "in single quotes": b" 'chunked'",
            "a vertical tab in front": b" \x0bchunked",
            "a vertical tab behind": b" chunked\x0b",
            "a form feed in front": b" \x0cchunked",
            "NUL in front": b" \0chunked",
            "NUL behind": b" chunked\0",
            "NUL and more behind": b" chunked\0x",
            "a bare CR in front": b" \rchunked",
            "a bare CR behind": b" chunked\r",
            "a bare LF behind": b" chunked\n",
            "0xa0 in front": b" \xa0chunked",
            "0x85 behind": b" chunked\x85",
            "a Kelvin sign for k": b" chun\xe2\x84\xaaed",
            "a colon": b" : chunked",
            "folded": b"\r\n chunked",
            "folded behind": b" chunked\r\n , identity",
            "folded inside": b" chun\r\n ked",
            "trailers": b" trailers",
        }.items()
    },
    "and a length": _coded(b"transfer-encoding: chunked", b"content-length: 3"),
    "and the length of the whole": _coded(b"transfer-encoding: chunked", b"content-length: 13"),
    "behind a length": _coded(b"content-length: 3", b"transfer-encoding: chunked"),
    "behind a length of nought": _coded(b"content-length: 0", b"transfer-encoding: chunked"),
    "identity behind a length": _coded(b"content-length: 3", b"transfer-encoding: identity", body=b"abc"),
    "nothing behind a length": _coded(b"content-length: 3", b"transfer-encoding:", body=b"abc"),
    "an unknown one behind a length": _coded(b"content-length: 3", b"transfer-encoding: x", body=b"abc"),
    "in a fold behind a length": _coded(b"content-length: 3", b"x: a", b" transfer-encoding: chunked", body=b"abc"),
    "behind a bare CR and a length": _coded(b"content-length: 3", b"x: a\rtransfer-encoding: chunked", body=b"abc"),
    "behind a bare LF and a length": _coded(b"content-length: 3", b"x: a\ntransfer-encoding: chunked", body=b"abc"),
    "two lines": _coded(b"transfer-encoding: chunked", b"transfer-encoding: chunked"),
    "two lines, identity first": _coded(b"transfer-encoding: identity", b"transfer-encoding: chunked"),
    "two lines, identity last": _coded(b"transfer-encoding: chunked", b"transfer-encoding: identity"),
    "two lines, gzip first": _coded(b"transfer-encoding: gzip", b"transfer-encoding: chunked"),
    "two lines, one of nothing": _coded(b"transfer-encoding: chunked", b"transfer-encoding:"),
    "a space before the colon": _coded(b"transfer-encoding : chunked"),
    "a space before the colon and a length": _coded(b"transfer-encoding : chunked", b"content-length: 3", body=b"abc"),
    "a tab before the colon": _coded(b"transfer-encoding\t: chunked"),
    "NUL before the colon": _coded(b"transfer-encoding\0: chunked"),
    "a space before the name": _coded(b" transfer-encoding: chunked"),
    "an underscore": _coded(b"transfer_encoding: chunked", body=b""),
    "an underscore and a length": _coded(b"transfer_encoding: chunked", b"content-length: 3", body=b"abc"),
    "a letter in front of the name": _coded(b"xtransfer-encoding: chunked", body=b""),
    "the name in capitals": _coded(b"TRANSFER-ENCODING: chunked"),
    "TE": _coded(b"te: chunked", body=b""),
    "of GET": GET + CODED + b"\r\n3\r\nabc\r\n" + LAST,
    "of HEAD": b"HEAD / HTTP/1.1\r\n" + HOST + CODED + b"\r\n" + LAST,
    "of DELETE": b"DELETE / HTTP/1.1\r\n" + HOST + CODED + b"\r\n" + LAST,
    "of BREW": b"BREW / HTTP/1.1\r\n" + HOST + CODED + b"\r\n3\r\nabc\r\n" + LAST,
    "in HTTP/1.0": b"POST / HTTP/1.0\r\n" + HOST + CODED + b"\r\n3\r\nabc\r\n" + LAST,
    "in HTTP/1.0 that keeps alive": (
        b"POST / HTTP/1.0\r\n" + HOST + b"connection: keep-alive\r\n" + CODED + b"\r\n3\r\nabc\r\n" + LAST
    ),
    "in HTTP/1.0, and a length": b"POST / HTTP/1.0\r\n" + HOST + CODED + b"content-length: 3\r\n\r\nabc",
    "in HTTP/1.2": b"POST / HTTP/1.2\r\n" + HOST + CODED + b"\r\n3\r\nabc\r\n" + LAST,
    "with an upgrade": POST + CODED + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n3\r\nabc\r\n" + LAST,
    "with expect 100-continue": POST + CODED + b"expect: 100-continue\r\n\r\n3\r\nabc\r\n" + LAST,
}

CHUNKS: Requests = {
    "two": CHUNKED + b"1\r\na\r\n2\r\nbc\r\n" + LAST,
    "none": CHUNKED + LAST,
    **{
        f"a size {name}": _size(size)
        for name, size in {
            "with noughts": b"0003",
            "with fifteen noughts": b"0" * 15 + b"3",
            "with fifty noughts": b"0" * 50 + b"3",
            "with three hundred noughts": b"0" * 300 + b"3",
            "of nothing": b"",
            "of a letter": b"z",
            "with a letter": b"3z",
            "with a prefix": b"0x3",
            "with an h": b"3h",
            "with a plus": b"+3",
            "below zero": b"-3",
            "with an underscore": b"0_3",
            "with a point": b"3.0",
            "with a comma": b"3,",
            "with a space in front": b" 3",
            "with a space behind": b"3 ",
            "with a tab in front": b"\t3",
            "with a tab behind": b"3\t",
            "with a vertical tab behind": b"3\x0b",
            "with NUL behind": b"3\0",
            "in quotes": b'"3"',
            "of a full-width digit": b"\xef\xbc\x93",
            "of 2**64 + 3": b"10000000000000003",
            "of 2**68 + 3": b"100000000000000003",
            "of 2**128 + 3": b"1" + b"0" * 31 + b"3",
            "of two numbers": b"3 3",
        }.items()
    },
    **{
        f"a size and {name}": _size(b"3" + said)
        for name, said in {
            "a semicolon": b";",
            "a word": b";a",
            "a pair": b";a=b",
            "a pair in quotes": b';a="b"',
            "a pair in quotes with a semicolon": b';a="b;c"',
            "a pair in quotes with an escape": b';a="\\""',
            "quotes that do not end": b';a="b',
            "a pair of nothing": b";a=",
            "a value without a name": b";=a",
            "two words": b";a;b",
            "two semicolons": b";;a",
            "spaces around a semicolon": b" ; a",
            "a space behind a semicolon": b"; a",
            "spaces around an equals sign": b";a = b",
            "a space behind a word": b";a ",
            "a word out of the grammar": b";a/b",
            "brackets": b";(a)",
            "NUL in a word": b";a\0",
            "0x01 in a word": b";a\x01",
            "DEL in a word": b";a\x7f",
            "0xff in a word": b";a\xff",
            "a bare CR in a word": b";a\rb",
            "a bare LF in a word": b";a\nb",
            "a bare CR at the end": b";a\r",
            "2000 letters": b";" + b"a" * 2000,
            "20000 letters": b";" + b"a" * 20000,
        }.items()
    },
    "a size ends with LF": _size(b"3", b"\n"),
    "a size ends with CR": _size(b"3", b"\r"),
    "a size ends with CR CR LF": _size(b"3", b"\r\r\n"),
    "a size ends with LF CR": _size(b"3", b"\n\r"),
    "data ends with LF": CHUNKED + b"3\r\nabc\n" + LAST,
    "data ends with CR": CHUNKED + b"3\r\nabc\r" + LAST,
    "data ends with nothing": CHUNKED + b"3\r\nabc" + LAST,
    "data ends with a space": CHUNKED + b"3\r\nabc \r\n" + LAST,
    "data ends with two letters": CHUNKED + b"3\r\nabcXX" + LAST,
    "data ends with two line ends": CHUNKED + b"3\r\nabc\r\n\r\n" + LAST,
    "data is longer": CHUNKED + b"3\r\nabcd\r\n" + LAST,
    "data is shorter": CHUNKED + b"3\r\nab\r\n" + LAST,
    "data is a request": CHUNKED + b"%x\r\n" % len(EMPTY) + EMPTY + b"\r\n" + LAST,
    "the last one with noughts": CHUNKED + b"3\r\nabc\r\n0000\r\n\r\n",
    "the last one with a word": CHUNKED + b"3\r\nabc\r\n0;a\r\n\r\n",
    "the last one ends with LF": CHUNKED + b"3\r\nabc\r\n0\n\r\n",
    "the last one and LF": CHUNKED + b"3\r\nabc\r\n0\r\n\n",
    "the last one and LF alone": CHUNKED + b"3\r\nabc\r\n0\n\n",
    "the last one and CR": CHUNKED + b"3\r\nabc\r\n0\r\n\rX",
    "the last one of minus nought": CHUNKED + b"3\r\nabc\r\n-0\r\n\r\n",
    "the last one of 0x0": CHUNKED + b"3\r\nabc\r\n0x0\r\n\r\n",
    "300 of one byte": CHUNKED + b"1\r\na\r\n" * 300 + LAST,
}

TRAILERS: Requests = {
    name: _trailer(line)
    for name, line in {
        "one": b"x: a\r\n",
        "two": b"x: a\r\ny: b\r\n",
        "of nothing": b"x:\r\n",
        "a length": b"content-length: 9\r\n",
        "a coding": b"transfer-encoding: chunked\r\n",
        "a host": b"host: b\r\n",
        "a key": b"authorization: Bearer a\r\n",
        "connection": b"connection: close\r\n",
        "a space before the colon": b"x : a\r\n",
        "a fold": b"x: a\r\n b\r\n",
        "a fold of the first": b" x: a\r\n",
        "no colon": b"x\r\n",
        "a name of nothing": b": a\r\n",
        "a bracket in the name": b"x(: a\r\n",
        "NUL in the name": b"x\0: a\r\n",
        "NUL in the value": b"x: a\0\r\n",
        "0x01 in the value": b"x: a\x01\r\n",
        "DEL in the value": b"x: a\x7f\r\n",
        "0xff in the value": b"x: \xff\r\n",
        "a bare CR": b"x: a\rb\r\n",
        "a bare LF": b"x: a\n",
        "LF in the value": b"x: a\ny: b\r\n",
        "a request": b"GET /inner HTTP/1.1\r\nhost: a\r\n",
        "a first line": b"GET /inner HTTP/1.1\r\n",
        "a chunk": b"3\r\nabc\r\n0\r\n",
        "ten": b"x: a\r\n" * 10,
        "2000": b"x: a\r\n" * 2000,
        "one of 3000": b"x: " + b"a" * 3000 + b"\r\n",
    }.items()
}

PIPELINES: Requests = {
    "two": EMPTY,
    "three": EMPTY * 2,
    "twenty": EMPTY * 19,
    "a body and a request": POST + b"content-length: 3\r\n\r\nabc" + EMPTY,
    "chunks and a request": CHUNKED + b"3\r\nabc\r\n" + LAST + EMPTY,
    "a request and a body": EMPTY + POST + b"content-length: 3\r\n\r\nabc",
    "two bodies": (POST + b"content-length: 3\r\n\r\nabc") * 2,
    "an empty line between": EMPTY + b"\r\n" + EMPTY,
    "an empty line behind a body": POST + b"content-length: 3\r\n\r\nabc\r\n" + EMPTY,
    "three empty lines between": EMPTY + b"\r\n" * 3 + EMPTY,
    "LF between": EMPTY + b"\n" + EMPTY,
    "CR between": EMPTY + b"\r" + EMPTY,
    "NUL between": EMPTY + b"\0" + EMPTY,
    "a space between": EMPTY + b" " + EMPTY,
    "a letter too much behind a body": POST + b"content-length: 3\r\n\r\nabcX" + EMPTY,
    "a body that nobody framed": POST + b"\r\nabc" + EMPTY,
    "the first closes": GET + b"connection: close\r\n\r\n" + EMPTY,
    "the first is of HTTP/1.0": b"GET / HTTP/1.0\r\nhost: a\r\n\r\n" + EMPTY,
    "the first is of HTTP/1.0 and stays": b"GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n" + EMPTY,
    "the first is HEAD": b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n" + EMPTY,
    "the first is CONNECT": b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n" + EMPTY,
    "the first offers an upgrade": GET + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n" + EMPTY,
    "the first expects 100": POST + b"expect: 100-continue\r\ncontent-length: 0\r\n\r\n" + EMPTY,
    "the second is out of the grammar": EMPTY + b"GET / HTTP/1.1\r\nx y\r\n\r\n" + EMPTY,
    "the second has no host": EMPTY + b"GET / HTTP/1.1\r\n\r\n" + EMPTY,
    "the second has two lengths": EMPTY + POST + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab" + EMPTY,
    "the second is HTTP/2's preface": EMPTY + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}

_WITH_LENGTH = POST + b"content-length: 3\r\n\r\nabc"
_WITH_CHUNKS = POST + CODED + b"\r\n3;x\r\nabc\r\n0\r\nx: a\r\n\r\n"
_BODY = len(CHUNKED)
ENDS: Requests = {
    "nothing at all": b"",
    "an empty line": b"\r\n",
    **{f"a length, {at} bytes": _WITH_LENGTH[:at] for at in (1, 4, 6, 10, 15, 16, 17, 22, 24, 25, 30, 43, 44, 45, 46)},
    **{f"chunks, {at} bytes of the body": _WITH_CHUNKS[: _BODY + at] for at in range(len(_WITH_CHUNKS) - _BODY)},
    "no body behind expect 100-continue": POST + b"expect: 100-continue\r\ncontent-length: 3\r\n\r\n",
    "a length of 2**31": _length(b" 2147483648"),
    "a length of 2**32 + 3": _length(b" 4294967299"),
    "a length of 2**63 - 1": _length(b" 9223372036854775807"),
    "a length of 2**63": _length(b" 9223372036854775808"),
    "a length of 2**64 - 1": _length(b" 18446744073709551615"),
    "a chunk of 2**31": _size(b"80000000"),
    "a chunk of 2**32 + 3": _size(b"100000003"),
    "a chunk of 2**62": _size(b"4000000000000000"),
    "a chunk of 2**63 - 1": _size(b"7fffffffffffffff"),
    "a chunk of 2**63": _size(b"8000000000000000"),
    "a chunk of 2**64 - 1": _size(b"ffffffffffffffff"),
    "a head whose lines end with CR": b"GET / HTTP/1.1\rhost: a\r\r",
}
"""Behind these the client goes away. No whole request is among them: whether one is begun then is a matter of time."""
