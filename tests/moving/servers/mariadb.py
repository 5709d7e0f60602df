"""A MariaDB server of one's own, on a socket and a port."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.moving.servers.unprivileged import home_of, identity, run_as

PROGRAM = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
USER = "mysql"
WORD = "a-secret:w@rd/"
ESCAPED = "a-secret%3Aw%40rd%2F"
READY = b"ready for connections"


@contextmanager
def mariadb() -> Iterator[tuple[str, Path]]:
    """The address of its database `owned`, and its socket; it ends with the block."""
    install = shutil.which("mariadb-install-db")
    if PROGRAM is None or install is None:
        pytest.skip("there is no MariaDB: apt-get install mariadb-server")
    port = 10_000 + (os.getpid() + 10_000) % 20_000
    with home_of(USER) as home:
        data, socket, first = home / "data", home / "socket", home / "first.sql"
        places = ("--no-defaults", f"--datadir={data}")
        run_as(USER, home, install, *places, "--auth-root-authentication-method=normal", "--skip-test-db")
        first.write_text(
            "CREATE DATABASE owned CHARACTER SET utf8mb4;\n"
            f"CREATE USER owner@'%' IDENTIFIED BY '{WORD}';\nGRANT ALL ON owned.* TO owner@'%';\n"
        )
        first.chmod(0o644)
        with subprocess.Popen(
            [
                PROGRAM, *places, f"--socket={socket}", f"--port={port}", "--bind-address=127.0.0.1",
                f"--pid-file={home / 'pid'}", f"--init-file={first}", "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=16M", "--performance-schema=OFF", "--skip-name-resolve",
            ],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **identity(USER),
        ) as server:  # fmt: skip
            try:
                _await_ready(server)
                yield f"mysql://owner:{ESCAPED}@127.0.0.1:{port}/owned", socket
            finally:
                server.terminate()
                # What it still says would fill the pipe, and then it would never end.
                server.communicate(timeout=120)


def _await_ready(server: subprocess.Popen[bytes]) -> None:
    """Read what it says until it listens; the file with the first statements is through by then."""
    assert server.stderr is not None
    said = []
    for line in server.stderr:
        said.append(line)
        if READY in line:
            return
    raise AssertionError(b"".join(said).decode(errors="replace"))
