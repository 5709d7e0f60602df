"""A copy of the database, whole and of one moment, made while the gateway works."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.database import connect_reader
from aihub_lite.storage.faults import raised_for

ROOM = 64 * 2**20
"""Bytes that stay free for the gateway's own work: on a full disk it takes no paid requests."""
OPERATIONS = 20_000
"""Steps of SQLite's machine between two looks at whether anybody still wants the copy: some milliseconds."""


def unfinished(path: Path) -> Path:
    """Where the copy of a database lies while it is made: beside it, where there is room for one and nobody looks."""
    return path.with_name(f"{path.name}.backup")


def sweep(path: Path) -> None:
    """Remove what a copy left behind whose process was killed."""
    target = unfinished(path)
    for file in (target, target.with_name(f"{target.name}-journal")):
        file.unlink(missing_ok=True)


async def back_up(path: Path) -> BinaryIO:
    """The copy as an open file that has no name any more, so that nothing of it can be left lying about.

    One read transaction, as long as the copy takes: the writer goes on, and its WAL grows by what it writes. VACUUM
    leaves out what was deleted. One call at a time. Raises StorageUnavailable; a cancelled copy is given up.
    """
    unwanted = threading.Event()
    copy = asyncio.ensure_future(asyncio.to_thread(_copy, path, unwanted))
    try:
        return await asyncio.shield(copy)
    except asyncio.CancelledError:
        unwanted.set()
        copy.add_done_callback(_drop)
        raise
    except sqlite3.Error as error:
        raise raised_for(error) from None
    except OSError as error:
        raise StorageUnavailable(f"The backup cannot be written: {error.strerror}.") from None


def _drop(copy: asyncio.Future[BinaryIO]) -> None:
    if not copy.cancelled() and copy.exception() is None:
        copy.result().close()


def _copy(path: Path, unwanted: threading.Event) -> BinaryIO:
    target = unfinished(path)
    sweep(path)
    if shutil.disk_usage(path.parent).free < path.stat().st_size + ROOM:
        raise StorageUnavailable("There is no room for a backup beside the database.")
    # Made here, because SQLite would give it the mode that the umask says; it takes an empty file for a new one.
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with closing(connect_reader(path)) as connection:
            connection.set_progress_handler(unwanted.is_set, OPERATIONS)
            connection.execute("VACUUM INTO ?", (str(target),))
        return target.open("rb")
    finally:
        sweep(path)
