"""Proxies of Debian's as they are deployed (tinyproxy, microsocks), and TLS in front of one.

Where one is not installed, whoever asks for it is skipped, with the reason.
"""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.support.canaries import KEY_CANARY

START_WITHIN = 20.0
"""Seconds until a proxy listens."""
USER = "proxy-user"
PASSWORD = f"{KEY_CANARY}-proxy"
"""Kept in the database as keys are, and to be seen nowhere else."""


@attrs.frozen
class RunningProxy:
    """One that listens on this machine."""

    port: int
    log_file: Path
    scheme: str
    user: str = ""
    password: str = ""

    @property
    def url(self) -> str:
        """With its credentials, if it wants any."""
        at = f"{self.user}:{self.password}@" if self.user else ""
        return f"{self.scheme}://{at}127.0.0.1:{self.port}"

    @property
    def shown(self) -> str:
        """The URL as everybody may see it."""
        at = "***@" if self.user else ""
        return f"{self.scheme}://{at}127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that it has logged."""
        return self.log_file.read_text(errors="replace")

    def by(self, scheme: str) -> str:
        """The URL with another scheme: `socks5h`, say."""
        return self.url.replace(self.scheme, scheme, 1)


def installed(program: str) -> str:
    """Its path; skips the test where it is absent."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed (Debian has it)")
    return path


@contextlib.contextmanager
def tinyproxy(user: str = "", password: str = "") -> Iterator[RunningProxy]:
    """A proxy of HTTP's, for CONNECT to any port and for whole URLs."""
    program = installed("tinyproxy")
    with tempfile.TemporaryDirectory() as directory:
        proxy = RunningProxy(free_port(), Path(directory) / "log", "http", user, password)
        lines = [f"Port {proxy.port}", "Listen 127.0.0.1", f'LogFile "{proxy.log_file}"', "LogLevel Info"]
        lines += ["Timeout 60", "MaxClients 100"]
        if user:
            lines.append(f"BasicAuth {user} {password}")
        configuration = Path(directory) / "tinyproxy.conf"
        configuration.write_text("\n".join(lines) + "\n")
        with running([program, "-d", "-c", str(configuration)], proxy, Path(directory) / "output"):
            yield proxy


@contextlib.contextmanager
def microsocks(user: str = "", password: str = "") -> Iterator[RunningProxy]:
    """A proxy that speaks SOCKS5."""
    program = installed("microsocks")
    with tempfile.TemporaryDirectory() as directory:
        proxy = RunningProxy(free_port(), Path(directory) / "log", "socks5", user, password)
        command = [program, "-i", "127.0.0.1", "-p", str(proxy.port)]
        if user:
            command += ["-u", user, "-P", password]
        with running(command, proxy, proxy.log_file):
            yield proxy


@contextlib.contextmanager
def running(command: list[str], proxy: RunningProxy, output: Path) -> Iterator[None]:
    """The program in the foreground, from when it listens until the end of the block."""
    with output.open("wb") as sink, subprocess.Popen(command, stdout=sink, stderr=sink) as process:
        try:
            wait_listening(process, proxy.port)
            yield
        finally:
            process.kill()


def wait_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Returns once somebody accepts there."""
    until = time.monotonic() + START_WITHIN
    while True:
        assert process.poll() is None, "the proxy ended"
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        assert time.monotonic() < until, "the proxy does not listen"
        time.sleep(0.01)  # between two looks


def free_port() -> int:
    """One that nobody listens on; these programs cannot choose their own."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def behind_tls(proxy: RunningProxy, context: ssl.SSLContext) -> Iterator[RunningProxy]:
    """The proxy as it is reached over TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        front = attrs.evolve(proxy, port=listening.getsockname()[1], scheme="https")
        thread = threading.Thread(target=_accept, args=(listening, context, proxy.port), daemon=True)
        thread.start()
        try:
            yield front
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _accept(listening: socket.socket, context: ssl.SSLContext, port: int) -> None:
    threads: list[threading.Thread] = []
    while True:
        try:
            plain, _ = listening.accept()
        except OSError:  # the end of the block
            break
        thread = threading.Thread(target=_carry, args=(plain, context, port), daemon=True)
        threads.append(thread)
        thread.start()
    for thread in threads:
        thread.join(5)


def _carry(plain: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """Bytes from one side to the other, until either is closed."""
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        stack.enter_context(plain)
        client = stack.enter_context(context.wrap_socket(plain, server_side=True))
        proxy = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        while True:
            ready: list[socket.socket] = [client]
            if not client.pending():
                ready, _, _ = select.select([client, proxy], [], [])
            for source in ready:
                data = source.recv(2**16)
                if not data:
                    return
                target = proxy if source is client else client
                target.sendall(data)
