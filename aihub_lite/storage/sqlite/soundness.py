"""Whether a database, or a copy of one, is whole: its pages, what its rows point at, and how many rows hold money."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import attrs

from aihub_lite.storage.sqlite.migrations import MIGRATIONS, Steps, check_schema

MONEY = (
    "tokens",
    "channels",
    "holds",
    "usage_records",
    "usage_days",
    "account_days",
    "persons",
    "teams",
    "pot_budgets",
    "credits",
)
"""Tables that hold who may spend what, and what was spent: nothing that is not asked for takes a row from them."""
LATEST = (("usage_records", "max(started_ms)"), ("audit", "max(at_ms)"), ("tokens", "1000 * max(created_at)"))
"""By table: the time in Unix ms of the last thing that is known of in it."""


@attrs.frozen
class Contents:
    """What lies in a database."""

    version: int
    """Of its schema."""
    rows: Mapping[str, int]
    """Of each table of `MONEY` that is there."""
    latest: int
    """When something last happened in it, in Unix ms; 0 where nothing has. What is done in the second of a backup is
    done after it."""


def tables_of(connection: sqlite3.Connection) -> set[str]:
    """The names of all tables."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def money_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table of `MONEY` has."""
    present = tables_of(connection)
    rows = {}
    for table in MONEY:
        if table in present:
            (rows[table],) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  our names
    return rows


def contents_of(connection: sqlite3.Connection) -> Contents:
    """What lies in a database of ours."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    present = tables_of(connection)
    latest = 0
    for table, expression in LATEST:
        if table in present:
            (moment,) = connection.execute(f"SELECT {expression} FROM {table}").fetchone()  # noqa: S608  our names
            latest = max(latest, int(moment or 0))
    return Contents(version, money_rows(connection), latest)


def flaw_of_pages(connection: sqlite3.Connection) -> str:
    """What SQLite finds wrong with the file, in its own words; empty where it is whole."""
    finding = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if finding == "ok":
        return ""
    return " ".join(finding.split())


def loose_rows(connection: sqlite3.Connection) -> int:
    """Rows that point at rows that are not there."""
    return len(connection.execute("PRAGMA foreign_key_check").fetchall())


def open_copy(path: Path) -> sqlite3.Connection:
    """A connection to a file that nobody writes; it cannot write either, and makes no files beside it."""
    connection = sqlite3.connect(path.as_uri() + "?immutable=1", uri=True, isolation_level=None)
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def examine(path: Path, steps: Steps = MIGRATIONS) -> tuple[Contents, str]:
    """What lies in a copy, and what is wrong with its pages; raises a StorageFault where it is not ours or newer, and
    sqlite3.Error where not even that can be read."""
    with closing(open_copy(path)) as connection:
        check_schema(connection, path, steps)
        if flaw := flaw_of_pages(connection):
            return Contents(0, {}, 0), flaw
        return contents_of(connection), ""
