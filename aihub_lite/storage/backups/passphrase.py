"""The passphrase of sealed backups: from a variable or a file, each time that it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from aihub_lite.storage.backups.faults import BackupFailed

SOURCE = re.compile(r"env:(?P<name>[A-Za-z_][A-Za-z0-9_]{0,127})|file:(?P<path>/.+)", re.ASCII)
LONGEST = 1024


def passphrase_from(source: str, environ: Mapping[str, str]) -> str:
    """The passphrase that `env:NAME` or `file:/path` stands for; empty where `source` is.

    Raises BackupFailed: a backup that was to be sealed is never written open.
    """
    if not source:
        return ""
    match = SOURCE.fullmatch(source)
    if match is None:
        raise BackupFailed("the passphrase must be env:NAME or file:/path")
    text = environ.get(match["name"] or "", "")
    if match["path"]:
        text = _first_line(Path(match["path"]))
    if not text:
        raise BackupFailed(f"there is no passphrase in {source}")
    return text


def lies_beside(source: str, directory: Path) -> bool:
    """Whether the passphrase is in a file below the directory of the backups: who takes them would take it along."""
    match = SOURCE.fullmatch(source)
    if match is None or not match["path"]:
        return False
    return Path(match["path"]).resolve().is_relative_to(directory.resolve())


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.readline(LONGEST).decode().strip()
    except (OSError, ValueError):
        raise BackupFailed(f"the passphrase in {path} cannot be read") from None
