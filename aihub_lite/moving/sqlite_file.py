"""A peer's database in an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import attrs

from aihub_lite.moving.move import Unreadable
from aihub_lite.moving.peer import OpenedPeer, Row

BUSY_SECONDS = 10
"""How long a read waits for the other program to finish a write."""


@attrs.frozen
class SqlitePeer(OpenedPeer):
    """One in a file."""

    _connection: sqlite3.Connection

    def tables(self) -> frozenset[str]:
        """The names of all tables."""
        rows = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return frozenset(row["name"] for row in rows)

    def columns(self, table: str) -> frozenset[str]:
        """Those of a table; empty for none."""
        rows = self._connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        return frozenset(row["name"] for row in rows)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Rows of a query, one after the other."""
        return (_row(row) for row in self._connection.execute(sql, parameters))


def _row(row: sqlite3.Row) -> Row:
    return {name: row[name] for name in row.keys()}  # noqa: SIM118  a Row iterates over its values


@contextmanager
def opened_file(path: Path) -> Iterator[SqlitePeer]:
    """The database in a file; raises Unreadable, also for whatever is wrong with it in the block."""
    if not path.is_file():
        raise Unreadable(f"there is no file {path}")
    try:
        with closing(read_only(path)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("BEGIN")
            yield SqlitePeer(connection)
    except sqlite3.Error as error:
        raise Unreadable(f"{path} cannot be read: {error}") from None


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Beside a database in WAL mode SQLite wants a file of its own; where it may not
    make one, and no WAL is left that it would have to read, the file is read as it lies there."""
    uri = path.absolute().as_uri()
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if path.with_name(path.name + "-wal").exists():
            raise
        connection = sqlite3.connect(f"{uri}?immutable=1", uri=True)
    return connection
