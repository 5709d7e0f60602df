"""The files that backups lie in: their names, and which of them are old."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import attrs

from aihub_lite.storage.sqlite.placing import PART

NAME = re.compile(r"aihub-(\d{4}-\d\d-\d\d-\d{6})(\.db|\.sealed\.tar)", re.ASCII)
"""Nothing else in the directory is ours to remove."""
TIME = "%Y-%m-%d-%H%M%S"


@attrs.frozen
class BackupFile:
    """A backup in the directory."""

    path: Path
    at: float
    """Unix seconds, from its name: when it was begun."""
    size: int
    """Bytes."""

    @property
    def sealed(self) -> bool:
        """Whether a passphrase opens it."""
        return self.path.suffix == ".tar"


def name_at(wall: float, *, sealed: bool) -> str:
    """The name of a backup that is begun at a time in Unix seconds: `aihub-2026-11-27-030000.db`, in UTC."""
    suffix = ".sealed.tar" if sealed else ".db"
    return datetime.fromtimestamp(wall, UTC).strftime(f"aihub-{TIME}{suffix}")


def backups_in(directory: Path) -> list[BackupFile]:
    """Newest first; raises OSError, but none of a directory that is not there."""
    found = []
    if directory.is_dir():
        for path in directory.iterdir():
            if match := NAME.fullmatch(path.name):
                at = datetime.strptime(match[1], TIME).replace(tzinfo=UTC).timestamp()
                found.append(BackupFile(path, at, path.stat().st_size))
    return sorted(found, key=lambda file: file.at, reverse=True)


def remove_parts(directory: Path) -> None:
    """Remove what a process that was killed had begun; raises OSError."""
    for path in directory.glob(f"aihub-*{PART}"):
        if NAME.fullmatch(path.name.removesuffix(PART)):
            path.unlink(missing_ok=True)


def remove_old(directory: Path, keep: int) -> None:
    """Remove all but the newest ones; raises OSError."""
    for file in backups_in(directory)[keep:]:
        file.path.unlink(missing_ok=True)
