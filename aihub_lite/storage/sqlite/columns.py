"""Facts inside one column: JSON text."""

from __future__ import annotations

import sqlite3
from typing import Any, TypeVar

import msgspec

Fact = TypeVar("Fact")


def to_json(value: object) -> str:
    """JSON of attrs facts and plain values. A Secret is written in clear: the file is private (mode 0600)."""
    return msgspec.json.encode(value).decode()


def from_json(text: str, kind: type[Fact]) -> Fact:
    """The fact that `to_json` wrote."""
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


def picked(row: sqlite3.Row, columns: tuple[str, ...]) -> dict[str, Any]:
    """Some columns of a row by name."""
    return {name: row[name] for name in columns}
