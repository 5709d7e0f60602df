"""What can be wrong with the data directory or the database, as one tree; each text is one line for the operator.

::

    StorageFault
    ├── Unwritable        a file or directory cannot be created or written
    ├── NotADatabase      the file is something else
    ├── Corrupt           SQLite finds the file damaged
    ├── LostWrites        its WAL is damaged, cut short or gone
    ├── ForeignDatabase   SQLite, but another program's
    ├── NewerSchema       written by a newer aihub-lite
    ├── NoRoom            an upgrade may not fit on the disk
    ├── UpgradeFailed     an upgrade was taken back
    ├── NoLocks           the system cannot keep two processes off one directory
    ├── AlreadyRunning    another process holds the data directory
    └── Duplicate         a name or id that has to be unique is taken

A write or read that fails while the gateway runs raises `errors.StorageUnavailable` instead: that one has an HTTP
answer.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from aihub_lite.errors import StorageUnavailable

MIB = 2**20


class StorageFault(Exception):
    """Something that an operator has to mend."""


class Unwritable(StorageFault):
    """`reason` is the operating system's own text."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be written: {reason}")


class NotADatabase(StorageFault):
    """The file does not begin as SQLite's do."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not a database of aihub-lite: it is not SQLite")


class Corrupt(StorageFault):
    """SQLite finds the file damaged; the operator has to restore a backup."""

    def __init__(self, path: Path, finding: str) -> None:
        super().__init__(f"{path} is damaged ({' '.join(finding.split())}): restore a backup")


class LostWrites(StorageFault):
    """What a killed process had committed is not in the WAL any more; without the WAL's index nobody would notice."""

    def __init__(self, path: Path, pages: int) -> None:
        super().__init__(
            f"{path}-wal is damaged or gone, and with it what was booked last ({pages} pages): restore it or a backup, "
            f"or remove {path.name}-wal and {path.name}-shm to start without"
        )


class ForeignDatabase(StorageFault):
    """Its `application_id` is not ours."""

    def __init__(self, path: Path, application_id: int) -> None:
        super().__init__(f"{path} belongs to another program (application id {application_id:#010x})")


class NewerSchema(StorageFault):
    """Only a newer release can read it; nothing migrates downwards."""

    def __init__(self, path: Path, version: int, newest: int) -> None:
        super().__init__(f"{path} was written by a newer aihub-lite (schema {version}, this one knows {newest})")


class NoRoom(StorageFault):
    """Found before an upgrade begins."""

    def __init__(self, path: Path, needed: int, free: int) -> None:
        super().__init__(
            f"{path} is of an older aihub-lite, and to upgrade it may take {needed // MIB} MiB of disk, of which"
            f" {free // MIB} MiB are free: make room, or go on with the older version; nothing was changed"
        )


class UpgradeFailed(StorageFault):
    """A step failed, or what came of it is not sound; `copy` is the one that was made before, None where none could."""

    def __init__(self, path: Path, version: int, newest: int, reason: str, copy: Path | None) -> None:
        kept = ""
        if copy is not None:
            kept = f"; a copy from before lies at {copy}"
        super().__init__(
            f"{path} could not be upgraded from schema {version} to {newest} ({reason}): it is as it was, and the older"
            f" aihub-lite can use it{kept}"
        )


class AlreadyRunning(StorageFault):
    """`pid` is the process that holds the directory; 0 while it has not yet written its number."""

    def __init__(self, directory: Path, pid: int) -> None:
        super().__init__(f"another aihub-lite (pid {pid}) uses {directory}")
        self.pid = pid


class NoLocks(StorageFault):
    """Two gateways on one directory would book over each other."""

    def __init__(self) -> None:
        super().__init__("nothing here keeps two gateways off one database (flock): on Windows, run it in WSL")


class Duplicate(StorageFault):
    """`column` is the one that has to be unique, as `table.column`."""

    def __init__(self, column: str) -> None:
        super().__init__(f"{column} is taken")
        self.column = column


UNIQUE = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})
BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
OUTAGE = BUSY | {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
}
"""Primary result codes that blame the file or the machine, not the statement."""


def is_busy(error: Exception) -> bool:
    """Whether another process held the lock for longer than `busy_timeout`."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY


def exception_for(error: Exception) -> Exception:
    """What a caller of the database gets for an exception of SQLite's; others pass unchanged."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in UNIQUE:
        return Duplicate(str(error).rpartition(": ")[2])
    if code & 0xFF in OUTAGE:
        return StorageUnavailable(f"The gateway's database is unavailable at the moment ({error}).")
    return error
