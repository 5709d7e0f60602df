"""The files beneath the database: private, writable, and ours, checked before anything is written."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from aihub_lite.storage.sqlite.faults import Corrupt, LostWrites, NoRoom, NotADatabase, StorageFault, Unwritable
from aihub_lite.storage.sqlite.migrations import MIGRATIONS, Steps, check_schema
from aihub_lite.storage.sqlite.wal import lost_frames

MAGIC = b"SQLite format 3\x00"
HALVES = 1
"""Halves of the file's size that an upgrade takes at most: measured with many records, 0.4 of it since schema 6."""
OLD_HALVES = 3
"""The same for what is older, where statistics of all records are made: measured 1.2."""
QUARTERS_SINCE = 6
LEAST_ROOM = 2**20
CHECKED_BYTES = 64 * 2**20
"""Up to this size (about 120,000 records) the whole file is checked at start: measured 1.1 ms per MiB, so 75 ms.

Damage in a larger file shows when it is read; to look for it would make the start too slow.
"""


def make_private_directory(directory: Path) -> None:
    """Create `directory` for its owner alone; one that exists keeps its mode. Raises Unwritable."""
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Unwritable(directory, error.strerror or str(error)) from None


def prepare(path: Path, *, lossless: bool = True, steps: Steps = MIGRATIONS) -> Path:
    """Make sure `path` is a private file that may become, or is, our database; raises a StorageFault.

    Returns it absolute and without symbolic links: SQLite puts WAL and SHM beside the file itself.

    A file that is refused keeps every byte and its mode. `lossless`: whether every commit was on the disk before it
    counted as one, so that not even a power cut explains one that is missing.
    """
    make_private_directory(path.parent)
    try:
        # First the link itself, which may lead nowhere or to itself, then what it leads to.
        _require_writable(path)
        path = path.resolve()
        _require_writable(path)
        # Before anything opens the database: SQLite would make the index anew, from what it finds in the WAL.
        if lossless and (pages := lost_frames(path)):
            raise LostWrites(path, pages)
        inspect(path, steps)
        _make_private(path)
    except OSError as error:
        raise Unwritable(path, error.strerror or str(error)) from None
    return path


def _require_writable(path: Path) -> None:
    if path.is_symlink() and not path.exists():
        raise Unwritable(path, "a symbolic link to nothing")
    if path.exists() and not path.is_file():
        raise Unwritable(path, "not a file")
    for place in (path.parent, path):
        if place.exists() and not os.access(place, os.W_OK):
            raise Unwritable(place, "no permission, or a read-only file system")


def _make_private(path: Path) -> None:
    """The file holds keys. SQLite gives its WAL and SHM the mode of the database when it makes them."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists() and file.stat().st_mode & 0o077:
            file.chmod(0o600)


def inspect(path: Path, steps: Steps = MIGRATIONS) -> None:
    """Raise a StorageFault unless `path` is missing, empty, or a sound database that this release can use."""
    if not path.exists() or not path.stat().st_size:
        return
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise NotADatabase(path)
    try:
        with closing(sqlite3.connect(_reading_uri(path), uri=True, isolation_level=None)) as connection:
            version = check_schema(connection, path, steps)
            if 0 < version < len(steps):
                check_room(path, version)
            if path.stat().st_size <= CHECKED_BYTES:
                _quick_check(connection, path)
    except sqlite3.Error as error:
        fault = fault_at_open(path, error)
        if fault is not None:
            raise fault from None


def check_room(path: Path, version: int) -> None:
    """Raise NoRoom unless the disk has what an upgrade of the file may take: a copy, and what it writes meanwhile."""
    size = path.stat().st_size
    halves = HALVES
    if version < QUARTERS_SINCE:
        halves = OLD_HALVES
    needed = size + size * halves // 2 + LEAST_ROOM
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise NoRoom(path, needed, free)


def _reading_uri(path: Path) -> str:
    """`immutable` touches nothing at all, but reads past what a dead process left in a WAL or journal."""
    for suffix in ("-wal", "-journal"):
        file = path.with_name(path.name + suffix)
        if file.exists() and file.stat().st_size:
            return path.as_uri() + "?mode=ro"
    return path.as_uri() + "?immutable=1"


def _quick_check(connection: sqlite3.Connection, path: Path) -> None:
    finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if finding != "ok":
        raise Corrupt(path, finding)


UNWRITABLE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY}
)


def fault_at_open(path: Path, error: sqlite3.Error) -> StorageFault | None:
    """The fault for an error while a file is opened; None where only the writer can tell."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_READONLY_ROLLBACK:
        return None  # killed inside its very first transaction: the writer rolls back and looks again
    if code & 0xFF == sqlite3.SQLITE_NOTADB:
        return NotADatabase(path)
    if code & 0xFF in UNWRITABLE or code in (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE):
        return Unwritable(path, str(error))
    return Corrupt(path, str(error))
