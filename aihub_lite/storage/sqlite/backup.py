"""A copy of the database, whole and of one moment, made while the gateway works."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.sqlite.database import connect_reader
from aihub_lite.storage.sqlite.faults import exception_for
from aihub_lite.storage.sqlite.placing import make_empty

ROOM = 64 * 2**20
"""Bytes that stay free for the gateway's own work: on a full disk it takes no paid requests."""
OPERATIONS = 20_000
"""Steps of SQLite's machine between two looks at whether the copy was cancelled: some milliseconds."""


def partial_copy(path: Path) -> Path:
    """Where the copy of a database lies while it is made: beside it, on the same disk and in the private directory."""
    return path.with_name(f"{path.name}.backup")


def remove_partial_copy(path: Path) -> None:
    """Remove what is left of a copy, for one of a process that was killed."""
    target = partial_copy(path)
    for file in (target, target.with_name(f"{target.name}-journal")):
        file.unlink(missing_ok=True)


async def back_up(path: Path) -> BinaryIO:
    """The copy as an open file that has no name any more, so that nothing of it can be left lying about.

    One read transaction, as long as the copy takes: the writer goes on, and its WAL grows by what it writes. VACUUM
    leaves out what was deleted. One call at a time. Raises StorageUnavailable; a cancelled copy stops.
    """
    cancelled = threading.Event()
    copy = asyncio.ensure_future(asyncio.to_thread(_copy, path, cancelled))
    try:
        return await asyncio.shield(copy)
    except asyncio.CancelledError:
        cancelled.set()
        copy.add_done_callback(_drop)
        raise
    except sqlite3.Error as error:
        raise exception_for(error) from None
    except OSError as error:
        raise StorageUnavailable(f"The backup cannot be written: {error.strerror}.") from None


def _drop(copy: asyncio.Future[BinaryIO]) -> None:
    if not copy.cancelled() and copy.exception() is None:
        copy.result().close()


def check_room(path: Path, directory: Path) -> None:
    """Raise StorageUnavailable unless a directory has room for a copy."""
    if shutil.disk_usage(directory).free < path.stat().st_size + ROOM:
        raise StorageUnavailable("There is no room for a backup beside the database.")


def copy_into(path: Path, target: Path, cancelled: threading.Event) -> None:
    """Copy a database that is in use into an empty file; blocks. Raises sqlite3.Error, also where it was cancelled."""
    with closing(connect_reader(path)) as connection:
        connection.set_progress_handler(cancelled.is_set, OPERATIONS)
        connection.execute("VACUUM INTO ?", (str(target),))


def _copy(path: Path, cancelled: threading.Event) -> BinaryIO:
    target = partial_copy(path)
    remove_partial_copy(path)
    check_room(path, path.parent)
    make_empty(target)
    try:
        copy_into(path, target, cancelled)
        return target.open("rb")
    finally:
        remove_partial_copy(path)
