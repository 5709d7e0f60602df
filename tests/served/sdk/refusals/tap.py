"""A wire tap between a client and the gateway: passes every byte on, and notes when a request was posted."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

POST = b"POST /v1/"
SIZE = 1 << 16


class Tap:
    """`with Tap(gateway.url) as tap:`; the client asks `tap.url`. `posts` holds the monotonic time of each request."""

    def __init__(self, url: str) -> None:
        target = urlsplit(url)
        self._target = (str(target.hostname), target.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.posts: list[float] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A thread that waits in accept() or recv() is woken by a shutdown, not by a close.
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):  # it has ended by itself
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                gateway = socket.create_connection(self._target)
            except OSError:
                return
            self._open += (client, gateway)
            threading.Thread(target=self._pass_on, args=(client, gateway, True), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(gateway, client, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        """A client writes the head of a request at once, and none before the last one is answered."""
        try:
            while data := source.recv(SIZE):
                if asks and data.startswith(POST):
                    self.posts.append(time.monotonic())
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return
