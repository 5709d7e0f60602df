"""The passphrase of what is sealed: from where somebody says it is, or asked for at a terminal."""

from __future__ import annotations

import os
import sys

import typer

from aihub_lite.storage.backups.passphrase import passphrase_from


def passphrase_of(source: str, *, is_new: bool = False) -> str:
    """What `env:NAME` or `file:/path` stands for; where nothing says it, what is typed, twice where it `is_new`; empty
    where nobody can be asked. Raises BackupFailed."""
    if source:
        return passphrase_from(source, os.environ)
    if not sys.stdin.isatty():
        return ""
    return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=is_new, err=True))
