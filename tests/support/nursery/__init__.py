"""Gateways born imported: one process has loaded the program, and forks a gateway for every start.

A start is half a second of one core, nearly all of it imports that are the same every time, and the served tests start
some two thousand gateways. What is born is a process of its own, with the arguments, environment and pipes that a shell
would have given it, and it ends as any Python does. Starts as people make them have tests of their own.
"""

from __future__ import annotations

import atexit
import functools
import os
import select
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import attrs
import msgspec

ROOT = Path(__file__).resolve().parents[3]


class Order(msgspec.Struct, frozen=True):
    """What a gateway is started with."""

    arguments: tuple[str, ...]
    environment: dict[str, str]


class Born:
    """A gateway from the nursery, as far as tests handle a `subprocess.Popen`."""

    def __init__(self, arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
        stdout, its_stdout = os.pipe()
        stderr, its_stderr = os.pipe()
        self._ended, its_end = os.pipe()
        self._code: int | None = None
        try:
            self.pid = nursery().bear(Order(arguments, dict(environment)), [its_stdout, its_stderr, its_end])
        finally:
            for descriptor in (its_stdout, its_stderr, its_end):
                os.close(descriptor)
        self.stdout: IO[bytes] = os.fdopen(stdout, "rb")
        self.stderr: IO[bytes] = os.fdopen(stderr, "rb")

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, minus the signal's number where one ended it; raises subprocess.TimeoutExpired."""
        if self._code is None:
            ended = select.poll()  # not select(), which takes no descriptor above 1,023
            ended.register(self._ended)
            if not ended.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired("aihub-lite", timeout or 0)
            self._code = int(os.read(self._ended, 16))
            os.close(self._ended)
        return self._code

    def poll(self) -> int | None:
        """The exit code once there is one."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Sends a signal unless it has ended."""
        if self.poll() is None:
            # It may have ended since; its pid is not another's before the nursery has told so.
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


@attrs.frozen
class Nursery:
    """The test process's end of it."""

    orders: socket.socket
    process: subprocess.Popen[bytes]

    def bear(self, order: Order, descriptors: list[int]) -> int:
        """The pid of a new gateway that writes to these: stdout, stderr, and its exit code in digits."""
        socket.send_fds(self.orders, [msgspec.json.encode(order)], descriptors)
        return int(self.orders.recv(16))

    def close(self) -> None:
        """Ends it, with every gateway that is left."""
        self.orders.close()
        self.process.wait()


@functools.cache
def nursery() -> Nursery:
    """This test process's; started with the first gateway."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen([sys.executable, "-m", "tests.support.nursery"], stdin=its.fileno(), cwd=ROOT)
    born_here = Nursery(ours, process)
    atexit.register(born_here.close)
    return born_here
