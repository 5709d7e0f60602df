"""What a peer wrote into its SQLite file, carried into a server's tables as its own library (GORM) makes them there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

GORM: Mapping[str, Mapping[str, str]] = {
    "postgresql": {
        "integer": "bigint",
        "numeric": "boolean",
        "real": "decimal",
        "text": "text",
        "datetime": "timestamptz",
        "json": "jsonb",
    },
    "mysql": {
        "integer": "bigint",
        "numeric": "tinyint(1)",
        "real": "double",
        "text": "longtext",
        "datetime": "datetime(3)",
        "json": "json",
    },
}
"""Its types for those that it has in SQLite; all others (`char(48)`, `varchar(64)`) are the same everywhere."""
KEYS = "varchar(191)"
"""At MySQL of a text with an index that nobody gave a length."""


@attrs.frozen
class PeerTable:
    """A table of the file."""

    name: str
    columns: Mapping[str, str]
    """Types in SQLite."""
    indexed: frozenset[str]
    rows: Sequence[Sequence[Any]]

    def statement(self, server: str, quote: str) -> str:
        """As it is made at a server."""
        kinds = GORM[server]
        texts = []
        for name, kind in self.columns.items():
            there = kinds.get(kind.lower(), kind)
            if there == "longtext" and name in self.indexed:
                there = KEYS
            texts.append(f"{quote}{name}{quote} {there}")
        return f"CREATE TABLE {quote}{self.name}{quote} ({', '.join(texts)})"

    def values(self, row: Sequence[Any], server: str) -> list[Any]:
        """A row as that library writes it there."""
        return [_value(value, kind.lower(), server) for value, kind in zip(row, self.columns.values(), strict=True)]


def tables_of(file: Path, wanted: Sequence[str]) -> Iterator[PeerTable]:
    """Some tables of an SQLite file."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
        for table in wanted:
            columns = {row[1]: row[2] for row in database.execute("SELECT * FROM pragma_table_info(?)", (table,))}
            indexes = database.execute(
                "SELECT i.name FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS i", (table,)
            )
            rows = database.execute(f'SELECT * FROM "{table}"').fetchall()
            yield PeerTable(table, columns, frozenset(row[0] for row in indexes), rows)


def _value(value: Any, kind: str, server: str) -> Any:
    if value is None:
        return None
    if kind == "json":
        return _text(value)
    if kind == "numeric" and server == "postgresql":
        return bool(value)
    if kind == "datetime":
        return _moment(value, server)
    return value


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _moment(text: str, server: str) -> datetime:
    """With nine digits after the second in SQLite. MySQL has no zones: it is written in UTC there."""
    date, _, rest = text.partition(".")
    digits = rest[:9].rstrip("+-:")[:6]
    moment = datetime.fromisoformat(f"{date}.{digits}+00:00").astimezone(UTC)
    return moment if server == "postgresql" else moment.replace(tzinfo=None)


def load_postgresql(connection: Any, schema: str, tables: Iterator[PeerTable]) -> None:
    """Into a schema of its own, by a connection of pg8000's."""
    connection.run(f'CREATE SCHEMA "{schema}"')
    connection.run(f'SET search_path TO "{schema}"')
    for table in tables:
        connection.run(table.statement("postgresql", '"'))
        for row in table.rows:
            values = {f"p{number}": value for number, value in enumerate(table.values(row, "postgresql"))}
            marks = [
                f":{mark}::jsonb" if kind.lower() == "json" else f":{mark}"
                for mark, kind in zip(values, table.columns.values(), strict=True)
            ]
            connection.run(f'INSERT INTO "{table.name}" VALUES ({", ".join(marks)})', **values)


def load_mysql(connection: Any, tables: Iterator[PeerTable]) -> None:
    """Into its database, by a connection of PyMySQL's."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DROP TABLE IF EXISTS `{table.name}`")
            cursor.execute(table.statement("mysql", "`"))
            marks = ", ".join(["%s"] * len(table.columns))
            for row in table.rows:
                cursor.execute(f"INSERT INTO `{table.name}` VALUES ({marks})", table.values(row, "mysql"))
    connection.commit()
