"""The schema, as the numbered files in `schema/`: `PRAGMA user_version` is the number of the last one applied.

A new database is made at once by `whole_schema.sql`, which says what all of them come to, in a quarter of their time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from aihub_lite.storage.sqlite.faults import ForeignDatabase, NewerSchema

APPLICATION_ID = 0x41484C54
"""`AHLT`: tells our file from any other SQLite database."""
Steps = tuple[tuple[str, ...], ...]


def statements_of(script: str) -> Iterator[str]:
    """The statements of a script, each beginning on a line of its own; raises ValueError if the last has no end."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        # A semicolon alone proves nothing: those inside a trigger or a comment end no statement.
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if statement.strip():
        raise ValueError(f"no semicolon ends {statement.strip()!r}")


def read_steps(folder: Traversable) -> Steps:
    """The statements of each file in a folder, by their numbers."""
    scripts = sorted(folder.iterdir(), key=lambda script: script.name)
    return tuple(tuple(statements_of(script.read_text("utf-8"))) for script in scripts)


MIGRATIONS = read_steps(files(__package__).joinpath("schema"))
"""Statements of each step. A step that has been released is never edited: a new file is added."""
WHOLE = files(__package__).joinpath("whole_schema.sql")
"""What makes a new database: `python -m tests.storage.sqlite.whole_schema` writes it anew."""


def check_schema(connection: sqlite3.Connection, path: Path, steps: Steps = MIGRATIONS) -> int:
    """The schema's version, 0 for a database without anything in it; raises ForeignDatabase or NewerSchema."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application_id != APPLICATION_ID and (application_id, version, objects) != (0, 0, 0):
        raise ForeignDatabase(path, application_id & 0xFFFFFFFF)
    if version > len(steps):
        raise NewerSchema(path, version, len(steps))
    return int(version)


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    steps: Steps = MIGRATIONS,
    judge: Callable[[], None] = lambda: None,
) -> bool:
    """Apply the steps that are missing, all in one transaction; says whether there were any.

    `judge` is called before that counts, and may raise. Whatever is raised, the database is as it was: what an older
    version can use again. The error of a step has a note that names it.
    """
    missing = range(check_schema(connection, path, steps), len(steps))
    if not missing:
        return False
    with _transaction(connection):
        for number in missing:
            _apply(connection, number, steps[number])
        judge()
    return True


def create(connection: sqlite3.Connection) -> None:
    """The schema as it stands, in a database without anything in it: all of it, or nothing."""
    with _transaction(connection):
        for statement in statements_of(WHOLE.read_text("utf-8")):
            connection.execute(statement)
        _mark(connection, len(MIGRATIONS))


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _apply(connection: sqlite3.Connection, number: int, statements: tuple[str, ...]) -> None:
    try:
        for statement in statements:
            connection.execute(statement)
        _mark(connection, number + 1)
    except sqlite3.Error as error:
        error.add_note(f"in step {number + 1}")
        raise


def _mark(connection: sqlite3.Connection, version: int) -> None:
    """Both numbers lie in the file's header and commit with the schema: what is killed before begins again (T-65)."""
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={version}")
