"""The process that bears: orders come on its stdin, a socket, each with the descriptors of a `Born`; a pid goes back.

It ends with the test process that it belongs to, and with it all that it bore.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import select
import signal
import socket
import sys
from contextlib import suppress

import attrs
import msgspec

from tests.support.nursery import Order

DESCRIPTORS = 3
ORDER_BYTES = 65536


def load_everything() -> None:
    """Imports what a gateway may ever import of the program, and leaves it alone in memory."""
    package = importlib.import_module("aihub_lite")
    for module in pkgutil.walk_packages(package.__path__, "aihub_lite."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # the collector touches no page that is shared


def nurse(orders: socket.socket) -> Order | None:
    """Bears what is ordered and tells how it ended; returns in each that was born, and None at the end."""
    alive = Alive()
    while True:
        ready, _, _ = select.select([orders.fileno(), *alive.born], [], [])
        for handle in alive.born.keys() & set(ready):
            alive.bury(handle)
        if orders.fileno() not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(orders, ORDER_BYTES, DESCRIPTORS)
        if not message:
            alive.end()
            return None
        pid = os.fork()
        if not pid:
            alive.forget()
            orders.close()
            order = msgspec.json.decode(message, type=Order)
            take_on(order, descriptors)
            return order
        alive.add(pid, descriptors)
        orders.send(b"%d" % pid)


@attrs.frozen
class Alive:
    """The gateways that have not ended: what tells so (a descriptor of each process), their pids, and whom to tell."""

    born: dict[int, tuple[int, int]] = attrs.field(factory=dict)

    def add(self, pid: int, descriptors: list[int]) -> None:
        """One more, with the descriptors that came with its order."""
        stdout, stderr, end = descriptors
        os.close(stdout)
        os.close(stderr)
        self.born[os.pidfd_open(pid)] = pid, end

    def bury(self, handle: int) -> None:
        """Tells the exit code of one that has ended."""
        pid, end = self.born.pop(handle)
        _, status = os.waitpid(pid, 0)
        with suppress(BrokenPipeError):  # the test asked no more
            os.write(end, b"%d" % os.waitstatus_to_exitcode(status))
        os.close(end)
        os.close(handle)

    def forget(self) -> None:
        """Closes everything, in one that was born: its siblings are none of its business."""
        for handle, (_, end) in self.born.items():
            os.close(handle)
            os.close(end)

    def end(self) -> None:
        """Ends all that are left."""
        for handle, (pid, _) in list(self.born.items()):
            os.kill(pid, signal.SIGKILL)
            self.bury(handle)


def take_on(order: Order, descriptors: list[int]) -> None:
    """Makes a new process what a shell would have started."""
    stdout, stderr, end = descriptors
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, number in ((nothing, 0), (stdout, 1), (stderr, 2)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.close(end)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, write_through=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(order.environment)
    sys.argv = ["aihub-lite", *order.arguments]


if __name__ == "__main__":
    load_everything()
    if nurse(socket.socket(fileno=os.dup(0))):
        from aihub_lite.cli import main

        main()
