"""A peer's database, wherever it lies: in an SQLite file, or at a PostgreSQL or MySQL server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
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


@contextmanager
def opened_relay(database: str, log_database: str) -> Iterator[tuple[OpenedPeer, OpenedPeer]]:
    """The database of one-api or new-api, and the one that has its log: the same, where there is no address of
    another. Raises Unreadable as `opened` does."""
    with opened(database) as peer:
        if not log_database:
            yield peer, peer
            return
        with opened(log_database) as log:
            yield peer, log


def place_of_database(database: str) -> str:
    """A file's name, or an address without what is secret in it."""
    if postgres.is_address(database) or mysql.is_address(database):
        return database.rpartition("@")[2].partition("?")[0]
    return database
