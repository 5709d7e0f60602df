"""A PostgreSQL server of one's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.moving.servers.unprivileged import home_of, run_as

BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
USER = "postgres"
WORD = "a-secret-word"


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of its database `postgres`; it ends with the block."""
    if BINARIES is None:
        pytest.skip("there is no PostgreSQL below /usr/lib/postgresql")
    port = 10_000 + os.getpid() % 20_000
    with home_of(USER) as home:
        data, word = home / "data", home / "word"
        word.write_text(WORD)
        word.chmod(0o644)
        run_as(
            USER, home, BINARIES / "initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256", f"--pwfile={word}",
            "-E", "UTF8",
        )  # fmt: skip
        options = f"-k {home} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off"
        start = ("-D", data, "-l", home / "log", "-o", options, "-w", "-t", "300", "start")
        run_as(USER, home, BINARIES / "pg_ctl", *start)
        try:
            yield f"postgresql://owner:{WORD}@127.0.0.1:{port}/postgres"
        finally:
            run_as(USER, home, BINARIES / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
