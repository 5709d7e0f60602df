"""The database: one writer, one reader, opened and closed together."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.sqlite.connection import SqliteConnection
from aihub_lite.storage.sqlite.faults import Corrupt, exception_for
from aihub_lite.storage.sqlite.files import fault_at_open, prepare
from aihub_lite.storage.sqlite.migrations import MIGRATIONS, Steps
from aihub_lite.storage.sqlite.upgrade import bring_up_to_date
from aihub_lite.storage.sqlite.writer import CLOSED, Batch, Job, Parameters, Statement, Writer, checkpoint

BUSY_MS = 5000
"""How long a statement waits for another process, a backup tool for one, to let go of the file."""
WAL_LIMIT = 64 * 2**20
"""Bytes that the WAL keeps on disk after a checkpoint."""


@attrs.define(eq=False)
class Database:
    """`await Database.open(path)` … `await database.close()`, or `async with await Database.open(path) as database`."""

    path: Path
    _reader: SqliteConnection
    _writer: Writer
    _task: asyncio.Task[None]
    _apart: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    @classmethod
    async def open(cls, path: Path, *, synchronous: str = "FULL", steps: Steps = MIGRATIONS) -> Self:
        """Open or create the file and bring its schema up to date; raises a StorageFault and then left it as it was."""
        path = prepare(path, lossless=synchronous == "FULL", steps=steps)
        writing = partial(connect_writer, path, synchronous, steps)
        async with AsyncExitStack() as stack:
            try:
                write = await stack.enter_async_context(SqliteConnection(writing))
                read = await stack.enter_async_context(SqliteConnection(lambda: connect_reader(path)))
            except sqlite3.Error as error:
                raise (fault_at_open(path, error) or Corrupt(path, str(error))) from None
            writer = Writer(write)
            return cls(path, read, writer, asyncio.create_task(_serve(writer, stack.pop_all()), name="storage-writer"))

    async def write(self, *statements: Statement) -> int:
        """One atomic job; returns, once committed, how many rows the last statement changed.

        Raises StorageUnavailable, or Duplicate when a unique value is taken. The job of a caller that is cancelled
        commits all the same.
        """
        return await self._writer.put(Job(asyncio.get_running_loop().create_future(), statements))

    def enqueue(self, batch: Batch, row: Sequence[Any]) -> asyncio.Future[int]:
        """The hot path: one row for a prepared batch. The future need not be awaited, and is done after the commit."""
        return self._writer.put(Job(asyncio.get_running_loop().create_future(), (), batch, row))

    @property
    def waiting(self) -> int:
        """Writes that are not committed yet."""
        return self._writer.waiting

    async def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows at once: a reader that stays open keeps the WAL from being reset. Raises StorageUnavailable."""
        if self._task.done():
            raise StorageUnavailable(CLOSED)
        try:
            return await self._reader.run(fetch, sql, parameters)
        except sqlite3.Error as error:
            raise exception_for(error) from None

    async def read_apart(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """The same for what may take seconds: no other read waits for it, but for others like it. Raises as `read`."""
        if self._task.done():
            raise StorageUnavailable(CLOSED)
        async with self._apart:
            try:
                async with SqliteConnection(lambda: connect_reader(self.path)) as reader:
                    return await reader.run(fetch, sql, parameters)
            except sqlite3.Error as error:
                raise exception_for(error) from None

    async def close(self) -> None:
        """Commit what is queued, empty the WAL, end both threads. Safe to call twice."""
        self._writer.close()
        await asyncio.shield(self._task)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _serve(writer: Writer, connections: AsyncExitStack) -> None:
    """The writer's life owns the connections: aiosqlite's threads would keep a process alive that forgot to close."""
    async with connections:
        await writer.run()


def fetch(connection: sqlite3.Connection, sql: str, parameters: Parameters) -> list[sqlite3.Row]:
    """Every row of one query."""
    return connection.execute(sql, parameters).fetchall()


def connect_writer(path: Path, synchronous: str, steps: Steps = MIGRATIONS) -> sqlite3.Connection:
    """The write connection with its schema up to date. `busy_timeout` comes first: the next one may have to wait."""
    # Python's own transactions are switched off: the writer and the migrations say themselves where one begins.
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
    try:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
        connection.execute("PRAGMA synchronous=NORMAL" if synchronous == "NORMAL" else "PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # A database that somebody else made may call harmful functions out of its schema.
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute(f"PRAGMA journal_size_limit={WAL_LIMIT}").fetchone()
        if bring_up_to_date(connection, path, steps):
            checkpoint(connection)  # from now on the file is recognised as ours even without its WAL
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. It never checkpoints either: only one connection ever touches the file."""
    connection = sqlite3.connect(path.as_uri() + "?mode=ro", uri=True, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.row_factory = sqlite3.Row
    return connection
