"""JSON inside one column, and SQL over columns by name."""

from __future__ import annotations

import sqlite3
from typing import Any, TypeVar

import msgspec

Fact = TypeVar("Fact")


def to_json(value: object) -> str:
    """JSON of attrs objects and plain values. A Secret is written in clear: the file is private (mode 0600)."""
    return msgspec.json.encode(value).decode()


def from_json(text: str, kind: type[Fact]) -> Fact:
    """The object that `to_json` wrote. msgspec builds it without `__init__`, so its class must not rely on one."""
    return msgspec.json.decode(text, type=kind)


def insert_sql(table: str, columns: tuple[str, ...], conflict: str = "") -> str:
    """An INSERT with one placeholder per column; the names are ours, never anybody's input."""
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}"  # noqa: S608


def update_sql(table: str, columns: tuple[str, ...], key: str) -> str:
    """An UPDATE of `columns` where `key` is the last placeholder."""
    changes = ", ".join(f'"{name}" = ?' for name in columns)
    return f"UPDATE {table} SET {changes} WHERE {key} = ?"  # noqa: S608


def row_values(row: sqlite3.Row, columns: tuple[str, ...]) -> dict[str, Any]:
    """The values of some columns, by name."""
    return {name: row[name] for name in columns}
