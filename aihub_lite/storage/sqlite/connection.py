"""A thread with one SQLite connection."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Self, TypeVar

import aiosqlite

# At DEBUG aiosqlite logs every statement with its parameters, and the keys of channels are among them.
logging.getLogger("aiosqlite").setLevel(logging.INFO)

Params = ParamSpec("Params")
Result = TypeVar("Result")


class SqliteConnection(aiosqlite.Connection):
    """aiosqlite's thread, entered once for a whole piece of work.

    Its public methods cost one thread hop (about 50 µs) for each statement; a group of ledger rows would pay that
    for `BEGIN`, every batch and `COMMIT`.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)

    async def run(
        self,
        work: Callable[Concatenate[sqlite3.Connection, Params], Result],
        *args: Params.args,
        **named: Params.kwargs,
    ) -> Result:
        """`work(connection, …)` in the thread. A cancelled caller does not stop it."""
        result: Result = await self._execute(work, self._conn, *args, **named)  # type: ignore[no-untyped-call]
        return result

    async def __aenter__(self) -> Self:
        try:
            await self
        except BaseException:
            # aiosqlite has told its thread to end, which answers the loop once more: not after the loop's own end.
            await asyncio.to_thread(self._thread.join)
            raise
        return self
