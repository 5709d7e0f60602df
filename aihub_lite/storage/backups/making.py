"""A backup as a file in a directory: there under its name once it is whole, checked, and on the disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.backups.faults import BackupFailed
from aihub_lite.storage.backups.files import remove_parts
from aihub_lite.storage.backups.sealing import seal
from aihub_lite.storage.sqlite.backup import check_room, copy_into, partial_copy, remove_partial_copy
from aihub_lite.storage.sqlite.database import connect_reader
from aihub_lite.storage.sqlite.faults import StorageFault
from aihub_lite.storage.sqlite.files import make_private_directory
from aihub_lite.storage.sqlite.placing import make_empty, placed
from aihub_lite.storage.sqlite.soundness import Contents, examine, money_rows

COMPARED = ("tokens", "channels")
"""What is counted in the copy and beside it: whoever restores it needs these first."""


def make_backup(database: Path, target: Path, passphrase: str, cancelled: threading.Event) -> Contents:
    """Copy a database that is in use into a new private file, sealed where there is a passphrase; what lies in it.

    Blocks, for as long as the copy takes; stops soon after `cancelled` is set. Raises BackupFailed, and leaves nothing.
    """
    try:
        make_private_directory(target.parent)
        remove_parts(target.parent)
        check_room(database, target.parent)
        with placed(target) as part:
            if not passphrase:
                return _copy(database, part, cancelled)
            try:
                # What is not sealed never lies where sealed ones do, which may be somebody else's disk.
                plain = partial_copy(database)
                remove_partial_copy(database)
                check_room(database, plain.parent)
                make_empty(plain)
                contents = _copy(database, plain, cancelled)
                seal(plain, part, passphrase, cancelled)
                return contents
            finally:
                remove_partial_copy(database)
    except OSError as error:
        raise BackupFailed(f"it cannot be written to {target.parent}: {error.strerror or error}") from None
    except sqlite3.Error as error:
        raise BackupFailed(f"the database cannot be copied: {error}") from None
    except StorageUnavailable as error:
        raise BackupFailed(error.message) from None
    except StorageFault as error:
        raise BackupFailed(str(error)) from None


def _copy(database: Path, target: Path, cancelled: threading.Event) -> Contents:
    """Written, opened again, and compared with what was there before and after: meanwhile the gateway goes on."""
    before = _rows(database)
    copy_into(database, target, cancelled)
    contents, flaw = examine(target)
    after = _rows(database)
    if flaw:
        raise BackupFailed(f"the copy is damaged ({flaw})")
    for table in COMPARED:
        low, high = sorted((before.get(table, 0), after.get(table, 0)))
        if not low <= contents.rows.get(table, 0) <= high:
            raise BackupFailed(f"the copy has {contents.rows.get(table, 0)} {table}, and the database {after[table]}")
    return contents


def _rows(database: Path) -> Mapping[str, int]:
    with closing(connect_reader(database)) as connection:
        return money_rows(connection)
