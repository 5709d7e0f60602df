"""The key of the admin API: a private file in the data directory, or a variable that overrides it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from aihub_lite.config import BadSetting
from aihub_lite.errors import Conflict, StorageUnavailable

NAME = "admin.key"
VARIABLE = "AIHUB_ADMIN_KEY"
MIN_LENGTH = 16
"""A shorter one would be a password somebody made up."""


def admin_key(directory: Path, environ: Mapping[str, str]) -> str:
    """The key, made now if there is none yet. Raises BadSetting for one that is too short to be a secret."""
    key = environ.get(VARIABLE, "").strip()
    if key:
        return _checked(key, VARIABLE)
    path = directory / NAME
    try:
        _make(path)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return _checked(path.read_text(encoding="ascii").strip(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path}: {getattr(error, 'strerror', None) or 'not text'}") from None


def _checked(key: str, place: str) -> str:
    if len(key) < MIN_LENGTH or not key.isascii() or not key.isprintable():
        raise BadSetting(f"{place}: an admin key must have at least {MIN_LENGTH} visible ASCII characters")
    return key


def _make(path: Path) -> None:
    """Written aside and linked: nobody ever reads half a key, and of two makers one wins."""
    if path.exists():
        return
    aside = path.with_name(f".{NAME}.{secrets.token_hex(4)}")
    try:
        _write(aside, new_key())
        os.link(aside, path)
    except FileExistsError:
        return
    finally:
        aside.unlink(missing_ok=True)


def new_key() -> str:
    """256 random bits."""
    return f"adm-{secrets.token_urlsafe(32)}"


def replace_admin_key(directory: Path, environ: Mapping[str, str]) -> str:
    """A new key in the place of the old one. Raises Conflict where the variable decides, or StorageUnavailable."""
    if environ.get(VARIABLE, "").strip():
        raise Conflict(f"{VARIABLE} decides the admin key: change it there and start again.")
    path, key = directory / NAME, new_key()
    aside = path.with_name(f".{NAME}.{secrets.token_hex(4)}")
    try:
        _write(aside, key)
        aside.replace(path)
    except OSError as error:
        raise StorageUnavailable(f"The admin key cannot be written: {error.strerror}.") from None
    finally:
        aside.unlink(missing_ok=True)
    return key


def _write(path: Path, key: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(f"{key}\n")
