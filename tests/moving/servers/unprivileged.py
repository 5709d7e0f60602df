"""Programs that refuse to run as root, run as the user whom their packages made for them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def home_of(user: str) -> Iterator[Path]:
    """A new directory of that user's, or of one's own where one is not root. A socket's path is short."""
    home = Path(tempfile.mkdtemp(prefix="moved-", dir="/tmp"))
    try:
        if identity(user):
            shutil.chown(home, user, user)
        yield home
    finally:
        shutil.rmtree(home)


def identity(user: str) -> dict[str, Any]:
    """What subprocess needs to become that user; skips the test where there is none."""
    if os.getuid():
        return {}
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        pytest.skip(f"there is no user {user}, and its server does not run as root")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def run_as(user: str, home: Path, *command: object) -> None:
    """Run a command to its end."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
        cwd=home,
        **identity(user),
    )
    assert 0 == done.returncode, done.stderr
