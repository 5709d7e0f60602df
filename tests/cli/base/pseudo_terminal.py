"""A command at a terminal of its own, where somebody types what it asks for."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from tests.support.process import COMMAND, clean_environment

WITHIN = 300.0
"""Seconds: only a command that hangs takes as long."""
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Its stdin becomes the terminal that it is asked at, also by the name /dev/tty."""


@attrs.define(eq=False)
class AtTerminal:
    """A command that runs."""

    process: subprocess.Popen[bytes]
    screen: int
    """The other end of its terminal."""
    shown: bytes = b""
    """All that its terminal showed: what it wrote to stderr, and what was typed where that is shown."""

    def types(self, line: str, after: str) -> None:
        """Type a line once the terminal shows a text behind what was typed last."""
        before = len(self.shown)
        while re.search(after.encode(), self.shown[before:]) is None:
            self._read(f"{after!r} was not shown")
        os.write(self.screen, line.encode() + b"\n")

    def end(self) -> tuple[int, str]:
        """How it ended, and what it wrote to stdout."""
        while self._read("it did not end"):
            pass
        assert self.process.stdout is not None
        printed = self.process.stdout.read().decode()
        return self.process.wait(WITHIN), printed

    def _read(self, otherwise: str) -> bool:
        """Read more; whether there may be more still."""
        limit = time.monotonic() + WITHIN
        while not select.select([self.screen], [], [], 1.0)[0]:
            assert time.monotonic() < limit, f"{otherwise}: {self.shown!r}"
        try:
            more = os.read(self.screen, 4096)
        except OSError:  # so Linux says that nobody has the other end open
            more = b""
        assert more or otherwise == "it did not end", f"{otherwise}: {self.shown!r}"
        self.shown += more
        return bool(more)


@contextmanager
def at_terminal(directory: Path, *arguments: str) -> Iterator[AtTerminal]:
    """A command beside no server; it is ended with the block. What it prints goes to a pipe, so little of it that the
    pipe holds it."""
    screen, terminal = pty.openpty()
    environ = clean_environment(directory, {"data_dir": directory}, {"TERM": "dumb"})
    with subprocess.Popen(
        [sys.executable, "-c", TAKE_TERMINAL, *COMMAND, *arguments],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=environ,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        try:
            yield AtTerminal(process, screen)
        finally:
            process.kill()
            os.close(screen)
