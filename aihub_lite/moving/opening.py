"""A peer's database, wherever it lies: in an SQLite file, or at a PostgreSQL or MySQL server."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from aihub_lite.moving import mysql, postgres
from aihub_lite.moving.move import Unreadable
from aihub_lite.moving.peer import OpenedPeer
from aihub_lite.moving.sqlite_file import opened_file


def opened(database: str) -> AbstractContextManager[OpenedPeer]:
    """The database at an address or in a file; raises Unreadable, also for whatever is wrong with it in the block, and
    never says what is secret in an address."""
    if postgres.is_address(database):
        return postgres.opened_server(database)
    if mysql.is_address(database):
        return mysql.opened_server(database)
    if "://" in database:
        scheme = database.partition("://")[0]
        raise Unreadable(f"{scheme}:// cannot be read: give an SQLite file, postgresql://… or mysql://…")
    return opened_file(Path(database).expanduser())


def place_of_database(database: str) -> str:
    """A file's name, or an address without what is secret in it."""
    if postgres.is_address(database) or mysql.is_address(database):
        return database.rpartition("@")[2].partition("?")[0]
    return database
