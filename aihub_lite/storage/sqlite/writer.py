"""The one task that writes: what queues up while a commit runs is committed as the next group."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import attrs

from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.connection import Connection
from aihub_lite.storage.faults import Duplicate, is_busy, raised_for

LOG = logging.getLogger(__name__)
BACKLOG = 10_000
"""Jobs that may wait for a disk that hangs; more are refused, so that memory stays bounded."""
PATIENCE = 0.005
"""Seconds."""
CLOSED = "The gateway's database is closed."

Statement = tuple[str, Sequence[Any]]
"""SQL with placeholders, and its parameters."""


@attrs.frozen(eq=False)
class Batch:
    """One statement of the hot path. The rows of a group go through it together, batches in the order of `rank`."""

    rank: int
    sql: str
    patient: bool = False
    """Whether a group of nothing but this may wait `PATIENCE` for something to go with."""


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
    _group: list[Job] = attrs.field(factory=list)
    _closed: bool = False
    _ended: bool = False

    def put(self, job: Job) -> asyncio.Future[int]:
        """Queue `job`; raises StorageUnavailable when closed or hopelessly behind."""
        if self._closed:
            raise StorageUnavailable(CLOSED)
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
        try:
            while not self._ended:
                self._take(await self._queue.get())
                self._take_queued()
                if self._patient():
                    await self._wait_for_company()
                await self._commit_group()
            await self._connection.run(checkpoint)
        finally:
            # Only the end of the event loop cancels this task. Whoever still waits must not wait for ever.
            self._closed = True
            self._take_queued()
            for job in self._group:
                _finish(job, StorageUnavailable(CLOSED))

    def _patient(self) -> bool:
        return not self._ended and all(job.batch is not None and job.batch.patient for job in self._group)

    async def _wait_for_company(self) -> None:
        """A hold is settled soon where the upstream is quick; then both share one commit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self._patient():
                    self._take(await self._queue.get())
        self._take_queued()

    def _take_queued(self) -> None:
        while not self._queue.empty():
            self._take(self._queue.get_nowait())

    def _take(self, job: Job | None) -> None:
        if job is None:
            self._ended = True
        else:
            self._group.append(job)

    async def _commit_group(self) -> None:
        if not self._group:
            return
        outcomes = await self._connection.run(commit, tuple(self._group))
        for job, outcome in zip(self._group, outcomes, strict=True):
            _finish(job, outcome)
        self._group = []
        _log_failures([outcome for outcome in outcomes if isinstance(outcome, Exception)])


def _log_failures(failures: Sequence[Exception]) -> None:
    serious = [failure for failure in failures if not isinstance(failure, Duplicate)]
    if serious:
        LOG.error("%d writes failed, the first with %s", len(serious), serious[0])


def _finish(job: Job, outcome: int | Exception) -> None:
    if job.done.done():
        return  # its caller was cancelled
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
        if len(jobs) == 1 or is_busy(error):
            return [raised_for(error)] * len(jobs)
    return _commit_alone(connection, jobs)


def _commit_alone(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[int | Exception]:
    outcomes: list[int | Exception] = []
    for job in jobs:
        outcomes += commit(connection, (job,))
        if isinstance(outcomes[-1], StorageUnavailable):
            # The rest would only meet the same full disk, or wait out the same lock, one after the other.
            return outcomes + [outcomes[-1]] * (len(jobs) - len(outcomes))
    return outcomes


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
    """Move the whole WAL into the database file; without room for it, the WAL just stays."""
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        LOG.warning("the WAL could not be emptied: %s", error)
