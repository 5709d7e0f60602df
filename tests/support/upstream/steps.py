"""What a scripted upstream can do to a connection, in toxiproxy's words: one small class per step."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import attrs

BOUND = 30.0
"""Seconds after which even a step that waits for ever gives up, so that no test can hang the run."""


class ScriptEnded(Exception):
    """The script has closed its own connection: nothing more can be sent on it."""


class Line(Protocol):
    """The sending side of one accepted connection, as steps see it."""

    async def send(self, data: bytes) -> None: ...

    async def close(self) -> None: ...

    def reset(self) -> None: ...

    def limit(self, count: int) -> None: ...


class Step(Protocol):
    """One thing done to a connection; raises ScriptEnded when it closed it."""

    async def play(self, line: Line) -> None: ...


Script = Sequence[Step]


@attrs.frozen
class Send:
    """All bytes in one write."""

    data: bytes

    async def play(self, line: Line) -> None:
        await line.send(self.data)


@attrs.frozen
class Pause:
    """Silence for so many seconds."""

    seconds: float

    async def play(self, line: Line) -> None:
        await asyncio.sleep(self.seconds)  # the upstream's own silence


@attrs.frozen
class Hang:
    """Silence until the peer gives up."""

    async def play(self, line: Line) -> None:
        await asyncio.sleep(BOUND)  # longer than any peer waits


@attrs.frozen
class Close:
    """FIN, after everything sent so far."""

    async def play(self, line: Line) -> None:
        await line.close()
        raise ScriptEnded


@attrs.frozen
class Reset:
    """A close with RST; what is unsent is lost."""

    async def play(self, line: Line) -> None:
        line.reset()
        raise ScriptEnded


@attrs.frozen
class Slice:
    """The bytes in pieces of `size`, each in its own write, `interval` seconds apart."""

    data: bytes
    size: int
    interval: float = 0.0

    async def play(self, line: Line) -> None:
        for start in range(0, len(self.data), self.size):
            await line.send(self.data[start : start + self.size])
            await asyncio.sleep(self.interval)  # the upstream's own pace


@attrs.frozen
class Dribble:
    """One byte every `interval` seconds."""

    data: bytes
    interval: float

    async def play(self, line: Line) -> None:
        await Slice(self.data, 1, self.interval).play(line)


@attrs.frozen
class Limit:
    """From here on only `count` more bytes get through; then FIN."""

    count: int

    async def play(self, line: Line) -> None:
        line.limit(self.count)


@attrs.define(eq=False)
class Gate:
    """A place in a script where it waits until the test opens it. Made in any thread, opened from any."""

    name: str = "gate"
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)
    _open: bool = attrs.field(default=False, init=False)
    _reached: threading.Semaphore = attrs.field(factory=lambda: threading.Semaphore(0), init=False)
    _wake: list[Callable[[], object]] = attrs.field(factory=list, init=False)

    def open(self) -> None:
        """Lets every script through, those waiting and those to come."""
        with self._lock:
            self._open = True
            waiting = self._wake
            self._wake = []
        for wake in waiting:
            wake()

    def wait_reached(self, timeout: float = 20.0, times: int = 1) -> None:
        """Returns once `times` more scripts have arrived here; raises TimeoutError."""
        for _ in range(times):
            if not self._reached.acquire(timeout=timeout):
                raise TimeoutError(f"no script reached {self.name!r} within {timeout} s")

    async def passed(self) -> None:
        """Waits, in a script's event loop, until the gate is open; raises TimeoutError after BOUND."""
        loop = asyncio.get_running_loop()
        opened = asyncio.Event()
        with self._lock:
            if self._open:
                opened.set()
            else:
                self._wake.append(lambda: loop.is_closed() or loop.call_soon_threadsafe(opened.set))
        self._reached.release()
        await asyncio.wait_for(opened.wait(), BOUND)


@attrs.frozen
class Wait:
    """Silence until the test opens the gate."""

    gate: Gate

    async def play(self, line: Line) -> None:
        await self.gate.passed()
