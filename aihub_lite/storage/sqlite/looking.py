"""A look through a database that is in use, for so long at most."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from aihub_lite.storage.sqlite.database import connect_reader
from aihub_lite.storage.sqlite.soundness import flaw_of_pages, loose_rows

OPERATIONS = 20_000
"""Steps of SQLite's machine between two looks at the clock."""


def look_through(path: Path, seconds: float) -> tuple[str, int]:
    """What is wrong with its pages, empty where nothing is, and how many rows point at rows that are not there.

    Blocks. Raises TimeoutError for a database that was not read to its end.
    """
    deadline = time.monotonic() + seconds
    try:
        with closing(connect_reader(path)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > deadline, OPERATIONS)
            if flaw := flaw_of_pages(connection):
                return flaw, 0
            return "", loose_rows(connection)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise TimeoutError from None
        return str(error), 0
