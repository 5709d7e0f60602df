"""Files that appear under their names whole or not at all, and stay there after a power cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PART = ".part"
"""Ends the name of a file while it is written."""


@contextmanager
def placed(target: Path) -> Iterator[Path]:
    """Where to write a file that is to become `target`: an empty private one. Leaving the block without an error has it
    on the disk and gives it its name, in the place of one that was there; else nothing is left of it. Raises OSError.
    """
    part = target.with_name(f"{target.name}{PART}")
    _remove(part)
    make_empty(part)
    try:
        yield part
        sync(part)
        part.replace(target)
        sync(target.parent)
    finally:
        _remove(part)


def make_empty(path: Path) -> None:
    """Make an empty private file. SQLite takes it for a new one; its own would have the mode that the umask says."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def sync(path: Path) -> None:
    """What was written to a file, or the names in a directory, outlive a power cut from now on."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(part: Path) -> None:
    for file in (part, part.with_name(f"{part.name}-journal")):
        file.unlink(missing_ok=True)
