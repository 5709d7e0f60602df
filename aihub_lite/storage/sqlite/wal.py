"""Whether a write-ahead log still holds all that a killed process had committed to it.

SQLite itself reads a WAL up to its first frame that is not sound, and takes the rest for what a crash cut off: a WAL
that was damaged, cut short or removed loses bookings without a word. What was committed stands in the wal-index
beside it (`-shm`), which outlives the process but is made anew by the next one that opens the database.

Formats: https://sqlite.org/fileformat2.html#walformat and https://sqlite.org/walformat.html.
"""

from __future__ import annotations

import struct
import sys
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import attrs

INDEX_HEADER = struct.Struct("=IIIBBHII8s8s8s")
"""Version, unused, change counter, initialised, checksums big-endian, page size, frames, pages, the last frame's
checksum, salt, checksum of all these. In the machine's own byte order, and there twice."""
WAL_HEADER = struct.Struct(">IIII8s8s")
"""Magic, version, page size, sequence number, salt, checksum."""
FRAME_HEADER = struct.Struct(">II8s8s")
"""Page, size of the database after a commit, salt, checksum of all up to here."""
BIG_ENDIAN = 0x377F0683
"""The magic of a WAL whose checksums read words in that order; the other one ends in 2."""
CHECKED_BYTES = 64 * 2**20
"""What is behind these in a WAL is not looked at: a start should take no longer. Measured: 15 ms per MiB."""

Checksum = tuple[int, int]


@attrs.frozen
class Committed:
    """What the wal-index knows."""

    frames: int
    """Frames of the WAL that are committed."""
    copied: int
    """Of these, the ones that are in the database file already."""
    salt: bytes
    """Of the WAL that they are in."""


def lost_frames(database: Path) -> int:
    """How many frames a killed process committed that are gone; 0 where nobody can tell. Touches nothing."""
    committed = committed_in(database.with_name(f"{database.name}-shm"))
    if committed is None or committed.frames <= committed.copied:
        return 0
    wal = database.with_name(f"{database.name}-wal")
    if not wal.exists():
        return committed.frames - committed.copied
    with wal.open("rb") as file:
        return committed.frames - sound_frames(file, committed)


def committed_in(index: Path) -> Committed | None:
    """What a wal-index says; None where it says nothing, or was cut off while it was written."""
    size = INDEX_HEADER.size
    try:
        with index.open("rb") as file:
            data = file.read(2 * size + 4)
    except FileNotFoundError:
        return None
    if len(data) < 2 * size + 4 or data[:size] != data[size : 2 * size]:
        return None
    _, _, _, initialised, _, _, frames, _, _, salt, own = INDEX_HEADER.unpack_from(data)
    big = sys.byteorder == "big"
    if not initialised or struct.pack("=II", *checksum(data[: size - 8], (0, 0), big_endian=big)) != own:
        return None
    return Committed(frames, int.from_bytes(data[2 * size :], sys.byteorder), salt)


def sound_frames(wal: BinaryIO, committed: Committed) -> int:
    """How many of the frames that were committed SQLite will read again: up to the first that is not sound."""
    head = wal.read(WAL_HEADER.size)
    if len(head) < WAL_HEADER.size:
        return 0
    magic, _, page_size, _, salt, own = WAL_HEADER.unpack(head)
    big = magic == BIG_ENDIAN
    so_far = checksum(head[:24], (0, 0), big_endian=big)
    if salt != committed.salt or struct.pack(">II", *so_far) != own:
        return 0
    looked_at = min(committed.frames, CHECKED_BYTES // page_size)
    for number in range(looked_at):
        frame = wal.read(FRAME_HEADER.size + page_size)
        if len(frame) < FRAME_HEADER.size + page_size:
            return number
        _, _, salt, own = FRAME_HEADER.unpack_from(frame)
        so_far = checksum(frame[:8] + frame[FRAME_HEADER.size :], so_far, big_endian=big)
        if salt != committed.salt or struct.pack(">II", *so_far) != own:
            return number
    return committed.frames


def checksum(data: bytes, so_far: Checksum, *, big_endian: bool) -> Checksum:
    """SQLite's checksum of a WAL, carried on from `so_far`; `data` is a multiple of eight bytes."""
    first, second = so_far
    words = struct.unpack(f"{'>' if big_endian else '<'}{len(data) // 4}I", data)
    for even, odd in zip(islice(words, 0, None, 2), islice(words, 1, None, 2), strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
