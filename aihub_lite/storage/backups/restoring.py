"""A backup is put in the place of a database; what was there is kept beside it."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import attrs

from aihub_lite.storage.backups.faults import BackupFailed
from aihub_lite.storage.backups.sealing import is_sealed, unseal
from aihub_lite.storage.sqlite.files import MAGIC, make_private_directory
from aihub_lite.storage.sqlite.placing import make_empty, sync
from aihub_lite.storage.sqlite.soundness import Contents, contents_of, examine

BESIDE = ("-wal", "-shm")
ROOM = 2**20


@attrs.frozen
class Restored:
    """What was put in place."""

    contents: Contents
    kept: Path | None
    """Where the database that was there is now; None where there was none."""


def restore(database: Path, file: Path, passphrase: str, *, force: bool) -> Restored:
    """Put a backup in the place of `database`, whose directory the caller has locked: nobody uses it.

    Refuses one that is not ours, not whole, or of a newer schema than this program knows; and, unless `force`, to take
    the place of a database in which something happened later. Raises BackupFailed or a StorageFault, and then
    everything is as it was.
    """
    try:
        make_private_directory(database.parent)
        with _taken(database, file, passphrase) as copy:
            contents, flaw = examine(copy)
            if flaw:
                raise BackupFailed(f"{file} is damaged ({flaw})")
            if not contents.version:
                raise BackupFailed(f"{file} is empty")
            if not force:
                _refuse_newer(database, contents)
            kept = _keep(database)
            for suffix in BESIDE:
                database.with_name(f"{database.name}{suffix}").unlink(missing_ok=True)
            copy.replace(database)
            sync(database.parent)
            return Restored(contents, kept)
    except sqlite3.Error as error:
        raise BackupFailed(f"{file} is damaged ({error})") from None
    except OSError as error:
        raise BackupFailed(f"{error.filename or file}: {error.strerror or error}") from None


@contextmanager
def _taken(database: Path, file: Path, passphrase: str) -> Iterator[Path]:
    """The backup, opened, as a private file beside the database; nothing is left of it that was not put in place."""
    copy = database.with_name(f"{database.name}.restore")
    copy.unlink(missing_ok=True)
    if shutil.disk_usage(database.parent).free < file.stat().st_size + ROOM:
        raise BackupFailed(f"there is no room for {file} in {database.parent}")
    make_empty(copy)
    try:
        if is_sealed(file):
            if not passphrase:
                raise BackupFailed(f"{file} is sealed: give --passphrase env:NAME or file:/path")
            unseal(file, copy, passphrase)
        else:
            with file.open("rb") as source, copy.open("r+b") as target:
                if source.read(len(MAGIC)) != MAGIC:
                    raise BackupFailed(f"{file} is no backup of aihub-lite")
                source.seek(0)
                shutil.copyfileobj(source, target, 2**20)
        sync(copy)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _refuse_newer(database: Path, contents: Contents) -> None:
    """What cannot be read says nothing: a damaged database is what backups are there for."""
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            there = contents_of(connection)
    except sqlite3.Error:
        return
    if there.version > contents.version:
        raise BackupFailed(
            f"the database in place has schema {there.version}, the backup {contents.version}: --force takes it all the"
            " same, and keeps what is there"
        )
    if there.latest > contents.latest:
        raise BackupFailed(
            f"the database in place was used until {_moment(there.latest)}, the backup ends {_moment(contents.latest)}:"
            " --force takes it all the same, and keeps what is there"
        )


def _moment(milliseconds: int) -> str:
    if not milliseconds:
        return "before its first use"
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _keep(database: Path) -> Path | None:
    """Give what is there a second name, with its WAL: under the first one nothing is missing until all is in place."""
    if not database.exists():
        return None
    stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%d-%H%M%S")
    kept = database.with_name(f"{database.name}.replaced-{stamp}")
    for suffix in ("", *BESIDE):
        source = database.with_name(f"{database.name}{suffix}")
        target = kept.with_name(f"{kept.name}{suffix}")
        if source.exists():
            target.unlink(missing_ok=True)
            try:
                target.hardlink_to(source.resolve())
            except OSError:  # a file system without links
                shutil.copy2(source, target)
                sync(target)
    sync(database.parent)
    return kept
