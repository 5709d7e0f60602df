"""The one task that writes: what queues up while a commit runs is committed as the next group."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from typing import Any

import attrs

from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.connection import Connection
from aihub_lite.storage.faults import is_busy, raised_for

LOG = logging.getLogger(__name__)
BACKLOG = 10_000
"""Jobs that may wait for a disk that hangs; more are refused, so that memory stays bounded."""

Statement = tuple[str, Sequence[Any]]
"""SQL with placeholders, and its parameters."""


@attrs.frozen(eq=False)
class Batch:
    """One statement of the hot path. The rows of a group go through it together, batches in the order of `rank`."""

    rank: int
    sql: str


@attrs.define(eq=False)
class Job:
    """Either statements, done in order, or one row for a batch. `done` gives the rows the last statement changed."""

    done: asyncio.Future[int]
    statements: tuple[Statement, ...] = ()
    batch: Batch | None = None
    row: Sequence[Any] = ()


@attrs.define(eq=False)
class Writer:
    """Takes jobs from any task of the loop and owns the write connection.

    Nobody else holds a transaction, so a caller that is cancelled while it waits harms nothing: its job commits.
    """

    _connection: Connection
    _queue: asyncio.Queue[Job | None] = attrs.field(factory=lambda: asyncio.Queue(BACKLOG))
    _closed: bool = False

    def put(self, job: Job) -> asyncio.Future[int]:
        """Queue `job`; raises StorageUnavailable when closed or hopelessly behind."""
        if self._closed:
            raise StorageUnavailable("The gateway's database is closed.")
        try:
            self._queue.put_nowait(job)
        except asyncio.QueueFull:
            raise StorageUnavailable("The gateway's database does not keep up.") from None
        return job.done

    async def close(self) -> None:
        """Refuse what comes from now on; what was queued before is still committed."""
        if not self._closed:
            self._closed = True
            await self._queue.put(None)

    async def run(self) -> None:
        """Commit group after group until closed; then checkpoint, so that the WAL is empty at rest."""
        group: list[Job] = []
        try:
            while group := await self._next_group():
                outcomes = await self._connection.run(commit, group)
                for job, outcome in zip(group, outcomes, strict=True):
                    _finish(job, outcome)
            await self._connection.run(checkpoint)
        finally:
            # Only the end of the event loop cancels this task. Whoever still waits must not wait for ever.
            self._closed = True
            for job in (*group, *_queued(self._queue)):
                _finish(job, StorageUnavailable("The gateway's database is closed."))

    async def _next_group(self) -> list[Job]:
        first = await self._queue.get()
        return [] if first is None else [first, *_queued(self._queue)]


def _queued(queue: asyncio.Queue[Job | None]) -> list[Job]:
    jobs: list[Job] = []
    while not queue.empty():
        job = queue.get_nowait()
        if job is None:
            if jobs:
                queue.put_nowait(None)  # the end comes after these
            break
        jobs.append(job)
    return jobs


def _finish(job: Job, outcome: int | Exception) -> None:
    if job.done.done():
        return  # the caller was cancelled
    if isinstance(outcome, int):
        job.done.set_result(outcome)
        return
    job.done.set_exception(outcome)
    job.done.exception()  # marks it as seen: not everybody waits for a hold


def commit(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[int | Exception]:
    """All jobs in one transaction; if that fails, each in its own, so that only the guilty one fails."""
    try:
        return list(_transact(connection, jobs))
    except Exception as error:
        # Behind another process's lock every job would wait its turn of `busy_timeout`, one after the other.
        if len(jobs) == 1 or is_busy(error):
            LOG.warning("write failed: %s", error)
            return [raised_for(error)] * len(jobs)
    return [outcome for job in jobs for outcome in commit(connection, (job,))]


def _transact(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[int]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        changed = _apply(connection, jobs)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite itself rolls back after some faults, a full disk for one
            connection.execute("ROLLBACK")
        raise
    return changed


def _apply(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[int]:
    rows: dict[Batch, list[Sequence[Any]]] = {}
    changed = []
    for job in jobs:
        count = 1
        for sql, parameters in job.statements:
            count = connection.execute(sql, parameters).rowcount
        if job.batch is not None:
            rows.setdefault(job.batch, []).append(job.row)
        changed.append(count)
    for batch in sorted(rows, key=lambda batch: batch.rank):
        connection.executemany(batch.sql, rows[batch])
    return changed


def checkpoint(connection: sqlite3.Connection) -> None:
    """Move the whole WAL into the database file."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
