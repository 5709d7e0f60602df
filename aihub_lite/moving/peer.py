"""Another gateway's database, opened so that nothing in it can change, whether or not that gateway runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from aihub_lite.moving.move import Unreadable

Row = Mapping[str, Any]
BUSY_SECONDS = 10
"""How long a read waits for the other program to finish a write."""


@attrs.frozen
class OpenedPeer:
    """One moment of the database: what is written there meanwhile is not seen."""

    _connection: sqlite3.Connection

    def tables(self) -> frozenset[str]:
        """The names of all tables."""
        rows = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return frozenset(row["name"] for row in rows)

    def columns(self, table: str) -> frozenset[str]:
        """Those of a table; empty for none."""
        rows = self._connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        return frozenset(row["name"] for row in rows)

    def rows(self, table: str) -> list[Row]:
        """All rows of a table, oldest first; none of a table that is not there."""
        if table not in self.tables():
            return []
        order = "id" if "id" in self.columns(table) else "rowid"
        return [_row(row) for row in self._connection.execute(f'SELECT * FROM "{table}" ORDER BY "{order}"')]  # noqa: S608

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Rows of a query, one after the other."""
        return (_row(row) for row in self._connection.execute(sql, parameters))


def _row(row: sqlite3.Row) -> Row:
    return {name: row[name] for name in row.keys()}  # noqa: SIM118  a Row iterates over its values


@contextmanager
def opened(database: str) -> Iterator[OpenedPeer]:
    """The database in a file; raises Unreadable, also for whatever is wrong with it in the block."""
    if "://" in database:
        scheme = database.partition("://")[0]
        raise Unreadable(f"{scheme}:// cannot be read: give its SQLite file, or carry its tables into one first")
    path = Path(database).expanduser()
    if not path.is_file():
        raise Unreadable(f"there is no file {path}")
    try:
        with closing(read_only(path)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("BEGIN")
            yield OpenedPeer(connection)
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


def entries(text: object, separator: str = ",") -> list[str]:
    """A list as both programs write it: `a,b`."""
    return [entry.strip() for entry in str(text or "").split(separator) if entry.strip()]


def json_object(text: object) -> dict[str, Any]:
    """A JSON object in a column, numbers exact; empty for anything else."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        value = json.loads(str(text or "{}"), parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    return value


def whole(value: object) -> int:
    """A number in a column; 0 for none."""
    try:
        return int(value or 0)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError):
        return 0
