"""The one task that writes: what queues up while a commit runs is committed as the next group."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import attrs

from aihub_lite.errors import StorageUnavailable
from aihub_lite.storage.sqlite.connection import SqliteConnection
from aihub_lite.storage.sqlite.faults import Duplicate, exception_for, is_busy

LOG = logging.getLogger(__name__)
BACKLOG = 10_000
"""Jobs that may wait for a disk that hangs; more are refused, so that memory stays bounded."""
GROUP_DELAY = 0.005
"""Seconds that a group of holds alone may wait for a job to share its commit with."""
CLOSED = "The gateway's database is closed."

Parameters = Sequence[Any] | Mapping[str, Any]
Statement = tuple[str, Parameters]
"""SQL with placeholders, and its parameters."""


@attrs.frozen(eq=False)
class Batch:
    """One statement of the hot path. The rows of a group go through it together, batches in the order of `rank`."""

    rank: int
    sql: str
    may_wait: bool = False
    """Whether a group of nothing but this may wait `GROUP_DELAY` for other jobs."""
    ends: tuple[Batch, ...] = ()
    """Batches whose rows a row of this one takes away again, where both begin with the same value: in one group they
    need not be written at all."""


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

    No caller holds a transaction, so one that is cancelled while it waits harms nothing: its job commits.
    """

    _connection: SqliteConnection
    _queue: list[Job] = attrs.field(factory=list)
    """Those that came while the last group was committed. No asyncio.Queue: that takes ten calls for each of them."""
    _group: list[Job] = attrs.field(factory=list)
    _news: asyncio.Future[None] | None = None
    """Done when a job comes, or the end, while `run` waits for that."""
    _closed: bool = False

    def put(self, job: Job) -> asyncio.Future[int]:
        """Queue `job`; raises StorageUnavailable when closed, or when `BACKLOG` jobs wait already."""
        if self._closed:
            raise StorageUnavailable(CLOSED)
        if len(self._queue) >= BACKLOG:
            raise StorageUnavailable("The gateway's database does not keep up.")
        self._queue.append(job)
        self._wake()
        return job.done

    @property
    def waiting(self) -> int:
        """Jobs that are not committed yet."""
        return len(self._queue) + len(self._group)

    def close(self) -> None:
        """Refuse what comes from now on; what was queued before is still committed."""
        self._closed = True
        self._wake()

    async def run(self) -> None:
        """Commit group after group until closed; then checkpoint, so that the WAL is empty at rest."""
        try:
            while self._queue or not self._closed:
                await self._wait_for_jobs()
                if self._may_wait():
                    await self._wait_for_more()
                self._take_queued()
                await self._commit_group()
            await self._connection.run(checkpoint)
        finally:
            # Only the end of the event loop cancels this task. Whoever still waits must not wait for ever.
            self._closed = True
            self._take_queued()
            for job in self._group:
                _finish(job, StorageUnavailable(CLOSED))

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def _wait_for_jobs(self) -> None:
        while not (self._queue or self._closed):
            await self._wait_for_news()

    async def _wait_for_news(self) -> None:
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    def _may_wait(self) -> bool:
        return not self._closed and all(job.batch is not None and job.batch.may_wait for job in self._queue)

    async def _wait_for_more(self) -> None:
        """A hold is settled soon where the upstream is quick; then both share one commit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GROUP_DELAY):
                while self._may_wait():
                    await self._wait_for_news()

    def _take_queued(self) -> None:
        self._group += self._queue
        self._queue = []

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
    job.done.exception()  # marks it as retrieved: asyncio would log it where nobody awaits the hold


def commit(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[int | Exception]:
    """All jobs in one transaction; if that fails, each in its own, so that only the one at fault fails."""
    try:
        return list(_transact(connection, jobs))
    except Exception as error:
        if len(jobs) == 1 or is_busy(error):
            return [exception_for(error)] * len(jobs)
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
    for batch, needed in _needed(rows):
        connection.executemany(batch.sql, needed)
    return changed


def _needed(rows: Mapping[Batch, list[Sequence[Any]]]) -> Iterator[tuple[Batch, list[Sequence[Any]]]]:
    """The batches in their order, without the rows that are ended in the same group."""
    ended = {ended: {row[0] for row in rows[batch]} for batch in rows for ended in batch.ends}
    for batch in sorted(rows, key=lambda batch: batch.rank):
        over = ended.get(batch, ())
        if needed := [row for row in rows[batch] if row[0] not in over]:
            yield batch, needed


def checkpoint(connection: sqlite3.Connection) -> None:
    """Move the whole WAL into the database file; without room for it, the WAL just stays."""
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        LOG.warning("the WAL could not be emptied: %s", error)
