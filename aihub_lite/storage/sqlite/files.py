"""The files beneath the database: private, writable, and ours, checked before anything is written."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from aihub_lite.storage.faults import Corrupt, NotADatabase, StorageFault, Unwritable
from aihub_lite.storage.migrations import check_schema

MAGIC = b"SQLite format 3\x00"
CHECKED_BYTES = 64 * 2**20
"""Up to this size (about 120,000 records) the whole file is checked at start: measured 1.1 ms per MiB, so 75 ms.

Damage in a larger file is found where it is read, and its start would take longer than anybody waits.
"""


def make_private_directory(directory: Path) -> None:
    """Create `directory` for its owner alone; one that exists keeps its mode. Raises Unwritable."""
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Unwritable(directory, error.strerror or str(error)) from None


def prepare(path: Path) -> Path:
    """Make sure `path` is a private file that may become, or is, our database; raises a StorageFault.

    Returns it absolute and without symbolic links: SQLite puts WAL and SHM beside the file itself.

    A file that is refused keeps every byte and its mode.
    """
    make_private_directory(path.parent)
    try:
        _require_writable(path)
        path = path.resolve()
        _require_writable(path)
        inspect(path)
        _make_private(path)
    except OSError as error:
        raise Unwritable(path, error.strerror or str(error)) from None
    return path


def _require_writable(path: Path) -> None:
    if path.is_symlink() and not path.exists():
        raise Unwritable(path, "a symbolic link to nothing")
    if path.exists() and not path.is_file():
        raise Unwritable(path, "not a file")
    for needed in (path.parent, path):
        if needed.exists() and not os.access(needed, os.W_OK):
            raise Unwritable(needed, "no permission, or a read-only file system")


def _make_private(path: Path) -> None:
    """Keys lie in there. SQLite gives its WAL and SHM the mode of the database when it makes them."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists() and file.stat().st_mode & 0o077:
            file.chmod(0o600)


def inspect(path: Path) -> None:
    """Raise a StorageFault unless `path` is missing, empty, or a sound database that this release can use."""
    size = path.stat().st_size if path.exists() else 0
    if not size:
        return
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise NotADatabase(path)
    try:
        with closing(sqlite3.connect(_reading_uri(path), uri=True, isolation_level=None)) as connection:
            check_schema(connection, path)
            if size <= CHECKED_BYTES:
                _quick_check(connection, path)
    except sqlite3.Error as error:
        fault = fault_at_open(path, error)
        if fault is not None:
            raise fault from None


def _reading_uri(path: Path) -> str:
    """`immutable` touches nothing at all, but reads past what a dead process left in a WAL or journal."""
    unfinished = any(
        file.exists() and file.stat().st_size
        for file in (path.with_name(path.name + end) for end in ("-wal", "-journal"))
    )
    return path.as_uri() + ("?mode=ro" if unfinished else "?immutable=1")


def _quick_check(connection: sqlite3.Connection, path: Path) -> None:
    finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if finding != "ok":
        raise Corrupt(path, finding)


def fault_at_open(path: Path, error: sqlite3.Error) -> StorageFault | None:
    """What an operator is told; None: nothing yet, the writer will find out."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_READONLY_ROLLBACK:
        return None  # killed inside its very first transaction: the writer rolls back and looks again
    if code & 0xFF == sqlite3.SQLITE_NOTADB:
        return NotADatabase(path)
    if code & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return Unwritable(path, str(error))
    return Corrupt(path, str(error))
