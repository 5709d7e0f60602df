"""The database: one writer, one reader, opened and closed together."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import attrs

from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage import migrations
from aihub_lite.storage.connection import Connection
from aihub_lite.storage.faults import Corrupt, raised_for
from aihub_lite.storage.files import fault_at_open, prepare
from aihub_lite.storage.writer import CLOSED, Batch, Job, Statement, Writer, checkpoint

BUSY_MS = 5000
WAL_LIMIT = 64 * 2**20
Parameters = Sequence[Any] | Mapping[str, Any]


@attrs.define(eq=False)
class Database:
    """`await Database.open(path)` … `await database.close()`, or `async with await Database.open(path) as database`."""

    path: Path
    _reader: Connection
    _writer: Writer
    _task: asyncio.Task[None]

    @classmethod
    async def open(cls, path: Path, *, synchronous: str = "FULL") -> Self:
        """Open or create the file and bring its schema up to date; raises a StorageFault and then left it as it was."""
        path = prepare(path)
        async with AsyncExitStack() as opened:
            try:
                write = await opened.enter_async_context(Connection(lambda: connect_writer(path, synchronous)))
                read = await opened.enter_async_context(Connection(lambda: connect_reader(path)))
            except sqlite3.Error as error:
                raise (fault_at_open(path, error) or Corrupt(path, str(error))) from None
            writer = Writer(write)
            return cls(path, read, writer, asyncio.create_task(_serve(writer, opened.pop_all()), name="storage-writer"))

    async def write(self, *statements: Statement) -> int:
        """One atomic job; returns, once committed, how many rows the last statement changed.

        Raises StorageUnavailable, or Duplicate when a unique value is taken. The job of a caller that is cancelled
        commits all the same.
        """
        return await self._writer.put(Job(asyncio.get_running_loop().create_future(), statements))

    def enqueue(self, batch: Batch, row: Sequence[Any]) -> asyncio.Future[int]:
        """The hot path: one row for a prepared batch. The future need not be awaited, and is done after the commit."""
        return self._writer.put(Job(asyncio.get_running_loop().create_future(), (), batch, row))

    async def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows at once: a reader that stays open keeps the WAL from being reset. Raises StorageUnavailable."""
        if self._task.done():
            raise StorageUnavailable(CLOSED)
        try:
            return await self._reader.run(fetch, sql, parameters)
        except sqlite3.Error as error:
            raise raised_for(error) from None

    async def close(self) -> None:
        """Commit what is queued, empty the WAL, end both threads. Safe to call twice."""
        await self._writer.close()
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


def connect_writer(path: Path, synchronous: str) -> sqlite3.Connection:
    """The write connection with its schema up to date. `busy_timeout` comes first: the next one may have to wait."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
    try:
        level: Literal["NORMAL", "FULL"] = "NORMAL" if synchronous == "NORMAL" else "FULL"
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
        connection.execute(f"PRAGMA synchronous={level}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute(f"PRAGMA journal_size_limit={WAL_LIMIT}").fetchone()
        if migrations.migrate(connection, path):
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
