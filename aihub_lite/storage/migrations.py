"""The schema, as numbered steps: `PRAGMA user_version` is the number of the last one applied."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from aihub_lite.storage.faults import ForeignDatabase, NewerSchema
from aihub_lite.storage.quarters import QUARTERS
from aihub_lite.storage.schema import CONSOLE, FIRST, MODAL, ROUTING, TUNING, UNITS

APPLICATION_ID = 0x41484C54
"""`AHLT`: tells our file from any other SQLite database."""
Steps = tuple[tuple[str, ...], ...]
MIGRATIONS: Steps = (FIRST, CONSOLE, ROUTING, UNITS, TUNING, QUARTERS, MODAL)
"""Statements of each step. A step that has been released is never edited: a new one is appended."""


def check_schema(connection: sqlite3.Connection, path: Path, steps: Steps = MIGRATIONS) -> int:
    """The schema's version, 0 for a database without anything in it; raises ForeignDatabase or NewerSchema."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (things,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application_id != APPLICATION_ID and (application_id, version, things) != (0, 0, 0):
        raise ForeignDatabase(path, application_id & 0xFFFFFFFF)
    if version > len(steps):
        raise NewerSchema(path, version, len(steps))
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path, steps: Steps = MIGRATIONS) -> bool:
    """Apply the steps that are missing, each in a transaction of its own; says whether there were any."""
    missing = range(check_schema(connection, path, steps), len(steps))
    for number in missing:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in steps[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return bool(missing)
