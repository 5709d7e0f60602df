"""An event loop whose time passes only while it would wait: no machine is too busy for a test of deadlines."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: what it is asked to wait is added to its clock. Of use without sockets and threads only."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("the loop would wait for ever")
        self.now += timeout
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Every wait is over at once, and took just as long as it was to."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Seconds that were waited so far."""
        return self._virtual.now

    def pass_time(self, seconds: float) -> None:
        """As if the code that runs had taken so long."""
        self._virtual.now += seconds


def run(story: Coroutine[Any, Any, object]) -> float:
    """Runs to its end in a loop of its own; returns how many seconds it waited."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        loop = runner.get_loop()
        runner.run(story)
        return loop.time()
