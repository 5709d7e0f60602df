"""What can be wrong with the data directory or the database, as one tree; each text is one line for the operator.

::

    StorageFault
    ├── Unwritable        a file or directory cannot be created or written
    ├── NotADatabase      the file is something else
    ├── Corrupt           SQLite finds the file damaged
    ├── ForeignDatabase   SQLite, but another program's
    ├── NewerSchema       written by a newer aihub-lite
    ├── AlreadyRunning    another process holds the data directory
    └── Duplicate         a name or id that has to be unique is taken

A write or read that fails while the gateway runs raises `errors.StorageUnavailable` instead: that one has an HTTP
answer.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from aihub_lite.errors import StorageUnavailable


class StorageFault(Exception):
    """Something an operator has to look at."""


class Unwritable(StorageFault):
    """`reason` is the system's own word for it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be written: {reason}")


class NotADatabase(StorageFault):
    """Not SQLite at all."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not a database of aihub-lite: it is not SQLite")


class Corrupt(StorageFault):
    """Damaged: the operator restores a backup."""

    def __init__(self, path: Path, finding: str) -> None:
        super().__init__(f"{path} is damaged ({' '.join(finding.split())}): restore a backup")


class ForeignDatabase(StorageFault):
    """Its `application_id` is not ours."""

    def __init__(self, path: Path, application_id: int) -> None:
        super().__init__(f"{path} belongs to another program (application id {application_id:#010x})")


class NewerSchema(StorageFault):
    """Only a newer release can read it; nothing migrates downwards."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(f"{path} was written by a newer aihub-lite (schema {found}, this one knows {known})")
        self.found, self.known = found, known


class AlreadyRunning(StorageFault):
    """`pid` is the process that holds the directory; 0 while it has not yet written its number."""

    def __init__(self, directory: Path, pid: int) -> None:
        super().__init__(f"another aihub-lite (pid {pid}) uses {directory}")
        self.pid = pid


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
"""Primary result codes with which the file or the machine is at fault, not the statement."""


def is_busy(error: Exception) -> bool:
    """Whether somebody else's lock was in the way for longer than `busy_timeout`."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY


def raised_for(error: Exception) -> Exception:
    """What a caller of the database gets to see for an exception out of SQLite; others pass unchanged."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in UNIQUE:
        return Duplicate(str(error).rpartition(": ")[2])
    if code & 0xFF in OUTAGE:
        return StorageUnavailable(f"The gateway's database is unavailable at the moment ({error}).")
    return error
