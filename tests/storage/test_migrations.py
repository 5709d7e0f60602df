"""Schema steps: each whole or not at all, each once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aihub_lite.storage.migrations import APPLICATION_ID, MIGRATIONS, check_schema, migrate

PATH = Path("a.db")
ONE = ("CREATE TABLE one (x)", "INSERT INTO one VALUES (1)")
TWO = ("ALTER TABLE one ADD COLUMN y", "UPDATE one SET y = x + 1")
BROKEN = ("CREATE TABLE two (x)", "INSERT INTO nowhere VALUES (1)")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def test_a_fresh_database_gets_every_step_and_our_mark(connection: sqlite3.Connection) -> None:
    assert migrate(connection, PATH)
    assert len(MIGRATIONS) == check_schema(connection, PATH)
    assert APPLICATION_ID == connection.execute("PRAGMA application_id").fetchone()[0]


def test_a_step_is_applied_once(connection: sqlite3.Connection) -> None:
    migrate(connection, PATH, (ONE,))
    assert not migrate(connection, PATH, (ONE,))
    assert [(1,)] == connection.execute("SELECT x FROM one").fetchall()


def test_an_older_database_keeps_its_rows(connection: sqlite3.Connection) -> None:
    migrate(connection, PATH, (ONE,))
    migrate(connection, PATH, (ONE, TWO))
    assert [(1, 2)] == connection.execute("SELECT x, y FROM one").fetchall()


def test_a_step_that_fails_leaves_the_step_before_it_whole(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, PATH, (ONE, BROKEN))
    assert (1, ["one"]) == (check_schema(connection, PATH, (ONE,)), tables(connection))
