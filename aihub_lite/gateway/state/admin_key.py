"""The key of the admin API: a private file in the data directory, or a variable that overrides it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from aihub_lite.config import BadSetting
from aihub_lite.errors import Conflict, StorageUnavailable

ADMIN_KEY_FILE = "admin.key"
ADMIN_KEY_VARIABLE = "AIHUB_ADMIN_KEY"
MIN_LENGTH = 16
"""A shorter one would be a password that somebody thought up."""


def admin_key(directory: Path, environ: Mapping[str, str]) -> str:
    """The key, made now if there is none yet. Raises BadSetting for one that is too short to be a secret.

    A variable that is empty says nothing; one of blanks was meant to be a key.
    """
    given = environ.get(ADMIN_KEY_VARIABLE)
    if given:
        return _checked(given.strip(), ADMIN_KEY_VARIABLE)
    path = directory / ADMIN_KEY_FILE
    try:
        _make(path)
        if path.stat().st_mode & 0o077:  # ours is private, but a file that was copied here may not be
            path.chmod(0o600)
        return _checked(path.read_text(encoding="ascii").strip(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path}: {getattr(error, 'strerror', None) or 'not text'}") from None


def _checked(key: str, source: str) -> str:
    if len(key) < MIN_LENGTH or not key.isascii() or not key.isprintable():
        raise BadSetting(f"{source}: an admin key must have at least {MIN_LENGTH} visible ASCII characters")
    return key


def _make(path: Path) -> None:
    if path.exists():
        return
    # Written beside it and linked: nobody ever reads half a key, and of two processes that make one, one wins.
    temporary = _beside(path)
    try:
        _write(temporary, _new_key())
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink(missing_ok=True)


def _new_key() -> str:
    """A random admin key of 256 bits."""
    return f"adm-{secrets.token_urlsafe(32)}"


def replace_admin_key(directory: Path, environ: Mapping[str, str]) -> str:
    """A new key in the place of the old one. Raises Conflict where the variable decides, or StorageUnavailable."""
    if environ.get(ADMIN_KEY_VARIABLE):
        raise Conflict(f"{ADMIN_KEY_VARIABLE} decides the admin key: change it there and start again.")
    path = directory / ADMIN_KEY_FILE
    key = _new_key()
    temporary = _beside(path)
    try:
        _write(temporary, key)
        temporary.replace(path)
    except OSError as error:
        raise StorageUnavailable(f"The admin key cannot be written: {error.strerror}.") from None
    finally:
        temporary.unlink(missing_ok=True)
    return key


def _beside(path: Path) -> Path:
    """A name that no other process takes, in the same directory."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _write(path: Path, key: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(f"{key}\n")
