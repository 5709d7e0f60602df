"""The leak sentinel: after every test a gateway is as it was before, but for its books, and these are right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from tests.support.canaries import ANSWER_CANARY, KEY_CANARY, PROMPT_CANARY
from tests.support.gateway import Gateway, eventually

SETTLED = {"in_flight": 0, "open_holds": 0, "held_nano": 0}
SLACK = 2
"""Descriptors and tasks by which a gateway at rest may differ: a timer here, a lazily opened file there."""
REST_WITHIN = 6.0
"""Seconds for what is still under way to end: longer than any scaled clock."""
TROUBLE = re.compile(
    r"^.*(Traceback \(most recent|unforeseen |was never awaited|never retrieved|Task was destroyed|Unclosed |"
    r"ResourceWarning).*$",
    re.MULTILINE,
)


@attrs.define(eq=False)
class Sentinel:
    """Knows a gateway at rest; `check` waits until it is at rest again and then judges what the work left behind."""

    gateway: Gateway
    fds: list[str] = attrs.field(init=False)
    tasks: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.fds = self.gateway.process.fds()
        self.tasks = self.gateway.status()["tasks"]

    def check(self) -> None:
        """Raises AssertionError naming what leaked."""
        gateway = self.gateway
        gateway.wait_status(REST_WITHIN, **SETTLED)
        self._descriptors_are_back()
        self._tasks_are_back()
        self._books_are_right()
        self._nothing_was_told()

    def _descriptors_are_back(self) -> None:
        def extra() -> list[str]:
            fresh = [target for target in self.gateway.process.fds() if target not in self.fds]
            return fresh if len(self.gateway.process.fds()) > len(self.fds) + SLACK else []

        eventually(lambda: not extra(), lambda: f"descriptors left open: {extra()}", REST_WITHIN)

    def _tasks_are_back(self) -> None:
        def tasks() -> int:
            count: int = self.gateway.status()["tasks"]
            return count

        eventually(lambda: tasks() <= self.tasks + SLACK, lambda: f"{tasks()} tasks, {self.tasks} at rest", REST_WITHIN)

    def _books_are_right(self) -> None:
        books = self.gateway.books
        assert [] == books.holds()
        assert [] == books.imbalances()
        assert "ok" == books.integrity()

    def _nothing_was_told(self) -> None:
        secrets = [PROMPT_CANARY, ANSWER_CANARY, KEY_CANARY, *self.gateway.secrets]
        log = self.gateway.news()
        assert [] == [line[:1000] for line in log.splitlines() if any(word in line for word in secrets)][:3]
        trouble = TROUBLE.search(log)
        assert trouble is None, log[max(0, trouble.start() - 500) : trouble.end() + 3000]
        # A channel key typed in by hand has to be kept somewhere: the database, mode 0600.
        kept = [word for word in secrets if not word.startswith(KEY_CANARY)]
        assert [] == self.gateway.books.sightings(kept)


@contextmanager
def leak_sentinel(gateway: Gateway) -> Iterator[Sentinel]:
    """Checks at the end of the block, unless the block itself failed: then that is the news."""
    sentinel = Sentinel(gateway)
    yield sentinel
    sentinel.check()
