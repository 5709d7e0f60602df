"""Ways to make a real database refuse or stall, and to let it go on."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

from aihub_lite.storage.sqlite.database import Database


@asynccontextmanager
async def refusing(database: Database) -> AsyncIterator[None]:
    """Inside the block every write fails as on a file system that went read-only."""
    await _query_only(database, "ON")
    try:
        yield
    finally:
        await _query_only(database, "OFF")


@contextmanager
def stalled(path: Path) -> Iterator[None]:
    """Inside the block every commit waits: another process holds the lock. Shorter than the busy timeout, please."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


async def _query_only(database: Database, value: str) -> None:
    await database._writer._connection.run(lambda connection: connection.execute(f"PRAGMA query_only={value}").close())
