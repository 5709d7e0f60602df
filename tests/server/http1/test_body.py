"""Bodies in chunks: where their bytes are cut changes nothing."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.errors import GatewayError
from aihub_lite.server.http1.body import Chunked, Counted
from tests.support.examples import examples

FOLLOWS = b"GET / HTTP/1.1\r\n"
extensions = st.sampled_from([b"", b";a", b';a="b c"', b";" + b"x" * 200])
trailers = st.lists(st.sampled_from([b"x: y\r\n", b"a:\r\n"]), max_size=3)
pieces = st.lists(st.tuples(st.binary(min_size=1, max_size=40), extensions), max_size=6)


def chunked(body: list[tuple[bytes, bytes]], tail: list[bytes]) -> bytes:
    chunks = [b"%x%b\r\n%b\r\n" % (len(piece), said, piece) for piece, said in body]
    return b"".join([*chunks, b"0\r\n", *tail, b"\r\n"])


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def fed(reader: Chunked | Counted, parts: list[bytes]) -> tuple[bytes, bytes]:
    """The body and what follows it; a reader that has ended is given nothing more."""
    body = rest = b""
    for part in parts:
        if reader.ended:
            rest += part
        else:
            piece, rest = reader.feed(part)
            body += piece
    return body, rest


@settings(max_examples=examples(200))
@given(pieces, trailers, st.lists(st.integers(0, 10_000), max_size=8))
def test_chunks_are_the_body_wherever_they_are_cut(
    body: list[tuple[bytes, bytes]], tail: list[bytes], places: list[int]
) -> None:
    reader = Chunked()
    parts = cut(chunked(body, tail) + FOLLOWS, places)
    assert (b"".join(piece for piece, _ in body), FOLLOWS) == fed(reader, parts)
    assert reader.ended


@settings(max_examples=examples(300))
@given(st.binary(max_size=60), st.lists(st.integers(0, 100), max_size=4))
def test_bytes_of_any_kind_are_read_or_refused_the_same_wherever_they_are_cut(data: bytes, places: list[int]) -> None:
    def outcome(parts: list[bytes]) -> tuple[bytes, bytes, bool] | None:
        reader = Chunked()
        try:
            return (*fed(reader, parts), reader.ended)
        except GatewayError:
            return None

    assert outcome([data]) == outcome(cut(data, places))


@given(st.binary(max_size=100), st.lists(st.integers(0, 200), max_size=5))
def test_a_counted_body_ends_where_it_says(body: bytes, places: list[int]) -> None:
    reader = Counted(len(body))
    assert (body, FOLLOWS) == fed(reader, cut(body + FOLLOWS, places))


@pytest.mark.parametrize("data", [b"1" * 300, b"0\r\n" + b"x" * 9000, b"0\r\n" + b"x: y\r\n" * 2000])
def test_a_line_without_end_is_not_waited_for(data: bytes) -> None:
    reader = Chunked()
    with pytest.raises(GatewayError):
        for number in range(len(data)):
            reader.feed(data[number : number + 1])
