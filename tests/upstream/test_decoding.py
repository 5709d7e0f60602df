"""Content codings, cut anywhere and in bounded memory."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.upstream.decoding import PIECE, decode
from aihub_lite.upstream.http1.faults import Garbled

MIB = 2**20


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


async def pieces_of(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def content(pieces: Iterable[bytes], coding: str) -> bytes:
    async def collect() -> bytes:
        return b"".join([piece async for piece in decode(pieces_of(pieces), coding)])

    return asyncio.run(collect())


@pytest.mark.parametrize(
    ("coding", "compress"),
    [("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)],
    ids=["identity", "gzip", "zlib", "raw"],
)
@given(data=st.binary(max_size=500), size=st.integers(1, 50))
def test_cutting_the_body_anywhere_changes_nothing(
    coding: str, compress: Callable[[bytes], bytes], data: bytes, size: int
) -> None:
    packed = compress(data)
    cut = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert data == content(cut, coding)


def test_gzip_of_several_members_is_decoded_whole() -> None:
    assert b"one two" == content([gzip.compress(b"one ") + gzip.compress(b"two")], "gzip")


def test_padding_after_the_body_is_ignored() -> None:
    assert b"one" == content([gzip.compress(b"one") + bytes(8)], "gzip")


def test_empty_body_is_empty_in_every_coding() -> None:
    assert b"" == content([], "gzip")


def test_content_as_long_as_a_piece_is_not_lost_at_its_border() -> None:
    for length in (PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 1):
        assert length == len(content([gzip.compress(bytes(length))], "gzip"))


@pytest.mark.parametrize("packed", [b"plain text", gzip.compress(b"hello", mtime=0)[:-4], b"\x1f\x8bnonsense"])
def test_broken_or_cut_compression_is_a_fault(packed: bytes) -> None:
    with pytest.raises(Garbled):
        content([packed], "gzip")


def test_content_that_is_cut_short_never_comes_to_its_end() -> None:
    """Whoever asks once more must not take it for whole."""

    async def read() -> None:
        pieces = decode(pieces_of([gzip.compress(b"hello")[:-4]]), "gzip")
        assert b"hello" == await anext(pieces)
        for _ in range(2):
            with pytest.raises(Garbled):
                await anext(pieces)

    asyncio.run(read())


@pytest.mark.attack("T-17")
def test_bomb_unfolds_no_faster_than_it_is_read() -> None:
    """256 MiB of zeros from one piece of 256 KiB: no piece and no heap grows with it."""

    async def measure() -> tuple[int, int]:
        total = longest = 0
        async for piece in decode(pieces_of([bomb]), "gzip"):
            total += len(piece)
            longest = max(longest, len(piece))
        return total, longest

    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(MIB)) for _ in range(256)) + packer.flush()
    tracemalloc.start()
    try:
        total, longest = asyncio.run(measure())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (256 * MIB, PIECE) == (total, longest)
    assert 4 * MIB > peak
