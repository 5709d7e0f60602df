"""Another gateway's database, opened so that nothing in it can change, whether or not that gateway runs.

What its readers ask is the same whatever it lies in: `sqlite_file`, `postgres` and `mysql` each answer in their own
way.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import attrs

from aihub_lite.moving.move import Unreadable

Row = Mapping[str, Any]
MOST_ROWS = 500_000
"""Of a table that is read as a whole: it is held in memory. A log is read row by row."""


class OpenedPeer(ABC):
    """One moment of the database: what is written there meanwhile is not seen. A query ends before the next begins."""

    quote = '"'
    """Around names, as SQL has it."""

    @abstractmethod
    def tables(self) -> frozenset[str]:
        """The names of all tables."""

    @abstractmethod
    def columns(self, table: str) -> frozenset[str]:
        """Those of a table; empty for none."""

    @abstractmethod
    def query(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Rows of a query with a `?` for each parameter, one after the other."""

    def exact(self, column: str) -> str:
        """A column as it is compared and grouped by every character of it."""
        return self.quoted(column)

    def quoted(self, name: str) -> str:
        """A name as SQL takes it, also one that SQL has a use for."""
        return quoted(name, self.quote)

    def rows(self, table: str, *order: str) -> list[Row]:
        """All rows of a table by some columns, else oldest first; none of a table that is not there."""
        columns = self.columns(table)
        if not columns:
            return []
        by = ", ".join(self.quoted(column) for column in order or ("id",) if column in columns)
        sql = f"SELECT * FROM {self.quoted(table)}"  # noqa: S608  names of ours
        if by:
            sql += f" ORDER BY {by}"
        rows = list(self.query(f"{sql} LIMIT {MOST_ROWS + 1}"))
        if len(rows) > MOST_ROWS:
            raise Unreadable(f"its table {table} has more than {MOST_ROWS:,} rows")
        return rows


@attrs.frozen
class ServerPeer(OpenedPeer):
    """One at a server, whose list of columns was read as it was opened."""

    _connection: Any
    _columns: Mapping[str, Sequence[str]]

    def tables(self) -> frozenset[str]:
        """The names of all tables."""
        return frozenset(self._columns)

    def columns(self, table: str) -> frozenset[str]:
        """Those of a table; empty for none."""
        return frozenset(self._columns.get(table, ()))


def quoted(name: str, quote: str = OpenedPeer.quote) -> str:
    """A name between quotes, with those in it doubled."""
    return quote + name.replace(quote, quote * 2) + quote


def options_in(query: str) -> dict[str, str]:
    """The options of a server's address: of one that is said twice the last."""
    return {name: values[-1] for name, values in parse_qs(query).items()}


def first_line(told: object, error: Exception) -> str:
    """What a server said in one line, or why it could not be asked."""
    return next(iter(str(told).splitlines()), type(error).__name__)


def entries(text: object, separator: str = ",") -> list[str]:
    """A list as both programs write it: `a,b`."""
    return [entry.strip() for entry in str(text or "").split(separator) if entry.strip()]


def text_of(value: object) -> str:
    """A text in a column, however it was kept; empty for none."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value or "")


def json_object(text: object) -> dict[str, Any]:
    """A JSON object in a column, numbers exact; empty for anything else."""
    try:
        value = json.loads(text_of(text) or "{}", parse_float=Decimal)
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
